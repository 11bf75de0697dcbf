//! What counts as the parameters of a request: those that were sent, those of a request object, or those that were pushed.
//!
//! ```text
//!  request_uri of ours ───────────────────────────────▶ what was pushed, and nothing that stands beside
//!  request, or a request_uri that is fetched ──▶ object ──▶ in JAR's way (RFC 9101 section 6.3): its parameters alone
//!                                                       └─▶ in OpenID Connect's (Core section 6.1): those beside fill it up
//!  neither ───────────────────────────────────────────▶ as they were sent
//! ```
//! Which of the two ways, `docs/decisions/0024-request-objects.md` tells. Afterwards there is no `request` and no `request_uri`,
//! and the rules do not know where a parameter came from.

use std::{borrow::Cow, collections::HashSet};

use vestibule_core::Parameters;

use super::{
    ErrorCode, PageError,
    error::{NotValid, once, request_doubles},
    object::{RequestObject, Way},
    request::address,
};
use crate::{
    Provider, Unavailable,
    client::Client,
    pushed::{PREFIX, PushedId},
};

/// What counts.
pub(super) struct Resolved<'a> {
    pub(super) parameters: Cow<'a, Parameters>,
    /// Where it was pushed before.
    pub(super) pushed: Option<PushedId>,
}

/// Why nothing counts.
pub(super) enum Unresolved {
    Refused(ErrorCode, String),
    Unavailable(Unavailable),
}

impl Unresolved {
    pub(super) fn new(code: ErrorCode, words: impl Into<String>) -> Self {
        Self::Refused(code, words.into())
    }

    /// As the authorization endpoint tells it: where to answer, what stands beside the object has to prove.
    fn told(self, client: &Client, sent: &Parameters) -> NotValid {
        match self {
            Self::Unavailable(error) => NotValid::Unavailable(error),
            Self::Refused(code, words) => match address(client, sent) {
                Ok(to) => NotValid::To(Box::new(to), code, words),
                Err(_) => NotValid::Page(PageError::Refused(code, words)),
            },
        }
    }
}

impl From<Unavailable> for Unresolved {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// Parameters that prove the application that pushes a request. They are none of the request (RFC 9126 section 2.1), and no
/// secret is kept with it.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

impl Provider {
    /// What counts of what a browser brought.
    pub(super) async fn resolve<'a>(&self, client: &Client, sent: &'a Parameters) -> Result<Resolved<'a>, NotValid> {
        let (object, uri) = (once(sent, "request")?, once(sent, "request_uri")?);
        if let (None, Some(uri)) = (object, uri.filter(|uri| uri.starts_with(PREFIX))) {
            return self.pushed_before(client, uri).await;
        }
        let parameters = self.not_pushed(client, sent, object, uri).await;
        let parameters = parameters.map_err(|unresolved| unresolved.told(client, sent))?;
        Ok(Resolved { parameters, pushed: None })
    }

    /// Of a pushed request only `client_id` and `request_uri` count (RFC 9126 section 4). Whoever comes with one of another
    /// application, or one that is over, cannot be answered anywhere.
    async fn pushed_before(&self, client: &Client, uri: &str) -> Result<Resolved<'static>, NotValid> {
        let words = "no request of this application waits under this request_uri; it is used, or it has expired";
        let gone = || PageError::Refused(ErrorCode::InvalidRequestUri, words.to_owned());
        let (id, parameters) = self.pushed().find(&client.id, uri).await?.ok_or_else(gone)?;
        Ok(Resolved { parameters: Cow::Owned(parameters), pushed: Some(id) })
    }

    async fn not_pushed<'a>(
        &self,
        client: &Client,
        sent: &'a Parameters,
        object: Option<&str>,
        uri: Option<&str>,
    ) -> Result<Cow<'a, Parameters>, Unresolved> {
        if self.must_push(client) {
            let words = "this application must push its authorization requests (RFC 9126)";
            return Err(Unresolved::new(ErrorCode::InvalidRequest, words));
        }
        let text = match (object, uri) {
            (None, None) if self.must_sign(client) => return Err(unsigned()),
            (None, None) => return Ok(Cow::Borrowed(sent)),
            (Some(_), Some(_)) => {
                let words = "request and request_uri do not go together";
                return Err(Unresolved::new(ErrorCode::InvalidRequest, words));
            }
            (Some(object), None) => Cow::Borrowed(object),
            (None, Some(uri)) => Cow::Owned(self.references().get(client, uri).await?),
        };
        let RequestObject { parameters, way } = self.read_object(client, &text).await?;
        // OpenID Connect Core section 6.1 wants `openid` beside the object, whatever stands in it.
        let openid = sent.all("scope").any(|scope| scope.split(' ').any(|scope| scope == "openid"));
        Ok(Cow::Owned(if way == Way::Jar || !openid || self.must_sign(client) {
            parameters.with("client_id", client.id.as_str())
        } else {
            filled_up(parameters, sent)?
        }))
    }

    /// What counts of what an application pushed: a request object in it counts in JAR's way (RFC 9126 section 3).
    pub(super) async fn resolve_push(&self, client: &Client, sent: &Parameters) -> Result<Parameters, Unresolved> {
        if sent.has("request_uri") {
            let words = "request_uri cannot be pushed";
            return Err(Unresolved::new(ErrorCode::InvalidRequest, words));
        }
        let parameters = match sent.get("request") {
            Some(object) => self.read_object(client, object).await?.parameters,
            None if self.must_sign(client) => return Err(unsigned()),
            None => sent.clone().without(&["request"]),
        };
        Ok(parameters.without(&CREDENTIALS).with("client_id", client.id.as_str()))
    }

    /// RFC 9126 sections 5 and 6.
    fn must_push(&self, client: &Client) -> bool {
        self.settings().require_pushed_authorization_requests || client.metadata.require_pushed_authorization_requests
    }

    /// RFC 9101 section 10.5.
    pub(super) fn must_sign(&self, client: &Client) -> bool {
        self.settings().require_signed_request_object || client.metadata.require_signed_request_object
    }
}

fn unsigned() -> Unresolved {
    let words = "this application must send its authorization requests as signed request objects (RFC 9101)";
    Unresolved::new(ErrorCode::InvalidRequest, words)
}

/// An object with what stands beside it and not in it (OpenID Connect Core section 6.1).
fn filled_up(object: Parameters, sent: &Parameters) -> Result<Parameters, Unresolved> {
    let invalid = |words: String| Unresolved::new(ErrorCode::InvalidRequest, words);
    if let Some(double) = request_doubles(sent) {
        return Err(invalid(double.to_string()));
    }
    let differ = match (object.get("response_type"), sent.get("response_type")) {
        (Some(inside), Some(beside)) => words_of(inside) != words_of(beside),
        _ => false,
    };
    if differ {
        return Err(invalid("response_type differs from the one in the request object".to_owned()));
    }
    let inside: HashSet<&str> = object.iter().map(|(name, _)| name).chain(["request", "request_uri"]).collect();
    let beside: Parameters = sent.iter().filter(|(name, _)| !inside.contains(name)).collect();
    Ok(beside.chain(object))
}

/// The words of a list of which the order means nothing.
fn words_of(list: &str) -> Vec<&str> {
    let mut words: Vec<&str> = list.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Parameters {
        Parameters::parse(query.as_bytes()).expect("a query")
    }

    fn filled(object: &str, sent: &str) -> Option<Parameters> {
        filled_up(of(object), &of(sent)).ok()
    }

    #[test]
    fn a50_what_stands_in_the_object_wins_over_what_stands_beside() {
        let sent = "client_id=app&request=x&state=beside&scope=openid&nonce=n";
        let filled = filled("client_id=app&state=inside", sent).expect("filled up");
        assert_eq!(filled, of("scope=openid&nonce=n&client_id=app&state=inside"));
    }

    #[test]
    fn the_response_type_is_the_same_in_both_whatever_the_order_of_its_words() {
        assert!(filled("response_type=code+id_token", "response_type=id_token+code").is_some());
        assert!(filled("response_type=code", "response_type=token").is_none());
        assert!(filled("response_type=code", "scope=openid").is_some());
    }

    #[test]
    fn a08_a_double_beside_the_object_is_refused_even_where_the_object_has_its_own() {
        assert!(filled("state=inside", "state=1&state=2").is_none());
    }
}
