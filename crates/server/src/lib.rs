//! Everything HTTP, and the only crate that names poem.
//!
//! ```text
//! bind ─▶ serve ─▶ Bridge ─▶ the layers of `http` ─▶ the router below ─▶ `endpoints` ─▶ vestibule-oidc and the rest
//!                                                                          └─▶ `pages`
//! ```
//! [`service`] puts it together; [`serve`] runs any hyper service, so that the demo's small servers stand on it too.

mod api;
mod board;
mod endpoints;
mod http;
pub mod pages;
mod setup;
mod state;
mod streams;
mod vouching;

use std::{future::Future, time::Duration};

use poem::{Endpoint, IntoEndpoint, Request, Response, Route, endpoint::make, http::Method};
use tokio::sync::watch;
use vestibule_oidc::discovery::path;

pub use crate::{
    api::scopes as administration_scopes,
    http::{
        BindError, Bridge, ClientCertificates, Connection, Door, Limits, Networks, Orders, TlsError, TlsFiles,
        TrustedProxies, bind, serve,
    },
    setup::SetupLinks,
    state::Parts,
    vouching::Vouching,
};
use crate::{
    http::{Methods, OpenPath, Stack},
    state::State,
    streams::Streams,
};

/// What the layers around the endpoints are told by the configuration.
#[derive(Clone, Debug)]
pub struct Front {
    /// The proxies in front of us (`http.trusted_proxies`).
    pub proxies: TrustedProxies,
    /// The longest time from the head of a request to its answer (`http.request_timeout`).
    pub request_timeout: Duration,
    /// From where the metrics may be read (`http.metrics.allow`).
    pub metrics_allowed: Networks,
    /// How many may listen to revocations at once (`tokens.revocation_streams`).
    pub revocation_streams: usize,
}

/// The endpoints that apps in browsers may read from other origins.
const OPEN: [OpenPath; 8] = [
    OpenPath { path: "/.well-known/openid-configuration", methods: "GET, HEAD, OPTIONS" },
    OpenPath { path: "/.well-known/oauth-authorization-server", methods: "GET, HEAD, OPTIONS" },
    OpenPath { path: path::JWKS, methods: "GET, HEAD, OPTIONS" },
    OpenPath { path: path::TOKEN, methods: "POST, OPTIONS" },
    OpenPath { path: path::PAR, methods: "POST, OPTIONS" },
    OpenPath { path: path::DEVICE_AUTHORIZATION, methods: "POST, OPTIONS" },
    OpenPath { path: path::REVOKE, methods: "POST, OPTIONS" },
    OpenPath { path: path::USERINFO, methods: "GET, HEAD, POST, OPTIONS" },
];

/// What machines ask for again and again: applications for the metadata and the keys, orchestrators whether we are well.
const POLLED: &[&str] = &[
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    path::JWKS,
    "/health/live",
    "/health/ready",
];

/// The whole provider as a hyper service, for [`serve`]. What it sends without an end (streams of revocations) ends when
/// `shutdown` turns true or its sender is gone.
pub fn service(
    parts: Parts,
    front: Front,
    shutdown: watch::Receiver<bool>,
) -> Bridge<impl Endpoint<Output = Response> + 'static> {
    let requests = board::requests();
    let stack = Stack {
        public_url: parts.public_url.clone(),
        proxies: front.proxies,
        max_body: parts.max_body,
        request_timeout: front.request_timeout,
        site: parts.site_name.as_str().into(),
        open: OPEN.to_vec(),
        polled: POLLED,
        requests: requests.clone(),
    };
    let streams = Streams::new(front.revocation_streams, shutdown);
    let board = board::board(&parts.provider, &streams, &requests);
    Bridge::new(stack.around(router(&State::new(parts, streams, board, front.metrics_allowed))))
}

fn router(state: &State) -> Route {
    use endpoints::{
        authorize, consent, device, documents, end_session, health, home, introspect, login, logout, metrics, par,
        recover, register, registration, revocations, revoke, second_factor, setup, token, userinfo, verify_email,
        watched,
    };
    let routes = Route::new()
        .at("/", Methods::new().get(answers(state, home::home_page)))
        .at(pages::stylesheet().path.as_str(), Methods::new().get(answers(state, documents::stylesheet)))
        .at(pages::mark().path.as_str(), Methods::new().get(answers(state, documents::mark)))
        .at("/.well-known/openid-configuration", Methods::new().get(answers(state, documents::metadata)))
        .at("/.well-known/oauth-authorization-server", Methods::new().get(answers(state, documents::metadata)))
        .at(path::JWKS, Methods::new().get(answers(state, documents::jwks)))
        .at(
            path::AUTHORIZE,
            Methods::new()
                .get(answers(state, authorize::authorize_by_get))
                .post(answers(state, authorize::authorize_by_post)),
        )
        .at("/oauth2/authorize/posted/:id", Methods::new().get(answers(state, authorize::authorize_posted)))
        .at(path::PAR, Methods::new().post(answers(state, par::par_posted)))
        .at(path::TOKEN, Methods::new().post(answers(state, token::token_posted)))
        .at(path::DEVICE_AUTHORIZATION, Methods::new().post(answers(state, token::device_authorization_posted)))
        .at(
            path::DEVICE,
            Methods::new().get(answers(state, device::device_page)).post(answers(state, device::device_posted)),
        )
        .at(path::REGISTER, Methods::new().post(answers(state, registration::registration_posted)))
        .at(
            "/oauth2/register/:client",
            Methods::new()
                .get(answers(state, registration::registration_shown))
                .method(Method::PUT, answers(state, registration::registration_put))
                .method(Method::DELETE, answers(state, registration::registration_deleted)),
        )
        .at(path::INTROSPECT, Methods::new().post(answers(state, introspect::introspect_posted)))
        .at(path::REVOKE, Methods::new().post(answers(state, revoke::revoke_posted)))
        .at(
            path::REVOCATIONS,
            Methods::new().get(answers(state, revocations::revocations)).post(answers(state, revocations::revocations)),
        )
        .at(
            path::USERINFO,
            Methods::new().get(answers(state, userinfo::userinfo)).post(answers(state, userinfo::userinfo)),
        )
        .at(
            path::END_SESSION,
            Methods::new()
                .get(answers(state, end_session::end_session_by_get))
                .post(answers(state, end_session::end_session_by_post)),
        )
        .at(path::CHECK_SESSION, Methods::new().get(answers(state, watched::check_session)))
        .at("/oauth2/end_session/posted/:id", Methods::new().get(answers(state, end_session::end_session_posted)))
        .at("/login", Methods::new().get(answers(state, login::login_page)).post(answers(state, login::login_posted)))
        .at(
            "/consent",
            Methods::new().get(answers(state, consent::consent_page)).post(answers(state, consent::consent_posted)),
        )
        .at(
            "/logout",
            Methods::new().get(answers(state, logout::logout_page)).post(answers(state, logout::logout_posted)),
        )
        .at(
            "/second-factor",
            Methods::new()
                .get(answers(state, second_factor::second_factor_page))
                .post(answers(state, second_factor::second_factor_posted)),
        )
        .at(
            pages::paths::RECOVER,
            Methods::new().get(answers(state, recover::recover_page)).post(answers(state, recover::recover_posted)),
        )
        .at(
            "/reset-password",
            Methods::new().get(answers(state, recover::reset_page)).post(answers(state, recover::reset_posted)),
        )
        .at(
            "/verify-email",
            Methods::new()
                .get(answers(state, verify_email::verify_email_page))
                .post(answers(state, verify_email::verify_email_posted)),
        )
        .at(
            pages::paths::REGISTER,
            Methods::new().get(answers(state, register::register_page)).post(answers(state, register::register_posted)),
        )
        .at(
            "/register/finish",
            Methods::new().get(answers(state, register::finish_page)).post(answers(state, register::finish_posted)),
        )
        .at("/setup", Methods::new().get(answers(state, setup::setup_page)).post(answers(state, setup::setup_posted)))
        .at("/metrics", Methods::new().get(answers(state, metrics::metrics)))
        .at("/health/live", Methods::new().get(answers(state, health::live)))
        .at("/health/ready", Methods::new().get(answers(state, health::ready)));
    api::mount(account_routes(routes, state), state)
}

/// The pages of `/account`.
fn account_routes(routes: Route, state: &State) -> Route {
    use endpoints::account::{applications, emails, home, password, profile, second_factor, sessions, tokens};
    use pages::paths;
    /// A page whose form is posted back to it.
    macro_rules! page {
        ($page:expr, $posted:expr) => {
            Methods::new().get(answers(state, $page)).post(answers(state, $posted))
        };
    }
    routes
        .at(paths::ACCOUNT, Methods::new().get(answers(state, home::account_page)))
        .at(paths::PASSWORD, page!(password::password_page, password::password_posted))
        .at(paths::EMAILS, page!(emails::emails_page, emails::emails_posted))
        .at(paths::SECOND_FACTOR, page!(second_factor::settings_page, second_factor::settings_posted))
        .at(paths::SESSIONS, page!(sessions::sessions_page, sessions::sessions_posted))
        .at(paths::APPLICATIONS, page!(applications::applications_page, applications::applications_posted))
        .at(paths::TOKENS, page!(tokens::tokens_page, tokens::tokens_posted))
        .at(paths::PROFILE, page!(profile::profile_page, profile::profile_posted))
}

/// An endpoint of a handler: an async function of the state and a request.
fn answers<H, F, A>(state: &State, handler: H) -> impl IntoEndpoint<Endpoint: 'static> + use<H, F, A>
where
    H: Fn(State, Request) -> F + Send + Sync + 'static,
    F: Future<Output = A> + Send + 'static,
    A: Answer + 'static,
{
    let state = state.clone();
    make(move |request| {
        // In a box, since it is moved some times before it is polled, and can be tens of kilobytes.
        let answer = Box::pin(handler(state.clone(), request));
        async move { answer.await.into_result() }
    })
}

/// What a handler may return.
trait Answer: Send {
    fn into_result(self) -> poem::Result<Response>;
}

impl Answer for Response {
    fn into_result(self) -> poem::Result<Response> {
        Ok(self)
    }
}

impl Answer for poem::Result<Response> {
    fn into_result(self) -> poem::Result<Response> {
        self
    }
}
