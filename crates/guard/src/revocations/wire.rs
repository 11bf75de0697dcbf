//! What the provider's events say (its docs/revocations.md).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use vestibule_core::Timestamp;

use super::{Hash, events::Event, memory::Entry};

/// The kinds of things that an entry may name.
const KINDS: [&str; 6] = ["token", "grant", "session", "user", "client", "consent"];
/// What stands in for "whenever it was minted".
const EVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// An event, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Something was ended.
    Revoked(Entry),
    /// Something was ended, and what cannot be said, for a program that is newer wrote it.
    Unknown {
        /// When it has lost its meaning.
        expires_at: Timestamp,
    },
    /// Everything up to now was told.
    CaughtUp,
    /// Of no meaning here.
    Other,
}

/// An event that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The data of an event `revocation`.
#[derive(Deserialize)]
struct Wire {
    kind: String,
    hash: String,
    /// Milliseconds.
    issued_before: Option<i64>,
    /// Milliseconds.
    expires_at: i64,
}

impl Message {
    pub(super) fn of(event: &Event) -> Result<Self, Malformed> {
        match event.name.as_str() {
            "revocation" => serde_json::from_str::<Wire>(&event.data).map_err(|_| Malformed)?.understood(),
            "ready" => Ok(Self::CaughtUp),
            _ => Ok(Self::Other),
        }
    }
}

impl Wire {
    fn understood(self) -> Result<Message, Malformed> {
        let expires_at = Timestamp::from_millis(self.expires_at);
        if !KINDS.contains(&self.kind.as_str()) {
            return Ok(Message::Unknown { expires_at });
        }
        let hash = URL_SAFE_NO_PAD.decode(self.hash).map_err(|_| Malformed)?;
        let names = Hash::try_from(hash).map_err(|_| Malformed)?;
        let minted_until = self.issued_before.map_or(EVER, Timestamp::from_millis);
        Ok(Message::Revoked(Entry { names, minted_until, expires_at }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocations::hash;

    fn read(name: &str, data: &str) -> Result<Message, Malformed> {
        Message::of(&Event { name: name.to_owned(), data: data.to_owned() })
    }

    #[test]
    fn an_entry_says_what_was_ended_and_until_when_that_matters() {
        let hash = URL_SAFE_NO_PAD.encode(hash("session", "sid"));
        let entry = |minted_until| Entry {
            names: crate::revocations::hash("session", "sid"),
            minted_until,
            expires_at: Timestamp::from_millis(9),
        };
        let all = format!(r#"{{"kind":"session","hash":"{hash}","expires_at":9}}"#);
        assert_eq!(read("revocation", &all), Ok(Message::Revoked(entry(EVER))));
        let until = format!(r#"{{"kind":"session","hash":"{hash}","issued_before":5,"expires_at":9,"more":{{}}}}"#);
        assert_eq!(read("revocation", &until), Ok(Message::Revoked(entry(Timestamp::from_millis(5)))));
    }

    #[test]
    fn a_name_is_the_hash_of_kind_and_value() {
        // printf 'session:sid' | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(URL_SAFE_NO_PAD.encode(hash("session", "sid")), "JUUrlJA2dbTtBKdYrGNYqOC7Qfk9rKS5CvoLzMCzPOw");
    }

    #[test]
    fn what_is_newer_than_this_program_is_told_from_what_is_broken() {
        let newer = r#"{"kind":"device","hash":"x","expires_at":9}"#;
        assert_eq!(read("revocation", newer), Ok(Message::Unknown { expires_at: Timestamp::from_millis(9) }));
        for broken in
            ["", "{}", "[]", r#"{"kind":"user","hash":"AAAA"}"#, r#"{"kind":"user","hash":"AAAA","expires_at":9}"#]
        {
            assert_eq!(read("revocation", broken), Err(Malformed), "{broken}");
        }
        assert_eq!((read("ready", "{}"), read("else", "{")), (Ok(Message::CaughtUp), Ok(Message::Other)));
    }
}
