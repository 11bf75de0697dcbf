//! Who acts for a person (RFC 8693 section 4.1): the claim `act`.

use serde::{Deserialize, Serialize};

/// Somebody who acts for the subject of a token, and who acted before them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The application or person that acts.
    pub sub: String,
    /// Who acted before: for the record only, since it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// How many act one after the other.
    #[must_use]
    pub fn length(&self) -> usize {
        let mut length = 1;
        let mut before = self.act.as_deref();
        while let Some(actor) = before {
            length += 1;
            before = actor.act.as_deref();
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8693 section 4.1, figure 6.
    #[test]
    fn a_chain_is_written_as_the_rfc_shows_it() {
        let chain =
            json!({ "sub": "https://service16.example.com", "act": { "sub": "https://service77.example.com" } });
        let read: Actor = serde_json::from_value(chain.clone()).unwrap();
        assert_eq!((read.length(), json!(read)), (2, chain));
    }
}
