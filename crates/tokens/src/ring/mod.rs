//! The key ring: which keys there are, which one signs, and what others see of them.
//!
//! ```text
//!  created_at          signs_from              verifies_until        + 90 days
//!      │   published       │      signing, then     │                    │
//!      │   in the JWKS     │      verifying only    │  retired: hints    │ deleted
//! ```
//!
//! The signing key of an algorithm is the newest whose `signs_from` has come. A rotation adds a key that signs only later, so
//! that whoever keeps a copy of the JWKS has it by then, and lets the older one verify for as long as a token signed with
//! it may live. Tokens of a retired key are refused; an ID token of one may still be a hint.
//!
//! Each key is for one algorithm, and there are keys of those that the deployment named (`keys.algorithms`). Where one is left out
//! again its key signs no more, and is retired as if another had followed it.
//!
//! Keys lie in the database, sealed, and are parsed once per process: a [`Snapshot`] holds them until something changes.

mod decryption;
mod info;
mod snapshot;
mod store;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde::Serialize;
use vestibule_core::{Clock, Random, SealError, Vault};
use vestibule_database::Database;
use zeroize::Zeroizing;

pub use self::decryption::DECRYPTION_ALGORITHMS;
pub use self::info::{DecryptionKeyInfo, KeyInfo, KeyRingError, KeyState, Rotation};
use self::snapshot::RingKey;
pub(crate) use self::{snapshot::Snapshot, store::context};
use crate::{MintError, SigningAlgorithm, TokenType, key_file::KeyFile, signing_key::SigningKey, tables::signing_keys};

/// How long an ID token of a retired key may still be a hint.
const HINTS_FOR: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The keys that we sign with. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Inner>);

struct Inner {
    db: Database,
    file: KeyFile,
    /// What is signed with.
    on: Arc<[SigningAlgorithm]>,
    clock: Clock,
    random: Random,
    vault: RwLock<Arc<Vault>>,
    current: RwLock<Arc<Snapshot>>,
    decryption: RwLock<Arc<decryption::DecryptionKeys>>,
    /// The JWKS, of these signing keys and these decryption keys, since it is asked for far more often than they change.
    published: RwLock<Option<decryption::Published>>,
    /// Held while the rows are read, so that an older reading never replaces a newer one.
    reading: tokio::sync::Mutex<()>,
}

impl KeyRing {
    /// Reads the ring, making the first key of each algorithm of `on` that has none, and having those of others retire. Of replicas
    /// that start at once, one makes them.
    ///
    /// `file` is where the key-encryption key lies, should another process change it (`vestibule keys rewrap`).
    ///
    /// # Errors
    /// A key that does not open or parse, or a database that does not answer.
    pub async fn open(
        db: Database,
        vault: Vault,
        file: KeyFile,
        on: &[SigningAlgorithm],
        clock: Clock,
        random: Random,
    ) -> Result<Self, KeyRingError> {
        let on: Arc<[_]> = SigningAlgorithm::ALL.into_iter().filter(|algorithm| on.contains(algorithm)).collect();
        let ring = Self(Arc::new(Inner {
            db,
            file,
            vault: RwLock::new(Arc::new(vault)),
            current: RwLock::new(Arc::new(Snapshot::of(Vec::new(), Arc::clone(&on), clock.now()))),
            decryption: RwLock::default(),
            published: RwLock::default(),
            on,
            reading: tokio::sync::Mutex::new(()),
            clock,
            random,
        }));
        ring.settle().await?;
        ring.make_decryption_keys(None).await?;
        ring.refresh().await?;
        Ok(ring)
    }

    /// What is signed with, in the order of [`SigningAlgorithm::ALL`].
    #[must_use]
    pub fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.0.on
    }

    /// Makes a new key of each algorithm, to follow the one that signs now. Returns their ids.
    ///
    /// # Errors
    /// An algorithm that nothing is signed with; a database that does not answer; then nothing has changed.
    pub async fn rotate(
        &self,
        algorithms: &[SigningAlgorithm],
        rotation: Rotation,
    ) -> Result<Vec<String>, KeyRingError> {
        if let Some(off) = algorithms.iter().find(|algorithm| !self.0.on.contains(algorithm)) {
            return Err(KeyRingError::Off(*off));
        }
        let kids = store::rotate(self, algorithms, rotation).await?;
        self.refresh().await?;
        Ok(kids)
    }

    /// Makes a new key of each algorithm whose newest one was made `every` so long ago; of any number of replicas, one does.
    /// Returns their ids.
    ///
    /// # Errors
    /// A database that does not answer; then nothing has changed.
    pub async fn rotate_due(&self, every: Duration, rotation: Rotation) -> Result<Vec<String>, KeyRingError> {
        self.make_decryption_keys(Some(every)).await?;
        let kids = store::rotate_due(self, every, rotation).await?;
        if !kids.is_empty() {
            self.refresh().await?;
        }
        Ok(kids)
    }

    /// Reads the ring again where its rows have changed. Returns whether they had.
    ///
    /// # Errors
    /// As for [`KeyRing::open`]; the ring stays as it was.
    pub async fn refresh(&self) -> Result<bool, KeyRingError> {
        let _reading = self.0.reading.lock().await;
        let changed = self.refresh_decryption_keys().await?;
        let old = self.snapshot();
        let times = store::times(&self.0.db).await?;
        if times == old.times() {
            return Ok(changed);
        }
        let mut keys = Vec::new();
        for row in store::rows(&self.0.db).await? {
            let key = match old.any_key(&row.kid) {
                Some(known) => Arc::clone(&known.key),
                None => Arc::new(self.unseal(&row)?),
            };
            keys.push(RingKey::new(key, &row));
        }
        self.replace(Snapshot::of(keys, Arc::clone(&self.0.on), self.0.clock.now()));
        Ok(true)
    }

    /// Deletes what has been retired for so long that no hint needs it. Returns how many keys that were.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sweep(&self) -> Result<u64, KeyRingError> {
        let deleted = store::delete_retired_before(&self.0.db, self.0.clock.now() - HINTS_FOR).await?;
        let deleted = deleted + self.sweep_decryption_keys().await?;
        if deleted > 0 {
            self.refresh().await?;
        }
        Ok(deleted)
    }

    /// All keys that sign or did, those that sign first within their algorithm.
    #[must_use]
    pub fn list(&self) -> Vec<KeyInfo> {
        self.snapshot().list(self.0.clock.now())
    }

    /// The JWKS document (RFC 7517 section 5): every key that signs from the moment it is made until it is retired, and the newest
    /// that others can encrypt to; public halves only.
    #[must_use]
    pub fn jwks(&self) -> Arc<[u8]> {
        self.published(&self.snapshot().jwks())
    }

    /// Signs `claims` with the key that signs now.
    ///
    /// # Errors
    /// Claims that are no JSON; a ring without a key for the algorithm.
    pub fn sign(
        &self,
        algorithm: SigningAlgorithm,
        typ: TokenType,
        claims: &impl Serialize,
    ) -> Result<String, MintError> {
        Ok(self.sign_and_name_key(algorithm, typ, claims)?.0)
    }

    /// The same, and says which key that was.
    pub(crate) fn sign_and_name_key(
        &self,
        algorithm: SigningAlgorithm,
        typ: TokenType,
        claims: &impl Serialize,
    ) -> Result<(String, Arc<str>), MintError> {
        let snapshot = self.snapshot();
        let key = snapshot.signer(algorithm).ok_or(MintError::NoKey(algorithm))?;
        Ok((vestibule_jose::sign(key, key.header(typ), claims)?, key.kid().into()))
    }

    /// The ring as it stands now. A snapshot holds until the next key begins to sign or is retired; then the same keys are
    /// sorted anew.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        let now = self.0.clock.now();
        let current = Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner));
        if current.holds_at(now) {
            return current;
        }
        let mut place = self.0.current.write().unwrap_or_else(PoisonError::into_inner);
        if !place.holds_at(now) {
            *place = Arc::new(place.at(now));
        }
        Arc::clone(&place)
    }

    fn replace(&self, snapshot: Snapshot) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
    }

    fn vault(&self) -> Arc<Vault> {
        Arc::clone(&self.0.vault.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens what was sealed. Sealed with another key-encryption key than ours means that ours was changed by another process: the
    /// new one is where ours was.
    fn open_sealed(&self, context: &str, kid: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyRingError> {
        let failed = |source| KeyRingError::Sealed { kid: kid.to_owned(), source };
        match self.vault().open(context, sealed) {
            Err(other @ SealError::OtherKey { .. }) => {
                let vault = self.0.file.load()?.ok_or_else(|| failed(other))?;
                let private = vault.open(context, sealed).map_err(failed)?;
                *self.0.vault.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(vault);
                Ok(private)
            }
            opened => opened.map_err(failed),
        }
    }

    /// Opens and parses a private key.
    fn unseal(&self, row: &signing_keys::Model) -> Result<SigningKey, KeyRingError> {
        let private = self.open_sealed(&context(&row.kid), &row.kid, &row.private_sealed)?;
        let damaged = || KeyRingError::Damaged { kid: row.kid.clone() };
        let algorithm = row.algorithm.parse().map_err(|_| damaged())?;
        let key = SigningKey::parse(algorithm, &private)?;
        if key.kid() == row.kid { Ok(key) } else { Err(damaged()) }
    }

    /// Sees to it that each algorithm that is on has a key that nothing follows, and no other.
    async fn settle(&self) -> Result<(), KeyRingError> {
        let present = store::algorithms(self.0.db.reader()).await?;
        let missing: Vec<_> = self.0.on.iter().copied().filter(|algorithm| !present.contains(algorithm)).collect();
        let settled = missing.is_empty() && present.iter().all(|algorithm| self.0.on.contains(algorithm));
        if settled { Ok(()) } else { store::settle(self, &missing).await }
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}
