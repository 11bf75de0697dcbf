//! Secrets of the provider itself: random, made once, sealed in the database.
//!
//! One of them seals in turn what the provider keeps for people, one row each (TOTP seeds). So a change of the key-encryption key
//! touches no such row, and a process that runs meanwhile goes on reading and writing them.

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, sea_query::OnConflict};
use vestibule_core::{Clock, HashKey, Random, SealError, Vault};
use vestibule_database::Database;
use zeroize::Zeroizing;

use crate::{OpaqueTokens, PairwiseSubjects, tables::sealed_secrets};

/// The name of the key that hashes client secrets, codes, session ids and API tokens.
const HASH_KEY: &str = "hash-key";
/// The name of the key that seals what the provider keeps for people.
const SEAL_KEY: &str = "seal-key";
/// The name of the key that seals opaque access tokens.
const TOKEN_KEY: &str = "opaque-token-key";
/// The name of the key that pairwise subjects are made by. With another one, applications would know nobody again.
const SUBJECT_KEY: &str = "pairwise-subject-key";

/// Why a secret of the provider could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// It does not open with this key-encryption key.
    #[error("the sealed secret {name:?} does not open: {source}")]
    Sealed {
        /// The secret's name.
        name: String,
        /// Why.
        source: SealError,
    },
    /// The database does not answer.
    #[error("cannot read the sealed secrets: {0}")]
    Database(#[from] DbErr),
}

/// The secrets of the provider. They are made on the first run, and every replica reads the same.
#[derive(Clone, Debug)]
pub struct Secrets {
    hash_key: HashKey,
    personal: Arc<Vault>,
    opaque: Arc<OpaqueTokens>,
    pairwise: Arc<PairwiseSubjects>,
}

impl Secrets {
    /// Reads the secrets, making what is not there yet.
    ///
    /// # Errors
    /// A secret that does not open, or a database that does not answer.
    pub async fn open(db: &Database, vault: &Vault, clock: &Clock, random: &Random) -> Result<Self, SecretsError> {
        let hash_key = named(db, vault, HASH_KEY, clock, random).await?;
        let seal_key = named(db, vault, SEAL_KEY, clock, random).await?;
        let token_key = named(db, vault, TOKEN_KEY, clock, random).await?;
        let subject_key = named(db, vault, SUBJECT_KEY, clock, random).await?;
        Ok(Self {
            hash_key: HashKey::new(&hash_key),
            personal: Arc::new(Vault::new(&seal_key)),
            opaque: Arc::new(OpaqueTokens::new(&token_key)),
            pairwise: Arc::new(PairwiseSubjects::new(&subject_key)),
        })
    }

    /// The key that keyed hashes are derived from, one purpose at a time.
    #[must_use]
    pub fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    /// What seals the secrets that the provider keeps for people, and opens them after any change of the key-encryption key.
    #[must_use]
    pub fn personal_vault(&self) -> &Arc<Vault> {
        &self.personal
    }

    /// What seals opaque access tokens.
    #[must_use]
    pub fn opaque_tokens(&self) -> &Arc<OpaqueTokens> {
        &self.opaque
    }

    /// What makes pairwise subjects.
    #[must_use]
    pub fn pairwise_subjects(&self) -> &Arc<PairwiseSubjects> {
        &self.pairwise
    }
}

/// What a secret is sealed for; it opens for nothing else.
pub(crate) fn context(name: &str) -> String {
    format!("secret {name}")
}

/// Seals the first secrets of an empty database, with a key that this proves to be in use from now on.
pub(crate) async fn insert_first(
    connection: &impl ConnectionTrait,
    vault: &Vault,
    clock: &Clock,
    random: &Random,
) -> Result<(), DbErr> {
    for name in [HASH_KEY, SEAL_KEY, TOKEN_KEY, SUBJECT_KEY] {
        insert_if_absent(connection, vault, name, clock, random).await?;
    }
    Ok(())
}

/// The 32 bytes of one secret. Whoever comes first makes it; everyone reads back what is there.
async fn named(
    db: &Database,
    vault: &Vault,
    name: &str,
    clock: &Clock,
    random: &Random,
) -> Result<Zeroizing<[u8; 32]>, SecretsError> {
    let mut found = sealed_secrets::Entity::find_by_id(name).one(db.writer()).await?;
    if found.is_none() {
        insert_if_absent(db.writer(), vault, name, clock, random).await?;
        found = sealed_secrets::Entity::find_by_id(name).one(db.writer()).await?;
    }
    let sealed = found.map(|row| row.sealed).unwrap_or_default();
    let failed = |source| SecretsError::Sealed { name: name.to_owned(), source };
    let opened = vault.open(&context(name), &sealed).map_err(failed)?;
    let bytes: &[u8; 32] = opened.as_slice().try_into().map_err(|_| failed(SealError::Damaged))?;
    Ok(Zeroizing::new(*bytes))
}

async fn insert_if_absent(
    connection: &impl ConnectionTrait,
    vault: &Vault,
    name: &str,
    clock: &Clock,
    random: &Random,
) -> Result<(), DbErr> {
    let mut secret = Zeroizing::new([0; 32]);
    random.fill(&mut *secret);
    let row = sealed_secrets::ActiveModel {
        name: Set(name.to_owned()),
        sealed: Set(vault.seal(&context(name), &*secret, random)),
        created_at: Set(clock.now().millis()),
    };
    sealed_secrets::Entity::insert(row)
        .on_conflict(OnConflict::column(sealed_secrets::Column::Name).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}
