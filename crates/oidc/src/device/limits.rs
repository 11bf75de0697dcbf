//! How fast user codes may be guessed (RFC 8628 section 5.1, attack A57).
//!
//! Of 25 thousand million codes some hundred may wait at a time. What everyone together may try leaves a guess in years; the
//! limits by address and by session keep one guesser from using up what others need.

use std::{net::IpAddr, time::Duration};

use vestibule_core::PublicSessionId;
use vestibule_ephemeral::{Admission, Kind, Pace};

use super::Devices;
use crate::{Unavailable, network::network};

const GUESSES: Kind = Kind::new("device-guesses");

/// Where a guess comes from.
#[derive(Clone, Copy, Debug)]
pub struct Guess {
    /// The address; those without one share a count.
    pub address: Option<IpAddr>,
    /// The session of whoever typed it.
    pub session: PublicSessionId,
}

/// A guess that is counted.
pub(super) struct Counted(Vec<(String, Pace)>);

fn everyone() -> Pace {
    Pace { free: 200, waits: vec![Duration::from_secs(1)], forgive: Duration::from_millis(500) }
}

fn by_address() -> Pace {
    let waits = [10, 60, 300].map(Duration::from_secs).to_vec();
    Pace { free: 20, waits, forgive: Duration::from_secs(60) }
}

fn by_session() -> Pace {
    Pace { free: 5, ..by_address() }
}

impl Devices {
    /// Counts a guess before it is looked at; or says how long it must wait.
    pub(super) async fn count(&self, guess: Guess) -> Result<Result<Counted, Duration>, Unavailable> {
        let limits = [
            (format!("session {}", guess.session), by_session()),
            (format!("address {}", network(guess.address)), by_address()),
            ("everyone".to_owned(), everyone()),
        ];
        let mut counted = Counted(Vec::new());
        for (what, pace) in limits {
            let key = self.key.digest(&what).to_key();
            match self.store.admit(GUESSES, &key, &pace).await? {
                Admission::Admitted => counted.0.push((key, pace)),
                Admission::Wait(wait) => {
                    tracing::warn!("a user code must wait: too many were tried");
                    // It goes no further, so that the others need not pay for it.
                    self.take_back(counted).await?;
                    return Ok(Err(wait));
                }
            }
        }
        Ok(Ok(counted))
    }

    /// It was right: it does not count, and those of before do.
    pub(super) async fn take_back(&self, counted: Counted) -> Result<(), Unavailable> {
        for (key, pace) in counted.0 {
            self.store.give_back(GUESSES, &key, &pace).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paces_can_be_kept() {
        for pace in [everyone(), by_address(), by_session()] {
            assert_eq!(pace.check(), Ok(()));
        }
    }
}
