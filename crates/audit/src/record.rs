//! What was written down, as it is read and exported: the names of the fields are the same everywhere and never change.

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_core::Timestamp;

use crate::{Cursor, row};

/// One audit record. What is not known is `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Its id, a UUID.
    pub id: String,
    /// When it happened: RFC 3339, UTC, with milliseconds.
    pub time: String,
    /// What happened: a name of [`Kind`](crate::Kind), or one that a newer program wrote.
    pub kind: String,
    /// Who did it.
    pub actor: RecordActor,
    /// The user that it was done to or for.
    pub subject: Option<String>,
    /// The thing that it was done to.
    pub object: Option<RecordObject>,
    /// The application that it happened at.
    pub client: Option<String>,
    /// By which way.
    pub way: Option<String>,
    /// From which address.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What else is known.
    pub details: Map<String, Value>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordActor {
    /// `user`, `api_token`, `client`, `command`, `system` or `nobody`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The user or the application.
    pub id: Option<String>,
    /// The id of the API token that the user acted by.
    pub token: Option<String>,
}

/// The thing that it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordObject {
    /// A name of [`ObjectType`](crate::ObjectType).
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id or name.
    pub id: String,
}

/// A page of records.
#[derive(Clone, Debug)]
pub struct Records {
    /// In the order that was asked for.
    pub records: Vec<Record>,
    /// Where the next page begins; none after the last.
    pub next: Option<Cursor>,
}

impl Record {
    pub(crate) fn from_row(row: row::Model) -> Self {
        Self {
            id: row.id,
            time: rfc3339(Timestamp::from_millis(row.at)),
            kind: row.kind,
            actor: RecordActor { kind: row.actor_type, id: row.actor_id, token: row.actor_token },
            subject: row.subject,
            object: row.object_type.zip(row.object_id).map(|(kind, id)| RecordObject { kind, id }),
            client: row.client_id,
            way: row.way,
            address: row.address,
            request_id: row.request_id,
            // This program writes nothing but objects there.
            details: serde_json::from_str(&row.details).unwrap_or_default(),
        }
    }
}

/// `2026-11-23T22:50:11.123Z`. A moment that no calendar has is the epoch.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    DateTime::from_timestamp_millis(moment.millis()).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_with_milliseconds_and_in_utc() {
        assert_eq!(rfc3339(Timestamp::from_millis(1_795_403_640_007)), "2026-11-23T03:14:00.007Z");
        assert_eq!(rfc3339(Timestamp::from_millis(i64::MAX)), "1970-01-01T00:00:00.000Z");
    }
}
