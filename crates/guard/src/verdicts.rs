//! What was found out about tokens, by the hash of their text, within a bound of bytes. Whether it still counts, those who ask
//! decide: here nothing expires.

use std::sync::Arc;

use aws_lc_rs::digest;
use moka::sync::Cache;
use vestibule_core::Timestamp;
use vestibule_jose::JwkSet;

use crate::{Denied, TokenFault, claims::Claims};

/// What an entry takes beside its claims: key, hash table, queues.
const OVERHEAD: usize = 320;
/// How many questions to the provider may be under way: one for each part of the hashes, so that no token is asked about twice at
/// once.
const PARTS: usize = 64;

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Name([u8; digest::SHA256_OUTPUT_LEN]);

impl Name {
    pub(crate) fn of(token: &str) -> Self {
        let mut name = [0; digest::SHA256_OUTPUT_LEN];
        name.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(name)
    }
}

/// What was found out about a token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict {
    /// It was verified here, with these keys.
    pub(crate) verified: Option<(Claims, Arc<JwkSet>)>,
    /// The provider was asked.
    pub(crate) told: Option<Told>,
}

/// What the provider said of a token, and when it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) what: Result<Claims, TokenFault>,
    pub(crate) asked_at: Timestamp,
}

/// The verdicts. The ones that are asked for least go first.
#[derive(Debug)]
pub(crate) struct Verdicts {
    kept: Cache<Name, Verdict>,
    asking: Box<[tokio::sync::Mutex<()>]>,
}

impl Verdicts {
    /// Within so many bytes.
    pub(crate) fn within(bytes: u64) -> Self {
        let kept = Cache::builder().max_capacity(bytes).weigher(|_, verdict: &Verdict| verdict.bytes()).build();
        Self { kept, asking: (0..PARTS).map(|_| tokio::sync::Mutex::new(())).collect() }
    }

    pub(crate) fn of(&self, name: &Name) -> Verdict {
        self.kept.get(name).unwrap_or_default()
    }

    /// Keeps the keys' verdict beside what the provider said.
    pub(crate) fn verified(&self, name: Name, claims: &Claims, keys: &Arc<JwkSet>) {
        let told = self.of(&name).told;
        self.kept.insert(name, Verdict { verified: Some((claims.clone(), keys.clone())), told });
    }

    /// Keeps what the provider said beside the keys' verdict.
    pub(crate) fn told(&self, name: Name, told: Told) {
        let verified = self.of(&name).verified;
        self.kept.insert(name, Verdict { verified, told: Some(told) });
    }

    /// Waits until nobody else asks about this token.
    pub(crate) async fn alone(&self, name: &Name) -> tokio::sync::MutexGuard<'_, ()> {
        self.asking[usize::from(name.0[0]) % self.asking.len()].lock().await
    }
}

impl Verdict {
    fn bytes(&self) -> u32 {
        let verified = self.verified.as_ref().map_or(0, |(claims, _)| claims.bytes());
        let told = self.told.as_ref().and_then(|told| told.what.as_ref().ok()).map_or(0, Claims::bytes);
        u32::try_from(OVERHEAD + verified + told).unwrap_or(u32::MAX)
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Name(..)")
    }
}

/// What is said of a token and may be kept: the provider's silence is not.
pub(crate) fn keepable(answer: &Result<Claims, Denied>) -> Option<Result<Claims, TokenFault>> {
    match answer {
        Ok(claims) => Some(Ok(claims.clone())),
        Err(Denied::Token(fault)) => Some(Err(*fault)),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::tests::{NOW, claims};

    #[test]
    fn verdicts_stay_within_their_bound() {
        let verdicts = Verdicts::within(100_000);
        let one = claims(|_| {});
        let each = u64::from(Verdict { verified: Some((one.clone(), Arc::default())), told: None }.bytes());
        assert!(each > 500, "claims weigh something: {each}");
        for number in 0..1000 {
            verdicts.verified(Name::of(&number.to_string()), &one, &Arc::default());
        }
        verdicts.kept.run_pending_tasks();
        assert!(verdicts.kept.weighted_size() <= 100_000 && verdicts.kept.entry_count() > 0);
    }

    #[test]
    fn both_verdicts_about_a_token_stand_side_by_side() {
        let (verdicts, name) = (Verdicts::within(100_000), Name::of("token"));
        verdicts.verified(name, &claims(|_| {}), &Arc::default());
        verdicts.told(name, Told { what: Err(TokenFault::Inactive), asked_at: NOW });
        let verdict = verdicts.of(&name);
        assert!(verdict.verified.is_some() && verdict.told.is_some_and(|told| told.what.is_err()));
        assert!(verdicts.of(&Name::of("another")).told.is_none());
    }
}
