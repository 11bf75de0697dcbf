//! Whether a secret is an application's.
//!
//! A secret of ours is kept as a keyed digest. One that another system handed over as a hash of its own is verified on the
//! threads for passwords, whose queue is bounded, until it is first shown; then the digest takes the hash's place.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use secrecy::{ExposeSecret, SecretString};
use vestibule_core::ClientId;
use vestibule_users::HashingError;

use super::{Client, Clients};
use crate::{Unavailable, tables::client};

/// The longest secret that is held against a hash, in bytes; none that another system made is longer.
const LONGEST: usize = 1024;

impl Clients {
    /// Whether `secret` is that of the application `id`, whatever way to show it is registered.
    ///
    /// # Errors
    /// A database that does not answer, or too many secrets that wait to be verified.
    pub async fn is_secret_of(&self, id: &ClientId, secret: &str) -> Result<bool, Unavailable> {
        let client = self.find(id).await?;
        self.has_secret(client.as_ref(), secret).await
    }

    /// Whether `secret` is the application's. An unknown or public application costs as much as one with a digest.
    pub(super) async fn has_secret(&self, client: Option<&Client>, secret: &str) -> Result<bool, Unavailable> {
        if let Some(client) = client
            && let Some(hash) = &client.imported_secret_hash
        {
            return self.has_imported_secret(client, hash, secret).await;
        }
        let presented = self.key.digest(secret);
        Ok(match client.and_then(|client| client.secret_digest) {
            Some(expected) => presented == expected,
            None => {
                // Compared with what it cannot be, so that the time does not tell who exists.
                let _ = presented == self.key.digest("");
                false
            }
        })
    }

    async fn has_imported_secret(
        &self,
        client: &Client,
        hash: &SecretString,
        secret: &str,
    ) -> Result<bool, Unavailable> {
        let Some(hasher) = &self.hasher else { return Ok(false) };
        if secret.is_empty() || secret.len() > LONGEST {
            return Ok(false);
        }
        match hasher.verify(&secret.into(), hash.expose_secret()).await {
            Ok(verdict) if verdict.matches => {}
            Ok(_) => return Ok(false),
            Err(HashingError::Unverifiable(why)) => {
                tracing::warn!(client_id = %client.id, why, "an application's imported secret cannot be verified; rotate it");
                return Ok(false);
            }
            Err(other) => return Err(Unavailable::because(other)),
        }
        // Only where the hash still stands: whoever gave the application a new secret meanwhile has the last word.
        client::Entity::update_many()
            .col_expr(client::Column::SecretDigest, Expr::value(self.digest_bytes(secret)))
            .col_expr(client::Column::ImportedSecretHash, Expr::value(None::<String>))
            .filter(client::Column::Id.eq(client.id.as_str()))
            .filter(client::Column::ImportedSecretHash.eq(hash.expose_secret()))
            .exec(self.database.writer())
            .await?;
        Ok(true)
    }
}
