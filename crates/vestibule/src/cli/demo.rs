//! `vestibule demo`: the provider in a temporary folder, with somebody else's app and API to click through.

use clap::Args;
use secrecy::SecretString;
use vestibule_core::{Clock, Random, RedirectUri};
use vestibule_oidc::{
    Provider,
    client::{NewApi, NewClient},
};
use vestibule_users::NewUser;

use super::{Failure, Output, serve::until_told};
use crate::{
    app::App,
    config::{Config, ListenAddress, Loaded, MailTransport, Source},
    demo::{APP_NAME, APP_SCOPES, Demo, DemoClient, DemoServers, DemoUser, NOTES_SCOPE, Wiring, demo_users},
};

/// The command's arguments.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Walk the whole sign-in by itself, print each step, and end
    #[arg(long)]
    check: bool,
    /// Report as one JSON document
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, loaded: Loaded, mut output: Output) -> Result<(), Failure> {
        let folder = tempfile::Builder::new()
            .prefix("vestibule-demo-")
            .tempdir()
            .map_err(|error| Failure::new(format!("no temporary folder can be made: {error}")))?;
        let (clock, random) = (Clock::system(), Random::system());
        let mut config = loaded.config.clone();
        live_in(&mut config, folder.path());
        if loaded.source("http.listen") == Source::Default && loaded.source("http.public_url") == Source::Default {
            find_port(&mut config).await?;
        }
        let app = App::open(&config, clock.clone(), random.clone()).await.map_err(Failure::of)?;
        let listeners = app.bind().await.map_err(Failure::of)?;
        let servers = DemoServers::bind().await.map_err(Failure::of)?;
        let users = demo_users(&random);
        create_users(app.provider(), &users).await?;
        let client = register(app.provider(), &servers).await?;
        let issuer = app.provider().issuer().to_owned();
        let told = until_told()?;
        let wiring = Wiring { issuer, client, users, clock, random };
        let provider = tokio::spawn(app.run(listeners, told.clone()));
        let demo = Demo::start(servers, wiring, told).map_err(Failure::of)?;
        if self.check {
            return demo.check(self.json, &mut output).await;
        }
        demo.run(self.json, &mut output).await?;
        match provider.await {
            Ok(served) => served.map_err(Failure::of),
            Err(error) => Err(Failure::of(error)),
        }
    }
}

/// Whatever is configured, the demo leaves nothing behind and touches nothing that is there.
fn live_in(config: &mut Config, folder: &std::path::Path) {
    config.database.url = format!("sqlite://{}", folder.join("vestibule.db").display()).into();
    config.redis.url = None;
    config.ephemeral.path = folder.join("ephemeral.db");
    config.mail.transport = MailTransport::Folder;
    config.mail.folder = folder.join("mail");
    config.keys.dir = folder.join("keys");
    config.keys.encryption_key_file = None;
}

/// Keeps the default port where it is free, and takes another where it is not.
async fn find_port(config: &mut Config) -> Result<(), Failure> {
    let taken = vestibule_server::bind(&["localhost:8080".to_owned()]).await;
    if taken.is_ok() {
        return Ok(());
    }
    let free = vestibule_server::bind(&["localhost:0".to_owned()]).await.map_err(Failure::of)?;
    let port = free.first().and_then(|listener| listener.local_addr().ok()).map_or(0, |address| address.port());
    let parse = |text: String| Failure::new(format!("the demo's address cannot be used: {text}"));
    let listen: ListenAddress = format!("localhost:{port}").parse().map_err(parse)?;
    config.http.listen = listen.into();
    config.http.public_url = format!("http://localhost:{port}").parse().map_err(parse)?;
    Ok(())
}

async fn create_users(provider: &Provider, users: &[DemoUser]) -> Result<(), Failure> {
    for user in users {
        let new = NewUser {
            email: Some(user.email.to_owned()),
            email_verified: true,
            password: Some(user.password.clone()),
            claims: user.claims.clone(),
            ..NewUser::named(user.username)
        };
        provider.users().create(new).await.map_err(Failure::of)?;
    }
    Ok(())
}

/// Registers the sample API and the sample app, as an operator would by `apis create` and `clients create`.
async fn register(provider: &Provider, servers: &DemoServers) -> Result<DemoClient, Failure> {
    let api = NewApi {
        identifier: servers.api_url().to_owned(),
        name: Some("Harbour Notes API".to_owned()),
        scopes: vec![(NOTES_SCOPE.to_owned(), Some("Read your notes".to_owned()))],
        ..NewApi::default()
    };
    provider.apis().create(api, provider.issuer()).await.map_err(Failure::of)?;
    let uri = |text: String| RedirectUri::parse(&text).map_err(Failure::of);
    let mut new = NewClient::named(APP_NAME, vec![uri(servers.redirect_uri())?]);
    new.metadata.post_logout_redirect_uris = vec![uri(servers.post_logout_redirect_uri())?];
    new.metadata.scope = APP_SCOPES.into_iter().collect();
    let created = provider.clients().create(new).await.map_err(Failure::of)?;
    Ok(DemoClient {
        client_id: created.client.id.to_string(),
        client_secret: SecretString::from(created.secret.unwrap_or_default()),
    })
}
