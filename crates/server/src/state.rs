//! What every endpoint is given.

use std::sync::Arc;

use url::Url;
use vestibule_audit::{Audit, Event, Source};
use vestibule_core::{Clock, HashKey, Random, UserId, is_this_machine};
use vestibule_database::Database;
use vestibule_ephemeral::Ephemeral;
use vestibule_metrics::Board;
use vestibule_oidc::{
    Provider,
    client::{Client, SelfRegistered},
};
use vestibule_sessions::{CsrfKey, Pending};
use vestibule_users::{Access, ApiTokens, Attributes, Notice, Recovery, Throttle, User, Ways};

use crate::{
    endpoints::flow::Purpose,
    http::{CookieRules, Networks},
    pages::{App, Label, Person, WebAddress},
    setup::SetupLinks,
    streams::Streams,
    vouching::Vouching,
};

/// What the server is put together from.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The authorization server.
    pub provider: Provider,
    /// Everyone's API tokens.
    pub api_tokens: ApiTokens,
    /// What lasts, for `/health/ready`.
    pub database: Database,
    /// What expires.
    pub ephemeral: Ephemeral,
    /// The ways in which people prove who they are.
    pub ways: Arc<Ways>,
    /// How fast that may be tried.
    pub throttle: Throttle,
    /// What people do by mail.
    pub recovery: Recovery,
    /// The record of what happened.
    pub audit: Audit,
    /// Whom the headers of trusted proxies and client certificates can name.
    pub vouching: Vouching,
    /// The key of all keyed hashes.
    pub hash_key: HashKey,
    /// The issuer's URL (`http.public_url`).
    pub public_url: Url,
    /// The name of the organisation, as pages show it (`branding.name`).
    pub site_name: String,
    /// The largest request body, in bytes (`http.max_body`).
    pub max_body: usize,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

/// What every endpoint is given. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct State(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parts: Parts,
    csrf: CsrfKey,
    waiting: Pending<Purpose>,
    setup: SetupLinks,
    site: Label,
    cookies: CookieRules,
    streams: Streams,
    board: Board,
    metrics_allowed: Networks,
}

impl State {
    pub(crate) fn new(parts: Parts, streams: Streams, board: Board, metrics_allowed: Networks) -> Self {
        Self(Arc::new(Inner {
            streams,
            board,
            metrics_allowed,
            csrf: CsrfKey::new(&parts.hash_key),
            waiting: parts.provider.sessions().pending(),
            setup: SetupLinks::new(parts.ephemeral.clone(), &parts.hash_key, parts.random.clone()),
            site: Label::from(parts.site_name.as_str()),
            cookies: CookieRules::new(&parts.public_url),
            parts,
        }))
    }

    /// Those who listen to revocations.
    pub(crate) fn streams(&self) -> &Streams {
        &self.0.streams
    }

    /// What is measured.
    pub(crate) fn board(&self) -> &Board {
        &self.0.board
    }

    /// From where that may be read.
    pub(crate) fn metrics_allowed(&self) -> &Networks {
        &self.0.metrics_allowed
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.0.parts.provider
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.parts.database
    }

    pub(crate) fn ephemeral(&self) -> &Ephemeral {
        &self.0.parts.ephemeral
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.parts.random
    }

    pub(crate) fn hash_key(&self) -> &HashKey {
        &self.0.parts.hash_key
    }

    /// The `aud` of access tokens for the administration API.
    pub(crate) fn api_identifier(&self) -> String {
        format!("{}/api/v1", self.provider().issuer())
    }

    /// Groups and permissions.
    pub(crate) fn access(&self) -> &Access {
        self.provider().access()
    }

    /// Attributes that are declared.
    pub(crate) fn attributes(&self) -> &Attributes {
        self.provider().attributes()
    }

    pub(crate) fn api_tokens(&self) -> &ApiTokens {
        &self.0.parts.api_tokens
    }

    pub(crate) fn csrf(&self) -> &CsrfKey {
        &self.0.csrf
    }

    /// What waits for a person at a browser.
    pub(crate) fn waiting(&self) -> &Pending<Purpose> {
        &self.0.waiting
    }

    /// The ways in which people prove who they are.
    pub(crate) fn ways(&self) -> &Ways {
        &self.0.parts.ways
    }

    /// How fast that may be tried.
    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.parts.throttle
    }

    /// Where a browser signs in by a client certificate, for what waits under `request`.
    pub(crate) fn certificate_link(&self, request: Option<&str>) -> Option<String> {
        let listener = self.vouching().listener.as_ref()?;
        let request = request.map(|id| format!("?request={id}")).unwrap_or_default();
        Some(format!("{listener}/login{request}"))
    }

    /// What people do by mail.
    pub(crate) fn recovery(&self) -> &Recovery {
        &self.0.parts.recovery
    }

    /// Who may vouch for people.
    pub(crate) fn vouching(&self) -> &Vouching {
        &self.0.parts.vouching
    }

    /// The record of what happened.
    pub(crate) fn audit_log(&self) -> &Audit {
        &self.0.parts.audit
    }

    /// Writes an event down. What it tells of has happened, so that a record that cannot be written is an error for operators
    /// and not for the person.
    pub(crate) async fn audit(&self, event: Event) {
        if let Err(error) = self.audit_log().record(event).await {
            tracing::error!(%error, "what happened could not be recorded");
        }
    }

    /// Does `change`, and writes down that it happened: both or neither, wherever the change is a transaction.
    pub(crate) async fn recorded<T, E>(
        &self,
        event: Event,
        change: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.audit_log().with_change(event, change).await
    }

    /// Tells somebody by mail what became of their account. Where that fails it is logged, and what happened has happened all
    /// the same.
    pub(crate) async fn tell(&self, user: UserId, notice: Notice, from: &Source) {
        if let Err(error) = self.recovery().tell(user, notice, from).await {
            tracing::warn!(%user, %error, "somebody is not told what became of their account");
        }
    }

    pub(crate) fn setup(&self) -> &SetupLinks {
        &self.0.setup
    }

    /// The name of the organisation.
    pub(crate) fn site(&self) -> Label {
        self.0.site.clone()
    }

    pub(crate) fn max_body(&self) -> usize {
        self.0.parts.max_body
    }

    /// Where browsers reach us: the issuer, parsed.
    pub(crate) fn public_url(&self) -> &Url {
        &self.0.parts.public_url
    }

    /// How cookies are named and set.
    pub(crate) fn cookies(&self) -> CookieRules {
        self.0.cookies
    }
}

/// How a page names an application: its name, and the host that an answer goes to.
pub(crate) fn app_of(client: &Client, answered_at: Option<&str>) -> App {
    let host = answered_at.and_then(host_of);
    let documented = client.self_registered == Some(SelfRegistered::Document);
    let link = |uri: &Option<String>| uri.as_deref().and_then(WebAddress::parse);
    let metadata = &client.metadata;
    App {
        name: Label::from(client.name.as_str()),
        host,
        published_at: documented.then(|| host_of(client.id.as_str())).flatten(),
        on_this_device: documented && answered_at.is_some_and(is_on_this_device),
        logo_uri: link(&metadata.logo_uri).filter(WebAddress::is_https),
        policy_uri: link(&metadata.policy_uri),
        tos_uri: link(&metadata.tos_uri),
    }
}

/// The host of an address, with its port where that is another than usual.
fn host_of(address: &str) -> Option<Label> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    Some(Label::from(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))))
}

/// Whether an address leads to a program on the device of whoever goes there (RFC 8252 sections 7.1 and 7.3).
fn is_on_this_device(address: &str) -> bool {
    Url::parse(address).map_or(true, |url| !matches!(url.scheme(), "https" | "http") || is_this_machine(&url))
}

/// How a page names a person.
pub(crate) fn person_of(user: &User) -> Person {
    let name = user.claims.name.as_deref().unwrap_or(&user.username);
    Person { name: Label::from(name), identifier: Label::from(user.email.as_deref().unwrap_or(&user.username)) }
}
