//! The ring as it stands between two moments: who signs, who is in the JWKS, who verifies. Made once, read by all.

use std::{collections::HashMap, sync::Arc};

use serde_json::json;
use vestibule_core::Timestamp;

use super::{KeyInfo, KeyState};
use crate::{SigningAlgorithm, signing_key::SigningKey, tables::signing_keys};

/// A key with its times.
#[derive(Clone)]
pub(crate) struct RingKey {
    pub(crate) key: Arc<SigningKey>,
    created_at: Timestamp,
    signs_from: Timestamp,
    verifies_until: Option<Timestamp>,
}

/// A key's times as its row has them: whatever changes about a key changes these.
pub(crate) type Times = (String, i64, Option<i64>);

impl RingKey {
    pub(crate) fn new(key: Arc<SigningKey>, row: &signing_keys::Model) -> Self {
        Self {
            key,
            created_at: Timestamp::from_millis(row.created_at),
            signs_from: Timestamp::from_millis(row.signs_from),
            verifies_until: row.verifies_until.map(Timestamp::from_millis),
        }
    }

    fn is_retired(&self, now: Timestamp) -> bool {
        self.verifies_until.is_some_and(|until| until <= now)
    }

    /// The newest is the last; the id only decides between keys of one millisecond, so that all replicas decide alike.
    fn order(&self) -> (Timestamp, Timestamp, &str) {
        (self.signs_from, self.created_at, self.key.kid())
    }
}

/// The ring between two moments.
pub(crate) struct Snapshot {
    keys: HashMap<String, RingKey>,
    signers: Vec<Arc<SigningKey>>,
    /// What is signed with.
    on: Arc<[SigningAlgorithm]>,
    jwks: Arc<[u8]>,
    from: Timestamp,
    /// When the next key begins to sign or is retired.
    until: Option<Timestamp>,
}

impl Snapshot {
    /// The ring of these keys, as it stands `now`. Keys of algorithms that are not `on` verify, and sign nothing.
    pub(crate) fn of(keys: Vec<RingKey>, on: Arc<[SigningAlgorithm]>, now: Timestamp) -> Self {
        let signers: Vec<_> = on.iter().filter_map(|a| signer(&keys, *a, now)).collect();
        let until = keys
            .iter()
            .flat_map(|key| [Some(key.signs_from), key.verifies_until])
            .flatten()
            .filter(|moment| *moment > now)
            .min();
        let jwks = published(&keys, &signers, now);
        let keys = keys.into_iter().map(|key| (key.key.kid().to_owned(), key)).collect();
        Self { keys, signers, on, jwks, from: now, until }
    }

    /// The same keys at another moment.
    pub(crate) fn at(&self, now: Timestamp) -> Self {
        Self::of(self.keys.values().cloned().collect(), Arc::clone(&self.on), now)
    }

    /// Whether this is how the ring stands `now`.
    pub(crate) fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }

    /// The key that signs.
    pub(crate) fn signer(&self, algorithm: SigningAlgorithm) -> Option<&SigningKey> {
        self.signers.iter().find(|key| key.algorithm() == algorithm).map(Arc::as_ref)
    }

    /// The key with this id, unless it is retired.
    pub(crate) fn verifier(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.get(kid).filter(|key| !key.is_retired(self.from)).map(|key| &*key.key)
    }

    /// The key with this id, even where it is retired.
    pub(crate) fn any_key(&self, kid: &str) -> Option<&RingKey> {
        self.keys.get(kid)
    }

    /// The JWKS document.
    pub(crate) fn jwks(&self) -> Arc<[u8]> {
        Arc::clone(&self.jwks)
    }

    /// The times of all keys, sorted by their ids.
    pub(crate) fn times(&self) -> Vec<Times> {
        let mut times: Vec<Times> = self
            .keys
            .iter()
            .map(|(kid, key)| (kid.clone(), key.signs_from.millis(), key.verifies_until.map(Timestamp::millis)))
            .collect();
        times.sort_unstable();
        times
    }

    /// All keys for `vestibule keys list`.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<KeyInfo> {
        let mut keys: Vec<_> = self.keys.values().map(|key| self.info(key, now)).collect();
        keys.sort_by(|a, b| (a.algorithm, b.signs_from, &a.kid).cmp(&(b.algorithm, a.signs_from, &b.kid)));
        keys
    }

    fn info(&self, key: &RingKey, now: Timestamp) -> KeyInfo {
        let state = if self.signers.iter().any(|signer| signer.kid() == key.key.kid()) {
            KeyState::Signing
        } else if key.is_retired(now) {
            KeyState::Retired
        } else if key.signs_from > now {
            KeyState::Published
        } else {
            KeyState::Verifying
        };
        KeyInfo {
            kid: key.key.kid().to_owned(),
            algorithm: key.key.algorithm(),
            state,
            created_at: key.created_at,
            signs_from: key.signs_from,
            verifies_until: key.verifies_until,
        }
    }
}

/// The newest key whose time has come. Where the first keys were made by a replica whose clock is ahead of ours, none has:
/// then the one that is first to come.
fn signer(keys: &[RingKey], algorithm: SigningAlgorithm, now: Timestamp) -> Option<Arc<SigningKey>> {
    let usable = || keys.iter().filter(|key| key.key.algorithm() == algorithm && !key.is_retired(now));
    let newest = usable().filter(|key| key.signs_from <= now).max_by(|a, b| a.order().cmp(&b.order()));
    newest.or_else(|| usable().min_by(|a, b| a.order().cmp(&b.order()))).map(|key| Arc::clone(&key.key))
}

/// The JWKS. Those that sign come first: there are clients that take the first key of a kind without looking at its id.
fn published(keys: &[RingKey], signers: &[Arc<SigningKey>], now: Timestamp) -> Arc<[u8]> {
    let mut published: Vec<_> = keys.iter().filter(|key| !key.is_retired(now)).collect();
    published.sort_by_key(|key| {
        let signs = signers.iter().any(|signer| signer.kid() == key.key.kid());
        (!signs, key.key.algorithm(), key.signs_from, key.key.kid().to_owned())
    });
    let keys: Vec<_> = published.into_iter().map(|key| key.key.jwk().to_json()).collect();
    json!({ "keys": keys }).to_string().into_bytes().into()
}
