//! Initial access tokens (RFC 7591 section 3): who has one may register so many applications, for so long.

use std::time::Duration;

use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, ExprTrait},
};
use vestibule_core::{Clock, HashKey, Random, Timestamp, TokenId};
use vestibule_database::Database;

use crate::{Unavailable, tables::initial_access_token as table};

/// What one begins with, so that a scanner for leaked secrets knows it.
const PREFIX: &str = "vst_initial_";

/// An initial access token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialAccessToken {
    /// Its name in lists and records. It tells nothing of the token.
    pub id: String,
    /// What whoever made it called it.
    pub name: String,
    /// How many applications can still be registered with it.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good for nothing.
    pub expires_at: Timestamp,
}

/// The initial access tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct InitialAccessTokens {
    database: Database,
    key: HashKey,
    clock: Clock,
    random: Random,
}

impl InitialAccessTokens {
    /// The table behind `database`; `key` hashes the tokens.
    #[must_use]
    pub fn new(database: Database, key: &HashKey, clock: Clock, random: Random) -> Self {
        Self { database, key: key.for_purpose("initial access token"), clock, random }
    }

    /// Makes one for so many applications; the text comes with it, this once.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn create(
        &self,
        name: &str,
        uses: u32,
        lifetime: Duration,
    ) -> Result<(InitialAccessToken, String), Unavailable> {
        let now = self.clock.now();
        let token = format!("{PREFIX}{}", self.random.token());
        let row = table::ActiveModel {
            id: Set(TokenId::mint(now, &self.random).to_string()),
            name: Set(name.to_owned()),
            digest: Set(self.key.digest(&token).as_bytes().to_vec()),
            uses_left: Set(uses.into()),
            created_at: Set(now.millis()),
            expires_at: Set((now + lifetime).millis()),
        };
        Ok((row.insert(self.database.writer()).await?.into(), token))
    }

    /// Those that still let somebody in, the oldest first.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn list(&self) -> Result<Vec<InitialAccessToken>, Unavailable> {
        let rows = table::Entity::find()
            .filter(table::Column::UsesLeft.gt(0))
            .filter(table::Column::ExpiresAt.gt(self.clock.now().millis()))
            .order_by_asc(table::Column::Id);
        Ok(rows.all(self.database.reader()).await?.into_iter().map(Into::into).collect())
    }

    /// Takes one back; tells whether it was there. What was registered with it stays.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke(&self, id: &str) -> Result<bool, Unavailable> {
        Ok(table::Entity::delete_by_id(id).exec(self.database.writer()).await?.rows_affected == 1)
    }

    /// Whether `token` lets somebody in now: for the first look, before anything is spent.
    pub(super) async fn is_good(&self, token: &str) -> Result<bool, Unavailable> {
        Ok(self.good(table::Entity::find(), token).one(self.database.reader()).await?.is_some())
    }

    /// Spends one use; of many callers at the last one, one does.
    pub(super) async fn spend_in(&self, transaction: &DatabaseTransaction, token: &str) -> Result<bool, Unavailable> {
        let one_less = Expr::col(table::Column::UsesLeft).sub(1);
        let spend = table::Entity::update_many().col_expr(table::Column::UsesLeft, one_less);
        Ok(self.good(spend, token).exec(transaction).await?.rows_affected == 1)
    }

    /// Forgets those that have run out.
    pub(super) async fn sweep(&self) -> Result<(), Unavailable> {
        let over = table::Column::ExpiresAt.lte(self.clock.now().millis()).or(table::Column::UsesLeft.lte(0));
        table::Entity::delete_many().filter(over).exec(self.database.writer()).await?;
        Ok(())
    }

    fn good<Q: QueryFilter>(&self, query: Q, token: &str) -> Q {
        query
            .filter(table::Column::Digest.eq(self.key.digest(token).as_bytes().to_vec()))
            .filter(table::Column::UsesLeft.gt(0))
            .filter(table::Column::ExpiresAt.gt(self.clock.now().millis()))
    }
}

impl From<table::Model> for InitialAccessToken {
    fn from(row: table::Model) -> Self {
        Self {
            id: row.id,
            name: row.name,
            uses_left: u32::try_from(row.uses_left).unwrap_or(0),
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        }
    }
}
