//! The embedded engine's SQL: one small function an operation. All run within a transaction that the worker began.

use rusqlite::{Connection, OptionalExtension, params};
use vestibule_core::Timestamp;

use crate::{
    Found, Kind,
    pace::{Numbers, Refused, Tries},
};

pub(super) fn put(
    connection: &Connection,
    kind: Kind,
    key: &str,
    value: &[u8],
    owner: Option<&str>,
    expires_at: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO entries (kind, key, once, spent, owner, value, expires_at) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)
             ON CONFLICT (kind, key) DO UPDATE SET once = excluded.once, spent = 0, owner = excluded.owner,
                 value = excluded.value, expires_at = excluded.expires_at",
        )?
        .execute(params![kind.name(), key, kind.is_once(), owner, value, expires_at.millis()])
        .map(drop)
}

/// What is there, and until when.
pub(super) fn look(
    connection: &Connection,
    kind: Kind,
    key: &str,
    now: Timestamp,
) -> rusqlite::Result<(Found, Option<Timestamp>)> {
    let found = connection
        .prepare_cached(
            "SELECT spent, value, expires_at FROM entries WHERE kind = ?1 AND key = ?2 AND expires_at > ?3",
        )?
        .query_row(params![kind.name(), key, now.millis()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match found {
        Some((false, value, expires_at)) => (Found::Live(value), Some(Timestamp::from_millis(expires_at))),
        Some((true, value, expires_at)) => (Found::Spent(value), Some(Timestamp::from_millis(expires_at))),
        None => (Found::Missing, None),
    })
}

pub(super) fn swap(
    connection: &Connection,
    kind: Kind,
    key: &str,
    old: &[u8],
    new: &[u8],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE entries SET value = ?4
             WHERE kind = ?1 AND key = ?2 AND value = ?3 AND spent = 0 AND expires_at > ?5",
        )?
        .execute(params![kind.name(), key, old, new, now.millis()])?;
    Ok(changed == 1)
}

pub(super) fn remove_if(
    connection: &Connection,
    kind: Kind,
    key: &str,
    value: &[u8],
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let removed = connection
        .prepare_cached(
            "DELETE FROM entries WHERE kind = ?1 AND key = ?2 AND value = ?3 AND spent = 0 AND expires_at > ?4",
        )?
        .execute(params![kind.name(), key, value, now.millis()])?;
    Ok(removed == 1)
}

/// Nothing comes between the look and the change: this thread alone works the file.
pub(super) fn take(
    connection: &Connection,
    kind: Kind,
    key: &str,
    tombstone: Option<(&[u8], Timestamp)>,
    now: Timestamp,
) -> rusqlite::Result<Found> {
    let (found, _) = look(connection, kind, key, now)?;
    if let Found::Live(_) = found {
        match tombstone {
            Some((value, expires_at)) => connection
                .prepare_cached(
                    "UPDATE entries SET spent = 1, owner = NULL, value = ?3, expires_at = ?4
                     WHERE kind = ?1 AND key = ?2",
                )?
                .execute(params![kind.name(), key, value, expires_at.millis()])?,
            None => connection
                .prepare_cached("DELETE FROM entries WHERE kind = ?1 AND key = ?2")?
                .execute(params![kind.name(), key])?,
        };
    }
    Ok(found)
}

pub(super) fn touch(
    connection: &Connection,
    kind: Kind,
    key: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "UPDATE entries SET expires_at = ?3 WHERE kind = ?1 AND key = ?2 AND spent = 0 AND expires_at > ?4",
        )?
        .execute(params![kind.name(), key, expires_at.millis(), now.millis()])?;
    Ok(changed == 1)
}

pub(super) fn list(
    connection: &Connection,
    kind: Kind,
    owner: &str,
    now: Timestamp,
) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    connection
        .prepare_cached(
            "SELECT key, value FROM entries
             WHERE kind = ?1 AND owner = ?2 AND spent = 0 AND expires_at > ?3 ORDER BY key",
        )?
        .query_map(params![kind.name(), owner, now.millis()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn count(
    connection: &Connection,
    kind: Kind,
    key: &str,
    window_ends: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "INSERT INTO counters (kind, key, count, expires_at) VALUES (?1, ?2, 1, ?3)
             ON CONFLICT (kind, key) DO UPDATE SET
                 count = CASE WHEN expires_at > ?4 THEN count + 1 ELSE 1 END,
                 expires_at = CASE WHEN expires_at > ?4 THEN expires_at ELSE excluded.expires_at END
             RETURNING count",
        )?
        .query_row(params![kind.name(), key, window_ends.millis(), now.millis()], |row| row.get::<_, i64>(0))
        .map(|count| u64::try_from(count).unwrap_or(0))
}

/// As with a take, nothing comes between the looks and the changes.
pub(super) fn admit_all(
    connection: &Connection,
    kind: Kind,
    asked: &[(String, Numbers)],
    now: Timestamp,
) -> rusqlite::Result<Option<Refused>> {
    let mut admitted = Vec::with_capacity(asked.len());
    for (index, (key, pace)) in asked.iter().enumerate() {
        match pace.admit(tries(connection, kind, key, now)?, now) {
            Ok(tries) => admitted.push((key, tries)),
            Err(wait) => return Ok(Some(Refused { index, wait })),
        }
    }
    for (key, Tries { forgiven_at, next_at }) in admitted {
        put(connection, kind, key, next_at.millis().to_string().as_bytes(), None, forgiven_at)?;
    }
    Ok(None)
}

pub(super) fn give_back(
    connection: &Connection,
    kind: Kind,
    key: &str,
    forgive: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE entries SET expires_at = expires_at - ?3, value = ?4
             WHERE kind = ?1 AND key = ?2 AND spent = 0 AND expires_at > ?5",
        )?
        .execute(params![kind.name(), key, forgive, now.millis().to_string().as_bytes(), now.millis()])
        .map(drop)
}

fn tries(connection: &Connection, kind: Kind, key: &str, now: Timestamp) -> rusqlite::Result<Option<Tries>> {
    let found = connection
        .prepare_cached(
            "SELECT expires_at, value FROM entries WHERE kind = ?1 AND key = ?2 AND spent = 0 AND expires_at > ?3",
        )?
        .query_row(params![kind.name(), key, now.millis()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
        .optional()?;
    Ok(found.map(|(expires_at, value)| {
        let next_at = std::str::from_utf8(&value).ok().and_then(|digits| digits.parse().ok());
        // What is not a moment was not written here: it holds nothing up.
        Tries {
            forgiven_at: Timestamp::from_millis(expires_at),
            next_at: Timestamp::from_millis(next_at.unwrap_or_default()),
        }
    }))
}

pub(super) fn mark_seen(
    connection: &Connection,
    kind: Kind,
    key: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let changed = connection
        .prepare_cached(
            "INSERT INTO entries (kind, key, once, spent, owner, value, expires_at) VALUES (?1, ?2, ?3, 1, NULL, x'', ?4)
             ON CONFLICT (kind, key) DO UPDATE SET once = excluded.once, spent = 1, owner = NULL, value = x'',
                 expires_at = excluded.expires_at
             WHERE entries.expires_at <= ?5",
        )?
        .execute(params![kind.name(), key, kind.is_once(), expires_at.millis(), now.millis()])?;
    Ok(changed == 1)
}

/// Removes at most `limit` expired entries and as many counters, and answers whether there may be more.
pub(super) fn sweep(connection: &Connection, now: Timestamp, limit: usize) -> rusqlite::Result<bool> {
    let mut more = false;
    for sql in [
        "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires_at <= ?1 LIMIT ?2)",
        "DELETE FROM counters WHERE id IN (SELECT id FROM counters WHERE expires_at <= ?1 LIMIT ?2)",
    ] {
        let limit_parameter = i64::try_from(limit).unwrap_or(i64::MAX);
        let removed = connection.prepare_cached(sql)?.execute(params![now.millis(), limit_parameter])?;
        more |= removed == limit;
    }
    Ok(more)
}

pub(super) fn ping(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("SELECT count(*) FROM marker")?.query_row([], |row| row.get::<_, i64>(0)).map(drop)
}
