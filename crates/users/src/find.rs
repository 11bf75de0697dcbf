//! Finding people.

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement, Value};
use vestibule_core::{NormalisedIdentifier, UserId};

use crate::{
    Unavailable, User, Users,
    contacts::normal,
    entity::{Column, Entity, Model},
};

/// Which users of the list, in the order of their usernames' normal form.
#[derive(Clone, Debug)]
pub struct Page {
    after: Option<String>,
    size: u64,
}

impl Page {
    /// The first `size` users.
    #[must_use]
    pub fn first(size: u64) -> Self {
        Self { after: None, size }
    }

    /// The `size` users that come after `user`.
    #[must_use]
    pub fn after(user: &User, size: u64) -> Self {
        Self { after: NormalisedIdentifier::new(&user.username).ok().map(|key| key.as_str().to_owned()), size }
    }
}

/// By what people sign in. An address or number that several share leads to none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifiers {
    /// By their username.
    pub username: bool,
    /// By any e-mail address of theirs.
    pub email: bool,
    /// By any telephone number of theirs.
    pub phone: bool,
}

impl Default for Identifiers {
    fn default() -> Self {
        Self { username: true, email: true, phone: false }
    }
}

impl Identifiers {
    /// Whatever leads to one person.
    pub(crate) const ALL: Self = Self { username: true, email: true, phone: true };

    /// Whoever goes by the text `$1` or the number `$2`. Each part of it is one look into a unique index.
    fn statement(self) -> String {
        let parts = [
            (self.username, "SELECT id FROM users WHERE username_key = $1"),
            (self.email, "SELECT user_id FROM user_contacts WHERE login_key = $1 AND kind = 'email'"),
            (self.phone, "SELECT user_id FROM user_contacts WHERE login_key = $2 AND kind = 'phone'"),
            // Both values are named in any case.
            (true, "SELECT $1 || $2 WHERE 1 = 0"),
        ];
        let parts: Vec<&str> = parts.into_iter().filter_map(|(asked, part)| asked.then_some(part)).collect();
        format!("SELECT * FROM users WHERE id IN ({}) LIMIT 2", parts.join(" UNION ALL "))
    }
}

/// What was typed as a name, and who goes by it, if anyone does: as it was read a moment ago.
#[derive(Clone)]
pub struct Named {
    pub(crate) identifier: String,
    pub(crate) row: Option<Box<Model>>,
}

impl Named {
    /// Who that is.
    #[must_use]
    pub fn user(&self) -> Option<UserId> {
        self.row.as_ref()?.id.parse().ok()
    }
}

/// It shows whose it is, and neither what was typed nor what is stored.
impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Named").field("user", &self.user()).finish_non_exhaustive()
    }
}

impl Users {
    /// The user who goes by a username, else the one to whom it leads as an e-mail address or telephone number; look-alikes are the
    /// same. This is for whoever administers users: by what people sign in is another matter ([`Identifiers`]).
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find(&self, identifier: &str) -> Result<Option<User>, Unavailable> {
        let row = self.row_by(self.database.reader(), identifier, Identifiers::ALL).await?;
        row.map(User::try_from).transpose()
    }

    /// The user who may sign in by an identifier, in whatever way, if that is one by which people do.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find_to_sign_in(&self, identifier: &str) -> Result<Option<User>, Unavailable> {
        self.find_row(identifier).await?.map(User::try_from).transpose()
    }

    /// Who goes by what was typed to sign in, for [`Evidence`](crate::Evidence) to be held against.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn named(&self, identifier: &str) -> Result<Named, Unavailable> {
        let row = self.find_row(identifier).await?;
        Ok(Named { identifier: identifier.to_owned(), row: row.map(Box::new) })
    }

    /// By what people sign in here.
    #[must_use]
    pub fn identifiers(&self) -> Identifiers {
        self.identifiers
    }

    /// The user with that id.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn get(&self, id: UserId) -> Result<Option<User>, Unavailable> {
        Entity::find_by_id(id.to_string()).one(self.database.reader()).await?.map(User::try_from).transpose()
    }

    /// A page of users.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list(&self, page: Page) -> Result<Vec<User>, Unavailable> {
        let mut query = Entity::find();
        if let Some(after) = page.after {
            query = query.filter(Column::UsernameKey.gt(after));
        }
        let rows = query.order_by_asc(Column::UsernameKey).limit(page.size).all(self.database.reader()).await?;
        rows.into_iter().map(User::try_from).collect()
    }

    /// Whether there is no user at all, as on the first run.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn none_exist(&self) -> Result<bool, Unavailable> {
        Ok(Entity::find().limit(1).one(self.database.reader()).await?.is_none())
    }

    /// The row that an identifier leads to at sign-in. One statement whatever it is, so that its time tells nothing.
    pub(crate) async fn find_row(&self, identifier: &str) -> Result<Option<Model>, Unavailable> {
        self.row_by(self.database.reader(), identifier, self.identifiers).await
    }

    /// The row that an identifier of these leads to.
    pub(crate) async fn row_by(
        &self,
        connection: &impl ConnectionTrait,
        identifier: &str,
        by: Identifiers,
    ) -> Result<Option<Model>, Unavailable> {
        let Ok(key) = NormalisedIdentifier::new(identifier) else {
            return Ok(None);
        };
        // No number is empty.
        let number = normal::login_phone(identifier).unwrap_or_default();
        let values = [Value::from(key.as_str()), number.into()];
        let found = Statement::from_sql_and_values(connection.get_database_backend(), by.statement(), values);
        let rows = Entity::find().from_raw_sql(found).all(connection).await?;
        let by_username = rows.iter().position(|row| row.username_key == key.as_str());
        Ok(rows.into_iter().nth(by_username.unwrap_or(0)))
    }
}
