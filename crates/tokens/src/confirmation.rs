//! To which key a token is bound (RFC 7800): whoever presents the token proves to hold that key, or is refused.

use serde::{Deserialize, Serialize};

/// The key that a token is bound to, as the member `cnf` names it: exactly one, of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Confirmation {
    /// The thumbprint of the public key that signs DPoP proofs (RFC 9449 section 6.1).
    #[serde(rename = "jkt")]
    Jkt(String),
    /// The SHA-256 thumbprint of a TLS client certificate (RFC 8705 section 3.1).
    #[serde(rename = "x5t#S256")]
    X5tS256(String),
}

impl Confirmation {
    /// The `token_type` of an access token that is bound so (RFC 9449 section 5; RFC 8705 leaves it at `Bearer`).
    #[must_use]
    pub fn token_type(this: Option<&Self>) -> &'static str {
        match this {
            Some(Self::Jkt(_)) => "DPoP",
            Some(Self::X5tS256(_)) | None => "Bearer",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_written_as_the_member_cnf() {
        let by_key = Confirmation::Jkt("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".to_owned());
        let by_certificate = Confirmation::X5tS256("bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2".to_owned());
        assert_eq!(json!(by_key), json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }));
        assert_eq!(json!(by_certificate), json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }));
        for one in [by_key, by_certificate] {
            assert_eq!(serde_json::from_value::<Confirmation>(json!(one)).ok(), Some(one));
        }
    }

    #[test]
    fn what_is_not_understood_is_not_taken_for_unbound() {
        for other in
            [json!({}), json!({ "jwk": {} }), json!({ "jkt": "a", "x5t#S256": "b" }), json!("jkt"), json!({ "jkt": 1 })]
        {
            assert!(serde_json::from_value::<Confirmation>(other.clone()).is_err(), "{other}");
        }
    }
}
