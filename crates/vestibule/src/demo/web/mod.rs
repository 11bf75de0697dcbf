//! "Harbour Notes": a sample app, written as anybody would who wants their users to sign in with Vestibule.
//!
//! It knows the issuer, its own client id and secret, and nothing else; the rest it reads from the discovery document. Sign-in
//! is the authorization code flow with PKCE, `state`, `nonce` and the `iss` of RFC 9207, by the `openidconnect` crate.
//!
//! ```text
//! GET /  ──▶ GET /login ──▶ the provider ──▶ GET /callback ──▶ GET /          (signed in)
//!                                                              POST /notes    (asks the API with the access token)
//! GET /signed-out ◀── the provider ◀── POST /logout ◀──────────┘
//! ```

mod callback;
mod claims;
mod notes;
mod pages;
mod session;
mod sign_in;
mod trouble;

use ::http::{HeaderMap, Method, Request, StatusCode, header::COOKIE};
use openidconnect::{
    ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, LogoutRequest, PostLogoutRedirectUrl,
    RedirectUrl,
    core::CoreClient,
    url::{ParseError, Url},
};
use secrecy::ExposeSecret;
use vestibule_core::{Clock, Parameters, Random};

use self::{session::Sessions, trouble::Trouble};
use super::{
    discovery::{Discovery, Metadata},
    http::{Answer, answer, page, see_other, text},
    running::DemoClient,
};

static STYLESHEET: &str = include_str!("../../../templates/demo/harbour.css");

/// The name of the session cookie.
const COOKIE_NAME: &str = "harbour_session";

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What the app is configured with.
pub(super) struct Settings {
    /// Where it is: scheme, host and port.
    pub(super) app_url: String,
    /// Where the notes are.
    pub(super) api_url: String,
    /// Who signs its users in.
    pub(super) issuer: String,
    /// What it is registered as.
    pub(super) registration: DemoClient,
}

/// The app.
pub(super) struct App {
    settings: Settings,
    /// The scheme, host and port of the provider, as a content security policy names them.
    provider_origin: String,
    redirect_uri: RedirectUrl,
    post_logout: PostLogoutRedirectUrl,
    discovery: Discovery,
    http: reqwest::Client,
    sessions: Sessions,
}

impl App {
    /// The app with no one signed in.
    pub(super) fn new(
        settings: Settings,
        discovery: Discovery,
        http: reqwest::Client,
        (clock, random): (Clock, Random),
    ) -> Result<Self, ParseError> {
        Ok(Self {
            provider_origin: Url::parse(&settings.issuer)?.origin().ascii_serialization(),
            redirect_uri: RedirectUrl::new(format!("{}/callback", settings.app_url))?,
            post_logout: PostLogoutRedirectUrl::new(format!("{}/signed-out", settings.app_url))?,
            sessions: Sessions::new(clock, random),
            settings,
            discovery,
            http,
        })
    }

    /// Answers a request. Bodies are not read: no form of the app has fields.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Answer {
        let session = cookie(request.headers());
        let query = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes()).unwrap_or_default();
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => self.home(session),
            (&Method::GET, "/login") => self.login(session, &query).await,
            (&Method::GET, "/callback") => self.callback(session, &query).await,
            (&Method::GET, "/signed-out") => self.signed_out(session),
            (&Method::GET, "/harbour.css") => answer(StatusCode::OK, "text/css; charset=utf-8", STYLESHEET),
            (&Method::POST, _) if is_foreign(request.headers()) => {
                text(StatusCode::FORBIDDEN, "This form was sent from another site.")
            }
            (&Method::POST, "/notes") => self.fetch_notes(session).await,
            (&Method::POST, "/logout") => self.logout(session).await,
            (_, "/" | "/login" | "/callback" | "/signed-out" | "/harbour.css" | "/notes" | "/logout") => {
                text(StatusCode::METHOD_NOT_ALLOWED, "This address answers to another method.")
            }
            _ => self.troubled(&Trouble::NotFound),
        }
    }

    fn home(&self, session: Option<&str>) -> Answer {
        let Some((person, notes)) = session.and_then(|id| self.sessions.person(id)) else {
            return self.html(StatusCode::OK, pages::welcome(&self.settings));
        };
        self.html(StatusCode::OK, pages::home(&self.settings, &person, notes.as_deref()))
    }

    /// Where the provider leads back to; whoever comes here otherwise may well be signed in.
    fn signed_out(&self, session: Option<&str>) -> Answer {
        if session.and_then(|id| self.sessions.person(id)).is_some() {
            return see_other("/");
        }
        self.html(StatusCode::OK, pages::signed_out(&self.settings))
    }

    /// Signs out here, then sends the browser to sign out of the provider (RP-Initiated Logout 1.0 section 2).
    async fn logout(&self, session: Option<&str>) -> Answer {
        let person = session.and_then(|id| self.sessions.sign_out(id));
        let metadata = self.discovery.metadata().await.ok();
        let end_session = metadata.and_then(|known| known.additional_metadata().end_session_endpoint.clone());
        let (Some(person), Some(endpoint)) = (person, end_session) else {
            return with_cookie(see_other("/signed-out"), "");
        };
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(&person.id_token)
            .set_client_id(ClientId::new(self.settings.registration.client_id.clone()))
            .set_post_logout_redirect_uri(self.post_logout.clone());
        with_cookie(see_other(request.http_get_url().as_str()), "")
    }

    /// The client that the library makes of the provider's metadata and our registration.
    fn client(&self, metadata: &Metadata) -> Client {
        let DemoClient { client_id, client_secret } = &self.settings.registration;
        let secret = ClientSecret::new(client_secret.expose_secret().to_owned());
        CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(client_id.clone()), Some(secret))
            .set_redirect_uri(self.redirect_uri.clone())
    }

    fn troubled(&self, trouble: &Trouble) -> Answer {
        self.html(trouble.status(), pages::trouble(&self.settings, trouble))
    }

    fn html(&self, status: StatusCode, html: String) -> Answer {
        page(status, html, &self.provider_origin)
    }
}

/// The session id that the browser sent, if any.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}

/// `answer` with the session cookie set to `id`, or removed where that is empty. Over HTTPS it would be Secure, and `__Host-`.
fn with_cookie(mut answer: Answer, id: &str) -> Answer {
    let gone = if id.is_empty() { "; Max-Age=0" } else { "" };
    let cookie = format!("{COOKIE_NAME}={id}; Path=/; HttpOnly; SameSite=Lax{gone}");
    if let Ok(value) = cookie.try_into() {
        answer.headers_mut().insert(::http::header::SET_COOKIE, value);
    }
    answer
}

/// Whether a browser says that another site made it send this. What says nothing is no browser of today, or carries no
/// cookie of ours either: it is Lax.
fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}
