//! Claims as a person reads them: name, value, meaning.

use chrono::DateTime;
use serde_json::{Map, Value};

/// What the app knows of claims, in the order that it shows them.
const MEANINGS: [(&str, &str); 28] = [
    ("name", "your full name"),
    ("given_name", "your first name"),
    ("family_name", "your last name"),
    ("middle_name", "your name between those"),
    ("nickname", "what friends call you"),
    ("preferred_username", "what you like to be called"),
    ("email", "where mail reaches you"),
    ("email_verified", "whether that was proved"),
    ("birthdate", "when you were born"),
    ("gender", "your gender"),
    ("locale", "your language"),
    ("zoneinfo", "your time zone"),
    ("website", "your site"),
    ("profile", "a page about you"),
    ("picture", "what you look like"),
    ("updated_at", "when any of this last changed"),
    ("sub", "who you are to Vestibule, for ever"),
    ("iss", "who vouches for this"),
    ("aud", "which app it is meant for"),
    ("auth_time", "when you proved who you are"),
    ("amr", "by what means you proved it"),
    ("acr", "how sure Vestibule is of you"),
    ("iat", "when it was issued"),
    ("exp", "not valid from then on"),
    ("nonce", "ties it to the request that we sent"),
    ("at_hash", "ties it to the access token"),
    ("azp", "which app asked for it"),
    ("sid", "your session with Vestibule"),
];

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    /// What the claim means; empty where the app does not know it.
    pub(super) meaning: &'static str,
}

/// One line a claim; of a claim that is an object, one a member. Those that the app knows come first.
pub(super) fn rows(claims: &Map<String, Value>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, value) in claims {
        match value {
            Value::Object(members) => {
                rows.extend(members.iter().map(|(member, value)| row(format!("{name}.{member}"), value)));
            }
            value => rows.push(row(name.clone(), value)),
        }
    }
    rows.sort_by_key(|row| MEANINGS.iter().position(|(known, _)| *known == row.name).unwrap_or(MEANINGS.len()));
    rows
}

fn row(name: String, value: &Value) -> Row {
    let words = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join(", "),
        Value::Number(number) if is_moment(&name) => number.as_i64().and_then(moment).unwrap_or(number.to_string()),
        other => other.to_string(),
    };
    let meaning = meaning(&name);
    Row { name, value: words, meaning }
}

fn inline(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_moment(name: &str) -> bool {
    ["exp", "iat", "nbf", "auth_time", "updated_at"].contains(&name)
}

/// A `NumericDate`, in words.
fn moment(seconds: i64) -> Option<String> {
    DateTime::from_timestamp(seconds, 0).map(|moment| moment.format("%-d %B %Y, %H:%M:%S UTC").to_string())
}

fn meaning(name: &str) -> &'static str {
    MEANINGS.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(claims: Value) -> Vec<(String, String)> {
        let Value::Object(claims) = claims else { panic!("an object") };
        rows(&claims).into_iter().map(|row| (row.name, row.value)).collect()
    }

    #[test]
    fn moments_lists_and_flags_are_shown_in_words() {
        let shown = values(json!({ "amr": ["pwd", "otp"], "auth_time": 0, "email_verified": true, "sub": "x" }));
        let expected = [
            ("email_verified", "yes"),
            ("sub", "x"),
            ("auth_time", "1 January 1970, 00:00:00 UTC"),
            ("amr", "pwd, otp"),
        ];
        assert_eq!(shown, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn members_of_an_object_get_lines_of_their_own() {
        let shown = values(json!({ "address": { "locality": "Lisboa" } }));
        assert_eq!(shown, [("address.locality".to_owned(), "Lisboa".to_owned())]);
    }

    #[test]
    fn a_moment_that_no_calendar_has_stays_a_number() {
        assert_eq!(values(json!({ "exp": i64::MAX }))[0].1, i64::MAX.to_string());
    }
}
