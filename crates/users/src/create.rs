//! Creating people, the first of them included.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, SqlErr,
};
use vestibule_core::UserId;

use crate::{
    About, CreateError, NewUser, User, Users,
    entity::{Column, Entity, Model},
    error::Taken,
    rules::{Invalid, Names},
};

impl Users {
    /// Creates a user.
    ///
    /// # Errors
    /// A name or address that another has, a field or a password that breaks a rule, a busy pool, a store that does not answer.
    pub async fn create(&self, new: NewUser) -> Result<User, CreateError> {
        let (names, row) = self.prepare(new).await?;
        let transaction = self.database.begin().await?;
        let user = self.insert(transaction, &names, row).await?;
        tracing::info!(user = %user.id, superuser = user.superuser, "a user was created");
        Ok(user)
    }

    /// Creates the first user, active and with every right, where there is none. Of several callers at once, one succeeds.
    ///
    /// # Errors
    /// [`CreateError::UsersExist`] where there is any user; else as [`Users::create`].
    pub async fn create_first_superuser(&self, new: NewUser) -> Result<User, CreateError> {
        let (names, row) = self.prepare(NewUser { active: true, staff: true, superuser: true, ..new }).await?;
        let transaction = self.database.begin().await?;
        if self.database.is_postgres() {
            // Keeps out every other writer and, unlike ACCESS EXCLUSIVE, no reader. SQLite has one writer anyway.
            transaction.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
        }
        if Entity::find().limit(1).one(&transaction).await?.is_some() {
            transaction.rollback().await?;
            return Err(CreateError::UsersExist);
        }
        let user = self.insert(transaction, &names, row).await?;
        tracing::info!(user = %user.id, "the first superuser was created");
        Ok(user)
    }

    /// Checks every field, and hashes the password only when all is well.
    async fn prepare(&self, new: NewUser) -> Result<(Names, Model), CreateError> {
        let names = Names::new(&new.username, new.email.as_deref())?;
        let claims = written(&new.claims)?;
        if let Some(password) = &new.password {
            let problems = self.check_first_password(&About::new_user(&new), password).await?;
            if !problems.is_empty() {
                return Err(CreateError::WeakPassword(problems));
            }
        }
        if let Some(taken) = taken(self.database.reader(), &names, None).await? {
            return Err(taken.into());
        }
        let password_hash = match &new.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let now = self.clock.now().millis();
        let row = Model {
            id: UserId::random(&self.random).to_string(),
            username: names.username.shown.clone(),
            username_key: names.username.key.clone(),
            email: names.email.as_ref().map(|email| email.shown.clone()),
            email_key: names.email.as_ref().map(|email| email.key.clone()),
            email_verified: new.email_verified && names.email.is_some(),
            password_changed_at: password_hash.is_some().then_some(now),
            password_hash,
            active: new.active,
            staff: new.staff,
            superuser: new.superuser,
            claims,
            created_at: now,
            updated_at: now,
            last_sign_in: None,
        };
        Ok((names, row))
    }

    async fn insert(&self, transaction: DatabaseTransaction, names: &Names, row: Model) -> Result<User, CreateError> {
        if let Some(taken) = taken(&transaction, names, None).await? {
            transaction.rollback().await?;
            return Err(taken.into());
        }
        let insert = Entity::insert(row.clone().into_active_model().reset_all());
        if let Err(error) = insert.exec_without_returning(&transaction).await {
            transaction.rollback().await?;
            return Err(self.lost_race(error, names, None).await);
        }
        transaction.commit().await?;
        Ok(row.try_into()?)
    }

    /// What a failed write means: where a unique index refused it, whoever came first is in the table now.
    pub(crate) async fn lost_race<E: From<DbErr> + From<Taken>>(
        &self,
        error: DbErr,
        names: &Names,
        own: Option<UserId>,
    ) -> E {
        if !matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            return error.into();
        }
        match taken(self.database.writer(), names, own).await {
            Ok(Some(taken)) => taken.into(),
            Ok(None) | Err(_) => error.into(),
        }
    }
}

/// Whether someone other than `own` holds the username or the address, each looked for in both columns.
pub(crate) async fn taken(
    connection: &impl ConnectionTrait,
    names: &Names,
    own: Option<UserId>,
) -> Result<Option<Taken>, DbErr> {
    if is_held(connection, &names.username.key, own).await? {
        return Ok(Some(Taken::Username));
    }
    match &names.email {
        Some(email) if is_held(connection, &email.key, own).await? => Ok(Some(Taken::Email)),
        _ => Ok(None),
    }
}

async fn is_held(connection: &impl ConnectionTrait, key: &str, own: Option<UserId>) -> Result<bool, DbErr> {
    let held = Condition::any().add(Column::UsernameKey.eq(key)).add(Column::EmailKey.eq(key));
    let mut query = Entity::find().filter(held);
    if let Some(own) = own {
        query = query.filter(Column::Id.ne(own.to_string()));
    }
    Ok(query.limit(1).one(connection).await?.is_some())
}

/// The claims as the column holds them, once they are found to be in order.
pub(crate) fn written(claims: &crate::StandardClaims) -> Result<String, Invalid> {
    let invalid = |why: String| Invalid { field: "claims", why };
    claims.check().map_err(|error| invalid(error.to_string()))?;
    serde_json::to_string(claims).map_err(|error| invalid(error.to_string()))
}
