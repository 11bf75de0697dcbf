//! The administration API, `/api/v1/`: users, groups, permissions, attributes, API tokens, clients, APIs, sessions, audit.
//!
//! An [`Operation`] says everything about one thing that can be asked for: where, by whom, with which parameters and body, and
//! what is answered. From the list of them ([`operations`]) three things are made, which therefore cannot differ: the
//! [`Gate`], which checks each request in one fixed order and then runs the handler; the [`document`] in OpenAPI; and the page
//! to read it ([`reading`]).
//!
//! ```text
//! request ─▶ Gate: path · method · token · permission · parameters · body · Idempotency-Key ─▶ handler in `resources`
//!                     (every refusal a Problem)                                                  │
//! answer ◀───────────────────────────── Reply, with its ETag ◀──────────────────────────────────┘
//! ```

mod actor;
mod call;
mod check;
mod document;
mod etag;
mod gate;
mod idempotency;
mod moment;
mod operation;
mod page;
mod problem;
mod reading;
mod resources;
mod schema;

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response, Route,
    http::{StatusCode, header},
};

pub use resources::scopes;

pub(crate) use problem::Problem;

use self::{gate::Gate, operation::Operation};
use crate::{Answer as _, http::Methods, state::State};

/// Everything that the API can be asked for.
fn operations() -> Vec<Operation> {
    resources::all()
}

/// Adds the API to the routes.
pub(crate) fn mount(routes: Route, state: &State) -> Route {
    let operations: Arc<[Operation]> = operations().into();
    let document = document::document(&operations, state.provider().issuer()).to_string();
    let page = reading::page(&operations, state);
    routes
        .at("/api/v1", Methods::new().get(crate::answers(state, to_page)))
        .at("/api/v1/openapi.json", Methods::new().get(fixed("application/json", document)))
        .at(
            "/api/v1/*path",
            PageOrGate {
                page: Methods::new().get(fixed("text/html; charset=utf-8", page)),
                gate: Gate::new(state.clone(), operations),
            },
        )
}

/// What `/api/v1/` and everything below leads to: to poem, both are one route.
struct PageOrGate {
    page: Methods,
    gate: Gate,
}

impl Endpoint for PageOrGate {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if request.uri().path() == "/api/v1/" { self.page.call(request).await } else { self.gate.call(request).await }
    }
}

/// What is the same for everybody until the next start.
fn fixed(content_type: &'static str, body: String) -> impl Endpoint<Output = Response> + 'static {
    let body: Arc<str> = body.into();
    poem::endpoint::make(move |_: Request| {
        let body = body.clone();
        async move { Response::builder().content_type(content_type).body(body.to_string()).into_result() }
    })
}

async fn to_page(_: State, _: Request) -> Response {
    Response::builder().status(StatusCode::PERMANENT_REDIRECT).header(header::LOCATION, "/api/v1/").finish()
}
