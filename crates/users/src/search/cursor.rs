//! Where a page begins: after the user at the end of the one before. A cursor is for callers to give back, not to read.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use vestibule_core::UserId;

use super::{
    Query, SearchError, SortBy,
    part::{Part, parts},
};
use crate::entity::Model;

/// The longest cursor that is read.
const LONGEST: usize = 4096;

/// The user at the end of a page, by what the list is sorted by.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cursor {
    sort: String,
    descending: bool,
    pub(super) key: Key,
    pub(super) id: UserId,
    /// Whether it is of the second part of the list.
    pub(super) rest: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Key {
    Number(i64),
    Text(String),
}

/// The cursor after a user, who may be of the second part of the list.
pub(super) fn after(query: &Query, last: &Model, rest: bool) -> String {
    let key = match query.sort {
        SortBy::Username => Key::Text(last.username_key.clone()),
        SortBy::CreatedAt => Key::Number(last.created_at),
        SortBy::LastSignIn => Key::Number(last.last_sign_in.unwrap_or(0)),
        SortBy::Email => Key::Text(last.email_order.clone()),
    };
    let document = serde_json::json!({
        "sort": query.sort.as_str(),
        "descending": query.descending,
        "key": key,
        "id": last.id,
        "rest": rest,
    });
    BASE64_URL_SAFE_NO_PAD.encode(document.to_string())
}

/// The cursor of a query, if it has one.
pub(super) fn read(query: &Query) -> Result<Option<Cursor>, SearchError> {
    let Some(text) = &query.cursor else { return Ok(None) };
    if text.len() > LONGEST {
        return Err(SearchError::BadCursor);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| SearchError::BadCursor)?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| SearchError::BadCursor)?;
    let is_text = matches!(cursor.key, Key::Text(_));
    let fits = is_text == matches!(query.sort, SortBy::Username | SortBy::Email)
        && cursor.sort == query.sort.as_str()
        && cursor.descending == query.descending
        && (!cursor.rest || parts(query).contains(&Part::Rest))
        && !matches!(&cursor.key, Key::Text(text) if text.contains('\0'));
    if fits { Ok(Some(cursor)) } else { Err(SearchError::BadCursor) }
}
