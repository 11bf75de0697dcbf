//! The demo once the provider answers: its two servers, and what is told of them.

use std::{sync::Arc, time::Duration};

use openidconnect::IssuerUrl;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
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
    web::{App, Settings},
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
    /// Dropping them stops them.
    servers: JoinSet<()>,
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
        // Each has its own, as two programs of two makers would.
        let discovery = || Ok::<_, DemoError>(Discovery::new(issuer_url.clone(), client(PATIENCE)?, clock.clone()));
        let resource = Arc::new(Api::new(api.url.clone(), discovery()?, clock.clone()));
        let settings =
            Settings { app_url: web.url.clone(), api_url: api.url.clone(), issuer: issuer.clone(), registration };
        let app = App::new(settings, discovery()?, client(PATIENCE)?, (clock.clone(), random))
            .map_err(|_| DemoError::Issuer(issuer.clone()))?;
        let app = Arc::new(app);

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
        Ok(Self { issuer, app_url: web.url, api_url: api.url, users, servers })
    }

    /// Says where to click and as whom, and returns once both servers have stopped.
    ///
    /// # Errors
    /// Where standard output cannot be written.
    pub async fn run(mut self, json: bool, output: &mut Output) -> Result<(), Failure> {
        if json {
            output.json(&self.document())?;
        } else {
            output.text(&self.greeting())?;
        }
        while self.servers.join_next().await.is_some() {}
        Ok(())
    }

    /// Walks the sign-in as the first user, says each step, and returns once that is done; the servers end with it.
    ///
    /// # Errors
    /// Where a step went otherwise than it should, or standard output cannot be written.
    pub async fn check(self, json: bool, output: &mut Output) -> Result<(), Failure> {
        let user = self.users.first().ok_or_else(|| Failure::new("the demo has no user to sign in as"))?;
        let target = check::Target {
            issuer: &self.issuer,
            app_url: &self.app_url,
            api_url: &self.api_url,
            username: user.username,
            password: user.password.expose_secret(),
        };
        check::check(target, json, output).await
    }

    fn document(&self) -> Value {
        let users = self
            .users
            .iter()
            .map(|user| json!({ "username": user.username, "password": user.password.expose_secret() }));
        let users: Vec<Value> = users.collect();
        json!({ "issuer": self.issuer, "app_url": self.app_url, "api_url": self.api_url, "users": users })
    }

    fn greeting(&self) -> String {
        let width = self.users.iter().map(|user| user.username.len()).max().unwrap_or_default();
        let people = self
            .users
            .iter()
            .map(|user| format!("    {:<width$}   {}\n", user.username, user.password.expose_secret()));
        format!(
            "Vestibule is running, and so is an app that signs people in with it.\n\n\
             \x20 Open this in a browser     {app}\n\n\
             \x20 and sign in as\n{people}\n\
             \x20 The provider               {issuer}\n\
             \x20 A sample API               {api}/notes\n\n\
             All of it lives in a temporary folder and is gone when you press Ctrl-C.\n",
            app = self.app_url,
            people = people.collect::<String>(),
            issuer = self.issuer,
            api = self.api_url,
        )
    }
}
