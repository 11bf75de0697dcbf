//! APIs (resource servers): the audiences of access tokens, and the scopes that each owns.

use std::{collections::BTreeSet, time::Duration};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, sea_query::OnConflict,
};
use vestibule_core::{ClientId, Clock, ScopeSet};
use vestibule_database::{ChangeLog, Database};
use vestibule_tokens::SigningAlgorithm;

use super::{AuthMethod, api_lookup::Memory};
use crate::{
    STANDARD_SCOPES, Unavailable,
    tables::{api, api_client, api_scope, client},
};

/// What the scopes of the provider's own administration API begin with: no other may have such.
const OWN_SCOPES: &str = "vestibule.";

/// The most applications that one API can be.
const MOST_CLIENTS: usize = 100;

/// The registered APIs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Apis {
    pub(super) database: Database,
    pub(super) changes: ChangeLog,
    pub(super) memory: Memory,
    /// What is signed with.
    algorithms: Vec<SigningAlgorithm>,
    clock: Clock,
}

/// An API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its identifier: the `aud` of its tokens, an absolute URI.
    pub identifier: String,
    /// The name that people are shown.
    pub name: Option<String>,
    /// The scopes it owns.
    pub scopes: Vec<ApiScope>,
    /// What its access tokens are signed with; nothing here: as `tokens.access_token_alg` says.
    pub access_token_alg: Option<SigningAlgorithm>,
    /// How long its access tokens live; nothing here: as `tokens.access_token_lifetime` says.
    pub access_token_lifetime: Option<Duration>,
    /// Whether its access tokens are opaque, so that it asks us what they say. An application may be registered otherwise.
    pub opaque: bool,
    /// The applications that it is: they may ask about the tokens that are meant for it.
    pub clients: Vec<ClientId>,
}

/// A scope of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiScope {
    /// The scope.
    pub scope: String,
    /// What it allows, in words that a person understands.
    pub description: Option<String>,
}

/// An API to be registered.
#[derive(Clone, Debug, Default)]
pub struct NewApi {
    /// Its identifier.
    pub identifier: String,
    /// The name that people are shown.
    pub name: Option<String>,
    /// The scopes, each with its description where it has one.
    pub scopes: Vec<(String, Option<String>)>,
    /// What its access tokens are signed with.
    pub access_token_alg: Option<SigningAlgorithm>,
    /// How long its access tokens live.
    pub access_token_lifetime: Option<Duration>,
    /// Whether they are opaque.
    pub opaque: bool,
    /// The applications that it is.
    pub clients: Vec<ClientId>,
}

/// Why an API was not registered or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The identifier is no absolute URI (RFC 8707 section 2).
    #[error("{0}: an API is named by an absolute URI without a fragment, such as https://api.example.com")]
    Identifier(String),
    /// The identifier is the provider's own.
    #[error("{0} is this provider's own audience; name the API by its own URI")]
    OwnAudience(String),
    /// There is one of that name.
    #[error("there is an API {0} already")]
    Taken(String),
    /// The scope is not well formed.
    #[error("the scope {0:?} is not well formed: printable ASCII without blanks, \" and \\")]
    ScopeSyntax(String),
    /// The scope belongs to another API, or to OpenID Connect.
    #[error("the scope {scope} belongs to {owner} already")]
    ScopeTaken {
        /// The scope.
        scope: String,
        /// Whose it is.
        owner: String,
    },
    /// These tokens cannot be signed so.
    #[error("{algorithm} is not switched on here (keys.algorithms); use {}", names(.on))]
    Algorithm {
        /// The algorithm.
        algorithm: SigningAlgorithm,
        /// Those that are on.
        on: Vec<SigningAlgorithm>,
    },
    /// The lifetime is nothing or too long.
    #[error("access tokens live between 10 seconds and 24 hours")]
    Lifetime,
    /// There is no such application.
    #[error("there is no client {0}; `vestibule clients list` names them")]
    NoSuchClient(ClientId),
    /// The application cannot prove that it is the API.
    #[error("the client {0} is public: whoever asks about tokens must be able to prove who it is")]
    PublicClient(ClientId),
    /// It is to be too many applications.
    #[error("an API can be 100 clients at most")]
    TooManyClients,
    /// It was changed by somebody else since it was read.
    #[error("the API {0} was changed meanwhile; read it again")]
    Changed(String),
    /// There is no such API.
    #[error("there is no API {0}; `vestibule apis list` names them")]
    NoSuchApi(String),
    /// The table does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for ApiError {
    fn from(error: DbErr) -> Self {
        Self::Unavailable(error.into())
    }
}

fn names(algorithms: &[SigningAlgorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

impl NewApi {
    fn check(&self, issuer: &str, on: &[SigningAlgorithm]) -> Result<(), ApiError> {
        let absolute = url::Url::parse(&self.identifier).is_ok_and(|url| url.fragment().is_none());
        if !absolute || !self.identifier.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiError::Identifier(self.identifier.clone()));
        }
        if self.identifier.trim_end_matches('/') == issuer {
            return Err(ApiError::OwnAudience(self.identifier.clone()));
        }
        if let Some(algorithm) = self.access_token_alg.filter(|algorithm| !on.contains(algorithm)) {
            return Err(ApiError::Algorithm { algorithm, on: on.to_vec() });
        }
        let bounds = Duration::from_secs(10)..=Duration::from_secs(86_400);
        if self.access_token_lifetime.is_some_and(|lifetime| !bounds.contains(&lifetime)) {
            return Err(ApiError::Lifetime);
        }
        if self.clients.len() > MOST_CLIENTS {
            return Err(ApiError::TooManyClients);
        }
        for (scope, _) in &self.scopes {
            let parsed: Option<ScopeSet> = scope.parse().ok();
            if parsed.is_none_or(|set| set.iter().ne([scope.as_str()])) {
                return Err(ApiError::ScopeSyntax(scope.clone()));
            }
            if STANDARD_SCOPES.contains(&scope.as_str()) || scope == "offline_access" {
                return Err(ApiError::ScopeTaken { scope: scope.clone(), owner: "OpenID Connect".to_owned() });
            }
            if scope.starts_with(OWN_SCOPES) {
                return Err(ApiError::ScopeTaken { scope: scope.clone(), owner: "the administration API".to_owned() });
            }
        }
        Ok(())
    }
}

impl Apis {
    /// The tables behind `database`. Every change is told by `changes`, which must be followed where APIs are to be found in
    /// memory: that holds `cache_bytes` at most. Their tokens can be signed with `algorithms`.
    #[must_use]
    pub fn new(
        database: Database,
        changes: ChangeLog,
        algorithms: &[SigningAlgorithm],
        clock: Clock,
        cache_bytes: u64,
    ) -> Self {
        let memory = Memory::new(&changes, clock.clone(), cache_bytes);
        Self { database, changes, memory, algorithms: algorithms.to_vec(), clock }
    }

    /// Registers an API; `issuer` is the provider's own audience, which none may take.
    ///
    /// # Errors
    /// What is wrong with it, or a database that does not answer; nothing is registered then.
    pub async fn create(&self, new: NewApi, issuer: &str) -> Result<Api, ApiError> {
        new.check(issuer, &self.algorithms)?;
        let transaction = self.database.begin().await?;
        if api::Entity::find_by_id(&new.identifier).one(&transaction).await?.is_some() {
            return Err(ApiError::Taken(new.identifier));
        }
        let row = api::ActiveModel {
            identifier: Set(new.identifier.clone()),
            name: Set(new.name.clone()),
            access_token_alg: Set(new.access_token_alg.map(|algorithm| algorithm.to_string())),
            access_token_lifetime: Set(new.access_token_lifetime.and_then(|life| i64::try_from(life.as_secs()).ok())),
            opaque: Set(new.opaque),
            created_at: Set(self.clock.now().millis()),
        };
        row.insert(&transaction).await?;
        insert_scopes(&transaction, &new).await?;
        insert_clients(&transaction, &new).await?;
        self.commit(transaction).await?;
        tracing::info!(api = %new.identifier, "an API was registered");
        self.read(&new.identifier).await?.ok_or(ApiError::NoSuchApi(new.identifier))
    }

    /// Puts `new` in place of what was said of the API of that identifier, which stays. With `read`, only where it still is
    /// what was read.
    ///
    /// # Errors
    /// What is wrong with it, an unknown API, one that was changed meanwhile, or a database that does not answer; nothing is
    /// changed then.
    pub async fn update(&self, new: NewApi, issuer: &str, read: Option<&Api>) -> Result<Api, ApiError> {
        new.check(issuer, &self.algorithms)?;
        let transaction = self.database.begin().await?;
        let found = api::Entity::find_by_id(&new.identifier).lock_exclusive().one(&transaction).await?;
        let before = found.ok_or_else(|| ApiError::NoSuchApi(new.identifier.clone()))?;
        let scopes = scopes_of(&new.identifier, &transaction).await?;
        let clients = clients_of(&new.identifier, &transaction).await?;
        if let Some(read) = read
            && assemble(before.clone(), scopes, clients)? != *read
        {
            return Err(ApiError::Changed(new.identifier));
        }
        let row = api::Model {
            name: new.name.clone(),
            access_token_alg: new.access_token_alg.map(|algorithm| algorithm.to_string()),
            access_token_lifetime: new.access_token_lifetime.and_then(|life| i64::try_from(life.as_secs()).ok()),
            opaque: new.opaque,
            ..before
        };
        row.into_active_model().reset_all().update(&transaction).await?;
        let own = api_scope::Column::Api.eq(&new.identifier);
        api_scope::Entity::delete_many().filter(own).exec(&transaction).await?;
        let own = api_client::Column::Api.eq(&new.identifier);
        api_client::Entity::delete_many().filter(own).exec(&transaction).await?;
        insert_scopes(&transaction, &new).await?;
        insert_clients(&transaction, &new).await?;
        self.commit(transaction).await?;
        tracing::info!(api = %new.identifier, "an API was changed");
        self.read(&new.identifier).await?.ok_or(ApiError::NoSuchApi(new.identifier))
    }

    /// Registers the provider's own administration API with the scopes that it knows, where that is not done yet. The scopes
    /// move here from the identifier that it had under another public URL.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn register_own(
        &self,
        identifier: &str,
        name: &str,
        scopes: &[(String, String)],
    ) -> Result<(), Unavailable> {
        let transaction = self.database.begin().await?;
        let row = api::ActiveModel {
            identifier: Set(identifier.to_owned()),
            name: Set(Some(name.to_owned())),
            access_token_alg: Set(None),
            access_token_lifetime: Set(None),
            opaque: Set(false),
            created_at: Set(self.clock.now().millis()),
        };
        let known = OnConflict::column(api::Column::Identifier).do_nothing().to_owned();
        api::Entity::insert(row).on_conflict(known).exec_without_returning(&transaction).await?;
        let rows = scopes.iter().map(|(scope, description)| api_scope::ActiveModel {
            scope: Set(scope.clone()),
            api: Set(identifier.to_owned()),
            description: Set(Some(description.clone())),
        });
        let ours = OnConflict::column(api_scope::Column::Scope)
            .update_columns([api_scope::Column::Api, api_scope::Column::Description])
            .to_owned();
        api_scope::Entity::insert_many(rows).on_conflict(ours).exec_without_returning(&transaction).await?;
        self.commit(transaction).await?;
        Ok(())
    }

    /// The API of that identifier, as it is now: for whoever is about to change it.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn read(&self, identifier: &str) -> Result<Option<Api>, Unavailable> {
        let Some(row) = api::Entity::find_by_id(identifier).one(self.database.reader()).await? else {
            return Ok(None);
        };
        let scopes = scopes_of(identifier, self.database.reader()).await?;
        let clients = clients_of(identifier, self.database.reader()).await?;
        assemble(row, scopes, clients).map(Some)
    }

    /// All APIs, by identifier.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn list(&self) -> Result<Vec<Api>, Unavailable> {
        let reader = self.database.reader();
        let rows = api::Entity::find().order_by_asc(api::Column::Identifier).all(reader).await?;
        let scopes = api_scope::Entity::find().order_by_asc(api_scope::Column::Scope).all(reader).await?;
        let clients = api_client::Entity::find().order_by_asc(api_client::Column::ClientId).all(reader).await?;
        rows.into_iter()
            .map(|row| {
                let own = scopes.iter().filter(|scope| scope.api == row.identifier).cloned().collect();
                let clients = clients.iter().filter(|client| client.api == row.identifier).cloned().collect();
                assemble(row, own, clients)
            })
            .collect()
    }

    /// Forgets an API and its scopes.
    ///
    /// # Errors
    /// An unknown API, or a database that does not answer.
    pub async fn delete(&self, identifier: &str) -> Result<(), ApiError> {
        let transaction = self.database.begin().await?;
        let deleted = api::Entity::delete_by_id(identifier).exec(&transaction).await?;
        if deleted.rows_affected == 0 {
            return Err(ApiError::NoSuchApi(identifier.to_owned()));
        }
        self.commit(transaction).await?;
        tracing::info!(api = %identifier, "an API was deleted");
        Ok(())
    }
}

async fn scopes_of(identifier: &str, connection: &impl ConnectionTrait) -> Result<Vec<api_scope::Model>, DbErr> {
    let own = api_scope::Entity::find().filter(api_scope::Column::Api.eq(identifier));
    own.order_by_asc(api_scope::Column::Scope).all(connection).await
}

async fn clients_of(identifier: &str, connection: &impl ConnectionTrait) -> Result<Vec<api_client::Model>, DbErr> {
    let own = api_client::Entity::find().filter(api_client::Column::Api.eq(identifier));
    own.order_by_asc(api_client::Column::ClientId).all(connection).await
}

/// Only whoever can prove who it is may be an API.
async fn insert_clients(transaction: &DatabaseTransaction, new: &NewApi) -> Result<(), ApiError> {
    let clients: BTreeSet<&ClientId> = new.clients.iter().collect();
    for id in clients {
        // Locked, so that it is not deleted before this is committed.
        let found = client::Entity::find_by_id(id.as_str()).lock_shared().one(transaction).await?;
        let row = found.ok_or_else(|| ApiError::NoSuchClient(id.clone()))?;
        if row.auth_method.as_deref() == Some(AuthMethod::None.as_str()) {
            return Err(ApiError::PublicClient(id.clone()));
        }
        let row = api_client::ActiveModel { api: Set(new.identifier.clone()), client_id: Set(row.id) };
        row.insert(transaction).await?;
    }
    Ok(())
}

async fn insert_scopes(transaction: &DatabaseTransaction, new: &NewApi) -> Result<(), ApiError> {
    for (scope, description) in &new.scopes {
        if let Some(owner) = api_scope::Entity::find_by_id(scope).one(transaction).await? {
            return Err(ApiError::ScopeTaken { scope: scope.clone(), owner: owner.api });
        }
        let row = api_scope::ActiveModel {
            scope: Set(scope.clone()),
            api: Set(new.identifier.clone()),
            description: Set(description.clone()),
        };
        row.insert(transaction).await?;
    }
    Ok(())
}

fn assemble(
    row: api::Model,
    scopes: Vec<api_scope::Model>,
    clients: Vec<api_client::Model>,
) -> Result<Api, Unavailable> {
    let access_token_alg = row
        .access_token_alg
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| Unavailable::because(format!("the row of API {} is damaged: {error}", row.identifier)))?;
    let lifetime = row.access_token_lifetime.and_then(|seconds| u64::try_from(seconds).ok());
    Ok(Api {
        identifier: row.identifier,
        name: row.name,
        access_token_alg,
        access_token_lifetime: lifetime.map(Duration::from_secs),
        opaque: row.opaque,
        clients: clients.into_iter().map(|client| client.client_id.into()).collect(),
        scopes: scopes
            .into_iter()
            .map(|scope| ApiScope { scope: scope.scope, description: scope.description })
            .collect(),
    })
}
