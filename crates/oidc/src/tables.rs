//! The tables of the authorization server. No other crate reads or writes them.

/// Applications.
pub(crate) mod client {
    use sea_orm::entity::prelude::*;

    /// A row of `clients`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "clients")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) name: String,
        pub(crate) secret_digest: Option<Vec<u8>>,
        pub(crate) secret_sealed: Option<Vec<u8>>,
        pub(crate) imported_secret_hash: Option<String>,
        pub(crate) auth_method: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub(crate) metadata: String,
        pub(crate) first_party: bool,
        pub(crate) require_pkce: bool,
        pub(crate) require_second_factor: bool,
        pub(crate) sector: Option<String>,
        pub(crate) self_registered: Option<String>,
        pub(crate) registration_digest: Option<Vec<u8>>,
        pub(crate) document_fetched_at: Option<i64>,
        pub(crate) document_fresh_until: Option<i64>,
        pub(crate) created_at: i64,
        pub(crate) updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Tokens that let applications register themselves.
pub(crate) mod initial_access_token {
    use sea_orm::entity::prelude::*;

    /// A row of `initial_access_tokens`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "initial_access_tokens")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) name: String,
        pub(crate) digest: Vec<u8>,
        pub(crate) uses_left: i64,
        pub(crate) created_at: i64,
        pub(crate) expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The apps that applications stand for.
pub(crate) mod client_app {
    use sea_orm::entity::prelude::*;

    /// A row of `client_apps`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "client_apps")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) client_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) app: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// APIs.
pub(crate) mod api {
    use sea_orm::entity::prelude::*;

    /// A row of `apis`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "apis")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) identifier: String,
        pub(crate) name: Option<String>,
        pub(crate) access_token_alg: Option<String>,
        pub(crate) access_token_lifetime: Option<i64>,
        pub(crate) opaque: bool,
        pub(crate) created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Scopes of APIs.
pub(crate) mod api_scope {
    use sea_orm::entity::prelude::*;

    /// A row of `api_scopes`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_scopes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) scope: String,
        pub(crate) api: String,
        pub(crate) description: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The applications that APIs are.
pub(crate) mod api_client {
    use sea_orm::entity::prelude::*;

    /// A row of `api_clients`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_clients")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) api: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) client_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What applications may come back for with a refresh token.
pub(crate) mod grant {
    use sea_orm::entity::prelude::*;

    /// A row of `grants`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "grants")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: String,
        pub(crate) client_id: String,
        pub(crate) user_id: String,
        pub(crate) session: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub(crate) scope: String,
        #[sea_orm(column_type = "Text")]
        pub(crate) resources: String,
        pub(crate) auth_time: i64,
        pub(crate) acr: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub(crate) amr: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub(crate) confirmation: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub(crate) claims: Option<String>,
        pub(crate) granted_at: i64,
        pub(crate) expires_at: i64,
        pub(crate) ends_at: i64,
        pub(crate) imported_digest: Option<Vec<u8>>,
        pub(crate) generation: i64,
        #[sea_orm(column_type = "Text")]
        pub(crate) spent: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What people allowed applications.
pub(crate) mod consent {
    use sea_orm::entity::prelude::*;

    /// A row of `consents`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "consents")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) client_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) scope: String,
        pub(crate) granted_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which applications were given tokens in a session.
pub(crate) mod session_client {
    use sea_orm::entity::prelude::*;

    /// A row of `session_clients`.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session_clients")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) session: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) client_id: String,
        pub(crate) user_id: String,
        pub(crate) expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
