//! What people allowed applications: remembered per user, client and scope.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::OnConflict};
use vestibule_core::{ClientId, Clock, ScopeSet, Timestamp, UserId};
use vestibule_database::Database;

use crate::{OFFLINE_ACCESS, Provider, Unavailable, tables::consent};

/// What somebody allowed one application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consented {
    /// The application.
    pub client: ClientId,
    /// What it may have.
    pub scopes: ScopeSet,
    /// Since when it may have any of it.
    pub since: Timestamp,
}

impl Provider {
    /// What `user` lets applications have: what they allowed on a page, and what applications that nobody is asked for may come
    /// back for without them.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn allowed_by(&self, user: UserId) -> Result<Vec<Consented>, Unavailable> {
        let mut allowed = self.consents().list(user).await?;
        for kept in self.grants().offline_of(user).await? {
            let offline = [OFFLINE_ACCESS].into_iter().collect();
            let scopes = kept.scope.union(&offline);
            match allowed.iter_mut().find(|one| one.client == kept.client) {
                Some(known) => known.scopes = known.scopes.union(&scopes),
                None => allowed.push(Consented { client: kept.client, scopes, since: kept.granted_at }),
            }
        }
        Ok(allowed)
    }

    /// What `user` allowed `client` and need not be asked again: a scope that has begun to carry an attribute since then is not
    /// what they agreed to.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn still_allowed(&self, user: UserId, client: &ClientId) -> Result<ScopeSet, Unavailable> {
        let rows = self.consents().rows(user, client).await?;
        let carried = self.attributes().carried().await?;
        let more_since = |scope: &str, allowed_at: i64| {
            carried.iter().any(|one| one.scope == scope && one.since.is_some_and(|since| since.millis() > allowed_at))
        };
        let still = rows.iter().filter(|row| !more_since(&row.scope, row.granted_at));
        Ok(still.map(|row| row.scope.as_str()).collect())
    }
}

/// The table of consents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Consents {
    database: Database,
    clock: Clock,
}

impl Consents {
    /// The table behind `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// What `user` allowed `client` so far.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn granted(&self, user: UserId, client: &ClientId) -> Result<ScopeSet, Unavailable> {
        Ok(self.rows(user, client).await?.iter().map(|row| row.scope.as_str()).collect())
    }

    async fn rows(&self, user: UserId, client: &ClientId) -> Result<Vec<consent::Model>, Unavailable> {
        let rows = consent::Entity::find()
            .filter(consent::Column::UserId.eq(user.to_string()))
            .filter(consent::Column::ClientId.eq(client.as_str()))
            .all(self.database.reader())
            .await?;
        Ok(rows)
    }

    /// What `user` allowed, by the ids of the applications.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn list(&self, user: UserId) -> Result<Vec<Consented>, Unavailable> {
        let rows = consent::Entity::find()
            .filter(consent::Column::UserId.eq(user.to_string()))
            .order_by_asc(consent::Column::ClientId)
            .all(self.database.reader())
            .await?;
        let of_one = rows.chunk_by(|one, next| one.client_id == next.client_id);
        Ok(of_one
            .filter_map(|rows| {
                let since = rows.iter().map(|row| row.granted_at).min()?;
                Some(Consented {
                    client: rows.first()?.client_id.as_str().into(),
                    scopes: rows.iter().map(|row| row.scope.as_str()).collect(),
                    since: Timestamp::from_millis(since),
                })
            })
            .collect())
    }

    /// Forgets what `user` allowed `client`.
    pub(crate) async fn forget(&self, user: UserId, client: &ClientId) -> Result<(), Unavailable> {
        consent::Entity::delete_many()
            .filter(consent::Column::UserId.eq(user.to_string()))
            .filter(consent::Column::ClientId.eq(client.as_str()))
            .exec(self.database.writer())
            .await?;
        Ok(())
    }

    /// Remembers that `user` allows `client` these scopes, beside what was allowed before.
    ///
    /// # Errors
    /// A database that does not answer, or a user or client deleted meanwhile.
    pub async fn grant(&self, user: UserId, client: &ClientId, scopes: &ScopeSet) -> Result<(), Unavailable> {
        if scopes.is_empty() {
            return Ok(());
        }
        let now = self.clock.now().millis();
        let rows = scopes.iter().map(|scope| consent::ActiveModel {
            user_id: Set(user.to_string()),
            client_id: Set(client.to_string()),
            scope: Set(scope.to_owned()),
            granted_at: Set(now),
        });
        consent::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::columns([consent::Column::UserId, consent::Column::ClientId, consent::Column::Scope])
                    .update_column(consent::Column::GrantedAt)
                    .to_owned(),
            )
            .exec_without_returning(self.database.writer())
            .await?;
        Ok(())
    }
}
