//! The door for applications from another system, in a transaction of the caller's.

use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};
use secrecy::{ExposeSecret, SecretString};
use vestibule_core::{ClientId, Timestamp};

use super::{Clients, ClientsError, NewClient, apps, signing};
use crate::tables::client;

/// An application as another system has it.
#[derive(Clone, Debug)]
pub struct ImportedClient {
    /// The id that it keeps.
    pub id: ClientId,
    /// What it is.
    pub client: NewClient,
    /// Its secret; without one, a confidential application needs a new one before it can prove itself.
    pub secret: Option<ImportedSecret>,
    /// The apps that it stands for.
    pub apps: Vec<String>,
    /// Since when it is registered.
    pub created_at: Timestamp,
}

/// The secret of an application from another system.
#[derive(Clone, Debug)]
pub enum ImportedSecret {
    /// The secret itself.
    Plain(SecretString),
    /// A hash of it that [`PasswordHasher`](vestibule_users::PasswordHasher) can verify.
    Hash(SecretString),
}

impl Clients {
    /// Brings an application with its id and its secret.
    ///
    /// # Errors
    /// An id that is taken, metadata that cannot be honoured, apps that cannot be called so, or a database that does not answer.
    /// All but the last leave the transaction as it was.
    pub async fn insert_in(
        &self,
        transaction: &DatabaseTransaction,
        imported: ImportedClient,
    ) -> Result<(), ClientsError> {
        let ImportedClient { id, client: new, secret, apps, created_at } = imported;
        self.check(&new)?;
        let signs_with_it = new.secret_is_a_key();
        if signs_with_it && matches!(secret, Some(ImportedSecret::Hash(_))) {
            return Err(ClientsError::OnlyAHash(id));
        }
        if let Some(ImportedSecret::Plain(secret)) = &secret {
            signing::check_secret(&new.metadata, secret.expose_secret().as_bytes())?;
        }
        let apps = apps::checked(apps)?;
        if client::Entity::find_by_id(id.as_str()).one(transaction).await?.is_some() {
            return Err(ClientsError::Exists(id));
        }
        let mut row = self.row(id.clone(), &new, created_at)?;
        match &secret {
            None => {}
            Some(ImportedSecret::Plain(secret)) => {
                row.secret_digest = Set(Some(self.digest_bytes(secret.expose_secret())));
                row.secret_sealed = Set(self.sealed(&id, signs_with_it, secret.expose_secret()));
            }
            Some(ImportedSecret::Hash(hash)) => row.imported_secret_hash = Set(Some(hash.expose_secret().to_owned())),
        }
        client::Entity::insert(row).exec_without_returning(transaction).await?;
        Ok(apps::write(transaction, &id, apps).await?)
    }
}
