//! Software statements (RFC 7591 sections 2.3 and 3.1.1): what somebody whom the operator trusts has signed of an application.
//!
//! A statement is no secret: whoever has the software has it. So it lets nobody in that the mode of registration keeps out, and
//! says only what it says. What it says counts before what the application says of itself, at the registration and at each change.

use std::{fmt, str::FromStr, time::Duration};

use serde_json::{Map, Value};
use vestibule_jose::{Algorithm, Audience, JwsError, RegisteredClaims, Unverified, Verified};

use super::RegistrationError;
use crate::{
    Provider,
    client::{authentication::RemoteError, is_fetched},
    discovery::path,
};

/// The longest statement, in bytes.
const LONGEST: usize = 16 * 1024;
/// How far an issuer's clock may be off ours.
const LEEWAY: Duration = Duration::from_secs(30);
/// The claims of any JWT: they are about the statement, and not about the application.
const OF_THE_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
/// Something of this stands in each statement. What has nothing of it is another JWT of its issuer (RFC 8725 section 3.12).
const OF_AN_APPLICATION: [&str; 6] = ["software_id", "client_name", "client_uri", "redirect_uris", "jwks", "jwks_uri"];

/// Somebody whose statements about applications an operator trusts (`registration.statement_issuers`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementIssuer {
    issuer: String,
    jwks_uri: String,
}

/// Why a text names no issuer of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the issuer (iss), a blank, and the https URL of its keys (http only for this machine), without credentials"
)]
pub struct NoIssuer;

impl FromStr for StatementIssuer {
    type Err = NoIssuer;

    fn from_str(text: &str) -> Result<Self, NoIssuer> {
        let (issuer, jwks_uri) = text.trim().split_once(' ').ok_or(NoIssuer)?;
        let jwks_uri = jwks_uri.trim();
        let plain = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if !plain(issuer) || !plain(jwks_uri) || !is_fetched(jwks_uri) {
            return Err(NoIssuer);
        }
        Ok(Self { issuer: issuer.to_owned(), jwks_uri: jwks_uri.to_owned() })
    }
}

impl fmt::Display for StatementIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.issuer, self.jwks_uri)
    }
}

/// What is asked of a document beside its metadata.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Vouching<'a> {
    /// The statement that the application brought before. It binds it further.
    pub(crate) held: Option<&'a str>,
    /// Whether a statement must be there.
    pub(crate) needed: bool,
}

/// A document with what a statement says in it.
pub(super) struct Stated {
    /// The document: a JSON object.
    pub(super) document: String,
    /// The statement, as it came.
    pub(super) statement: String,
}

impl Provider {
    /// Puts what the statement of a document says in place of what stands beside it. Nothing where there is no statement, or
    /// where nobody's count.
    pub(super) async fn stated(
        &self,
        document: &str,
        vouching: Vouching<'_>,
    ) -> Result<Option<Stated>, RegistrationError> {
        let Vouching { held, needed } = vouching;
        // Section 3.1.1: where statements are not supported, they are ignored.
        if self.settings().registration.statement_issuers.is_empty() && held.is_none() && !needed {
            return Ok(None);
        }
        let mut members: Map<String, Value> = serde_json::from_str(document)
            .map_err(|error| RegistrationError::Metadata(format!("it is no JSON object: {error}")))?;
        let statement = match members.remove("software_statement") {
            None | Some(Value::Null) => held.map(str::to_owned),
            Some(Value::String(statement)) => Some(statement),
            Some(_) => return Err(invalid("it is no text")),
        };
        let Some(statement) = statement else {
            return match needed {
                true => Err(invalid("one is needed to register an application here")),
                false => Ok(None),
            };
        };
        let claims = self.vouched_for(&statement).await?;
        if let Some(held) = held.filter(|held| *held != statement) {
            is_of_the_same(held, &claims)?;
        }
        members.extend(claims.into_iter().filter(|(name, _)| !OF_THE_JWT.contains(&name.as_str())));
        members.remove("software_statement");
        Ok(Some(Stated { document: Value::Object(members).to_string(), statement }))
    }

    /// What a statement says, where an issuer that is trusted has signed it, of an application, for us, and it holds now.
    async fn vouched_for(&self, statement: &str) -> Result<Map<String, Value>, RegistrationError> {
        if statement.len() > LONGEST {
            return Err(invalid("it is longer than 16 KiB"));
        }
        let token = Unverified::parse(statement).map_err(malformed)?;
        let claimed: RegisteredClaims = token.peek().map_err(malformed)?;
        // Said by anybody else, nothing is fetched for it.
        let known = &self.settings().registration.statement_issuers;
        let issuer = known.iter().find(|known| claimed.iss.as_deref() == Some(&known.issuer));
        let issuer = issuer.ok_or(RegistrationError::UnapprovedStatement)?;
        let remote = self.assertions().remote();
        let verified = remote.verify(&issuer.jwks_uri, &token, &Algorithm::ASYMMETRIC).await;
        let verified = verified.map_err(|error| match error {
            RemoteError::NoKeys => invalid("the keys of its issuer cannot be fetched"),
            RemoteError::Jws(error) => malformed(error),
        })?;
        self.is_about_an_application(&verified)
    }

    /// Something else that the same key signed is no statement (RFC 8725 section 3.12).
    fn is_about_an_application(&self, verified: &Verified<'_>) -> Result<Map<String, Value>, RegistrationError> {
        if verified.typ().is_some() && !verified.is_type("JWT") {
            return Err(invalid("it is of another type"));
        }
        let registered: RegisteredClaims = verified.claims().map_err(malformed)?;
        registered.check_times(self.clock().now(), LEEWAY).map_err(|error| invalid(&error.to_string()))?;
        let ours = [self.issuer().to_owned(), format!("{}{}", self.issuer(), path::REGISTER)];
        let audience = registered.aud.as_ref().map(Audience::names);
        if audience.is_some_and(|names| names.is_empty() || !names.iter().all(|name| ours.contains(name))) {
            return Err(invalid("it is for somebody else (aud)"));
        }
        let claims: Map<String, Value> = verified.claims().map_err(malformed)?;
        if !OF_AN_APPLICATION.iter().any(|name| claims.contains_key(*name)) {
            return Err(invalid("it says nothing of an application"));
        }
        Ok(claims)
    }
}

/// Another statement takes the place of the one that an application holds only where the same issuer makes it of the same software:
/// else it would be shaken off by that of any other.
fn is_of_the_same(held: &str, claims: &Map<String, Value>) -> Result<(), RegistrationError> {
    let before: Map<String, Value> = Unverified::parse(held).and_then(|token| token.peek()).map_err(malformed)?;
    let same = |name: &str| before.get(name) == claims.get(name);
    if same("iss") && same("software_id") { Ok(()) } else { Err(invalid("it is about other software than before")) }
}

fn invalid(why: &str) -> RegistrationError {
    RegistrationError::InvalidStatement(why.to_owned())
}

fn malformed(error: JwsError) -> RegistrationError {
    invalid(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_written_with_where_its_keys_are() {
        let issuer: StatementIssuer = "https://federation.example https://federation.example/jwks".parse().unwrap();
        assert_eq!(issuer.jwks_uri, "https://federation.example/jwks");
        assert_eq!(issuer.to_string().parse::<StatementIssuer>().unwrap(), issuer);
        for bad in [
            "",
            "https://federation.example",
            "https://federation.example ",
            "https://federation.example http://federation.example/jwks",
            "https://federation.example https://user:secret@federation.example/jwks",
            "https://federation.example https://federation.example/jwks more",
        ] {
            assert_eq!(bad.parse::<StatementIssuer>(), Err(NoIssuer), "{bad}");
        }
    }

    #[test]
    fn a52_another_statement_is_of_the_same_issuer_and_software() {
        let held = {
            use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
            let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(r#"{"iss":"a","software_id":"one"}"#))
        };
        let claims = |text: &str| serde_json::from_str(text).unwrap();
        assert!(is_of_the_same(&held, &claims(r#"{"iss":"a","software_id":"one","client_name":"New"}"#)).is_ok());
        for other in [r#"{"iss":"a","software_id":"two"}"#, r#"{"iss":"b","software_id":"one"}"#, r#"{"iss":"a"}"#] {
            assert!(is_of_the_same(&held, &claims(other)).is_err(), "{other}");
        }
    }
}
