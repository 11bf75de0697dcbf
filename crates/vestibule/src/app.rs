//! The wiring: from a configuration to a provider that serves.
//!
//! ```text
//! open ─▶ database, schema ─▶ store of what expires ─▶ key-encryption key ─▶ keys, logs ─▶ Provider ─▶ App
//! run  ─▶ sockets ─▶ requests, until the shutdown; beside them the key ring and the logs follow their tables
//! ```
//! Tests open it as the commands do, with a clock of their own.

use std::{sync::Arc, time::Duration};

use vestibule_audit::Audit;
use vestibule_core::{Clock, Random};
use vestibule_database::{ChangeLog, Database};
use vestibule_ephemeral::{Ephemeral, Pace};
use vestibule_oidc::{
    Herald, Provider, RefreshPolicy, Settings,
    documents::DocumentPolicy,
    registration::{RegistrationMode, RegistrationPolicy},
};
use vestibule_outbound::Outbox;
use vestibule_server::{ClientCertificates, Door, Front, Limits, Orders, SetupLinks, TlsFiles, Vouching};
use vestibule_sessions::{Policy, Sessions};
use vestibule_tokens::{Issuer, KeyFile, KeyRing, RevocationLog, Rotation, Secrets, open_vault};
use vestibule_users::{
    Access, ApiTokenWay, ApiTokens, Attributes, CertificateBindings, CertificateRule, CertificateWay, HashingPolicy,
    Identifiers, PasswordHasher, PasswordRule, PasswordRules, PasswordWay, Postman, Recovery, RemoteUserWay,
    SecondFactorPolicy, SecondFactors, Throttle, ThrottlePolicy, Users, Way, Ways,
};

use tokio::{net::TcpListener, task::JoinHandle};

use crate::config::{
    self, CertificateField, Config, GrantType, ListenAddresses, PasswordRuleName, SecondFactorMode, SignInIdentifier,
    WayToAuthenticate,
};
use crate::{fetch, mail, rotation};

/// Why the provider cannot start, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    pub(crate) fn because(error: impl std::fmt::Display) -> Self {
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
    rotate_every: Duration,
    rotation: Rotation,
    revocations: RevocationLog,
    changes: ChangeLog,
    audit_retention: Duration,
    outbox: Outbox,
    postman: Postman,
    herald: Herald,
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
        let on = config.keys.signing_algorithms();
        let keys = KeyRing::open(database.clone(), vault, key_file, &on, clock.clone(), random.clone())
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
        let audit = Audit::new(database.clone(), clock.clone(), random.clone());
        let fetcher = fetch::fetcher(config)?;
        let outbox = Outbox::new(database.clone(), clock.clone(), random.clone());
        let parts = vestibule_oidc::Parts {
            users: Users::new(database.clone(), hasher, clock.clone(), random.clone())
                .with_password_rules(password_rules(config))
                .with_identifiers(identifiers(config))
                .with_changes(changes.clone()),
            attributes: Attributes::new(database.clone(), changes.clone(), clock.clone()),
            access,
            second_factors: SecondFactors::new(
                database.clone(),
                secrets.personal_vault().clone(),
                &hash_key,
                ephemeral.clone(),
                clock.clone(),
                random.clone(),
                config.branding.name.clone(),
            ),
            sessions: Sessions::new(
                ephemeral.clone(),
                hash_key.clone(),
                clock.clone(),
                random.clone(),
                session_policy(config),
            ),
            tokens: Issuer::new(
                public_url.as_str(),
                keys.clone(),
                &secrets,
                revocations.clone(),
                clock.clone(),
                random.clone(),
            )
            .with_memory(config.tokens.cache.bytes()),
            audit: audit.clone(),
            database: database.clone(),
            changes: changes.clone(),
            ephemeral: ephemeral.clone(),
            fetcher: fetcher.clone(),
            outbox: outbox.clone(),
            hash_key: hash_key.clone(),
            vault: secrets.personal_vault().clone(),
            clock: clock.clone(),
            random: random.clone(),
        };
        let throttle = Throttle::new(ephemeral.clone(), &hash_key, throttling(config)).map_err(StartError::because)?;
        let ways = ways(config, &parts);
        let recovery = Recovery::new(
            parts.users.clone(),
            ephemeral.clone(),
            outbox.clone(),
            &hash_key,
            mail::recovery(config, throttling(config).address),
        );
        let mailer = mail::mailer(config, &clock, &random)?;
        let provider = Provider::new(parts, settings(config)?);
        let administration = format!("{}/api/v1", provider.issuer());
        let scopes = vestibule_server::administration_scopes();
        provider.apis().register_own(&administration, "Administration", &scopes).await.map_err(StartError::because)?;
        Ok(Self {
            rotate_every: config.keys.rotate_every,
            rotation: rotation::of(config),
            keys,
            revocations,
            changes,
            audit_retention: config.audit.retention,
            outbox,
            herald: provider.herald(fetcher),
            postman: recovery.postman(mailer, audit.clone()),
            setup: SetupLinks::new(ephemeral.clone(), &hash_key, random.clone()),
            parts: vestibule_server::Parts {
                provider,
                api_tokens: ApiTokens::new(database.clone(), &hash_key, clock.clone(), random.clone()),
                ways: Arc::new(ways),
                throttle,
                recovery,
                audit,
                vouching: vouching(config),
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
                metrics_allowed: config.http.metrics_allow.iter().copied().collect(),
                revocation_streams: config.tokens.revocation_streams as usize,
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
            mutual_tls: mutual_tls_files(config),
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

    /// Serves until it is told to stop; then drains, and closes what it opened.
    ///
    /// # Errors
    /// TLS files that cannot be used at the start.
    pub async fn run(self, sockets: impl Into<Sockets>, orders: impl Into<Orders>) -> Result<(), StartError> {
        let (Sockets { listeners, mutual }, orders) = (sockets.into(), orders.into());
        let shutdown = orders.shutdown.clone();
        let followers = [
            tokio::spawn(rotation::keep(
                self.keys.clone(),
                self.parts.audit.clone(),
                self.rotate_every,
                self.rotation,
                shutdown.clone(),
            )),
            tokio::spawn(self.keys.follow(shutdown.clone())),
            tokio::spawn(self.revocations.follow(shutdown.clone())),
            tokio::spawn(self.changes.follow(shutdown.clone())),
            tokio::spawn(self.parts.provider.grants().clone().follow(shutdown.clone())),
            tokio::spawn(self.parts.provider.clone().sweep_registrations(shutdown.clone())),
            tokio::spawn(self.parts.provider.clone().sweep_roll(shutdown.clone())),
            tokio::spawn(self.parts.audit.clone().follow(self.audit_retention, shutdown.clone())),
        ];
        let post = [
            tokio::spawn(self.outbox.clone().run(self.postman, shutdown.clone())),
            tokio::spawn(self.outbox.run(self.herald, shutdown.clone())),
        ];
        let (database, ephemeral) = (self.parts.database.clone(), self.parts.ephemeral.clone());
        let service = vestibule_server::service(self.parts, self.front, shutdown);
        let doors = vec![Door { listeners, tls: self.tls }, Door { listeners: mutual, tls: self.mutual_tls }];
        let served = vestibule_server::serve(doors, service, self.limits, orders).await;
        for follower in followers {
            follower.abort();
        }
        match served {
            // It was told to stop as well, and lets what is on its way arrive.
            Ok(()) => {
                for lane in post {
                    drop(lane.await);
                }
            }
            Err(_) => post.iter().for_each(JoinHandle::abort),
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
    Some(TlsFiles { certificate: certificate.to_owned(), key: key.to_owned(), clients: None })
}

/// What is needed to ask clients for a certificate. Where people sign in by theirs, browsers are told whose are meant.
fn mutual_tls_files(config: &Config) -> Option<TlsFiles> {
    let authorities = config.http.mtls_client_ca.clone()?;
    let told = config.authentication.ways.contains(&WayToAuthenticate::Certificate);
    Some(TlsFiles { clients: Some(ClientCertificates { authorities, told }), ..tls_files(config)? })
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

fn settings(config: &Config) -> Result<Settings, StartError> {
    Ok(Settings {
        require_pkce: config.oidc.require_pkce,
        strict_assertion_audience: config.oidc.strict_assertion_audience,
        implicit: config.oidc.implicit,
        registration: registration(config),
        client_documents: client_documents(config),
        require_pushed_authorization_requests: config.oidc.require_pushed_authorization_requests,
        pushed_request_lifetime: config.oidc.pushed_request_lifetime,
        require_signed_request_object: config.oidc.require_signed_request_object,
        mutual_origin: mutual_origin(config),
        client_certificates: client_certificates(config),
        dpop_nonce: config.oidc.dpop_nonce,
        access_token_lifetime: config.tokens.access_token_lifetime,
        id_token_lifetime: config.tokens.id_token_lifetime,
        cache_bytes: config.oidc.cache.bytes(),
        access_token_alg: config.tokens.access_token_alg,
        refresh: refresh_policy(config),
        second_factor: match config.authentication.second_factor {
            SecondFactorMode::Never => SecondFactorPolicy::Never,
            SecondFactorMode::Enrolled => SecondFactorPolicy::Enrolled,
            SecondFactorMode::Staff => SecondFactorPolicy::Staff,
            SecondFactorMode::Always => SecondFactorPolicy::Always,
        },
        levels: config.authentication.levels().map_err(StartError::because)?,
        self_registration: config.users.registration,
    })
}

/// Which applications may register themselves, and as what.
pub(crate) fn registration(config: &Config) -> RegistrationPolicy {
    let registration = &config.registration;
    // Tokens through the browser can be switched off for all.
    let grants = registration.grant_types.iter().filter(|grant| config.oidc.implicit || **grant != GrantType::Implicit);
    RegistrationPolicy {
        mode: match registration.mode {
            config::RegistrationMode::Off => RegistrationMode::Off,
            config::RegistrationMode::Token => RegistrationMode::Token,
            config::RegistrationMode::Open => RegistrationMode::Open,
        },
        require_pkce: registration.require_pkce,
        scopes: registration.scopes.iter().map(|scope| scope.as_str()).collect(),
        grant_types: grants.map(|grant| grant.as_str().to_owned()).collect(),
        hourly_limit: registration.hourly_limit,
        statement_issuers: registration.statement_issuers.iter().cloned().collect(),
        require_software_statement: registration.require_software_statement,
        unused_lifetime: registration.unused_lifetime,
    }
}

/// Which applications are known by a document at their `client_id`.
pub(crate) fn client_documents(config: &Config) -> DocumentPolicy {
    let documents = &config.client_documents;
    DocumentPolicy {
        allow: documents.allow.iter().cloned().collect(),
        shortest: documents.shortest_cache,
        longest: documents.longest_cache,
        most: documents.most.into(),
    }
}

/// How long what refresh tokens stand for lasts.
pub(crate) fn refresh_policy(config: &Config) -> RefreshPolicy {
    let tokens = &config.tokens;
    RefreshPolicy { retry: tokens.refresh_retry, idle: tokens.refresh_idle, absolute: tokens.refresh_absolute }
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

/// The ways of `authentication.ways`, in their order.
fn ways(config: &Config, parts: &vestibule_oidc::Parts) -> Ways {
    let way = |way: &WayToAuthenticate| -> Box<dyn Way> {
        let (users, clock) = (parts.users.clone(), parts.clock.clone());
        match way {
            WayToAuthenticate::Password => Box::new(PasswordWay::new(users)),
            WayToAuthenticate::ApiToken => {
                let (database, random) = (parts.database.clone(), parts.random.clone());
                Box::new(ApiTokenWay::new(ApiTokens::new(database, &parts.hash_key, clock, random)))
            }
            WayToAuthenticate::RemoteUser if config.authentication.remote_user_superusers => {
                Box::new(RemoteUserWay::new(users))
            }
            WayToAuthenticate::RemoteUser => Box::new(RemoteUserWay::new(users).without_superusers()),
            WayToAuthenticate::Certificate => {
                let bindings = CertificateBindings::new(parts.database.clone(), clock.clone());
                let rules = config.authentication.certificate_fields.iter().map(certificate_rule).collect();
                Box::new(CertificateWay::new(users, bindings, rules, clock))
            }
        }
    };
    Ways::new(config.authentication.ways.iter().map(way).collect())
}

fn certificate_rule(field: &CertificateField) -> CertificateRule {
    match field {
        CertificateField::Fingerprint => CertificateRule::Fingerprint,
        CertificateField::SubjectCn => CertificateRule::SubjectCn,
        CertificateField::SubjectDn => CertificateRule::SubjectDn,
        CertificateField::SanEmail => CertificateRule::SanEmail,
        CertificateField::SanUpn => CertificateRule::SanUpn,
        CertificateField::SanUri => CertificateRule::SanUri,
        CertificateField::SanDns => CertificateRule::SanDns,
    }
}

/// What headers count; a name that is no header's name counts for nothing, which the configuration refuses before.
fn vouching(config: &Config) -> Vouching {
    let header = |name: &Option<String>| name.as_deref().and_then(|name| name.parse().ok());
    Vouching {
        proxies: config.http.trusted_proxies.iter().copied().collect(),
        remote_user: header(&config.authentication.remote_user_header),
        certificate: header(&config.http.mtls_forwarded_header),
        listener: mutual_origin(config),
    }
}

/// Whether client certificates come at all.
pub(crate) fn client_certificates(config: &Config) -> bool {
    config.http.mtls_listen.is_some() || config.http.mtls_forwarded_header.is_some()
}

/// Where browsers reach the listener that asks for client certificates: the provider's host, at that listener's port.
fn mutual_origin(config: &Config) -> Option<String> {
    let port = config.http.mtls_listen.as_ref()?.iter().next()?.port();
    let mut url = config.http.public_url.url().clone();
    url.set_port(Some(port)).ok()?;
    Some(url.origin().ascii_serialization())
}

fn throttling(config: &Config) -> ThrottlePolicy {
    let throttle = &config.throttle;
    let default = ThrottlePolicy::default();
    let pace = |tries: u32, pace: Pace| {
        let waits = pace.waits.iter().map(|wait| (*wait).min(throttle.longest_wait)).collect();
        let forgive = (throttle.window / tries.max(1)).max(Duration::from_millis(1));
        Pace { free: tries, waits, forgive }
    };
    ThrottlePolicy {
        account: pace(throttle.account_tries, default.account),
        address: pace(throttle.address_tries, default.address),
        ..default
    }
}

/// The rules that new passwords are held against.
pub(crate) fn password_rules(config: &Config) -> PasswordRules {
    let passwords = &config.passwords;
    PasswordRules::new(passwords.rules.iter().map(|rule| match rule {
        PasswordRuleName::Length => PasswordRule::Length,
        PasswordRuleName::Similarity => PasswordRule::Similarity,
        PasswordRuleName::Common => PasswordRule::Common,
        PasswordRuleName::Numeric => PasswordRule::Numeric,
        PasswordRuleName::Strength => PasswordRule::Strength,
        PasswordRuleName::History => PasswordRule::History,
    }))
    .with_shortest(passwords.min_length)
    .with_least_score(passwords.min_strength)
    .with_remembered(usize::try_from(passwords.history).unwrap_or(usize::MAX))
}

/// By what people name themselves to sign in.
pub(crate) fn identifiers(config: &Config) -> Identifiers {
    let named = &config.users.sign_in_with;
    Identifiers {
        username: named.contains(&SignInIdentifier::Username),
        email: named.contains(&SignInIdentifier::Email),
        phone: named.contains(&SignInIdentifier::Phone),
    }
}

fn hashing(config: &Config) -> HashingPolicy {
    HashingPolicy {
        workers: config.passwords.worker_count(),
        queue: config.passwords.queue,
        memory_kib: config.passwords.memory_kib,
        iterations: config.passwords.iterations,
        parallelism: config.passwords.parallelism,
        accept_md5: config.passwords.accept_md5,
        ..HashingPolicy::default()
    }
}
