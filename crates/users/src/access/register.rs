//! Which permissions there are. Applications register theirs; doing so again changes no more than the words.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr, sea_query::OnConflict,
};
use vestibule_core::{PermissionId, Timestamp};

use super::{
    Access, AccessError, BATCH, PermissionName, Touched,
    list::begins_with,
    names::{check_label, check_resource_type},
    page_size,
    tables::permission,
};
use crate::Unavailable;

/// What a resource type gives, as Django's models do: the codename's beginning.
const ACTIONS: [&str; 4] = ["add", "change", "delete", "view"];

/// A permission that was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// What names it for good.
    pub id: PermissionId,
    /// `app.codename`.
    pub name: PermissionName,
    /// What it allows, in words.
    pub label: String,
    /// The type of things that it is for, where it was registered with one.
    pub resource_type: Option<String>,
    /// When it was first registered.
    pub created_at: Timestamp,
}

/// A permission to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPermission {
    /// `app.codename`.
    pub name: PermissionName,
    /// What it allows, in words: up to 255 characters.
    pub label: String,
    /// The type of things that it is for.
    pub resource_type: Option<String>,
}

impl NewPermission {
    /// What a resource type gives: `add_`, `change_`, `delete_` and `view_`, each in words around `label`.
    ///
    /// # Errors
    /// An app or a type that cannot be called so.
    pub fn of_resource_type(app: &str, kind: &str, label: &str) -> Result<Vec<Self>, AccessError> {
        check_resource_type(kind)?;
        let each = ACTIONS.into_iter().map(|action| {
            Ok(Self {
                name: PermissionName::new(app, &format!("{action}_{kind}"))?,
                label: format!("Can {action} {label}"),
                resource_type: Some(kind.to_owned()),
            })
        });
        each.collect()
    }
}

/// Which permissions of the list; they come by app and codename.
#[derive(Clone, Debug, Default)]
pub struct PermissionQuery {
    /// Only those of this app.
    pub app: Option<String>,
    /// Only those whose codename begins so.
    pub prefix: Option<String>,
    /// Only those for things of this type.
    pub resource_type: Option<String>,
    /// Those after this one.
    pub after: Option<PermissionName>,
    /// How many at most; 1000 is the most there are on a page.
    pub size: u64,
}

impl Access {
    /// Registers a permission. One that is there already takes the new words.
    ///
    /// # Errors
    /// A name that cannot be, an app that is this program's own, a store that does not answer.
    pub async fn register(&self, app: &str, codename: &str, label: &str) -> Result<Permission, AccessError> {
        let new =
            NewPermission { name: PermissionName::new(app, codename)?, label: label.to_owned(), resource_type: None };
        self.register_all(&[new]).await?.pop().ok_or(AccessError::Gone)
    }

    /// Registers the four permissions of a resource type: `add_`, `change_`, `delete_` and `view_`.
    ///
    /// # Errors
    /// As [`Access::register`].
    pub async fn register_resource_type(
        &self,
        app: &str,
        kind: &str,
        label: &str,
    ) -> Result<Vec<Permission>, AccessError> {
        self.register_all(&NewPermission::of_resource_type(app, kind, label)?).await
    }

    async fn register_all(&self, new: &[NewPermission]) -> Result<Vec<Permission>, AccessError> {
        let transaction = self.0.database.begin().await?;
        let (permissions, added) = self.register_in(&transaction, new).await?;
        self.commit(transaction, (added > 0).then_some(Touched::Everyone)).await?;
        tracing::info!(count = new.len(), added, "permissions were registered");
        Ok(permissions)
    }

    /// Registers permissions in a transaction, and returns them in the same order with the number of those that are new. Where
    /// there are any, it concerns everyone: a superuser has them.
    ///
    /// # Errors
    /// As [`Access::register`].
    pub async fn register_in(
        &self,
        transaction: &DatabaseTransaction,
        new: &[NewPermission],
    ) -> Result<(Vec<Permission>, u64), AccessError> {
        if new.iter().any(|new| new.name.is_own()) {
            return Err(AccessError::BuiltIn);
        }
        self.write(transaction, new).await
    }

    pub(super) async fn write(
        &self,
        transaction: &DatabaseTransaction,
        new: &[NewPermission],
    ) -> Result<(Vec<Permission>, u64), AccessError> {
        let mut added = 0;
        for batch in new.chunks(BATCH) {
            batch.iter().try_for_each(|new| check_label(&new.label))?;
            let known =
                OnConflict::columns([permission::Column::App, permission::Column::Codename]).do_nothing().to_owned();
            let rows = batch.iter().map(|new| self.row(new));
            let insert = permission::Entity::insert_many(rows).on_conflict(known);
            added += insert.exec_without_returning(transaction).await?;
        }
        let mut found = by_names(transaction, new.iter().map(|new| &new.name)).await?;
        let mut permissions = Vec::with_capacity(new.len());
        for new in new {
            let row = found.get_mut(&new.name).ok_or(AccessError::Gone)?;
            if row.name != new.label || new.resource_type.is_some() && row.resource_type != new.resource_type {
                reword(transaction, row, new).await?;
            }
            permissions.push(row.clone().try_into()?);
        }
        Ok((permissions, added))
    }

    fn row(&self, new: &NewPermission) -> permission::ActiveModel {
        permission::ActiveModel {
            id: Set(PermissionId::random(&self.0.random).to_string()),
            app: Set(new.name.app().to_owned()),
            codename: Set(new.name.codename().to_owned()),
            name: Set(new.label.clone()),
            resource_type: Set(new.resource_type.clone()),
            created_at: Set(self.0.clock.now().millis()),
        }
    }

    /// Removes a permission, and takes it from whoever holds it. Returns whether there was one.
    ///
    /// # Errors
    /// One of this program's own, or a store that does not answer.
    pub async fn remove_permission(&self, name: &PermissionName) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let removed = self.remove_permission_in(&transaction, name).await?;
        self.settle(transaction, removed.then_some(Touched::Everyone)).await?;
        tracing::info!(permission = %name, removed, "a permission was removed");
        Ok(removed)
    }

    /// [`Access::remove_permission`] in a transaction; it concerns everyone.
    ///
    /// # Errors
    /// As [`Access::remove_permission`].
    pub async fn remove_permission_in(
        &self,
        transaction: &DatabaseTransaction,
        name: &PermissionName,
    ) -> Result<bool, AccessError> {
        if name.is_own() {
            return Err(AccessError::BuiltIn);
        }
        Ok(permission::Entity::delete_many().filter(named(name)).exec(transaction).await?.rows_affected > 0)
    }

    /// The permission of that name.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find_permission(&self, name: &PermissionName) -> Result<Option<Permission>, Unavailable> {
        let row = permission::Entity::find().filter(named(name)).one(self.0.database.reader()).await?;
        Ok(row.map(Permission::try_from).transpose()?)
    }

    /// The permission with that id.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn permission(&self, id: PermissionId) -> Result<Option<Permission>, Unavailable> {
        let row = permission::Entity::find_by_id(id.to_string()).one(self.0.database.reader()).await?;
        Ok(row.map(Permission::try_from).transpose()?)
    }

    /// A page of permissions.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn permissions(&self, query: &PermissionQuery) -> Result<Vec<Permission>, Unavailable> {
        let mut select = permission::Entity::find();
        if let Some(app) = &query.app {
            select = select.filter(permission::Column::App.eq(app));
        }
        if let Some(prefix) = &query.prefix {
            select = select.filter(begins_with(Expr::col(permission::Column::Codename), prefix));
        }
        if let Some(kind) = &query.resource_type {
            select = select.filter(permission::Column::ResourceType.eq(kind));
        }
        if let Some(after) = &query.after {
            let same_app = Condition::all()
                .add(permission::Column::App.eq(after.app()))
                .add(permission::Column::Codename.gt(after.codename()));
            select = select.filter(Condition::any().add(permission::Column::App.gt(after.app())).add(same_app));
        }
        let rows = select
            .order_by_asc(permission::Column::App)
            .order_by_asc(permission::Column::Codename)
            .limit(page_size(query.size))
            .all(self.0.database.reader())
            .await?;
        Ok(rows.into_iter().map(Permission::try_from).collect::<Result<_, _>>()?)
    }

    /// The apps that have permissions, in order.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn apps(&self) -> Result<BTreeSet<String>, Unavailable> {
        let select = permission::Entity::find().select_only().column(permission::Column::App).distinct();
        let apps: Vec<String> = select.into_tuple().all(self.0.database.reader()).await?;
        Ok(apps.into_iter().collect())
    }
}

/// The permissions of these names, as far as there are any.
pub(super) async fn by_names<'a>(
    connection: &impl ConnectionTrait,
    names: impl Iterator<Item = &'a PermissionName>,
) -> Result<HashMap<PermissionName, permission::Model>, DbErr> {
    let mut wanted: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for name in names {
        wanted.entry(name.app()).or_default().insert(name.codename());
    }
    let mut found = HashMap::new();
    for (app, codenames) in wanted {
        let codenames: Vec<&str> = codenames.into_iter().collect();
        for batch in codenames.chunks(BATCH) {
            let rows = permission::Entity::find()
                .filter(permission::Column::App.eq(app))
                .filter(permission::Column::Codename.is_in(batch.iter().copied()))
                .all(connection)
                .await?;
            found.extend(
                rows.into_iter().map(|row| (PermissionName::stored(row.app.clone(), row.codename.clone()), row)),
            );
        }
    }
    Ok(found)
}

fn named(name: &PermissionName) -> Condition {
    Condition::all().add(permission::Column::App.eq(name.app())).add(permission::Column::Codename.eq(name.codename()))
}

async fn reword(
    transaction: &DatabaseTransaction,
    row: &mut permission::Model,
    new: &NewPermission,
) -> Result<(), DbErr> {
    row.name.clone_from(&new.label);
    row.resource_type = new.resource_type.clone().or(row.resource_type.take());
    let changed = permission::ActiveModel {
        id: Set(row.id.clone()),
        name: Set(row.name.clone()),
        resource_type: Set(row.resource_type.clone()),
        ..Default::default()
    };
    changed.update(transaction).await.map(drop)
}

impl TryFrom<permission::Model> for Permission {
    type Error = DbErr;

    fn try_from(row: permission::Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id.parse().map_err(|_| DbErr::Type(format!("the id of permission {:?} is no UUID", row.id)))?,
            name: PermissionName::stored(row.app, row.codename),
            label: row.name,
            resource_type: row.resource_type,
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}
