//! How often links may be asked for: by network, and by whom or what they are asked for.
//!
//! The first limit is told. The second is not, and looks like success: nobody's mailbox can be filled, and whoever asks learns
//! nothing about who else is asking.

use std::{net::IpAddr, time::Duration};

use vestibule_core::{HashKey, UserId};
use vestibule_ephemeral::{Admission, Ephemeral, Error, Kind, Pace};

use super::AskError;
use crate::throttle::{Keys, in_whole_seconds};

const ASKED: Kind = Kind::new("links-asked");
const LOCKS_TOLD: Kind = Kind::new("locks-told");
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a link is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Recovery,
    Verification,
    Registration,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Verification => "verification",
            Self::Registration => "registration",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Limits {
    store: Ephemeral,
    keys: Keys,
    by_address: Pace,
    by_name: Pace,
}

impl Limits {
    pub(super) fn new(store: Ephemeral, hash_key: &HashKey, by_address: Pace) -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let by_name = Pace { free: 5, waits: vec![minutes(2), minutes(10), minutes(30)], forgive: minutes(12) };
        Self { store, keys: Keys::new(hash_key), by_address, by_name }
    }

    /// Counts one more. Whether it is to be done; where its network has asked too often, it is an error.
    pub(super) async fn admit(&self, purpose: Purpose, about: &str, address: Option<IpAddr>) -> Result<bool, AskError> {
        let address = self.keys.address(address);
        if let Admission::Wait(wait) = self.store.admit(ASKED, &address, &self.by_address).await? {
            return Err(AskError::TryLater { retry_after: in_whole_seconds(wait) });
        }
        let about = self.keys.key(&format!("link for {} {about}", purpose.name()));
        Ok(self.store.admit(ASKED, &about, &self.by_name).await? == Admission::Admitted)
    }

    /// Whether nobody was told today that this person's sign-ins must wait. Asking is telling.
    pub(super) async fn is_first_lock_of_the_day(&self, user: UserId) -> Result<bool, Error> {
        self.store.mark_seen(LOCKS_TOLD, &user.to_string(), DAY).await
    }
}
