//! The table `users`, as SeaORM sees it.
#![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]

use std::fmt;

use sea_orm::entity::prelude::*;

/// A row. The columns are explained by the migration that makes them.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    #[sea_orm(column_type = "Text")]
    pub username: String,
    #[sea_orm(column_type = "Text", unique)]
    pub username_key: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    #[sea_orm(column_type = "Text", nullable, unique)]
    pub email_key: Option<String>,
    pub email_verified: bool,
    #[sea_orm(column_type = "Text", nullable)]
    pub password_hash: Option<String>,
    pub password_changed_at: Option<i64>,
    pub active: bool,
    pub staff: bool,
    pub superuser: bool,
    #[sea_orm(column_type = "Text")]
    pub claims: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub last_sign_in: Option<i64>,
    pub require_second_factor: bool,
    #[sea_orm(column_type = "Text")]
    pub email_order: String,
    #[sea_orm(column_type = "Text")]
    pub name_key: String,
    #[sea_orm(column_type = "Text")]
    pub family_key: String,
}

impl Model {
    /// Nobody yet, created `now`. The names, contacts and claims are copied in later.
    pub(crate) fn blank(now: i64) -> Self {
        Self {
            id: String::new(),
            username: String::new(),
            username_key: String::new(),
            email: None,
            email_key: None,
            email_verified: false,
            password_hash: None,
            password_changed_at: None,
            active: false,
            staff: false,
            superuser: false,
            claims: String::new(),
            created_at: now,
            updated_at: now,
            last_sign_in: None,
            require_second_factor: false,
            email_order: String::new(),
            name_key: String::new(),
            family_key: String::new(),
        }
    }
}

/// A row holds a password hash, so that it shows nothing but its id.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("users").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
