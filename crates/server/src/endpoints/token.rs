//! `/oauth2/token` and `/oauth2/device_authorization`: a client proves itself, and is answered in JSON that nobody may keep.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;
use serde_json::json;
use vestibule_core::Parameters;
use vestibule_oidc::{
    Provider,
    client::{SenderCertificate, authentication::Proof},
    discovery::path,
    token::{TokenError, TokenErrorCode, TokenRequest},
};

use super::{dpop, reply::json, sign_in::source};
use crate::{
    http::{Failure, plain_description, read_form},
    state::State,
};

/// POST: tokens (RFC 6749 sections 5.1 and 5.2).
pub(crate) async fn token_posted(state: State, request: Request) -> poem::Result<Response> {
    answered(state, request, path::TOKEN, async |provider, asked| provider.token(asked).await).await
}

/// POST: the codes of a device (RFC 8628 section 3.1).
pub(crate) async fn device_authorization_posted(state: State, request: Request) -> poem::Result<Response> {
    let endpoint = path::DEVICE_AUTHORIZATION;
    answered(state, request, endpoint, async |provider, asked| provider.authorize_device(asked).await).await
}

/// Reads a client's request, and writes what `answer` gives.
async fn answered<A: Serialize>(
    state: State,
    mut request: Request,
    endpoint: &str,
    answer: impl AsyncFnOnce(&Provider, TokenRequest<'_>) -> Result<A, TokenError>,
) -> poem::Result<Response> {
    let Asked { authorization, parameters, certificate } = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let authorization = authorization.as_deref();
    let proofs = dpop::proofs(&request);
    let asked = TokenRequest {
        authorization,
        parameters: &parameters,
        certificate: certificate.as_ref(),
        dpop: dpop::spoken_of(&request, endpoint, &proofs),
        source: source(&request),
    };
    let response = match answer(state.provider(), asked).await {
        Ok(given) => {
            let mut response = json(StatusCode::OK, &given);
            response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            response
        }
        Err(refused) => refusal(&refused, authorization.is_some()),
    };
    Ok(dpop::with_nonce(&state, response))
}

/// What an application sends to an endpoint that it proves itself at.
pub(super) struct Asked {
    authorization: Option<String>,
    parameters: Parameters,
    certificate: Option<SenderCertificate>,
}

impl Asked {
    /// What proves the application.
    pub(super) fn proof(&self) -> Proof<'_> {
        Proof {
            authorization: self.authorization.as_deref(),
            parameters: &self.parameters,
            certificate: self.certificate.as_ref(),
        }
    }

    /// Whether it tried the `Authorization` header.
    pub(super) fn by_header(&self) -> bool {
        self.authorization.is_some()
    }
}

/// Reads what an application asks of an endpoint that it proves itself at. The inner error is the answer to a request that cannot
/// be read.
pub(super) async fn asked(state: &State, request: &mut Request) -> poem::Result<Result<Asked, Response>> {
    let Ok(authorization) = authorization_of(request) else {
        return Ok(Err(unreadable()));
    };
    let in_url = |query: &str| query.contains("client_secret") || query.contains("client_assertion");
    if request.uri().query().is_some_and(in_url) {
        return Ok(Err(error(TokenErrorCode::InvalidRequest, "credentials never stand in the URL", false)));
    }
    let parameters = read_form(request, state.max_body()).await.map_err(Failure::from)?;
    Ok(Ok(Asked { authorization, parameters, certificate: state.vouching().sender(request) }))
}

/// The same of a request without a form: what proves the application stands in the header, or is its certificate. Nothing where the
/// header cannot be read: [`unreadable`] is the answer.
pub(super) fn asked_by_header(state: &State, request: &Request) -> Option<Asked> {
    let authorization = authorization_of(request).ok()?;
    Some(Asked { authorization, parameters: Parameters::default(), certificate: state.vouching().sender(request) })
}

/// The answer to an `Authorization` header that stands twice, or is not ASCII.
pub(super) fn unreadable() -> Response {
    error(TokenErrorCode::InvalidRequest, "the Authorization header is not one line of ASCII", false)
}

/// The one `Authorization` header, if any.
fn authorization_of(request: &Request) -> Result<Option<String>, ()> {
    let mut lines = request.headers().get_all(header::AUTHORIZATION).iter();
    let line = lines.next().map(HeaderValue::to_str).transpose().map_err(|_| ())?;
    if lines.next().is_some() { Err(()) } else { Ok(line.map(str::to_owned)) }
}

pub(super) fn refusal(refused: &TokenError, by_header: bool) -> Response {
    if refused.code() == TokenErrorCode::TemporarilyUnavailable {
        tracing::error!(reason = %refused, "an application could not be answered");
    }
    error(refused.code(), &refused.hint(), by_header)
}

/// An error of RFC 6749 section 5.2. A client that tried the `Authorization` header is told which scheme is meant.
fn error(code: TokenErrorCode, description: &str, by_header: bool) -> Response {
    let status = match code {
        TokenErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        TokenErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response =
        json(status, &json!({ "error": code.as_str(), "error_description": plain_description(description) }));
    let headers = response.headers_mut();
    if code == TokenErrorCode::InvalidClient && by_header {
        headers
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vestibule\", charset=\"UTF-8\""));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
