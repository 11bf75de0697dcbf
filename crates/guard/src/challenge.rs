//! The answer to a request that is refused: status, `WWW-Authenticate`, and the same in JSON for whoever reads bodies.
//!
//! A 401 or 403 names each way to do better: the schemes that are taken (RFC 6750 section 3, RFC 9449 section 7.1), where the
//! metadata of this API lies (RFC 9728 section 5.1), the scope that is missing, or the sign-in that is asked for (RFC 9470).

use std::{fmt, sync::Arc};

use http::{StatusCode, header};
use poem::{Response, error::ResponseError};
use serde_json::json;
use vestibule_jose::DPOP_ALGORITHMS;

use crate::{Denied, credentials::Scheme};

/// How long a client is asked to wait when the provider does not answer, in seconds.
const RETRY_AFTER: &str = "5";

/// What every challenge of a guard says.
#[derive(Debug)]
pub(crate) struct Terms {
    /// Where the metadata of the API lies (RFC 9728).
    pub(crate) resource_metadata: String,
    /// Whether only tokens that are bound to a key are taken.
    pub(crate) dpop_only: bool,
}

/// A request that is refused, with its answer. As an error of a handler it answers the request.
#[derive(Clone, thiserror::Error)]
#[error("{denied}")]
pub struct Refusal {
    denied: Denied,
    scheme: Option<Scheme>,
    nonce: Option<String>,
    terms: Option<Arc<Terms>>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusal").field(&self.denied).finish()
    }
}

impl Refusal {
    pub(crate) fn new(denied: Denied, terms: Arc<Terms>) -> Self {
        Self { denied, scheme: None, nonce: None, terms: Some(terms) }
    }

    /// Of a route around which there is no guard.
    pub(crate) fn unguarded() -> Self {
        tracing::error!("a route asks for a token, and no vestibule_guard::Guard stands around it");
        Self { denied: Denied::Unguarded, scheme: None, nonce: None, terms: None }
    }

    /// The scheme by which the token came.
    pub(crate) fn by(self, scheme: Option<Scheme>) -> Self {
        Self { scheme, ..self }
    }

    /// With a nonce for the next proof.
    pub(crate) fn with_nonce(self, nonce: Option<String>) -> Self {
        Self { nonce, ..self }
    }

    /// Why.
    #[must_use]
    pub fn denied(&self) -> &Denied {
        &self.denied
    }

    /// One challenge for each scheme; the error stands with the one that was used.
    fn challenges(&self) -> Vec<String> {
        let Some(terms) = &self.terms else { return Vec::new() };
        let taken: &[Scheme] = if terms.dpop_only { &[Scheme::Dpop] } else { &[Scheme::Bearer, Scheme::Dpop] };
        let used = self.scheme.filter(|scheme| taken.contains(scheme)).unwrap_or(taken[0]);
        let mut challenges: Vec<_> =
            taken.iter().map(|scheme| self.challenge(*scheme, *scheme == used, terms)).collect();
        // The one that says what is wrong is read first.
        if used == Scheme::Dpop {
            challenges.reverse();
        }
        challenges
    }

    fn challenge(&self, scheme: Scheme, with_error: bool, terms: &Terms) -> String {
        let mut parameters: Vec<(&str, String)> = Vec::new();
        if with_error && let Some(code) = self.denied.code() {
            parameters.push(("error", code.to_owned()));
            parameters.push(("error_description", self.denied.told()));
            match &self.denied {
                Denied::Scope(scope) => parameters.push(("scope", scope.clone())),
                Denied::Authentication { acr_values, max_age } => {
                    parameters.extend((!acr_values.is_empty()).then(|| ("acr_values", acr_values.join(" "))));
                    parameters.extend(max_age.map(|age| ("max_age", age.as_secs().to_string())));
                }
                _ => {}
            }
        }
        if scheme == Scheme::Dpop {
            parameters.push(("algs", DPOP_ALGORITHMS.map(|algorithm| algorithm.name()).join(" ")));
        }
        parameters.push(("resource_metadata", terms.resource_metadata.clone()));
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quotable(value))).collect();
        format!("{} {}", scheme.name(), parameters.join(", "))
    }
}

/// What may stand between quotes there (RFC 6750 section 3): the rest becomes blanks.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { ' ' }).collect()
}

impl ResponseError for Refusal {
    fn status(&self) -> StatusCode {
        self.denied.status()
    }

    fn as_response(&self) -> Response {
        let status = self.denied.status();
        let mut answer = Response::builder().status(status).header(header::CACHE_CONTROL, "no-store");
        if status != StatusCode::SERVICE_UNAVAILABLE && status != StatusCode::INTERNAL_SERVER_ERROR {
            for challenge in self.challenges() {
                answer = answer.header(header::WWW_AUTHENTICATE, challenge);
            }
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer = answer.header(header::RETRY_AFTER, RETRY_AFTER);
        }
        if let Some(nonce) = &self.nonce {
            answer = answer.header("dpop-nonce", nonce.as_str());
        }
        match self.denied.code() {
            Some(code) => {
                let body = json!({ "error": code, "error_description": self.denied.told() });
                answer.content_type("application/json").body(body.to_string())
            }
            None => answer.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::TokenFault;

    fn terms(dpop_only: bool) -> Arc<Terms> {
        Arc::new(Terms {
            resource_metadata: "https://api.example/.well-known/oauth-protected-resource".to_owned(),
            dpop_only,
        })
    }

    fn challenges(refusal: &Refusal) -> Vec<String> {
        let answer = refusal.as_response();
        answer
            .headers()
            .get_all(header::WWW_AUTHENTICATE)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn without_a_token_both_schemes_are_named_and_no_error() {
        let refusal = Refusal::new(Denied::NoToken, terms(false));
        let metadata = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"";
        let dpop = format!("DPoP algs=\"ES256 PS256 EdDSA\", {metadata}");
        assert_eq!(challenges(&refusal), [format!("Bearer {metadata}"), dpop.clone()]);
        assert_eq!(challenges(&Refusal::new(Denied::NoToken, terms(true))), [dpop]);
    }

    #[test]
    fn the_error_stands_with_the_scheme_that_was_used() {
        let refusal = Refusal::new(TokenFault::OtherKey.into(), terms(false)).by(Some(Scheme::Dpop));
        let challenges = challenges(&refusal);
        assert!(challenges[0].starts_with("DPoP error=\"invalid_token\", error_description=\""), "{challenges:?}");
        assert!(challenges[1].starts_with("Bearer resource_metadata="), "{challenges:?}");
    }

    #[test]
    fn a_missing_scope_and_a_sign_in_are_named() {
        let scope = challenges(&Refusal::new(Denied::Scope("notes:read".to_owned()), terms(false)));
        assert!(scope[0].contains("error=\"insufficient_scope\"") && scope[0].contains("scope=\"notes:read\""));
        let again = Denied::Authentication {
            acr_values: vec!["one".to_owned(), "two".to_owned()],
            max_age: Some(Duration::from_secs(60)),
        };
        let again = challenges(&Refusal::new(again, terms(false)));
        assert!(again[0].contains("error=\"insufficient_user_authentication\""), "{again:?}");
        assert!(again[0].contains("acr_values=\"one two\", max_age=\"60\""), "{again:?}");
    }

    #[test]
    fn nothing_can_end_the_quotes() {
        let odd = challenges(&Refusal::new(Denied::Scope("a\"\\\r\nb, error=x".to_owned()), terms(false)));
        assert!(odd[0].contains("scope=\"a    b, error=x\""), "{odd:?}");
    }

    #[test]
    fn what_no_client_can_mend_has_no_challenge() {
        let refusal = Refusal::new(Denied::Unavailable, terms(false));
        assert_eq!(challenges(&refusal), [] as [String; 0]);
        assert_eq!(refusal.as_response().headers()[header::RETRY_AFTER], "5");
        assert_eq!(Refusal::unguarded().as_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
