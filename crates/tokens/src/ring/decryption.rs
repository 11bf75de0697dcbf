//! The keys that applications encrypt their request objects to (OpenID Connect Core section 10.2): sealed, shared and followed by
//! others as the signing keys are.
//!
//! ```text
//!  made ──▶ in the JWKS ──▶ a newer one is made: out of the JWKS, decrypts for a day more ──▶ deleted
//! ```
//! None is published ahead. Whoever has an older copy of the JWKS encrypts to the older key, which is there for longer than anyone
//! keeps such a copy.
//!
//! They lie among the sealed secrets, each under a name that says what it is for, so that a change of the key-encryption key
//! seals them anew with the rest.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};
use vestibule_core::Timestamp;
use vestibule_jose::{ContentEncryption, DecryptionKey, Encrypted, JweError, KeyManagement};
use zeroize::Zeroizing;

use super::{DecryptionKeyInfo, KeyRing, KeyRingError, store};
use crate::{
    secrets,
    tables::{exclusive, sealed_secrets},
};

/// What others can encrypt to us with: there is a key for each.
pub const DECRYPTION_ALGORITHMS: [KeyManagement; 2] = [KeyManagement::RsaOaep256, KeyManagement::EcdhEs];

/// How the names of these keys begin among the secrets; the algorithm and the key's id follow.
const PREFIX: &str = "decryption-key ";
/// How long a key decrypts after a newer one was made.
const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// One of the keys.
pub(super) struct Held {
    name: Name,
    made_at: Timestamp,
    key: DecryptionKey,
}

/// The keys, the oldest first.
pub(super) type DecryptionKeys = Vec<Arc<Held>>;

/// A row's name, taken apart.
#[derive(Clone, PartialEq, Eq)]
struct Name {
    alg: KeyManagement,
    kid: String,
}

impl Name {
    /// Of an algorithm that a newer replica may know, nothing is read.
    fn parse(name: &str) -> Option<Self> {
        let (alg, kid) = name.strip_prefix(PREFIX)?.split_once(' ')?;
        Some(Self { alg: alg.parse().ok()?, kid: kid.to_owned() })
    }

    fn write(&self) -> String {
        format!("{PREFIX}{} {}", self.alg, self.kid)
    }
}

/// The rows that there are, each with the moment at which it was made, the oldest first.
type Rows = Vec<(Name, Timestamp)>;

async fn rows(connection: &impl ConnectionTrait) -> Result<Rows, DbErr> {
    let rows: Vec<(String, i64)> = sealed_secrets::Entity::find()
        .select_only()
        .column(sealed_secrets::Column::Name)
        .column(sealed_secrets::Column::CreatedAt)
        .filter(sealed_secrets::Column::Name.starts_with(PREFIX))
        .into_tuple()
        .all(connection)
        .await?;
    let read = |(name, made_at): (String, i64)| Some((Name::parse(&name)?, Timestamp::from_millis(made_at)));
    let mut rows: Rows = rows.into_iter().filter_map(read).collect();
    // The id only decides between keys of one millisecond, so that all replicas decide alike.
    rows.sort_by(|(one, earlier), (other, later)| (earlier, &one.kid).cmp(&(later, &other.kid)));
    Ok(rows)
}

fn newest(rows: &Rows, alg: KeyManagement) -> Option<Timestamp> {
    rows.iter().rev().find(|(name, _)| name.alg == alg).map(|(_, made_at)| *made_at)
}

impl KeyRing {
    /// Decrypts what somebody encrypted to a key of ours. Who that was, it does not say.
    ///
    /// # Errors
    /// [`JweError::OtherAlgorithm`], [`JweError::UnknownKey`], or [`JweError::Undecryptable`] for whatever else is wrong.
    pub fn decrypt(&self, token: &Encrypted<'_>) -> Result<Vec<u8>, JweError> {
        let asked = token.encryption().filter(|asked| DECRYPTION_ALGORITHMS.contains(&asked.alg));
        let asked = asked.ok_or(JweError::OtherAlgorithm)?;
        let keys = self.decryption_keys();
        let fits = |held: &&Arc<Held>| held.name.alg == asked.alg && token.kid().is_none_or(|kid| kid == held.name.kid);
        let mut last = JweError::UnknownKey;
        for held in keys.iter().rev().filter(fits) {
            match token.decrypt(&held.key, &ContentEncryption::ALL, &self.0.random) {
                Ok(content) => return Ok(content),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Makes a new key of each algorithm whose newest was made `every` so long ago, or that has none; of any number of replicas, one
    /// does. Returns their ids.
    ///
    /// # Errors
    /// A database that does not answer; then nothing has changed.
    pub async fn make_decryption_keys(&self, every: Option<Duration>) -> Result<Vec<String>, KeyRingError> {
        let now = self.0.clock.now();
        let is_due = |rows: &Rows, alg| match newest(rows, alg) {
            None => true,
            Some(made_at) => every.is_some_and(|every| made_at + every <= now),
        };
        let there = rows(self.0.db.writer()).await?;
        let due: Vec<_> = DECRYPTION_ALGORITHMS.into_iter().filter(|alg| is_due(&there, *alg)).collect();
        if due.is_empty() {
            return Ok(Vec::new());
        }
        // Before the lock is taken, since an RSA key takes its time; those of whoever comes second are dropped.
        let made = make(due).await?;
        let transaction = exclusive(&self.0.db).await?;
        let there = rows(&transaction).await?;
        let mut kids = Vec::new();
        for (name, pkcs8) in made.into_iter().filter(|(name, _)| is_due(&there, name.alg)) {
            let vault = store::vault_in_use(self, &transaction).await?;
            let text = name.write();
            let row = sealed_secrets::ActiveModel {
                sealed: Set(vault.seal(&secrets::context(&text), &pkcs8, &self.0.random)),
                name: Set(text),
                created_at: Set(now.millis()),
            };
            sealed_secrets::Entity::insert(row).exec_without_returning(&transaction).await?;
            tracing::info!(kid = name.kid, alg = %name.alg, "a new key was made that request objects can be encrypted to");
            kids.push(name.kid);
        }
        transaction.commit().await?;
        self.refresh().await?;
        Ok(kids)
    }

    /// Reads the keys again where there are others than those at hand.
    pub(super) async fn refresh_decryption_keys(&self) -> Result<bool, KeyRingError> {
        let old = self.decryption_keys();
        let there = rows(self.0.db.reader()).await?;
        if there.len() == old.len() && there.iter().zip(old.iter()).all(|((name, _), held)| *name == held.name) {
            return Ok(false);
        }
        let mut keys = Vec::new();
        for (name, made_at) in there {
            match old.iter().find(|held| held.name == name) {
                Some(known) => keys.push(Arc::clone(known)),
                None => keys.extend(self.read(name, made_at).await?.map(Arc::new)),
            }
        }
        *self.0.decryption.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        Ok(true)
    }

    /// Opens and parses one; nothing where it was deleted meanwhile.
    async fn read(&self, name: Name, made_at: Timestamp) -> Result<Option<Held>, KeyRingError> {
        let text = name.write();
        let row = sealed_secrets::Entity::find_by_id(text.as_str()).one(self.0.db.writer()).await?;
        let Some(row) = row else { return Ok(None) };
        let private = self.open_sealed(&secrets::context(&text), &name.kid, &row.sealed)?;
        let damaged = || KeyRingError::Damaged { kid: name.kid.clone() };
        let key = DecryptionKey::from_pkcs8(name.alg, &private).map_err(|_| damaged())?;
        if key.public().kid() == Some(name.kid.as_str()) {
            Ok(Some(Held { name, made_at, key }))
        } else {
            Err(damaged())
        }
    }

    /// Deletes the keys that newer ones followed long enough ago. Returns how many that were.
    pub(super) async fn sweep_decryption_keys(&self) -> Result<u64, KeyRingError> {
        let (now, there) = (self.0.clock.now(), rows(self.0.db.writer()).await?);
        let followed = |(at, (name, _)): (usize, &(Name, Timestamp))| {
            let next = there[at + 1..].iter().find(|(other, _)| other.alg == name.alg);
            next.is_some_and(|(_, made_at)| *made_at + KEEP <= now).then(|| name.write())
        };
        let old: Vec<String> = there.iter().enumerate().filter_map(followed).collect();
        if old.is_empty() {
            return Ok(0);
        }
        let deleted = sealed_secrets::Entity::delete_many().filter(sealed_secrets::Column::Name.is_in(old));
        let deleted = deleted.exec(self.0.db.writer()).await?.rows_affected;
        Ok(deleted)
    }

    /// The keys that others encrypt to, the newest of each algorithm first.
    #[must_use]
    pub fn list_decryption_keys(&self) -> Vec<DecryptionKeyInfo> {
        let keys = self.decryption_keys();
        let info = |(at, held): (usize, &Arc<Held>)| {
            let next = keys[at + 1..].iter().find(|other| other.name.alg == held.name.alg);
            DecryptionKeyInfo {
                kid: held.name.kid.clone(),
                algorithm: held.name.alg,
                created_at: held.made_at,
                decrypts_until: next.map(|next| next.made_at + KEEP),
            }
        };
        let mut list: Vec<_> = keys.iter().enumerate().map(info).collect();
        list.reverse();
        list.sort_by_key(|key| DECRYPTION_ALGORITHMS.iter().position(|alg| *alg == key.algorithm));
        list
    }

    /// A JWKS document with the newest decryption key of each algorithm added to it.
    pub(super) fn published(&self, signing: &Arc<[u8]>) -> Arc<[u8]> {
        let keys = self.decryption_keys();
        let kept = self.0.published.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| Arc::ptr_eq(&kept.signing, signing) && Arc::ptr_eq(&kept.keys, &keys)) {
            return kept.document;
        }
        let document = joined(signing, &keys);
        let new = Published { signing: Arc::clone(signing), keys, document: Arc::clone(&document) };
        *self.0.published.write().unwrap_or_else(PoisonError::into_inner) = Some(new);
        document
    }

    fn decryption_keys(&self) -> Arc<DecryptionKeys> {
        Arc::clone(&self.0.decryption.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A JWKS document that is kept, and what it was made of. It holds on to both, so that no others can lie where they lay.
#[derive(Clone)]
pub(super) struct Published {
    signing: Arc<[u8]>,
    keys: Arc<DecryptionKeys>,
    document: Arc<[u8]>,
}

fn joined(signing: &[u8], keys: &DecryptionKeys) -> Arc<[u8]> {
    let mut document: Value = serde_json::from_slice(signing).unwrap_or_else(|_| json!({ "keys": [] }));
    let newest = |alg| keys.iter().rev().find(|held| held.name.alg == alg);
    if let Some(list) = document["keys"].as_array_mut() {
        list.extend(DECRYPTION_ALGORITHMS.into_iter().filter_map(newest).map(|held| held.key.public().to_json()));
    }
    document.to_string().into_bytes().into()
}

type Made = Vec<(Name, Zeroizing<Vec<u8>>)>;

/// Makes one key of each algorithm, off the runtime's own threads.
async fn make(algorithms: Vec<KeyManagement>) -> Result<Made, KeyRingError> {
    let make_one = |alg| {
        let pkcs8 = DecryptionKey::generate(alg)?;
        let kid = DecryptionKey::from_pkcs8(alg, &pkcs8)?.public().thumbprint();
        Ok((Name { alg, kid }, pkcs8))
    };
    let make_all = move || algorithms.into_iter().map(make_one).collect::<Result<Made, vestibule_jose::KeyError>>();
    // The task is neither cancelled nor does it panic; were it so, no key would have been made.
    let made = tokio::task::spawn_blocking(make_all).await.unwrap_or(Err(vestibule_jose::KeyError::Invalid));
    made.map_err(|_| KeyRingError::NotMade)
}
