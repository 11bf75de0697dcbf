//! Finding whom others vouch for, and letting them in.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use vestibule_core::NormalisedIdentifier;

use crate::{
    Unavailable, User, Users,
    entity::{Column, Entity, Model},
};

impl Users {
    /// Who has that username; an e-mail address leads to nobody by itself.
    pub(super) async fn row_by_username(&self, name: &str) -> Result<Option<Model>, Unavailable> {
        let Ok(key) = NormalisedIdentifier::new(name) else { return Ok(None) };
        Ok(Entity::find().filter(Column::UsernameKey.eq(key.as_str())).one(self.database.reader()).await?)
    }

    /// Who was shown to hold that address.
    pub(super) async fn row_by_verified_email(&self, address: &str) -> Result<Option<Model>, Unavailable> {
        let Ok(key) = NormalisedIdentifier::new(address) else { return Ok(None) };
        let held = Entity::find().filter(Column::EmailKey.eq(key.as_str())).filter(Column::EmailVerified.eq(true));
        Ok(held.one(self.database.reader()).await?)
    }

    /// Writes down that somebody signed in without a password, provided that they are active; `None` where they are not.
    pub(super) async fn enter(&self, row: Model) -> Result<Option<User>, Unavailable> {
        let now = self.clock.now().millis();
        let entered = Entity::update_many()
            .col_expr(Column::LastSignIn, Expr::value(now))
            .filter(Column::Id.eq(&row.id))
            .filter(Column::Active.eq(true))
            .exec(self.database.writer())
            .await?;
        if entered.rows_affected == 0 {
            tracing::info!(user = %row.id, "a sign-in was refused: the user is not active");
            return Ok(None);
        }
        Model { last_sign_in: Some(now), ..row }.try_into().map(Some)
    }
}
