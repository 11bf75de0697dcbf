//! Putting mail into a folder, to be looked at while something is developed.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use chrono::DateTime;

use super::{Outgoing, SendError, Transport};

/// A folder with one file a mail.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // What lies there opens accounts: nobody else on this machine may read it.
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self(path.to_owned()))
    }
}

#[async_trait::async_trait]
impl Transport for Folder {
    async fn send(&self, outgoing: Outgoing) -> Result<(), SendError> {
        let time = DateTime::from_timestamp_millis(outgoing.at.millis()).unwrap_or_default();
        let name = format!("{}-{}.eml", time.format("%Y%m%dT%H%M%S%.3fZ"), outgoing.id);
        let (folder, mail) = (self.0.clone(), outgoing.message.formatted());
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &mail)).await;
        written.map_err(io::Error::other).flatten().map_err(|error| SendError::Temporary(error.to_string()))
    }
}

/// Whoever looks into the folder sees the whole file or none.
fn write(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(mail).and_then(|()| fs::rename(&unfinished, folder.join(name)));
    written.inspect_err(|_| {
        // It is half a mail, and the attempt is told as failed.
        let _ = fs::remove_file(&unfinished);
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use vestibule_core::{Clock, Random};

    use super::*;
    use crate::{Mailer, mails::RegistrationVerification};

    #[tokio::test]
    async fn mails_lie_in_the_order_of_their_time_for_our_eyes_only() {
        let place = tempfile::tempdir().unwrap();
        let (folder, clock) = (place.path().join("data/mail"), Clock::system());
        let mailer =
            Mailer::folder(&folder, "no-reply@example.com".parse().unwrap(), clock.clone(), Random::system()).unwrap();
        for name in ["a", "b", "c"] {
            let mail = RegistrationVerification {
                link: format!("https://id.example.com/{name}"),
                holds: 3600 * std::time::Duration::from_secs(1),
            };
            mailer.send(&format!("{name}@example.com").parse().unwrap(), &mail).await.unwrap();
            clock.advance(std::time::Duration::from_millis(1500));
        }
        let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        assert_eq!(names.len(), 3);
        for (path, name) in names.iter().zip(["a", "b", "c"]) {
            assert!(fs::read_to_string(path).unwrap().contains(&format!("https://id.example.com/{name}")));
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
