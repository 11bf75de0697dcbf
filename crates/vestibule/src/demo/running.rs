//! The demo once the provider answers: its two servers, and what is told of them.

use std::{sync::Arc, time::Duration};

use openidconnect::{IssuerUrl, url::Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::{sync::watch, task::JoinSet};
use vestibule_core::{Clock, Random};

use super::{
    api::Api,
    bind::{DemoError, DemoServers},
    check,
    discovery::Discovery,
    http::client,
    people::DemoUser,
    serve::serve,
    web::App,
};
use crate::cli::{Failure, Output};

/// How long the app and the API wait for the provider.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sample app's registration with the provider.
#[derive(Clone, Debug)]
pub struct DemoClient {
    /// Its client id.
    pub client_id: String,
    /// Its secret, used by `client_secret_basic`.
    pub client_secret: SecretString,
}

/// What the demo must be given: a provider that answers, and what was registered there for it.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The issuer of the running provider, as `http.public_url` has it.
    pub issuer: String,
    /// The registration of the sample app.
    pub client: DemoClient,
    /// The users that were created, in the order to tell them; the first is the one that the check signs in as.
    pub users: Vec<DemoUser>,
    /// The time.
    pub clock: Clock,
    /// The randomness.
    pub random: Random,
}

/// The sample app and the sample API, answering.
#[derive(Debug)]
pub struct Demo {
    issuer: String,
    app_url: String,
    api_url: String,
    users: Vec<DemoUser>,
    servers: JoinSet<()>,
    // Where the demo ends before it is told to, its servers end with it.
    _stop: watch::Sender<bool>,
}

impl Demo {
    /// Lets both servers answer until `shutdown` turns true.
    ///
    /// # Errors
    /// Where the issuer is no URL or no HTTP client can be made.
    pub fn start(servers: DemoServers, wiring: Wiring, shutdown: watch::Receiver<bool>) -> Result<Self, DemoError> {
        let DemoServers { web, api } = servers;
        let Wiring { issuer, client: registration, users, clock, random } = wiring;
        let issuer_url = IssuerUrl::new(issuer.clone()).map_err(|_| DemoError::Issuer(issuer.clone()))?;
        let origin = Url::parse(&issuer).map_err(|_| DemoError::Issuer(issuer.clone()))?.origin();

        // Each has its own, as two programs of two makers would.
        let discovery = || -> Result<_, DemoError> {
            Ok(Discovery::new(issuer_url.clone(), client(PATIENCE)?, clock.clone()))
        };
        let resource = Arc::new(Api::new(api.url.clone(), discovery()?, clock.clone()));
        let app = Arc::new(App::new(
            web.url.clone(),
            api.url.clone(),
            origin.ascii_serialization(),
            registration,
            discovery()?,
            client(PATIENCE)?,
            (clock, random),
        )?);

        let (stop, _) = watch::channel(false);
        let mut servers = JoinSet::new();
        let handler = move |request| {
            let resource = Arc::clone(&resource);
            async move { resource.answer(&request).await }
        };
        servers.spawn(serve(api.listener, handler, shutdown.clone()));
        let handler = move |request| {
            let app = Arc::clone(&app);
            async move { app.answer(&request).await }
        };
        servers.spawn(serve(web.listener, handler, shutdown));
        Ok(Self { issuer, app_url: web.url, api_url: api.url, users, servers, _stop: stop })
    }
}
