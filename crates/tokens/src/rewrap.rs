//! Changing the key-encryption key: every sealed row is sealed anew, all or none.
//!
//! The new key is on the disk, beside the old one, before the database changes, and takes its place after. Wherever that is
//! interrupted, the next start finds the key that the database needs.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ActiveValue::Unchanged, DbErr, EntityTrait};
use vestibule_core::{Random, SealError, Vault};
use vestibule_database::Database;

use crate::{
    key_file::{KeyFile, KeyFileError},
    ring, secrets,
    tables::{exclusive, sealed_secrets, signing_keys},
};

/// Why the key-encryption key could not be changed. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RewrapError {
    /// A sealed row does not open.
    #[error("the {what} does not open: {source}")]
    Sealed {
        /// Which.
        what: String,
        /// Why.
        source: SealError,
    },
    /// The file of the old or the new key cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The key is someone else's to change.
    #[error(
        "{path} is provided by keys.encryption_key_file: provide the new key in another file, and name that file too"
    )]
    Provided {
        /// The file's path.
        path: std::path::PathBuf,
    },
    /// The database does not answer.
    #[error("cannot seal the secrets anew: {0}")]
    Database(#[from] DbErr),
}

/// Makes a new key-encryption key, seals everything anew with it, and puts its file in the place of `file`. Returns the new
/// vault.
///
/// # Errors
/// A key that others provide ([`rewrap`] takes two of those), a row that does not open, a file or a database that cannot be
/// written.
pub async fn change_key(db: &Database, file: &KeyFile, old: &Vault, random: &Random) -> Result<Vault, RewrapError> {
    if file.is_provided() {
        return Err(RewrapError::Provided { path: file.path().to_owned() });
    }
    let new = file.create_next(random)?;
    rewrap(db, old, &new, random).await?;
    file.install_next()?;
    Ok(new)
}

/// Seals everything that `old` sealed anew with `new`, in one transaction. Returns how many rows that were; what `new` sealed
/// already stays.
///
/// # Errors
/// A row that opens with neither, or a database that does not answer; then nothing has changed.
pub async fn rewrap(db: &Database, old: &Vault, new: &Vault, random: &Random) -> Result<u64, RewrapError> {
    let transaction = exclusive(db).await?;
    let mut changed = 0;
    for row in sealed_secrets::Entity::find().all(&transaction).await? {
        if let Some(sealed) = reseal(old, new, &secrets::context(&row.name), &row.sealed, random)? {
            let row = sealed_secrets::ActiveModel {
                name: Unchanged(row.name),
                sealed: Set(sealed),
                created_at: Unchanged(row.created_at),
            };
            row.update(&transaction).await?;
            changed += 1;
        }
    }
    for row in signing_keys::Entity::find().all(&transaction).await? {
        if let Some(sealed) = reseal(old, new, &ring::context(&row.kid), &row.private_sealed, random)? {
            let row = signing_keys::ActiveModel {
                kid: Unchanged(row.kid),
                private_sealed: Set(sealed),
                ..Default::default()
            };
            row.update(&transaction).await?;
            changed += 1;
        }
    }
    transaction.commit().await?;
    Ok(changed)
}

fn reseal(
    old: &Vault,
    new: &Vault,
    context: &str,
    sealed: &[u8],
    random: &Random,
) -> Result<Option<Vec<u8>>, RewrapError> {
    if Vault::key_id_of(sealed) == Some(new.key_id()) {
        return Ok(None);
    }
    let secret =
        old.open(context, sealed).map_err(|source| RewrapError::Sealed { what: context.to_owned(), source })?;
    Ok(Some(new.seal(context, &secret, random)))
}
