//! Proof that the sender holds the key of the token (RFC 9449 section 7), and memory of the proofs that were used.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest;
use vestibule_core::{Clock, HashKey, Timestamp};
use vestibule_jose::{DPOP_REMEMBER, DpopCheck, DpopNonces, DpopProof};

use crate::{Denied, ProofFault};

/// The most proofs that are remembered at once. Each takes some fifty bytes. 500,000 in the 200 seconds that one is remembered
/// are 2,500 requests a second; past that nothing more is taken by this way, rather than a proof twice.
const MOST: usize = 500_000;

/// Checks proofs.
#[derive(Debug)]
pub(crate) struct Dpop {
    nonces: DpopNonces,
    nonce_required: bool,
    clock: Clock,
    seen: Mutex<Seen>,
}

/// What a proof is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) token: &'a str,
    pub(crate) proof: Option<&'a str>,
}

impl Dpop {
    pub(crate) fn new(key: &HashKey, nonce_required: bool, clock: Clock) -> Self {
        Self { nonces: DpopNonces::new(key), nonce_required, clock, seen: Mutex::new(Seen::holding(MOST)) }
    }

    /// Proves who sent the request. A proof is spent by it.
    pub(crate) fn check(&self, sent: Sent<'_>) -> Result<DpopProof, Denied> {
        let proof = sent.proof.ok_or(ProofFault::Count)?;
        let now = self.clock.now();
        let check = DpopCheck {
            method: sent.method,
            urls: &[sent.url],
            access_token: Some(sent.token),
            nonces: &self.nonces,
            nonce_required: self.nonce_required,
            now,
        };
        Ok(check.verify(proof).map_err(ProofFault::Proof)?)
    }

    /// Remembers a proof that is used now: once only.
    pub(crate) fn spend(&self, proof: &DpopProof) -> Result<(), Denied> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.spend(proof.replay_key(), self.clock.now())
    }

    /// The nonce for the next proof, where proofs must have one.
    pub(crate) fn nonce(&self) -> Option<String> {
        self.nonce_required.then(|| self.nonces.current(self.clock.now()))
    }
}

/// The proofs that were used, in the order in which they are forgotten.
#[derive(Debug)]
struct Seen {
    names: HashSet<[u8; 16]>,
    order: VecDeque<(Timestamp, [u8; 16])>,
    most: usize,
}

impl Seen {
    fn holding(most: usize) -> Self {
        Self { names: HashSet::new(), order: VecDeque::new(), most }
    }

    fn spend(&mut self, replay_key: &str, now: Timestamp) -> Result<(), Denied> {
        while let Some((_, name)) = self.order.pop_front_if(|(until, _)| *until <= now) {
            self.names.remove(&name);
        }
        let name = name(replay_key);
        if self.names.contains(&name) {
            return Err(ProofFault::Replayed.into());
        }
        if self.names.len() >= self.most {
            tracing::error!(most = self.most, "no further DPoP proof can be remembered, so none is taken for a while");
            return Err(Denied::Unavailable);
        }
        self.names.insert(name);
        self.order.push_back((now + DPOP_REMEMBER, name));
        Ok(())
    }
}

/// 128 bits of hash: two proofs of one name would have to be searched for longer than a proof lives.
fn name(replay_key: &str) -> [u8; 16] {
    let mut name = [0; 16];
    let hash = digest::digest(&digest::SHA256, replay_key.as_bytes());
    name.copy_from_slice(&hash.as_ref()[..16]);
    name
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn a37_a_proof_is_used_once_as_long_as_it_could_be_taken() {
        let mut seen = Seen::holding(10);
        assert_eq!(seen.spend("a", NOW), Ok(()));
        assert_eq!(seen.spend("b", NOW), Ok(()));
        let late = NOW + DPOP_REMEMBER - Duration::from_millis(1);
        assert_eq!(seen.spend("a", late), Err(ProofFault::Replayed.into()));
        assert_eq!(seen.spend("a", NOW + DPOP_REMEMBER), Ok(()));
    }

    #[test]
    fn a37_memory_is_bounded_and_a_full_one_takes_nothing_rather_than_forgetting() {
        let mut seen = Seen::holding(2);
        assert_eq!(seen.spend("a", NOW), Ok(()));
        assert_eq!(seen.spend("b", NOW), Ok(()));
        assert_eq!(seen.spend("c", NOW), Err(Denied::Unavailable));
        assert_eq!(seen.spend("a", NOW), Err(ProofFault::Replayed.into()));
        assert_eq!(seen.spend("c", NOW + DPOP_REMEMBER), Ok(()));
        assert_eq!((seen.names.len(), seen.order.len()), (1, 1));
    }
}
