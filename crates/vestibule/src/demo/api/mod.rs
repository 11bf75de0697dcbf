//! A sample resource server: `GET /notes`, for whoever brings an access token that was made for it.
//!
//! It keeps no users and no sessions. It trusts one issuer, whose keys it reads from the JWKS that discovery names, and checks
//! each token by itself ([`token`]): no request to the provider is made for it.

mod notes;
mod token;

use ::http::{
    HeaderMap, HeaderValue, Method, Request, StatusCode,
    header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE},
};
use serde_json::json;
use vestibule_core::Clock;

use self::token::{Bearer, Expected, Refusal};
use super::{
    NOTES_SCOPE,
    discovery::Discovery,
    http::{Answer, in_words, json as document},
};

/// The API.
#[derive(Debug)]
pub(super) struct Api {
    identifier: String,
    discovery: Discovery,
    clock: Clock,
}

impl Api {
    /// The API that tokens call `identifier`.
    pub(super) fn new(identifier: String, discovery: Discovery, clock: Clock) -> Self {
        Self { identifier, discovery, clock }
    }

    /// Answers a request.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Answer {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/notes") => self.notes(request.headers()).await,
            (_, "/notes") => {
                let mut answer = document(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "method_not_allowed" }));
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
                answer
            }
            _ => document(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
        }
    }

    async fn notes(&self, headers: &HeaderMap) -> Answer {
        let bearer = match bearer_token(headers) {
            Ok(token) => self.check(token).await,
            Err(refusal) => Err(refusal),
        };
        match bearer {
            Ok(bearer) => document(StatusCode::OK, &notes::of(&bearer)),
            Err(refusal) => refuse(&refusal),
        }
    }

    async fn check(&self, token: &str) -> Result<Bearer, Refusal> {
        let unavailable = |error| {
            tracing::warn!(error = in_words(&error), "the sample API cannot learn the provider's keys");
            Refusal::Unavailable
        };
        let metadata = self.discovery.metadata().await.map_err(unavailable)?;
        let expected = Expected {
            issuer: metadata.issuer(),
            audience: &self.identifier,
            scope: NOTES_SCOPE,
            now: self.clock.now(),
        };
        match token::check(token, metadata.jwks(), &expected) {
            // The provider may have rotated its keys since we last looked.
            Err(Refusal::UnknownKey) => {
                let fresh = self.discovery.refreshed().await.map_err(unavailable)?;
                token::check(token, fresh.jwks(), &expected)
            }
            checked => checked,
        }
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750 section 2.1), the one way that we take it.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(Refusal::NoToken) };
    let value = value.to_str().map_err(|_| Refusal::NoToken)?;
    let (scheme, token) = value.split_once(' ').ok_or(Refusal::NoToken)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(Refusal::NoToken) }
}

/// Status and challenge of RFC 6750 section 3. Who brought no token is told no error.
fn refuse(refusal: &Refusal) -> Answer {
    let (status, code) = match refusal {
        Refusal::NoToken => (StatusCode::UNAUTHORIZED, None),
        Refusal::MissingScope => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
        Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
        _ => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
    };
    let body = json!({ "error": code.unwrap_or(refusal.code()), "error_description": refusal.to_string() });
    let mut answer = document(status, &body);
    let mut challenge = format!("Bearer realm=\"notes\", scope=\"{NOTES_SCOPE}\"");
    if let Some(code) = code {
        challenge.push_str(&format!(", error=\"{code}\", error_description=\"{refusal}\""));
    }
    // The words are ours, so the header is always well formed; nothing of the token is in it.
    if let (Ok(challenge), false) = (HeaderValue::try_from(challenge), *refusal == Refusal::Unavailable) {
        answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    fn challenge(refusal: &Refusal) -> String {
        refuse(refusal).headers()[WWW_AUTHENTICATE].to_str().unwrap().to_owned()
    }

    #[test]
    fn only_one_bearer_header_carries_a_token() {
        assert_eq!(bearer_token(&headers(&["Bearer abc"])), Ok("abc"));
        assert_eq!(bearer_token(&headers(&["bearer abc"])), Ok("abc"));
        for none in [&[][..], &["Basic abc"], &["abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer_token(&headers(none)), Err(Refusal::NoToken), "{none:?}");
        }
    }

    #[test]
    fn a_request_without_a_token_is_challenged_without_an_error() {
        assert_eq!(refuse(&Refusal::NoToken).status(), StatusCode::UNAUTHORIZED);
        assert_eq!(challenge(&Refusal::NoToken), "Bearer realm=\"notes\", scope=\"notes.read\"");
    }

    #[test]
    fn a_bad_token_is_401_and_a_missing_scope_403() {
        assert_eq!(refuse(&Refusal::Expired).status(), StatusCode::UNAUTHORIZED);
        assert!(challenge(&Refusal::Expired).contains("error=\"invalid_token\""));
        assert_eq!(refuse(&Refusal::MissingScope).status(), StatusCode::FORBIDDEN);
        assert!(challenge(&Refusal::MissingScope).contains("error=\"insufficient_scope\""));
    }

    #[test]
    fn unreachable_keys_are_no_fault_of_the_token() {
        let answer = refuse(&Refusal::Unavailable);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
    }
}
