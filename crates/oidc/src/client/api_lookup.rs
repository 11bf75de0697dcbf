//! APIs as the endpoints look them up, by identifier and by scope: from memory once seen.
//!
//! Every change of an API is told to every process ([`Topic::Apis`]) and drops all that is kept, here at once and elsewhere
//! within a second: scopes move from one to another, and APIs change seldom.

use std::sync::Arc;

use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect};
use vestibule_core::{ClientId, Clock, ScopeSet};
use vestibule_database::{Change, ChangeLog, Kept, KeptStatistics, Topic};

use super::{Api, Apis};
use crate::{
    STANDARD_SCOPES, Unavailable,
    tables::{api_client, api_scope},
};

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    apis: Arc<Kept<String, Api>>,
    /// Whose a scope is.
    owners: Arc<Kept<String, String>>,
}

impl Memory {
    /// Keeps APIs within so many bytes.
    pub(super) fn new(changes: &ChangeLog, clock: Clock, bytes: u64) -> Self {
        let everything = |_: &str| None;
        Self {
            apis: Arc::new(Kept::new(changes, Topic::Apis, everything, clock.clone(), bytes / 4 * 3)),
            owners: Arc::new(Kept::new(changes, Topic::Apis, |_| None, clock, bytes / 4)),
        }
    }
}

impl Api {
    /// Whether an application may ask about the tokens that are meant for this API.
    #[must_use]
    pub fn is_client(&self, id: &ClientId) -> bool {
        self.clients.contains(id)
    }

    /// How much memory it takes, as near as matters.
    fn bytes(&self) -> usize {
        let clients = self.clients.iter().map(|id| size_of::<ClientId>() + 16 + id.as_str().len());
        let scopes = self.scopes.iter().map(|scope| {
            size_of_val(scope) + 32 + scope.scope.len() + scope.description.as_ref().map_or(0, String::len)
        });
        size_of::<Self>() + 2 * self.identifier.len() + clients.chain(scopes).sum::<usize>()
    }
}

impl Apis {
    /// The API of that identifier, as it was at most a second ago.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn find(&self, identifier: &str) -> Result<Option<Arc<Api>>, Unavailable> {
        let (kept, key) = (&self.memory.apis, identifier.to_owned());
        if let Some(api) = kept.get(&key) {
            return Ok(Some(api));
        }
        let began = kept.begin();
        let Some(api) = self.read(identifier).await?.map(Arc::new) else { return Ok(None) };
        kept.keep(key, &api, api.bytes(), began);
        Ok(Some(api))
    }

    /// The APIs that own any of `scopes`, by identifier.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn owners(&self, scopes: &ScopeSet) -> Result<Vec<Arc<Api>>, Unavailable> {
        let others = scopes.iter().filter(|scope| !STANDARD_SCOPES.contains(scope));
        let (mut identifiers, mut unseen) = (Vec::new(), Vec::new());
        for scope in others {
            match self.memory.owners.get(&scope.to_owned()) {
                Some(owner) => identifiers.push(owner.as_str().to_owned()),
                None => unseen.push(scope),
            }
        }
        if !unseen.is_empty() {
            identifiers.extend(self.read_owners(unseen).await?);
        }
        identifiers.sort();
        identifiers.dedup();
        let mut owners = Vec::with_capacity(identifiers.len());
        for identifier in identifiers {
            owners.extend(self.find(&identifier).await?);
        }
        Ok(owners)
    }

    /// Whether one of them is that application.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn have_client(&self, id: &ClientId) -> Result<bool, Unavailable> {
        let its_own = api_client::Column::ClientId.eq(id.as_str());
        let found = api_client::Entity::find().filter(its_own).limit(1).one(self.database.reader()).await?;
        Ok(found.is_some())
    }

    /// How the memory is doing that holds APIs and whose a scope is.
    #[must_use]
    pub fn kept(&self) -> KeptStatistics {
        let (apis, owners) = (self.memory.apis.statistics(), self.memory.owners.statistics());
        KeptStatistics {
            bytes: apis.bytes + owners.bytes,
            hits: apis.hits + owners.hits,
            misses: apis.misses + owners.misses,
        }
    }

    /// Whose these scopes are, asked of the database.
    async fn read_owners(&self, scopes: Vec<&str>) -> Result<Vec<String>, Unavailable> {
        let began = self.memory.owners.begin();
        let these = api_scope::Column::Scope.is_in(scopes);
        let rows = api_scope::Entity::find().filter(these).all(self.database.reader()).await?;
        let keep = |row: api_scope::Model| {
            let owner = Arc::new(row.api);
            self.memory.owners.keep(row.scope, &owner, 2 * size_of::<String>() + 64 + owner.len(), began);
            owner.as_str().to_owned()
        };
        Ok(rows.into_iter().map(keep).collect())
    }

    /// Ends a transaction that changed an API, and tells of it.
    pub(super) async fn commit(&self, transaction: DatabaseTransaction) -> Result<(), DbErr> {
        let change = Change::all_of(Topic::Apis);
        self.changes.record(&transaction, &change).await?;
        transaction.commit().await?;
        self.changes.announce(change);
        Ok(())
    }
}
