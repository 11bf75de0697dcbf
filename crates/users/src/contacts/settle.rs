//! To whom a username and contacts lead: the rules are told above, in the module.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};
use vestibule_core::UserId;

use super::ContactKind;
use crate::{error::Taken, rules::Names};

/// Whether others' copies of a contact count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// They do: see the module.
    Judged,
    /// The caller knows which contacts are shared. One that is not must lead to nobody else yet.
    Told,
}

/// Somebody else to whom a username or contact leads.
#[derive(Debug, FromQueryResult)]
struct Holder {
    key: String,
    by_username: bool,
    verified: bool,
}

impl Holder {
    /// Whether they lose it to whoever was shown to hold it.
    fn gives_way(&self) -> bool {
        !self.verified && !self.by_username
    }
}

/// Finds out to whom what is unsettled of `names` leads, or what of it is taken.
pub(crate) async fn settle(
    connection: &impl ConnectionTrait,
    names: &mut Names,
    own: Option<UserId>,
    sharing: Sharing,
) -> Result<Option<Taken>, DbErr> {
    one_at_a_time(connection, names).await?;
    let holders = holders(connection, names, own).await?;
    if holders.iter().any(|holder| holder.key == names.username.key) {
        return Ok(Some(Taken::Username));
    }
    let username = names.contact_of_username();
    for index in 0..names.contacts.0.len() {
        let entry = &names.contacts.0[index];
        if !entry.unsettled {
            continue;
        }
        let others: Vec<&Holder> = holders.iter().filter(|holder| holder.key == entry.key).collect();
        let (is_free, all_give_way) = (others.is_empty(), others.into_iter().all(Holder::gives_way));
        let leads = if is_free {
            sharing == Sharing::Told || !is_shared(connection, &entry.key, entry.verified, own).await?
        } else if sharing == Sharing::Judged && entry.verified && all_give_way {
            names.displaced.push(entry.key.clone());
            true
        } else if entry.kind == ContactKind::Email {
            return Ok(Some(Taken::Email));
        } else {
            false
        };
        let entry = &mut names.contacts.0[index];
        entry.unsettled = false;
        if leads {
            entry.login_key = Some(entry.key.clone());
        }
    }
    let own_name = username.and_then(|(kind, key)| names.contacts.find(kind, &key));
    Ok(own_name.is_some_and(|entry| entry.login_key.is_none()).then_some(Taken::Username))
}

/// Lets one transaction at a time settle to whom a contact leads: what others are about to write decides too. SQLite has one
/// writer; PostgreSQL has a lock that ends with the transaction, taken in one order, so that no two wait for each other.
async fn one_at_a_time(connection: &impl ConnectionTrait, names: &Names) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    if backend != DbBackend::Postgres {
        return Ok(());
    }
    let mut keys: Vec<&str> =
        names.contacts.0.iter().filter(|entry| entry.unsettled).map(|entry| &*entry.key).collect();
    keys.sort_unstable();
    for key in keys {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, [Value::from(key)])).await?;
    }
    Ok(())
}

/// What a unique index refused: whoever came first is in the table now.
pub(crate) async fn username_or_contact_taken(
    connection: &impl ConnectionTrait,
    names: &Names,
    own: Option<UserId>,
) -> Result<Option<Taken>, DbErr> {
    let holders = holders(connection, names, own).await?;
    if holders.iter().any(|holder| holder.key == names.username.key) {
        return Ok(Some(Taken::Username));
    }
    let leading = names.contacts.0.iter().filter_map(|entry| entry.login_key.as_ref());
    Ok(leading.into_iter().any(|key| holders.iter().any(|holder| holder.key == *key)).then_some(Taken::Email))
}

/// Everybody but `own` to whom the username or one of the contacts leads, in one statement.
async fn holders(connection: &impl ConnectionTrait, names: &Names, own: Option<UserId>) -> Result<Vec<Holder>, DbErr> {
    let mut values: Vec<Value> = vec![own.map(|own| own.to_string()).unwrap_or_default().into()];
    values.push(names.username.key.clone().into());
    values.extend(names.contacts.0.iter().map(|entry| entry.key.clone().into()));
    let keys: Vec<String> = (2..=values.len()).map(|number| format!("${number}")).collect();
    let keys = keys.join(", ");
    let sql = format!(
        "SELECT username_key AS key, TRUE AS by_username, FALSE AS verified FROM users \
         WHERE username_key IN ({keys}) AND id <> $1 \
         UNION ALL \
         SELECT login_key AS key, FALSE AS by_username, verified FROM user_contacts \
         WHERE login_key IN ({keys}) AND user_id <> $1"
    );
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    Holder::find_by_statement(statement).all(connection).await
}

/// Whether others have a contact that leads to nobody: any of them, or for whoever was shown to hold it, any who was so too.
async fn is_shared(
    connection: &impl ConnectionTrait,
    key: &str,
    verified: bool,
    own: Option<UserId>,
) -> Result<bool, DbErr> {
    let sql =
        "SELECT verified FROM user_contacts WHERE value_key = $1 AND user_id <> $2 ORDER BY verified DESC LIMIT 1";
    let values = [Value::from(key), own.map(|own| own.to_string()).unwrap_or_default().into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, values);
    match connection.query_one_raw(statement).await? {
        None => Ok(false),
        Some(other) => Ok(!verified || other.try_get::<bool>("", "verified")?),
    }
}
