//! Groups, permissions, who has which, and which permissions an application is told of.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `groups`, `group_users`, `group_groups`, `permissions`, `user_permissions`, `group_permissions` and `client_apps`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [groups(), group_users(), group_groups(), permissions()] {
            manager.create_table(table).await?;
        }
        for (table, column, holders) in
            [("user_permissions", "user_id", "users"), ("group_permissions", "group_id", "groups")]
        {
            manager.create_table(grants(table, column, holders)).await?;
        }
        manager.create_table(client_apps()).await?;
        manager
            .alter_table(
                Table::alter().table("clients").add_column(boolean("require_second_factor").default(false)).to_owned(),
            )
            .await?;
        for (name, table, columns) in [
            ("group_users_user_id", "group_users", &["user_id"][..]),
            ("group_groups_member_id", "group_groups", &["member_id"]),
            ("groups_created_at", "groups", &["created_at", "id"]),
            ("user_permissions_permission_id", "user_permissions", &["permission_id", "object", "user_id"]),
            ("group_permissions_permission_id", "group_permissions", &["permission_id", "object", "group_id"]),
            // Whoever has a permission: superusers are among them, and few.
            ("users_superuser_id", "users", &["superuser", "id"]),
        ] {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_index(Index::drop().name("users_superuser_id").table("users").to_owned()).await?;
        for table in [
            "client_apps",
            "group_permissions",
            "user_permissions",
            "permissions",
            "group_groups",
            "group_users",
            "groups",
        ] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

fn groups() -> TableCreateStatement {
    Table::create()
        .table("groups")
        .col(text("id").primary_key())
        .col(text("name"))
        // The normal form, as of usernames: one function makes it, one index keeps it unique.
        .col(text("name_key").unique_key())
        .col(text("description"))
        .col(boolean("require_second_factor"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .to_owned()
}

fn group_users() -> TableCreateStatement {
    Table::create()
        .table("group_users")
        .col(text("group_id"))
        .col(text("user_id"))
        .col(big_integer("added_at"))
        .primary_key(Index::create().col("group_id").col("user_id"))
        .foreign_key(&mut leading_to("group_users", "group_id", "groups"))
        .foreign_key(&mut leading_to("group_users", "user_id", "users"))
        .to_owned()
}

/// Whoever is a member of `member_id` is, by that, a member of `group_id`.
fn group_groups() -> TableCreateStatement {
    Table::create()
        .table("group_groups")
        .col(text("group_id"))
        .col(text("member_id"))
        .primary_key(Index::create().col("group_id").col("member_id"))
        .foreign_key(&mut leading_to("group_groups", "group_id", "groups"))
        .foreign_key(&mut leading_to("group_groups", "member_id", "groups"))
        .to_owned()
}

fn permissions() -> TableCreateStatement {
    Table::create()
        .table("permissions")
        .col(text("id").primary_key())
        .col(text("app"))
        .col(text("codename"))
        .col(text("name"))
        .col(text_null("resource_type"))
        .col(big_integer("created_at"))
        .index(Index::create().name("permissions_app_codename").unique().col("app").col("codename"))
        .to_owned()
}

/// Who holds which permission.
fn grants(table: &'static str, column: &'static str, holders: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(text(column))
        .col(text("permission_id"))
        // Empty: everywhere; else `type:id`. Not null, so that the primary key holds it apart.
        .col(text("object").default(""))
        .primary_key(Index::create().col(column).col("permission_id").col("object"))
        .foreign_key(&mut leading_to(table, column, holders))
        .foreign_key(&mut leading_to(table, "permission_id", "permissions"))
        .to_owned()
}

/// The apps whose permissions an application is told of.
fn client_apps() -> TableCreateStatement {
    Table::create()
        .table("client_apps")
        .col(text("client_id"))
        .col(text("app"))
        .primary_key(Index::create().col("client_id").col("app"))
        .foreign_key(&mut leading_to("client_apps", "client_id", "clients"))
        .to_owned()
}

/// What goes when that goes to which it leads.
fn leading_to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(other, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}
