//! Certificates that are somebody's by decree: the table `certificate_bindings`.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr,
};
use serde::{Deserialize, Serialize};
use vestibule_core::{Clock, UserId};
use vestibule_database::Database;

use super::distinguished_name;
use crate::{Unavailable, entity as users};

/// How many bindings a user may have.
const MOST: u64 = 50;

/// What of a certificate is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingKind {
    /// The SHA-256 fingerprint: this one certificate.
    Fingerprint,
    /// The subject: whatever certificate is issued to it.
    SubjectDn,
}

impl BindingKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fingerprint => "fingerprint",
            Self::SubjectDn => "subject_dn",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Fingerprint, Self::SubjectDn].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What of a certificate is bound, in the form in which two are compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    kind: BindingKind,
    value: String,
}

/// A text that cannot be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidBinding(
    /// What to write instead.
    &'static str,
);

impl Binding {
    /// From what somebody typed: 64 hexadecimal digits, or a subject as `CN=eve,OU=People,O=Example` (RFC 4514).
    ///
    /// # Errors
    /// Anything else.
    pub fn new(kind: BindingKind, typed: &str) -> Result<Self, InvalidBinding> {
        let value = match kind {
            BindingKind::SubjectDn => distinguished_name::of_text(typed).map_err(InvalidBinding)?,
            BindingKind::Fingerprint => {
                let digits = typed.chars().filter(|c| *c != ':' && !c.is_whitespace()).take(65);
                let digits: String = digits.map(|c| c.to_ascii_lowercase()).collect();
                if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(InvalidBinding("write a SHA-256 fingerprint in 64 hexadecimal digits"));
                }
                digits
            }
        };
        Ok(Self { kind, value })
    }

    /// What is bound.
    #[must_use]
    pub fn kind(&self) -> BindingKind {
        self.kind
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Why a certificate was not bound or released.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// It is somebody's already.
    #[error("that certificate is bound to a user already")]
    Taken,
    /// The user has as many as anyone may have.
    #[error("a user has at most {MOST} bound certificates; release one first")]
    TooMany,
    /// It is not bound to that user.
    #[error("that certificate is not bound to the user")]
    NotBound,
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for BindingError {
    fn from(cause: DbErr) -> Self {
        Unavailable::Database(cause).into()
    }
}

/// The table of bound certificates. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CertificateBindings {
    database: Database,
    clock: Clock,
}

impl CertificateBindings {
    /// On a database whose schema is up to date.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// Binds a certificate to `user`.
    ///
    /// # Errors
    /// No such user, one that is bound already, too many, a store that does not answer.
    pub async fn add(&self, user: UserId, binding: &Binding) -> Result<(), BindingError> {
        let transaction = self.database.begin().await?;
        let owner = users::Entity::find_by_id(user.to_string()).lock_exclusive().one(&transaction).await?;
        owner.ok_or(BindingError::NoSuchUser(user))?;
        if row::Entity::find().filter(row::Column::UserId.eq(user.to_string())).count(&transaction).await? >= MOST {
            return Err(BindingError::TooMany);
        }
        let new = row::ActiveModel {
            kind: Set(binding.kind.as_str().to_owned()),
            value: Set(binding.value.clone()),
            user_id: Set(user.to_string()),
            created_at: Set(self.clock.now().millis()),
        };
        row::Entity::insert(new).exec_without_returning(&transaction).await.map_err(|error| match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => BindingError::Taken,
            _ => error.into(),
        })?;
        transaction.commit().await?;
        tracing::info!(%user, kind = binding.kind.as_str(), "a certificate was bound");
        Ok(())
    }

    /// What is bound to `user`, the oldest first.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list(&self, user: UserId) -> Result<Vec<Binding>, Unavailable> {
        let rows = row::Entity::find()
            .filter(row::Column::UserId.eq(user.to_string()))
            .order_by_asc(row::Column::CreatedAt)
            .order_by_asc(row::Column::Value)
            .all(self.database.reader())
            .await?;
        let damaged = || Unavailable::Damaged { user: user.to_string(), why: "a binding is of no known kind".into() };
        rows.into_iter()
            .map(|row| Ok(Binding { kind: BindingKind::named(&row.kind).ok_or_else(damaged)?, value: row.value }))
            .collect()
    }

    /// Releases a certificate of `user`.
    ///
    /// # Errors
    /// [`BindingError::NotBound`], or a store that does not answer.
    pub async fn remove(&self, user: UserId, binding: &Binding) -> Result<(), BindingError> {
        let gone = row::Entity::delete_by_id((binding.kind.as_str().to_owned(), binding.value.clone()))
            .filter(row::Column::UserId.eq(user.to_string()))
            .exec(self.database.writer())
            .await?;
        if gone.rows_affected == 0 {
            return Err(BindingError::NotBound);
        }
        tracing::info!(%user, kind = binding.kind.as_str(), "a certificate was released");
        Ok(())
    }

    /// Whose it is.
    pub(super) async fn holder(&self, kind: BindingKind, value: &str) -> Result<Option<users::Model>, Unavailable> {
        let reader = self.database.reader();
        let found = row::Entity::find_by_id((kind.as_str().to_owned(), value.to_owned())).one(reader).await?;
        let Some(found) = found else { return Ok(None) };
        Ok(users::Entity::find_by_id(found.user_id).one(reader).await?)
    }
}

/// The table.
mod row {
    #![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]

    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "certificate_bindings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub value: String,
        #[sea_orm(column_type = "Text")]
        pub user_id: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
