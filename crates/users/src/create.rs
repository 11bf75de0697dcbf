//! Creating people, the first of them included.

use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, QuerySelect};
use vestibule_core::UserId;

use crate::{
    About, CreateError, NewUser, StandardClaims, User, Users,
    contacts::{ContactKind, Sharing, list::Contacts},
    draft::Draft,
    entity::{Entity, Model},
    rules::{Invalid, Names},
};

impl Users {
    /// Creates a user.
    ///
    /// # Errors
    /// A name or address that another has, a field or a password that breaks a rule, a busy pool, a store that does not answer.
    pub async fn create(&self, new: NewUser) -> Result<User, CreateError> {
        let (draft, row) = self.prepare(new).await?;
        let transaction = self.database.begin().await?;
        let user = self.insert(transaction, draft, row).await?;
        tracing::info!(user = %user.id, superuser = user.superuser, "a user was created");
        Ok(user)
    }

    /// Creates the first user, active and with every right, where there is none. Of several callers at once, one succeeds.
    ///
    /// # Errors
    /// [`CreateError::UsersExist`] where there is any user; else as [`Users::create`].
    pub async fn create_first_superuser(&self, new: NewUser) -> Result<User, CreateError> {
        let (draft, row) = self.prepare(NewUser { active: true, staff: true, superuser: true, ..new }).await?;
        let transaction = self.database.begin().await?;
        if self.database.is_postgres() {
            // Keeps out every other writer and, unlike ACCESS EXCLUSIVE, no reader. SQLite has one writer anyway.
            transaction.execute_unprepared("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE").await?;
        }
        if Entity::find().limit(1).one(&transaction).await?.is_some() {
            transaction.rollback().await?;
            return Err(CreateError::UsersExist);
        }
        let user = self.insert(transaction, draft, row).await?;
        tracing::info!(user = %user.id, "the first superuser was created");
        Ok(user)
    }

    /// Checks every field, and hashes the password only when all is well.
    pub(crate) async fn prepare(&self, new: NewUser) -> Result<(Draft, Model), CreateError> {
        let now = self.clock.now().millis();
        let about = new.password.is_some().then(|| About::new_user(&new));
        let draft = Draft {
            names: Names::new(&new.username, first_contacts(&new, now)?)?,
            claims: checked(new.claims)?,
            attributes: Some(new.attributes),
            editor: new.editor,
        };
        if let (Some(password), Some(about)) = (&new.password, &about) {
            let problems = self.check_first_password(about, password).await?;
            if !problems.is_empty() {
                return Err(CreateError::WeakPassword(problems));
            }
        }
        draft.look(self.database.reader()).await?;
        let password_hash = match &new.password {
            Some(password) => Some(self.hasher.hash(password).await?),
            None => None,
        };
        let row = Model {
            id: UserId::random(&self.random).to_string(),
            password_changed_at: password_hash.is_some().then_some(now),
            password_hash,
            active: new.active,
            staff: new.staff,
            superuser: new.superuser,
            require_second_factor: new.require_second_factor,
            ..Model::blank(now)
        };
        Ok((draft, row))
    }

    async fn insert(
        &self,
        transaction: DatabaseTransaction,
        mut draft: Draft,
        row: Model,
    ) -> Result<User, CreateError> {
        match draft.insert(&transaction, row, Sharing::Judged).await {
            Ok(row) => {
                transaction.commit().await?;
                Ok(row.try_into()?)
            }
            Err(refusal) => {
                transaction.rollback().await?;
                Err(self.explained(refusal, &draft, None).await.into())
            }
        }
    }
}

/// The e-mail address, and the telephone number of the claims.
fn first_contacts(new: &NewUser, now: i64) -> Result<Contacts, Invalid> {
    let mut contacts = Contacts::default();
    contacts.set_primary(ContactKind::Email, new.email.as_deref(), Some(new.email_verified), now)?;
    let number = new.claims.phone_number.as_deref();
    contacts.set_primary(ContactKind::Phone, number, new.claims.phone_number_verified, now)?;
    Ok(contacts)
}

/// The claims, once they are found to be in order.
pub(crate) fn checked(claims: StandardClaims) -> Result<StandardClaims, Invalid> {
    claims.check().map_err(|error| Invalid::new("claims", error.to_string()))?;
    Ok(claims)
}
