//! Opening the vault: the key-encryption key of this machine, proved against what the database holds.
//!
//! A key is made only where nothing is sealed yet, and the first thing sealed with it goes into the database in the same
//! locked transaction. So of several replicas that start on an empty database at once, each in a folder of its own, one
//! makes a key and the others say which key they need.

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QuerySelect};
use vestibule_core::{Clock, Random, Vault};
use vestibule_database::Database;

use crate::{
    key_file::{KeyFile, KeyFileError},
    secrets,
    tables::{exclusive, sealed_secrets, signing_keys},
};

/// Opens the vault with the key in `file`, making the key where the database holds nothing sealed yet.
///
/// # Errors
/// A key that is missing or is another than the database needs, both by name; a key file that cannot be used; a database that
/// does not answer.
pub async fn open_vault(db: &Database, file: &KeyFile, clock: &Clock, random: &Random) -> Result<Vault, KeyFileError> {
    if let Some(needed) = sealed_with(db.reader()).await? {
        return matching(file, needed);
    }
    let transaction = exclusive(db).await?;
    if let Some(needed) = sealed_with(&transaction).await? {
        // Another replica was first.
        return matching(file, needed);
    }
    let vault = match file.load()? {
        Some(vault) => vault,
        None => file.create(random)?,
    };
    secrets::insert_first(&transaction, &vault, clock, random).await?;
    transaction.commit().await?;
    Ok(vault)
}

/// The id of the key that the database's secrets are sealed with; `None` where nothing is sealed yet.
pub(crate) async fn sealed_with(connection: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let secret: Option<Vec<u8>> = sealed_secrets::Entity::find()
        .select_only()
        .column(sealed_secrets::Column::Sealed)
        .limit(1)
        .into_tuple()
        .one(connection)
        .await?;
    let sealed = match secret {
        Some(sealed) => Some(sealed),
        None => {
            signing_keys::Entity::find()
                .select_only()
                .column(signing_keys::Column::PrivateSealed)
                .limit(1)
                .into_tuple()
                .one(connection)
                .await?
        }
    };
    // A value that is no sealed value at all needs a key that nobody has.
    Ok(sealed.map(|sealed: Vec<u8>| Vault::key_id_of(&sealed).unwrap_or_else(|| "of a damaged value".to_owned())))
}

/// The key in `file`, where it is the one that is needed.
fn matching(file: &KeyFile, needed: String) -> Result<Vault, KeyFileError> {
    let present = match file.load()? {
        Some(vault) if vault.key_id() == needed => return Ok(vault),
        other => other.map(|vault| vault.key_id()),
    };
    // A change of the key that was interrupted after the database had it, and before the file.
    if !file.is_provided()
        && let Some(next) = file.load_next()?
        && next.key_id() == needed
    {
        file.install_next()?;
        return Ok(next);
    }
    let path = file.path().to_owned();
    Err(match present {
        Some(present) => KeyFileError::Other { path, present, needed },
        None => KeyFileError::Missing { path, needed },
    })
}
