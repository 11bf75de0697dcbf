//! The provider under test.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use vestibule::{
    app::{App, Sockets, StartError},
    config::{Config, ListenAddress},
};
use vestibule_core::{Clock, Random};
use vestibule_oidc::{Provider, client::NewApi};

use crate::{Authority, Browser, Person, ThirdParty, Wire, backend::Storage};

/// A whole provider in this process. Dropping it ends it.
pub struct TestApp {
    config: Config,
    clock: Clock,
    provider: Provider,
    setup_link: Option<String>,
    wire: Wire,
    stop: watch::Sender<bool>,
    serving: JoinHandle<Result<(), StartError>>,
    storage: Arc<Storage>,
    authority: Option<Authority>,
}

impl TestApp {
    /// Starts one that is configured as by default, but for quick password hashes.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// Starts one with changes to its configuration. A changed `http.public_url` is only a name: it is reached all the same.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Storage::from_template().await, change).await
    }

    /// Starts one that begins with nothing, so that it makes signing keys that no other has.
    pub async fn with_keys_of_its_own(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(Storage::empty().await, change).await
    }

    /// Starts one that is reached over TLS, and asks for client certificates at a second port. Its own comes from the authority
    /// that it trusts for clients: [`TestApp::authority`].
    pub async fn with_mutual_tls(change: impl FnOnce(&mut Config)) -> Self {
        let (storage, authority) = (Storage::from_template().await, Authority::new());
        let server = authority.server();
        let [certificate, key, ca] =
            [("server.pem", &server.pem), ("server-key.pem", &server.key_pem), ("ca.pem", &authority.pem().to_owned())]
                .map(|(name, pem)| storage.file(name, pem));
        let listener = listen(0).await;
        let port = port_of(&listener);
        let mut config = Self::configured(&storage, &format!("https://localhost:{port}"));
        config.http.tls_certificate = Some(certificate);
        config.http.tls_key = Some(key);
        config.http.mtls_client_ca = Some(ca);
        let second = listen(0).await;
        let mutual: ListenAddress = format!("localhost:{}", port_of(&second)).parse().expect("an address");
        config.http.mtls_listen = Some(mutual.into());
        change(&mut config);
        Self::open(Arc::new(storage), config, Clock::system(), listener, Some((authority, second))).await
    }

    fn configured(storage: &Storage, public_url: &str) -> Config {
        let mut config = Config::default();
        config.http.public_url = public_url.parse().expect("a public URL");
        config.passwords.memory_kib = 8;
        config.passwords.iterations = 1;
        config.passwords.workers = Some(1);
        storage.live_in(&mut config);
        config
    }

    async fn on(storage: Storage, change: impl FnOnce(&mut Config)) -> Self {
        let listener = listen(0).await;
        let mut config = Self::configured(&storage, &format!("http://localhost:{}", port_of(&listener)));
        change(&mut config);
        Self::open(Arc::new(storage), config, Clock::system(), listener, None).await
    }

    async fn open(
        storage: Arc<Storage>,
        config: Config,
        clock: Clock,
        listener: TcpListener,
        mutual: Option<(Authority, TcpListener)>,
    ) -> Self {
        let app = App::open(&config, clock.clone(), Random::system()).await.expect("the provider opens");
        let address = |listener: &TcpListener| listener.local_addr().expect("an address");
        let (stop, told) = watch::channel(false);
        let (authority, mutual) = mutual.unzip();
        let wire = Wire::new(
            config.http.public_url.as_str(),
            address(&listener),
            mutual.as_ref().map(address),
            authority.as_ref().map(|authority: &Authority| authority.pem().to_owned()),
        );
        let sockets = Sockets { listeners: vec![listener], mutual: mutual.into_iter().collect() };
        Self {
            provider: app.provider().clone(),
            setup_link: app.setup_link().await.expect("a setup link, or none"),
            wire,
            serving: tokio::spawn(app.run(sockets, told)),
            authority,
            stop,
            storage,
            clock,
            config,
        }
    }

    /// Starts another replica of it on the same storage and clock. On SQLite it has a store of its own for what expires: a
    /// replica shares that only in Redis.
    pub async fn replica(&self, change: impl FnOnce(&mut Config)) -> Self {
        let listener = listen(0).await;
        let mut config = self.config.clone();
        config.ephemeral.path = self.storage.folder().join(format!("ephemeral-{}.db", port_of(&listener)));
        change(&mut config);
        Self::open(Arc::clone(&self.storage), config, self.clock.clone(), listener, None).await
    }

    /// Stops it, and waits until it has closed what it opened.
    pub async fn shutdown(self) {
        self.stop_and_wait().await;
    }

    /// Stops it and starts it again on the same storage and port.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// The same with changes to its configuration.
    pub async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let (storage, mut config, clock, port, authority) = self.stop_and_wait().await;
        change(&mut config);
        let second = config.http.mtls_listen.as_ref().and_then(|addresses| Some(addresses.iter().next()?.port()));
        let mutual = match authority.zip(second) {
            Some((authority, second)) => Some((authority, listen(second).await)),
            None => None,
        };
        Self::open(storage, config, clock, listen(port).await, mutual).await
    }

    async fn stop_and_wait(self) -> (Arc<Storage>, Config, Clock, u16, Option<Authority>) {
        let Self { stop, serving, storage, config, clock, wire, authority, .. } = self;
        stop.send_replace(true);
        serving.await.expect("the provider does not panic").expect("the provider closes");
        let port = wire.port();
        (storage, config, clock, port, authority)
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.provider.issuer()
    }

    /// Who issues certificates to its clients, where it asks for them.
    ///
    /// # Panics
    /// Where it does not.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        self.authority.as_ref().expect("a provider with mutual TLS")
    }

    /// Its clock, for tests to advance.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Its inside, to arrange what a test begins with.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The way to it.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The link that it would print for the first superuser, as long as there was no user when it started.
    #[must_use]
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// A browser that nobody has used yet.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.wire.clone())
    }

    /// A browser with somebody at it who is not signed in yet, and knows how to.
    #[must_use]
    pub fn browser_of(&self, person: &Person) -> Browser {
        let mut browser = self.browser();
        browser.seat(person);
        browser
    }

    /// Registers an API with its scopes, which asks about its tokens as `client`.
    pub async fn api_of(&self, client: &ThirdParty, identifier: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| ((*scope).to_owned(), None)).collect();
        let clients = vec![client.id()];
        let api = NewApi { identifier: identifier.to_owned(), scopes, clients, ..NewApi::default() };
        self.provider.apis().create(api, self.issuer()).await.expect("an API");
    }

    /// Registers an API with its scopes.
    pub async fn api(&self, identifier: &str, scopes: &[&str]) {
        let scopes = scopes.iter().map(|scope| ((*scope).to_owned(), Some(format!("Use {scope}")))).collect();
        let api = NewApi { identifier: identifier.to_owned(), scopes, ..NewApi::default() };
        self.provider.apis().create(api, self.issuer()).await.expect("an API");
    }
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a port of this machine")
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("an address").port()
}
