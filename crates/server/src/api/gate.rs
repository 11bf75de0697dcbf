//! What every request to the API passes, in this order, before its handler runs:
//!
//! ```text
//! the path leads to an operation      404      a parameter of the path is well formed   404
//! and the method to one of them       405      the query and headers are as described   400
//! somebody is known who asks          401      the body is of a known type, and whole    415, 413, 400
//! who holds the permission            403      the Idempotency-Key is new                409, 422
//! ```
//! An operation cannot be reached around it: what it needs stands in the [`Operation`] itself.

use std::{collections::BTreeMap, sync::Arc};

use percent_encoding::percent_decode_str;
use poem::{
    Endpoint, PathPattern, Request, Response, Result,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde_json::Value;

use super::{
    actor,
    call::{Call, Caller, Reply},
    check::Flaw,
    etag::{self, IfMatch},
    idempotency::{Keyed, Once},
    operation::{IDEMPOTENCY_KEY, IF_MATCH, In, Needs, Operation},
    problem::Problem,
};
use crate::{
    endpoints::dpop,
    http::{ClientAddress, FormError, RequestId, is_of_type, read_query, read_whole},
    state::State,
};

/// Where the API is.
pub(crate) const PREFIX: &str = "/api/v1";

/// The administration API as an endpoint.
pub(crate) struct Gate {
    state: State,
    operations: Arc<[Operation]>,
    once: Once,
    etags: etag::Maker,
}

/// What the path and the method of a request lead to.
struct Route<'a> {
    operation: &'a Operation,
    path: Vec<(&'static str, String)>,
}

impl Endpoint for Gate {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let id = RequestId::of(&request);
        let head = request.method() == Method::HEAD;
        let (pattern, answer) = match self.route(request.method(), request.uri().path()) {
            Ok(route) => (Some(route.operation.path), self.answer(request, route).await),
            Err(problem) => (None, Err(problem)),
        };
        let mut response = answer.unwrap_or_else(|problem| problem.into_response(id.as_str()));
        if let Some(pattern) = pattern {
            response.set_data(PathPattern(format!("{PREFIX}{pattern}").into()));
        }
        if head {
            response.take_body();
        }
        Ok(dpop::with_nonce(&self.state, response))
    }
}

impl Gate {
    pub(super) fn new(state: State, operations: Arc<[Operation]>) -> Self {
        let key = state.hash_key();
        let once = Once::new(state.ephemeral().clone(), key, state.random().clone());
        Self { etags: etag::Maker::new(key), once, operations, state }
    }

    fn route(&self, method: &Method, path: &str) -> Result<Route<'_>, Problem> {
        let nowhere = || Problem::new(StatusCode::NOT_FOUND, "not_found", "this path leads nowhere");
        let segments = segments(path).ok_or_else(nowhere)?;
        let found = self.operations.iter().filter_map(|operation| Some((operation, operation.matches(&segments)?)));
        let mut found: Vec<_> = found.collect();
        // A literal segment goes before a parameter.
        let fewest = found.iter().map(|(_, values)| values.len()).min().ok_or_else(nowhere)?;
        found.retain(|(_, values)| values.len() == fewest);
        let wanted = if method == Method::HEAD { &Method::GET } else { method };
        let allowed: Vec<&str> = found.iter().map(|(operation, _)| operation.method.as_str()).collect();
        let allowed = allowed.join(", ").replace("GET", "GET, HEAD");
        match found.into_iter().find(|(operation, _)| operation.method == wanted) {
            Some((operation, path)) => Ok(Route { operation, path }),
            None => Err(not_allowed(&allowed)),
        }
    }

    async fn answer(&self, mut request: Request, route: Route<'_>) -> Result<Response, Problem> {
        let operation = route.operation;
        let caller = self.caller(&request, operation.needs).await?;
        let undefined = |parameter: &&super::operation::Parameter| {
            let value = route.path.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.as_str());
            parameter.place == In::Path && parameter.schema.read(value.unwrap_or_default()).is_err()
        };
        if operation.parameters.iter().any(|parameter| undefined(&parameter)) {
            return Err(Problem::not_found("thing"));
        }
        let query = query(operation, &request)?;
        let key = one_header(operation, &request, IDEMPOTENCY_KEY)?;
        let if_match = one_header(operation, &request, IF_MATCH)?.map(|value| IfMatch::read(&value));
        let body = body(operation, &mut request, self.state.max_body()).await?;
        let call = Call {
            caller,
            path: route.path,
            query,
            body,
            if_match,
            etags: self.etags.clone(),
            address: request.data::<ClientAddress>().copied(),
            request_id: RequestId::of(&request),
        };
        let work = operation.handle(self.state.clone(), call.clone());
        let reply = match key {
            Some(key) => {
                let Call { caller, path, body, .. } = &call;
                self.once.run(Keyed { key: &key, caller, operation: operation.id, path, body }, work).await?
            }
            None => work.await?,
        };
        Ok(self.response(operation, reply))
    }

    async fn caller(&self, request: &Request, needs: Needs) -> Result<Caller, Problem> {
        let basic =
            |value: &HeaderValue| value.as_bytes().get(..6).is_some_and(|it| it.eq_ignore_ascii_case(b"Basic "));
        let by_secret = request.headers().get(header::AUTHORIZATION).is_some_and(basic);
        if matches!(needs, Needs::PermissionOrClient(_)) && by_secret {
            return actor::client_of(&self.state, request).await.map(|client| Caller::Client(Box::new(client)));
        }
        let actor = actor::of(&self.state, request).await?;
        actor::require(&actor, needs.permission())?;
        Ok(Caller::Person(Box::new(actor)))
    }

    fn response(&self, operation: &Operation, reply: Reply) -> Response {
        let mut response = Response::builder().status(reply.status);
        if let Some(location) = reply.location {
            response = response.header(header::LOCATION, format!("{PREFIX}{location}"));
        }
        let Some(body) = reply.body else { return response.finish() };
        if operation.tagged {
            response = response.header(header::ETAG, self.etags.tag(&body));
        }
        response.content_type("application/json").body(body.to_string())
    }
}

/// The segments of a path below the prefix, decoded; none where one is empty or no text.
fn segments(path: &str) -> Option<Vec<String>> {
    let below = path.strip_prefix(PREFIX)?.strip_prefix('/')?;
    let decoded = |segment: &str| {
        let text = percent_decode_str(segment).decode_utf8().ok()?;
        (!text.is_empty() && !text.contains('\0')).then(|| text.into_owned())
    };
    below.split('/').map(decoded).collect()
}

fn not_allowed(allowed: &str) -> Problem {
    let detail = format!("this path answers to {allowed}");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    match HeaderValue::from_str(allowed) {
        Ok(allowed) => problem.with_header(header::ALLOW, allowed),
        Err(_) => problem,
    }
}

/// The parameters of the query: each known, once, and as it is described.
fn query(operation: &Operation, request: &Request) -> Result<BTreeMap<&'static str, Value>, Problem> {
    let given = read_query(request).map_err(|error| Problem::invalid_request(format!("the query: {error}")))?;
    let mut values = BTreeMap::new();
    for (name, text) in given.iter() {
        let known = operation.parameters.iter().find(|known| known.place == In::Query && known.name == name);
        let Some(known) = known else {
            let shown: String = name.escape_debug().take(40).collect();
            return Err(Problem::invalid_parameter(&shown, "is no parameter of this operation"));
        };
        let value = known.schema.read(text).map_err(|what| Problem::invalid_parameter(known.name, what))?;
        if values.insert(known.name, value).is_some() {
            return Err(Problem::invalid_parameter(known.name, "stands more than once"));
        }
    }
    Ok(values)
}

/// A header that the operation knows: once, and as it is described.
fn one_header(operation: &Operation, request: &Request, name: &'static str) -> Result<Option<String>, Problem> {
    let Some(known) = operation.parameters.iter().find(|known| known.place == In::Header && known.name == name) else {
        return Ok(None);
    };
    let mut values = request.headers().get_all(name).iter();
    let (value, more) = (values.next(), values.next());
    let Some(value) = value else { return Ok(None) };
    if more.is_some() {
        return Err(Problem::invalid_parameter(name, "stands more than once"));
    }
    let text = value.to_str().map_err(|_| Problem::invalid_parameter(name, "is not ASCII"))?;
    known.schema.read(text).map_err(|what| Problem::invalid_parameter(name, what))?;
    Ok(Some(text.to_owned()))
}

/// The body, where the operation has one: JSON as it is described.
async fn body(operation: &Operation, request: &mut Request, limit: usize) -> Result<Value, Problem> {
    let Some(wanted) = &operation.body else { return Ok(Value::Null) };
    let unsupported =
        |detail: String| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail);
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(unsupported("the body must have no Content-Encoding".to_owned()));
    }
    if !is_of_type(request.headers(), wanted.types) {
        return Err(unsupported(format!("the body must be {}, in UTF-8", wanted.types.join(" or "))));
    }
    let bytes = read_whole(request.take_body(), limit).await.map_err(|error| match error {
        FormError::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            format!("the body may have {limit} bytes at most"),
        ),
        error => Problem::invalid_request(error.to_string()),
    })?;
    let flaw = |what: String| Problem::invalid_body(vec![Flaw::new("", what)]);
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| flaw(format!("is not JSON: {error}")))?;
    let flaws = wanted.schema.check(&value);
    if flaws.is_empty() { Ok(value) } else { Err(Problem::invalid_body(flaws)) }
}
