//! People's addresses and numbers, and the attributes that a deployment declares.
//!
//! On PostgreSQL, normal forms are compared by their bytes (`COLLATE "C"`), as SQLite does anyway: both engines list people in
//! one order, and an index answers for what begins with a text.

mod carry;

use sea_orm_migration::{
    prelude::*,
    schema::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Creates `user_contacts`, `attribute_definitions`, `user_attributes` and `external_identities`; adds to `users` what lists of
/// people are ordered by, and whether they need a second factor.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Columns that are normal forms.
const NORMAL_FORMS: [(&str, &str); 8] = [
    ("users", "username_key"),
    ("users", "email_key"),
    ("users", "email_order"),
    ("users", "name_key"),
    ("users", "family_key"),
    ("user_contacts", "value_key"),
    ("user_contacts", "login_key"),
    ("user_attributes", "value_key"),
];

/// Indexes that the builder has no words for: on some rows only, or on what a column says.
const INDEXES: [&str; 13] = [
    "CREATE UNIQUE INDEX user_contacts_primary ON user_contacts (user_id, kind) WHERE is_primary",
    "CREATE INDEX user_contacts_value ON user_contacts (value_key, verified)",
    "CREATE INDEX user_attributes_value ON user_attributes (name, value_key)",
    "CREATE INDEX users_created_at ON users (created_at, id)",
    // Whoever never signed in comes first.
    "CREATE INDEX users_last_sign_in ON users (COALESCE(last_sign_in, 0), id)",
    "CREATE INDEX users_email_order ON users (email_order, id)",
    "CREATE INDEX users_name ON users (name_key)",
    "CREATE INDEX users_family ON users (family_key)",
    // What few are: a page of them is found without looking at all the others.
    "CREATE INDEX users_staff ON users (username_key) WHERE staff",
    "CREATE INDEX users_superuser ON users (username_key) WHERE superuser",
    "CREATE INDEX users_inactive ON users (username_key) WHERE NOT active",
    "CREATE INDEX users_without_password ON users (username_key) WHERE password_hash IS NULL",
    "CREATE INDEX external_identities_user_id ON external_identities (user_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        extend_users(manager).await?;
        for table in [contacts(), definitions(), attributes(), identities()] {
            manager.create_table(table).await?;
        }
        let connection = manager.get_connection();
        if connection.get_database_backend() == DbBackend::Postgres {
            for (table, column) in NORMAL_FORMS {
                let alter = format!("ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT COLLATE \"C\"");
                connection.execute_unprepared(&alter).await?;
            }
        }
        carry::people(connection).await?;
        for index in INDEXES {
            connection.execute_unprepared(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["external_identities", "user_attributes", "attribute_definitions", "user_contacts"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        for index in INDEXES.iter().filter_map(|index| index.split(' ').find(|word| word.starts_with("users_"))) {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        for column in ["family_key", "name_key", "email_order", "require_second_factor"] {
            manager.alter_table(Table::alter().table("users").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

async fn extend_users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for column in [
        boolean("require_second_factor").default(false).take(),
        // The normal form of the first e-mail address, also where `email_key` is empty because several share it.
        text("email_order").default("").take(),
        // How the full name and the family name begin, in their normal form.
        text("name_key").default("").take(),
        text("family_key").default("").take(),
    ] {
        manager.alter_table(Table::alter().table("users").add_column(column).to_owned()).await?;
    }
    Ok(())
}

fn contacts() -> TableCreateStatement {
    Table::create()
        .table("user_contacts")
        .col(text("user_id"))
        // `email` or `phone`.
        .col(text("kind"))
        // As typed, and in its normal form.
        .col(text("value"))
        .col(text("value_key"))
        // The normal form again where it leads to this one person; nothing where several share it.
        .col(text_null("login_key").unique_key())
        .col(boolean("verified"))
        .col(boolean("is_primary"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("kind").col("value_key"))
        .foreign_key(&mut of_user("user_contacts"))
        .take()
}

fn definitions() -> TableCreateStatement {
    Table::create()
        .table("attribute_definitions")
        .col(text("name").primary_key())
        .col(text("label"))
        .col(text_null("description"))
        .col(text("kind"))
        .col(boolean("required"))
        .col(boolean("is_unique"))
        .col(text_null("pattern"))
        // A JSON array of texts.
        .col(text("choices"))
        .col(text("visible_to"))
        .col(text("editable_by"))
        .col(text_null("claim").unique_key())
        .col(text_null("scope"))
        .col(integer("position"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take()
}

fn attributes() -> TableCreateStatement {
    Table::create()
        .table("user_attributes")
        .col(text("user_id"))
        .col(text("name"))
        // JSON.
        .col(text("value"))
        // What values are compared by; and the same again where the attribute is unique.
        .col(text("value_key"))
        .col(text_null("unique_key"))
        .primary_key(Index::create().col("user_id").col("name"))
        .index(Index::create().name("user_attributes_unique").col("name").col("unique_key").unique())
        .foreign_key(&mut of_user("user_attributes"))
        .foreign_key(
            ForeignKey::create()
                .from("user_attributes", "name")
                .to("attribute_definitions", "name")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .take()
}

fn identities() -> TableCreateStatement {
    Table::create()
        .table("external_identities")
        .col(text("provider"))
        .col(text("subject"))
        .col(text("user_id"))
        // What the provider said, as a JSON object.
        .col(text("details"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("provider").col("subject"))
        .foreign_key(&mut of_user("external_identities"))
        .take()
}

fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade).take()
}
