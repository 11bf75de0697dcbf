//! The tables of groups and permissions, as SeaORM sees them. The columns are explained by the migration that makes them.
#![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]

/// Groups.
pub mod group {
    use sea_orm::entity::prelude::*;

    /// A row of `groups`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text", unique)]
        pub name_key: String,
        #[sea_orm(column_type = "Text")]
        pub description: String,
        pub require_second_factor: bool,
        pub created_at: i64,
        pub updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who is in which group.
pub mod group_user {
    use sea_orm::entity::prelude::*;

    /// A row of `group_users`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "group_users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub group_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        pub added_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which group is in which.
pub mod group_group {
    use sea_orm::entity::prelude::*;

    /// A row of `group_groups`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "group_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub group_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub member_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Permissions.
pub mod permission {
    use sea_orm::entity::prelude::*;

    /// A row of `permissions`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "permissions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub app: String,
        #[sea_orm(column_type = "Text")]
        pub codename: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub resource_type: Option<String>,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What users hold themselves.
pub mod user_permission {
    use sea_orm::entity::prelude::*;

    /// A row of `user_permissions`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_permissions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub permission_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub object: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What groups hold.
pub mod group_permission {
    use sea_orm::entity::prelude::*;

    /// A row of `group_permissions`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "group_permissions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub group_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub permission_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub object: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
