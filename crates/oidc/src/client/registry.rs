//! The table of applications.

use std::sync::Arc;

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, sea_query::Expr,
};
use secrecy::SecretString;
use vestibule_core::{ClientId, Clock, Digest, HashKey, Random, Timestamp, Vault};
use vestibule_database::{ChangeLog, Database};
use vestibule_tokens::SigningAlgorithm;
use vestibule_users::PasswordHasher;

use super::{
    AuthMethod, Client, ClientMetadata, DocumentCopy, MetadataError, NewClient, SelfRegistered, known,
    metadata::unsupported, proof, sector, signing,
};
use crate::{Unavailable, tables::client};

/// What a client secret begins with, so that a scanner for leaked secrets knows it.
const SECRET_PREFIX: &str = "vst_secret_";

/// What an operator decided for all applications.
#[derive(Clone, Debug)]
pub struct ClientRules {
    /// Whether those made here must use PKCE unless they say otherwise (`oidc.require_pkce`).
    pub require_pkce: bool,
    /// Whether client certificates come at all (`http.mtls`).
    pub client_certificates: bool,
    /// What is signed with (`keys.algorithms`), beside the secrets of applications.
    pub signing_algorithms: Vec<SigningAlgorithm>,
}

/// The registered applications. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clients {
    pub(super) database: Database,
    pub(super) changes: ChangeLog,
    pub(super) kept: known::Memory,
    pub(super) key: HashKey,
    pub(super) registration_key: HashKey,
    pub(super) vault: Arc<Vault>,
    rules: ClientRules,
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) hasher: Option<PasswordHasher>,
}

/// An application just registered, with its secret, which is not to be had again.
#[derive(Clone)]
pub struct CreatedClient {
    /// The application.
    pub client: Client,
    /// Its secret; a public application has none.
    pub secret: Option<String>,
}

/// Why an application was not registered or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClientsError {
    /// It cannot be registered so.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// There is no such application.
    #[error("there is no client {0}; `vestibule clients list` names them")]
    NoSuchClient(ClientId),
    /// A public application cannot become a confidential one, nor the other way round.
    #[error("the client {0} cannot change between public and confidential; register another")]
    OtherKind(ClientId),
    /// It was changed by somebody else since it was read.
    #[error("the client {0} was changed meanwhile; read it again")]
    Changed(ClientId),
    /// It has no secret to change.
    #[error("the client {0} has no secret: it is public, or proves itself by a key or a certificate")]
    NoSecret(ClientId),
    /// An HMAC needs the secret itself.
    #[error(
        "the secret of client {0} is kept as a hash alone, and client_secret_jwt and HS256 need it as it is; register another"
    )]
    OnlyAHash(ClientId),
    /// Another application has the id that one from another system is to keep.
    #[error("there is a client {0} already")]
    Exists(ClientId),
    /// An app that it is to stand for cannot be called so.
    #[error(transparent)]
    App(#[from] vestibule_users::NameError),
    /// It is to stand for too many apps.
    #[error("an application can stand for 100 apps at most")]
    TooManyApps,
    /// The table does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<sea_orm::DbErr> for ClientsError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Unavailable(error.into())
    }
}

impl Clients {
    /// The table behind `database`. `key` hashes the secrets, and `vault` seals those that must be read back. Every change is
    /// told by `changes`, which must be followed where applications are to be found in memory: that holds `cache_bytes` at most.
    #[must_use]
    #[allow(clippy::too_many_arguments, reason = "the parts of a registry, named where it is put together")]
    pub fn new(
        database: Database,
        changes: ChangeLog,
        key: &HashKey,
        vault: Arc<Vault>,
        rules: ClientRules,
        clock: Clock,
        random: Random,
        cache_bytes: u64,
    ) -> Self {
        let kept = known::memory(&changes, clock.clone(), cache_bytes);
        let registration_key = key.for_purpose("registration access token");
        let key = key.for_purpose("client secret");
        Self { database, changes, kept, key, registration_key, vault, rules, clock, random, hasher: None }
    }

    /// The same, but secrets that came from another system as hashes are verified too, on the threads for passwords.
    #[must_use]
    pub fn with_hasher(self, hasher: PasswordHasher) -> Self {
        Self { hasher: Some(hasher), ..self }
    }

    /// Registers an application.
    ///
    /// # Errors
    /// Metadata that cannot be honoured, or a database that does not answer.
    pub async fn create(&self, new: NewClient) -> Result<CreatedClient, ClientsError> {
        let (row, secret) = self.new_row(&new)?;
        let client = Client::try_from(row.insert(self.database.writer()).await?)?;
        tracing::info!(client_id = %client.id, "an application was registered");
        Ok(CreatedClient { client, secret })
    }

    /// All applications, by name.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn list(&self) -> Result<Vec<Client>, Unavailable> {
        let rows = client::Entity::find()
            .order_by_asc(client::Column::Name)
            .order_by_asc(client::Column::Id)
            .all(self.database.reader())
            .await?;
        rows.into_iter().map(Client::try_from).collect()
    }

    /// Puts `new` in place of everything that was said of an application; its secret stays. With `read_at`, only where it was
    /// not changed after that moment.
    ///
    /// # Errors
    /// Metadata that cannot be honoured, an unknown application, one that was changed meanwhile, or a database that does not
    /// answer.
    pub async fn update(
        &self,
        id: &ClientId,
        mut new: NewClient,
        read_at: Option<Timestamp>,
    ) -> Result<Client, ClientsError> {
        self.check(&new)?;
        let transaction = self.database.begin().await?;
        let found = client::Entity::find_by_id(id.as_str()).lock_exclusive().one(&transaction).await?;
        let before = found.ok_or_else(|| ClientsError::NoSuchClient(id.clone()))?;
        if read_at.is_some_and(|moment| moment.millis() != before.updated_at) {
            return Err(ClientsError::Changed(id.clone()));
        }
        if new.metadata.software_statement.is_none() {
            // What binds an application whenever it changes itself is not lost by what an administrator changes.
            new.metadata.software_statement = Client::try_from(before.clone())?.metadata.software_statement;
        }
        let public = new.auth_method == Some(AuthMethod::None);
        if public != (before.auth_method.as_deref() == Some(AuthMethod::None.as_str())) {
            return Err(ClientsError::OtherKind(id.clone()));
        }
        let signs_with_it = new.secret_is_a_key();
        let has_one = before.secret_digest.is_some() || before.imported_secret_hash.is_some();
        if signs_with_it && has_one && before.secret_sealed.is_none() {
            return Err(ClientsError::OnlyAHash(id.clone()));
        }
        // Whoever proves itself by something better has no secret any more that could be stolen.
        let keeps_it = AuthMethod::has_secret(new.auth_method);
        let row = client::Model {
            name: new.name.trim().to_owned(),
            secret_digest: before.secret_digest.filter(|_| keeps_it),
            imported_secret_hash: before.imported_secret_hash.filter(|_| keeps_it),
            secret_sealed: before.secret_sealed.filter(|_| signs_with_it),
            auth_method: new.auth_method.map(|method| method.as_str().to_owned()),
            metadata: serde_json::to_string(&new.metadata).map_err(Unavailable::from)?,
            sector: sector::of(&new.metadata).map(|sector| sector.host().to_owned()),
            first_party: new.first_party,
            require_pkce: public || new.require_pkce.unwrap_or(self.rules.require_pkce),
            // Later than before in any case: it is how a change is noticed.
            updated_at: self.clock.now().millis().max(before.updated_at + 1),
            ..before
        };
        let row = row.into_active_model().reset_all().update(&transaction).await?;
        self.commit(transaction, id).await?;
        tracing::info!(client_id = %id, "an application was changed");
        Ok(Client::try_from(row)?)
    }

    /// Forgets an application, and what people allowed it. Whoever calls this revokes its tokens too.
    ///
    /// # Errors
    /// An unknown application, or a database that does not answer.
    pub async fn delete(&self, id: &ClientId) -> Result<(), ClientsError> {
        let transaction = self.database.begin().await?;
        let deleted = client::Entity::delete_by_id(id.as_str()).exec(&transaction).await?;
        if deleted.rows_affected == 0 {
            return Err(ClientsError::NoSuchClient(id.clone()));
        }
        self.commit(transaction, id).await?;
        tracing::info!(client_id = %id, "an application was deleted");
        Ok(())
    }

    /// Gives an application a new secret; the old one is dead at once, and within a second for other processes.
    ///
    /// # Errors
    /// An unknown or public application, or a database that does not answer.
    pub async fn rotate_secret(&self, id: &ClientId) -> Result<String, ClientsError> {
        let client = self.read(id).await?.ok_or_else(|| ClientsError::NoSuchClient(id.clone()))?;
        if !AuthMethod::has_secret(client.auth_method) {
            return Err(ClientsError::NoSecret(id.clone()));
        }
        let is_a_key = client.metadata.secret_is_a_key(client.auth_method);
        let secret = self.new_secret(is_a_key);
        let transaction = self.database.begin().await?;
        client::Entity::update_many()
            .col_expr(client::Column::SecretDigest, Expr::value(self.digest_bytes(&secret)))
            .col_expr(client::Column::SecretSealed, Expr::value(self.sealed(id, is_a_key, &secret)))
            .col_expr(client::Column::ImportedSecretHash, Expr::value(None::<String>))
            .col_expr(client::Column::UpdatedAt, Expr::value(self.clock.now().millis()))
            .filter(client::Column::Id.eq(id.as_str()))
            .exec(&transaction)
            .await?;
        self.commit(transaction, id).await?;
        tracing::info!(client_id = %id, "an application got a new secret");
        Ok(secret)
    }

    /// The row of an application that is new, with its secret.
    pub(super) fn new_row(&self, new: &NewClient) -> Result<(client::ActiveModel, Option<String>), ClientsError> {
        self.check(new)?;
        let id = ClientId::random(&self.random);
        let secret = AuthMethod::has_secret(new.auth_method).then(|| self.new_secret(new.secret_is_a_key()));
        let row = client::ActiveModel {
            secret_digest: Set(secret.as_deref().map(|secret| self.digest_bytes(secret))),
            secret_sealed: Set(secret.as_deref().and_then(|secret| self.sealed(&id, new.secret_is_a_key(), secret))),
            ..self.row(id, new, self.clock.now())?
        };
        Ok((row, secret))
    }

    /// A row without a secret.
    pub(super) fn row(
        &self,
        id: ClientId,
        new: &NewClient,
        created_at: Timestamp,
    ) -> Result<client::ActiveModel, Unavailable> {
        let public = new.auth_method == Some(AuthMethod::None);
        Ok(client::ActiveModel {
            id: Set(id.to_string()),
            name: Set(new.name.trim().to_owned()),
            secret_digest: Set(None),
            imported_secret_hash: Set(None),
            secret_sealed: Set(None),
            auth_method: Set(new.auth_method.map(|method| method.as_str().to_owned())),
            metadata: Set(serde_json::to_string(&new.metadata)?),
            sector: Set(sector::of(&new.metadata).map(|sector| sector.host().to_owned())),
            first_party: Set(new.first_party),
            require_pkce: Set(public || new.require_pkce.unwrap_or(self.rules.require_pkce)),
            require_second_factor: Set(new.require_second_factor),
            self_registered: Set(None),
            registration_digest: Set(None),
            document_fetched_at: Set(None),
            document_fresh_until: Set(None),
            created_at: Set(created_at.millis()),
            updated_at: Set(self.clock.now().millis()),
        })
    }

    pub(super) fn check(&self, new: &NewClient) -> Result<(), MetadataError> {
        new.check()?;
        signing::check_on(&new.metadata, &self.rules.signing_algorithms)?;
        if self.rules.client_certificates {
            return Ok(());
        }
        let why = "client certificates come by http.mtls.listen or http.mtls.forwarded_header, and neither is set";
        if new.auth_method.is_some_and(AuthMethod::is_by_certificate) {
            return Err(unsupported("token_endpoint_auth_method", why));
        }
        if new.metadata.tls_client_certificate_bound_access_tokens {
            return Err(unsupported("tls_client_certificate_bound_access_tokens", why));
        }
        Ok(())
    }

    /// An HMAC wants a key as long as its hash (RFC 7518 section 3.2): HS512 has 64 bytes.
    fn new_secret(&self, is_a_key: bool) -> String {
        let more = if is_a_key { self.random.token() } else { String::new() };
        format!("{SECRET_PREFIX}{}{more}", self.random.token())
    }

    /// The secret sealed, where an HMAC needs it.
    pub(super) fn sealed(&self, id: &ClientId, is_a_key: bool, secret: &str) -> Option<Vec<u8>> {
        is_a_key.then(|| self.vault.seal(&Client::secret_context(id), secret.as_bytes(), &self.random))
    }

    pub(super) fn digest_bytes(&self, secret: &str) -> Vec<u8> {
        self.key.digest(secret).as_bytes().to_vec()
    }
}

impl TryFrom<client::Model> for Client {
    type Error = Unavailable;

    fn try_from(row: client::Model) -> Result<Self, Unavailable> {
        let damaged = |what: &str| Unavailable::because(format!("the row of client {} is damaged: {what}", row.id));
        let auth_method = match row.auth_method.as_deref() {
            None => None,
            Some(name) => Some(AuthMethod::parse(name).ok_or_else(|| damaged("auth_method"))?),
        };
        let digest = |bytes: Option<&[u8]>, what: &str| {
            bytes.map(|bytes| Digest::from_slice(bytes).ok_or_else(|| damaged(what))).transpose()
        };
        let secret_digest = digest(row.secret_digest.as_deref(), "secret_digest")?;
        let registration_digest = digest(row.registration_digest.as_deref(), "registration_digest")?;
        let self_registered = match row.self_registered.as_deref() {
            None => None,
            Some(name) => Some(SelfRegistered::parse(name).ok_or_else(|| damaged("self_registered"))?),
        };
        let mut metadata: ClientMetadata =
            serde_json::from_str(&row.metadata).map_err(|error| damaged(&error.to_string()))?;
        // Applications without the code grant were once kept with a response type that they could not use.
        metadata.fit_response_types();
        let keys = proof::registered_keys(&metadata).map_err(|error| damaged(&error.to_string()))?;
        Ok(Self {
            keys: keys.map(Arc::new),
            metadata,
            id: row.id.into(),
            name: row.name,
            auth_method,
            secret_digest,
            sealed_secret: row.secret_sealed,
            imported_secret_hash: row.imported_secret_hash.map(SecretString::from),
            first_party: row.first_party,
            require_pkce: row.require_pkce,
            require_second_factor: row.require_second_factor,
            self_registered,
            registration_digest,
            document: DocumentCopy::of(row.document_fetched_at, row.document_fresh_until),
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
