//! The wiring: from a configuration to a provider that serves.
//!
//! ```text
//! open ─▶ database, schema ─▶ store of what expires ─▶ key-encryption key ─▶ keys, logs ─▶ Provider ─▶ App
//! run  ─▶ sockets ─▶ requests, until the shutdown; beside them the key ring and the logs follow their tables
//! ```
//! Tests open it as the commands do, with a clock of their own.

use vestibule_core::{Clock, Random};
use vestibule_database::{ChangeLog, Database};
use vestibule_ephemeral::Ephemeral;
use vestibule_oidc::{Provider, Settings};
use vestibule_server::{Door, Front, Limits, SetupLinks, TlsFiles};
use vestibule_sessions::{Policy, Sessions};
use vestibule_tokens::{Issuer, KeyFile, KeyRing, RevocationLog, Secrets, SigningAlgorithm, open_vault};
use vestibule_users::{Access, HashingPolicy, PasswordHasher, PasswordRules, Users};

use tokio::{net::TcpListener, sync::watch};

use crate::config::{AccessTokenAlg, Config, ListenAddresses};

/// Why the provider cannot start, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The provider, put together and not yet serving.
pub struct App {
    parts: vestibule_server::Parts,
    front: Front,
    limits: Limits,
    tls: Option<TlsFiles>,
    listen: Vec<String>,
    mutual_tls: Option<TlsFiles>,
    mutual_listen: Vec<String>,
    keys: KeyRing,
    revocations: RevocationLog,
    changes: ChangeLog,
    setup: SetupLinks,
}

impl App {
    /// Opens everything that `config` names, brings the schema up to date and makes the first keys.
    ///
    /// # Errors
    /// What does not open, and what to do.
    pub async fn open(config: &Config, clock: Clock, random: Random) -> Result<Self, StartError> {
        // Where another part of the process has installed it before, it is the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let database = open_database(config).await?;
        let ephemeral = open_ephemeral(config, &clock).await?;
        let key_file = KeyFile::at(&config.keys.dir, config.keys.encryption_key_file.as_deref());
        let vault = open_vault(&database, &key_file, &clock, &random).await.map_err(StartError::because)?;
        let secrets = Secrets::open(&database, &vault, &clock, &random).await.map_err(StartError::because)?;
        let hash_key = secrets.hash_key().clone();
        let keys = KeyRing::open(database.clone(), vault, key_file, clock.clone(), random.clone())
            .await
            .map_err(StartError::because)?;
        let revocations = RevocationLog::load(database.clone(), ephemeral.clone(), clock.clone(), &random)
            .await
            .map_err(StartError::because)?;
        let changes = ChangeLog::open(database.clone(), clock.clone()).await.map_err(StartError::because)?;
        let cache = config.permissions.cache.bytes();
        let access = Access::new(database.clone(), changes.clone(), clock.clone(), random.clone(), cache);
        access.register_builtin().await.map_err(StartError::because)?;
        let hasher = PasswordHasher::new(hashing(config), random.clone()).map_err(StartError::because)?;
        let public_url = &config.http.public_url;
        let parts = vestibule_oidc::Parts {
            users: Users::new(database.clone(), hasher, clock.clone(), random.clone())
                .with_password_rules(PasswordRules::default().with_shortest(config.passwords.min_length))
                .with_changes(changes.clone()),
            access,
            sessions: Sessions::new(
                ephemeral.clone(),
                hash_key.clone(),
                clock.clone(),
                random.clone(),
                session_policy(config),
            ),
            tokens: Issuer::new(public_url.as_str(), keys.clone(), revocations.clone(), clock.clone(), random.clone()),
            database: database.clone(),
            ephemeral: ephemeral.clone(),
            hash_key: hash_key.clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        Ok(Self {
            keys,
            revocations,
            changes,
            setup: SetupLinks::new(ephemeral.clone(), &hash_key, random.clone()),
            parts: vestibule_server::Parts {
                provider: Provider::new(parts, settings(config)),
                database,
                ephemeral,
                hash_key,
                public_url: public_url.url().clone(),
                site_name: config.branding.name.clone(),
                max_body: usize::try_from(config.http.max_body.bytes()).unwrap_or(usize::MAX),
                clock,
                random,
            },
            front: Front {
                proxies: config.http.trusted_proxies.iter().copied().collect(),
                request_timeout: config.http.request_timeout,
            },
            limits: Limits {
                header_timeout: config.http.header_timeout,
                request_timeout: config.http.request_timeout,
                drain_timeout: config.http.drain_timeout,
                max_connections: config.http.max_connections,
                ..Limits::default()
            },
            tls: tls_files(config),
            listen: addresses(&config.http.listen),
            mutual_tls: config
                .http
                .mtls_client_ca
                .clone()
                .and_then(|authority| Some(TlsFiles { client_ca: Some(authority), ..tls_files(config)? })),
            mutual_listen: config.http.mtls_listen.as_ref().map(addresses).unwrap_or_default(),
        })
    }

    /// The authorization server, for whoever registers users and clients in the same process.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.parts.provider
    }

    /// A one-time link to create the first superuser; none where there is a user already.
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn setup_link(&self) -> Result<Option<String>, StartError> {
        if !self.provider().users().none_exist().await.map_err(StartError::because)? {
            return Ok(None);
        }
        self.setup.make(self.provider().issuer()).await.map(Some).map_err(StartError::because)
    }

    /// Takes the sockets of `http.listen` and `http.mtls.listen`.
    ///
    /// # Errors
    /// An address that cannot be listened on.
    pub async fn bind(&self) -> Result<Sockets, StartError> {
        Ok(Sockets {
            listeners: vestibule_server::bind(&self.listen).await.map_err(StartError::because)?,
            mutual: match self.mutual_listen.is_empty() {
                true => Vec::new(),
                false => vestibule_server::bind(&self.mutual_listen).await.map_err(StartError::because)?,
            },
        })
    }

    /// Serves until `shutdown` turns true or its sender is gone; then drains, and closes what it opened.
    ///
    /// # Errors
    /// TLS files that cannot be used.
    pub async fn run(self, sockets: impl Into<Sockets>, shutdown: watch::Receiver<bool>) -> Result<(), StartError> {
        let Sockets { listeners, mutual } = sockets.into();
        let followers = [
            tokio::spawn(self.keys.follow(shutdown.clone())),
            tokio::spawn(self.revocations.follow(shutdown.clone())),
            tokio::spawn(self.changes.follow(shutdown.clone())),
        ];
        let (database, ephemeral) = (self.parts.database.clone(), self.parts.ephemeral.clone());
        let service = vestibule_server::service(self.parts, self.front);
        let doors = vec![Door { listeners, tls: self.tls }, Door { listeners: mutual, tls: self.mutual_tls }];
        let served = vestibule_server::serve(doors, service, self.limits, shutdown).await;
        for follower in followers {
            follower.abort();
        }
        ephemeral.close().await;
        database.close().await;
        served.map_err(StartError::because)
    }
}

/// What is listened on.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The sockets of `http.listen`.
    pub listeners: Vec<TcpListener>,
    /// The sockets of `http.mtls.listen`, where clients are asked for a certificate.
    pub mutual: Vec<TcpListener>,
}

impl From<Vec<TcpListener>> for Sockets {
    fn from(listeners: Vec<TcpListener>) -> Self {
        Self { listeners, mutual: Vec::new() }
    }
}

fn addresses(addresses: &ListenAddresses) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn tls_files(config: &Config) -> Option<TlsFiles> {
    let (certificate, key) = config.http.tls()?;
    Some(TlsFiles { certificate: certificate.to_owned(), key: key.to_owned(), client_ca: None })
}

async fn open_database(config: &Config) -> Result<Database, StartError> {
    let url = &config.database.url;
    let in_words = |error| StartError(format!("{error}; look at database.url ({})", url.redacted()));
    let database = Database::connect(url.expose(), config.database.max_connections).await.map_err(in_words)?;
    for step in database.migrate().await.map_err(in_words)? {
        tracing::info!(step, "the schema was brought up to date");
    }
    Ok(database)
}

async fn open_ephemeral(config: &Config, clock: &Clock) -> Result<Ephemeral, StartError> {
    match &config.redis.url {
        Some(url) => Ephemeral::redis(url.expose(), &config.redis.prefix, clock.clone()).await,
        None => Ephemeral::embedded(&config.ephemeral.path, clock.clone()).await,
    }
    .map_err(StartError::because)
}

fn settings(config: &Config) -> Settings {
    Settings {
        require_pkce: config.oidc.require_pkce,
        access_token_lifetime: config.tokens.access_token_lifetime,
        id_token_lifetime: config.tokens.id_token_lifetime,
        access_token_alg: match config.tokens.access_token_alg {
            AccessTokenAlg::Es256 => SigningAlgorithm::Es256,
            AccessTokenAlg::Rs256 => SigningAlgorithm::Rs256,
        },
    }
}

fn session_policy(config: &Config) -> Policy {
    Policy {
        idle: config.sessions.idle,
        absolute: config.sessions.absolute,
        keep_idle: config.sessions.keep_idle,
        keep_absolute: config.sessions.keep_absolute,
        ..Policy::default()
    }
}

fn hashing(config: &Config) -> HashingPolicy {
    HashingPolicy {
        workers: config.passwords.worker_count(),
        queue: config.passwords.queue,
        memory_kib: config.passwords.memory_kib,
        iterations: config.passwords.iterations,
        parallelism: config.passwords.parallelism,
        ..HashingPolicy::default()
    }
}
