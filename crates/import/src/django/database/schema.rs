//! Which tables a site is made of.
//!
//! Django's own have fixed names. A custom user model's table, and those that join it to groups and permissions, may have any:
//! they are found by their columns, and by what these refer to.

use crate::django::{
    Choice, ReadError,
    collect::{looks_like_a_refresh_token, looks_like_a_user, looks_like_an_access_token, looks_like_an_application},
};

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) primary_key: bool,
    /// The table that it refers to.
    pub(super) refers_to: Option<String>,
}

/// How a column's values become those of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// As they are.
    Plain,
    /// 0 and 1.
    Flag,
    /// JSON in a text.
    Json,
    /// 32 hexadecimal digits.
    Uuid,
    /// As text: a dump keeps every digit.
    Decimal,
    /// Bytes, which no attribute holds.
    Bytes,
}

/// A table of pairs: what `owner` names has what `target` names.
#[derive(Clone, Debug)]
pub(super) struct Join {
    pub(super) table: Table,
    pub(super) owner: String,
    pub(super) target: String,
    /// The table that `target` refers to.
    to: String,
}

/// The tables of a site.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) users: Table,
    pub(super) groups: Table,
    pub(super) content_types: Table,
    permissions: Table,
    pub(super) group_permissions: Option<Join>,
    user_joins: Vec<Join>,
    applications: Vec<Table>,
    tokens: Vec<Table>,
    addresses: Option<Table>,
    social_accounts: Option<Table>,
}

const GROUPS: &str = "auth_group";
const PERMISSIONS: &str = "auth_permission";

impl Schema {
    /// Finds them.
    pub(super) fn find(tables: Vec<Table>, choice: &Choice) -> Result<Self, ReadError> {
        let named = |name: &'static str| tables.iter().find(|table| table.name == name).cloned();
        let own = |name: &'static str| named(name).ok_or(ReadError::NotDjango(name));
        let (groups, permissions) = (own(GROUPS)?, own(PERMISSIONS)?);
        let content_types = own("django_content_type")?;
        let users = users(&tables, choice)?.clone();
        let joins = |owner: &Table| tables.iter().filter_map(|table| Join::of(table, owner)).collect::<Vec<_>>();
        Ok(Self {
            group_permissions: joins(&groups).into_iter().find(|join| join.to == PERMISSIONS),
            user_joins: joins(&users),
            applications: tables
                .iter()
                .filter(|table| looks_like_an_application(|name| table.has(name)))
                .cloned()
                .collect(),
            tokens: tables.iter().filter(|table| holds_tokens(table)).cloned().collect(),
            addresses: named("account_emailaddress"),
            social_accounts: named("socialaccount_socialaccount"),
            users,
            groups,
            permissions,
            content_types,
        })
    }

    /// Tables whose rows are read without anything joined to them, and the names of their models, where these are given.
    pub(super) fn plain(&self) -> impl Iterator<Item = (&Table, Option<&'static str>)> {
        let own = [
            (Some(&self.content_types), "contenttypes.contenttype"),
            (Some(&self.permissions), "auth.permission"),
            (self.addresses.as_ref(), "account.emailaddress"),
            (self.social_accounts.as_ref(), "socialaccount.socialaccount"),
        ];
        let own = own.into_iter().filter_map(|(table, model)| Some((table?, Some(model))));
        own.chain(self.applications.iter().chain(&self.tokens).map(|table| (table, None)))
    }

    /// The many-to-many fields of users, by name.
    pub(super) fn of_users(&self) -> Vec<(String, &Join)> {
        let field = |join: &Join| match join.to.as_str() {
            GROUPS => "groups".to_owned(),
            PERMISSIONS => "user_permissions".to_owned(),
            // Django calls the table by the model's and the field.
            _ => {
                let prefix = format!("{}_", self.users.name);
                join.table.name.strip_prefix(&prefix).unwrap_or(&join.table.name).to_owned()
            }
        };
        self.user_joins.iter().map(|join| (field(join), join)).collect()
    }
}

impl Table {
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known.name == column)
    }

    /// The primary key, where it is one column.
    pub(super) fn key(&self) -> Option<&Column> {
        let mut keys = self.columns.iter().filter(|column| column.primary_key);
        keys.next().filter(|_| keys.next().is_none())
    }
}

impl Column {
    /// The field that Django has made the column for.
    pub(super) fn field(&self) -> &str {
        match &self.refers_to {
            Some(_) => self.name.strip_suffix("_id").unwrap_or(&self.name),
            None => &self.name,
        }
    }
}

impl Join {
    /// A table that Django makes for a many-to-many field: a key of its own, and two columns that refer. It bears the name of
    /// its owner's table, which tells it from a field of the other side.
    fn of(table: &Table, owner: &Table) -> Option<Self> {
        let referring: Vec<&Column> = table.columns.iter().filter(|column| column.refers_to.is_some()).collect();
        let [one, other] = referring.as_slice() else { return None };
        let pair = table.columns.len() == 3 && table.name.strip_prefix(&owner.name)?.starts_with('_');
        let is_owner = |column: &Column| column.refers_to.as_deref() == Some(owner.name.as_str());
        // A field that leads from users to users has its owner in the first column.
        let (owner, target) = if is_owner(one) { (one, other) } else { (other, one) };
        (pair && is_owner(owner)).then(|| Self {
            table: table.clone(),
            owner: owner.name.clone(),
            target: target.name.clone(),
            to: target.refers_to.clone().unwrap_or_default(),
        })
    }
}

/// Whether a table is one of django-oauth-toolkit's of tokens.
fn holds_tokens(table: &Table) -> bool {
    let has = |field: &str| table.columns.iter().any(|column| column.field() == field);
    looks_like_a_refresh_token(has) || looks_like_an_access_token(has)
}

/// The table of users: the named one; the one that the administration's log refers to; the only one that looks like it.
fn users<'a>(tables: &'a [Table], choice: &Choice) -> Result<&'a Table, ReadError> {
    let alike: Vec<&Table> = tables.iter().filter(|table| looks_like_a_user(|name| table.has(name))).collect();
    let names = || alike.iter().map(|table| table.name.clone()).collect();
    if let Some(wanted) = &choice.user_model {
        let table = wanted.replace('.', "_");
        let found = tables.iter().find(|known| known.name == *wanted || known.name.eq_ignore_ascii_case(&table));
        // A model with a table of another name: there may be no other that it could be.
        let only = || alike.first().copied().filter(|_| alike.len() == 1 && wanted.contains('.'));
        return found
            .or_else(only)
            .ok_or_else(|| ReadError::NoSuchUserModel { wanted: wanted.clone(), found: names() });
    }
    let log = tables.iter().find(|table| table.name == "django_admin_log");
    let logged = log.and_then(|log| log.columns.iter().find(|column| column.name == "user_id")?.refers_to.as_deref());
    if let Some(table) = alike.iter().find(|table| Some(table.name.as_str()) == logged) {
        return Ok(table);
    }
    match alike.as_slice() {
        [] => Err(ReadError::NoUsers),
        [only] => Ok(only),
        _ => Err(ReadError::SeveralUserModels(names())),
    }
}
