//! How many applications may register from one address.

use std::{net::IpAddr, time::Duration};

use vestibule_ephemeral::{Admission, Kind, Pace};

use super::RegistrationError;
use crate::{Provider, Unavailable, network::network};

const REGISTRATIONS: Kind = Kind::new("registrations");
const HOUR: Duration = Duration::from_secs(3600);

impl Provider {
    /// Counts a registration before it is looked at.
    pub(super) async fn count_registration(&self, address: Option<IpAddr>) -> Result<(), RegistrationError> {
        let pace = pace(self.settings().registration.hourly_limit);
        let key = self.registration_limit_key().digest(&network(address)).to_key();
        match self.ephemeral().admit(REGISTRATIONS, &key, &pace).await.map_err(Unavailable::from)? {
            Admission::Admitted => Ok(()),
            Admission::Wait(retry_after) => {
                tracing::warn!("an application must wait: too many were registered from its address");
                Err(RegistrationError::TooMany { retry_after })
            }
        }
    }
}

fn pace(hourly: u32) -> Pace {
    let forgive = (HOUR / hourly.max(1)).max(Duration::from_millis(1));
    Pace { free: hourly.max(1), waits: vec![Duration::from_secs(10), Duration::from_secs(60)], forgive }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_can_be_kept_whatever_the_limit() {
        for hourly in [1, 10, 1000, 1_000_000] {
            assert_eq!(pace(hourly).check(), Ok(()), "{hourly}");
        }
    }
}
