//! Nonces that nothing has to remember (RFC 9449 section 8): each is the keyed hash of a slice of time.

use std::time::Duration;

use vestibule_core::{HashKey, Timestamp};

/// How long one nonce is given out. It is taken as long again, so for one to two minutes in all.
const SLICE: Duration = Duration::from_secs(60);

/// The nonces of a server. All replicas that share the key give and take the same ones.
#[derive(Clone, Debug)]
pub struct DpopNonces(HashKey);

impl DpopNonces {
    /// From the key of all keyed hashes.
    #[must_use]
    pub fn new(key: &HashKey) -> Self {
        Self(key.for_purpose("DPoP nonce"))
    }

    /// The one to give out now.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> String {
        self.of(slice(now))
    }

    /// Whether a client may have it from us, just now or a slice ago.
    #[must_use]
    pub fn accepts(&self, nonce: &str, now: Timestamp) -> bool {
        // A nonce is no secret (everyone is given it), so that it may be compared plainly.
        [slice(now), slice(now) - 1].into_iter().any(|slice| self.of(slice) == nonce)
    }

    fn of(&self, slice: i64) -> String {
        self.0.digest(&slice.to_string()).to_key()
    }
}

fn slice(now: Timestamp) -> i64 {
    now.seconds().div_euclid(SLICE.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_taken_for_one_to_two_slices() {
        let nonces = DpopNonces::new(&HashKey::new(&[7; 32]));
        let given = Timestamp::from_seconds(1_000_019);
        let nonce = nonces.current(given);
        assert!(nonces.accepts(&nonce, given));
        assert!(nonces.accepts(&nonce, given + SLICE), "just given out at the end of its slice");
        assert!(!nonces.accepts(&nonce, given + SLICE * 2));
        assert!(!nonces.accepts(&nonce, given - SLICE), "before it was given out");
        assert_ne!(nonces.current(given + SLICE), nonce);
    }

    #[test]
    fn a37_a_nonce_of_another_key_is_none_of_ours() {
        let (ours, theirs) = (DpopNonces::new(&HashKey::new(&[7; 32])), DpopNonces::new(&HashKey::new(&[8; 32])));
        let now = Timestamp::from_seconds(1_000_019);
        assert!(!ours.accepts(&theirs.current(now), now));
        assert!(!ours.accepts("", now));
    }
}
