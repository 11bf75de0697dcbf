//! Finding people.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use vestibule_core::{NormalisedIdentifier, UserId};

use crate::{
    Unavailable, User, Users,
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

impl Users {
    /// The user who goes by a username, else the one who has it as e-mail address; look-alikes are the same.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find(&self, identifier: &str) -> Result<Option<User>, Unavailable> {
        self.find_row(identifier).await?.map(User::try_from).transpose()
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

    /// The row that an identifier leads to. One statement whatever it is, so that its time tells nothing.
    pub(crate) async fn find_row(&self, identifier: &str) -> Result<Option<Model>, Unavailable> {
        let Ok(key) = NormalisedIdentifier::new(identifier) else {
            return Ok(None);
        };
        let named = Condition::any().add(Column::UsernameKey.eq(key.as_str())).add(Column::EmailKey.eq(key.as_str()));
        let rows = Entity::find().filter(named).limit(2).all(self.database.reader()).await?;
        let by_username = rows.iter().position(|row| row.username_key == key.as_str());
        Ok(rows.into_iter().nth(by_username.unwrap_or(0)))
    }
}
