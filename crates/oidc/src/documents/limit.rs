//! How fast documents are fetched: nobody makes a flood of us by naming addresses.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use tokio::sync::Mutex;
use vestibule_core::{ClientId, Timestamp};
use vestibule_ephemeral::{Admission, Kind, Pace};

use super::{DocumentAddress, DocumentError};
use crate::{Provider, Unavailable};

const FETCHES: Kind = Kind::new("client-documents");
/// What counts all of them. No host is called so.
const ALL: &str = "*";
/// So long an address is left alone that gave nothing that could be used. Nothing that it gave is kept.
const PAUSE: Duration = Duration::from_secs(10);
/// The addresses that are being fetched, or were lately.
const MOST: u64 = 10_000;

/// When an address last gave nothing that could be used; whoever fetches it holds this.
pub(super) type Slot = Arc<Mutex<Option<Timestamp>>>;

/// One caller at a time fetches an address.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Cache<ClientId, Slot>);

impl Slots {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(MOST).build())
    }

    pub(super) fn of(&self, id: &ClientId) -> Slot {
        self.0.get_with_by_ref(id, Slot::default)
    }
}

/// Whether an address that failed then is left alone now.
pub(super) fn rests(failed: Option<Timestamp>, now: Timestamp) -> bool {
    failed.is_some_and(|failed| now < failed + PAUSE)
}

impl Provider {
    /// Counts a fetch before it is made: for its host, and for all.
    pub(super) async fn count_fetch(&self, address: &DocumentAddress) -> Result<(), DocumentError> {
        let of_host = pace(20, Duration::from_secs(3));
        let of_all = pace(200, Duration::from_millis(500));
        for (whose, pace) in [(address.host(), of_host), (ALL, of_all)] {
            let admitted = self.ephemeral().admit(FETCHES, whose, &pace).await.map_err(Unavailable::from)?;
            if let Admission::Wait(_) = admitted {
                tracing::warn!(host = address.host(), "client metadata documents are asked for too fast");
                return Err(DocumentError::TooMany);
            }
        }
        Ok(())
    }
}

fn pace(free: u32, forgive: Duration) -> Pace {
    Pace { free, waits: vec![Duration::from_secs(1), Duration::from_secs(10)], forgive }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paces_can_be_kept() {
        assert_eq!(pace(20, Duration::from_secs(3)).check(), Ok(()));
        assert_eq!(pace(200, Duration::from_millis(500)).check(), Ok(()));
    }

    #[test]
    fn an_address_that_gave_nothing_is_left_alone_for_a_moment() {
        let now = Timestamp::from_seconds(1000);
        assert!(!rests(None, now) && rests(Some(now), now) && !rests(Some(now - PAUSE), now));
    }
}
