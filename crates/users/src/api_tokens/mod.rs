//! API tokens: what a person's programs prove themselves with.
//!
//! A token is named, may be limited to some permissions and in time, and is shown once; the table keeps a keyed hash of it and
//! its last characters. What it opens is decided at each use: the token's scopes, as far as its owner holds them then.
//!
//! `text` is how a token is written; `entity` is the table.

mod entity;
mod text;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Expr,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use vestibule_core::{ApiTokenId, Clock, Digest, HashKey, Random, Timestamp, UserId};
use vestibule_database::Database;

use self::entity::{Column, Entity, Model};
use crate::{Unavailable, User, entity as users};

/// How many tokens a user may have.
const MOST: u64 = 100;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// How many permissions a token may be limited to.
const MOST_SCOPES: usize = 200;
/// The longest name of a permission, in characters.
const LONGEST_SCOPE: usize = 255;
/// The longest time until a token expires, where it is to expire.
const LONGEST_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How exactly the last use of a token is known.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);
/// How many notes of uses may wait for the database. Further ones are left out; the next use makes up for it.
const NOTES_AT_ONCE: usize = 4;

/// An API token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: ApiTokenId,
    /// Whose it is.
    pub user: UserId,
    /// What its owner calls it.
    pub name: String,
    /// Its last four characters.
    pub hint: String,
    /// The permissions (`app.codename`) that it is limited to; none: whatever its owner may do. It never opens what its owner does
    /// not hold at that time.
    pub scopes: Option<BTreeSet<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Timestamp>,
}

/// Why a token was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ApiTokenError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// The user has no such token.
    #[error("there is no such API token")]
    NoSuchToken,
    /// The user has as many as anyone may have.
    #[error("a user has at most {MOST} API tokens; revoke one first")]
    TooMany,
    /// A field breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: &'static str,
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for ApiTokenError {
    fn from(cause: DbErr) -> Self {
        Unavailable::Database(cause).into()
    }
}

/// Everyone's API tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ApiTokens {
    database: Database,
    key: HashKey,
    clock: Clock,
    random: Random,
    notes: Arc<Semaphore>,
}

impl ApiTokens {
    /// How many tokens a user may have.
    pub const MOST: u64 = MOST;

    /// On a database whose schema is up to date. `hash_key` is the provider's, of which the key for API tokens is derived.
    #[must_use]
    pub fn new(database: Database, hash_key: &HashKey, clock: Clock, random: Random) -> Self {
        let notes = Arc::new(Semaphore::new(NOTES_AT_ONCE));
        Self { database, key: hash_key.for_purpose("api token"), clock, random, notes }
    }

    /// Makes a token for `user`. Its text is given out here and never again.
    ///
    /// # Errors
    /// No such user, too many tokens, a field that breaks a rule, a store that does not answer.
    pub async fn create(
        &self,
        user: UserId,
        name: &str,
        scopes: Option<BTreeSet<String>>,
        expires_in: Option<Duration>,
    ) -> Result<(ApiToken, SecretString), ApiTokenError> {
        let name = checked_name(name)?;
        let scopes = scopes.map(checked_scopes).transpose()?;
        let now = self.clock.now();
        let expires_at = expires_in.map(|life| checked_life(life).map(|life| (now + life).millis())).transpose()?;
        let text = text::draw(&self.random);
        let row = Model {
            id: ApiTokenId::random(&self.random).to_string(),
            user_id: user.to_string(),
            name,
            digest: self.digest(text.expose_secret()).as_bytes().to_vec(),
            hint: text::hint(text.expose_secret()),
            scopes,
            created_at: now.millis(),
            expires_at,
            last_used_at: None,
        };
        let token = row.clone().try_into()?;
        let transaction = self.database.begin().await?;
        // The owner's row is held, so that parallel calls are counted one after the other.
        let owner = users::Entity::find_by_id(user.to_string()).lock_exclusive().one(&transaction).await?;
        owner.ok_or(ApiTokenError::NoSuchUser(user))?;
        if Entity::find().filter(Column::UserId.eq(user.to_string())).count(&transaction).await? >= MOST {
            return Err(ApiTokenError::TooMany);
        }
        Entity::insert(row.into_active_model().reset_all()).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        let ApiToken { id, .. } = &token;
        tracing::info!(%user, token = %id, "an API token was made");
        Ok((token, text))
    }

    /// The tokens of `user`, the newest first; expired ones too, until they are revoked.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list(&self, user: UserId) -> Result<Vec<ApiToken>, Unavailable> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.to_string()))
            .order_by_desc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.database.reader())
            .await?;
        rows.into_iter().map(ApiToken::try_from).collect()
    }

    /// Removes a token of `user`: from now on it opens nothing.
    ///
    /// # Errors
    /// Where `user` has no such token, or the store does not answer.
    pub async fn revoke(&self, user: UserId, id: ApiTokenId) -> Result<(), ApiTokenError> {
        let done = Entity::delete_by_id(id.to_string())
            .filter(Column::UserId.eq(user.to_string()))
            .exec(self.database.writer())
            .await?;
        if done.rows_affected == 0 {
            return Err(ApiTokenError::NoSuchToken);
        }
        tracing::info!(%user, token = %id, "an API token was revoked");
        Ok(())
    }

    /// Whose token this is; `None` for anything but a live token of an active user. A text that is no token by its prefix and
    /// checksum costs no look into the database.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn authenticate(&self, text: &SecretString) -> Result<Option<(User, ApiToken)>, Unavailable> {
        if !text::is_token(text.expose_secret()) {
            tracing::info!("an API token was refused: it is not one");
            return Ok(None);
        }
        let digest = self.digest(text.expose_secret());
        let found = Entity::find().filter(Column::Digest.eq(digest.as_bytes().to_vec()));
        let Some(row) = found.one(self.database.reader()).await? else {
            tracing::info!("an API token was refused: it is nobody's, or was revoked");
            return Ok(None);
        };
        let token = ApiToken::try_from(row)?;
        let now = self.clock.now();
        if token.expires_at.is_some_and(|end| end <= now) {
            tracing::info!(token = %token.id, "an API token was refused: it has expired");
            return Ok(None);
        }
        let owner = users::Entity::find_by_id(token.user.to_string()).one(self.database.reader()).await?;
        let Some(owner) = owner.filter(|owner| owner.active) else {
            tracing::info!(token = %token.id, "an API token was refused: its owner is not active");
            return Ok(None);
        };
        self.note_use(&token, now);
        Ok(Some((owner.try_into()?, token)))
    }

    /// Writes down that the token was used, once a minute. Nobody waits for it.
    fn note_use(&self, token: &ApiToken, now: Timestamp) {
        let noted_before = now - USE_NOTED_EVERY;
        if token.last_used_at.is_some_and(|noted| noted > noted_before) {
            return;
        }
        let Ok(place) = Arc::clone(&self.notes).try_acquire_owned() else { return };
        let (database, id) = (self.database.clone(), token.id);
        tokio::spawn(async move {
            let _place = place;
            let due =
                Condition::any().add(Column::LastUsedAt.is_null()).add(Column::LastUsedAt.lte(noted_before.millis()));
            let noted = Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(now.millis()))
                .filter(Column::Id.eq(id.to_string()))
                .filter(due)
                .exec(database.writer())
                .await;
            if let Err(error) = noted {
                tracing::warn!(token = %id, %error, "the use of an API token could not be written down");
            }
        });
    }

    fn digest(&self, text: &str) -> Digest {
        self.key.digest(text)
    }
}

fn invalid(field: &'static str, why: &'static str) -> ApiTokenError {
    ApiTokenError::Invalid { field, why }
}

fn checked_name(name: &str) -> Result<String, ApiTokenError> {
    let name = name.trim();
    if !(1..=LONGEST_NAME).contains(&name.chars().take(LONGEST_NAME + 1).count()) {
        return Err(invalid("name", "give the token a name of 1 to 100 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(invalid("name", "it holds a control character"));
    }
    Ok(name.to_owned())
}

/// The scopes as the column holds them.
fn checked_scopes(scopes: BTreeSet<String>) -> Result<String, ApiTokenError> {
    if scopes.len() > MOST_SCOPES {
        return Err(invalid("scopes", "name at most 200 permissions"));
    }
    let is_permission = |scope: &String| {
        scope.chars().count() <= LONGEST_SCOPE
            && !scope.contains(|c: char| c.is_control() || c.is_whitespace())
            && scope.split_once('.').is_some_and(|(app, codename)| !app.is_empty() && !codename.is_empty())
    };
    if !scopes.iter().all(is_permission) {
        return Err(invalid("scopes", "name permissions as app.codename"));
    }
    serde_json::to_string(&scopes).map_err(|_| invalid("scopes", "they cannot be written"))
}

fn checked_life(life: Duration) -> Result<Duration, ApiTokenError> {
    if (Duration::from_secs(1)..=LONGEST_LIFE).contains(&life) {
        Ok(life)
    } else {
        Err(invalid("expires_in", "a token lives a second to ten years, or without end"))
    }
}

impl TryFrom<Model> for ApiToken {
    type Error = Unavailable;

    fn try_from(row: Model) -> Result<Self, Unavailable> {
        let damaged = |why: &str| Unavailable::Damaged { user: row.user_id.clone(), why: why.to_owned() };
        let scopes = row.scopes.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id: row.id.parse().map_err(|_| damaged("the id of an API token is not a UUID"))?,
            user: row.user_id.parse().map_err(|_| damaged("its id is not a UUID"))?,
            scopes: scopes.map_err(|_| damaged("the scopes of an API token are not a list of names"))?,
            name: row.name,
            hint: row.hint,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: row.expires_at.map(Timestamp::from_millis),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
        })
    }
}
