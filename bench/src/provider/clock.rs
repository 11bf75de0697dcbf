//! A clock that runs faster than ours, around a program as it is (libfaketime).

use std::{path::PathBuf, process::Command};

use crate::failure::Failure;

/// Where Debian and others have the library.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
];

/// The clock.
#[derive(Debug)]
pub(crate) struct FastClock {
    library: PathBuf,
    speed: u32,
}

impl FastClock {
    /// One that runs so many times as fast as ours.
    pub(crate) fn find(speed: u32) -> Result<Self, Failure> {
        let library = PLACES.into_iter().map(PathBuf::from).find(|place| place.exists());
        let missing = || Failure::because("libfaketime is not here; install it (Debian: `apt-get install faketime`)");
        Ok(Self { library: library.ok_or_else(missing)?, speed })
    }

    /// Puts a program under it: both its calendar and what it measures waiting by.
    pub(super) fn set(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library).env("FAKETIME", format!("+0 x{}", self.speed));
    }
}
