//! The provider: what the endpoints call, holding the rooms that it decides with.

use std::{sync::Arc, time::Duration};

use vestibule_audit::Audit;
use vestibule_core::{Clock, HashKey, Random, Vault};
use vestibule_database::{ChangeLog, Database};
use vestibule_ephemeral::Ephemeral;
use vestibule_metrics::CountsBy;
use vestibule_outbound::{Fetcher, Outbox};
use vestibule_sessions::Sessions;
use vestibule_tokens::{Issuer, SigningAlgorithm};
use vestibule_users::{Access, Attributes, Portraits, SecondFactorPolicy, SecondFactors, Users};

use crate::{
    Consents,
    authorize::References,
    client::{
        Apis, ClientRules, Clients,
        authentication::{Assertions, RemoteKeys},
    },
    code::Codes,
    device::Devices,
    discovery::{Published, path},
    documents::{DocumentPolicy, Slots},
    dpop::Dpop,
    grants::{Grants, RefreshPolicy},
    levels::Levels,
    logout::Roll,
    pushed::PushedRequests,
    registration::{InitialAccessTokens, RegistrationPolicy},
};

/// What an operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether clients made here must use PKCE unless they say otherwise (`oidc.require_pkce`).
    pub require_pkce: bool,
    /// How long access tokens live where their API does not say (`tokens.access_token_lifetime`).
    pub access_token_lifetime: Duration,
    /// How long ID tokens live (`tokens.id_token_lifetime`).
    pub id_token_lifetime: Duration,
    /// What access tokens are signed with where their API does not say (`tokens.access_token_alg`).
    pub access_token_alg: SigningAlgorithm,
    /// How long what refresh tokens stand for lasts (`tokens.refresh_…`).
    pub refresh: RefreshPolicy,
    /// Whether an application's assertion may name nobody but our issuer as its audience
    /// (`oidc.strict_assertion_audience`).
    pub strict_assertion_audience: bool,
    /// Whether the authorization endpoint gives tokens, to applications that registered for it (`oidc.implicit`).
    pub implicit: bool,
    /// Whether every authorization request must be pushed (`oidc.require_pushed_authorization_requests`).
    pub require_pushed_authorization_requests: bool,
    /// How long a pushed request can be opened (`oidc.pushed_request_lifetime`).
    pub pushed_request_lifetime: Duration,
    /// Whether every authorization request must be a signed request object (`oidc.require_signed_request_object`).
    pub require_signed_request_object: bool,
    /// Where clients are asked for a certificate (`http.mtls.listen`): the same endpoints lie there, below this origin.
    pub mutual_origin: Option<String>,
    /// Whether client certificates come at all, there or from a trusted proxy.
    pub client_certificates: bool,
    /// Whether DPoP proofs must carry a nonce of ours (`oidc.dpop_nonce`).
    pub dpop_nonce: bool,
    /// Which applications may register themselves, and as what (`registration`).
    pub registration: RegistrationPolicy,
    /// Which applications are known by a document at their `client_id` (`client_documents`).
    pub client_documents: DocumentPolicy,
    /// Of whom a second factor is asked (`authentication.second_factor`).
    pub second_factor: SecondFactorPolicy,
    /// The levels of a sign-in (`authentication.levels`).
    pub levels: Levels,
    /// Whether people may make accounts for themselves (`users.registration`).
    pub self_registration: bool,
    /// The memory for applications, APIs and people that were looked up, in bytes (`oidc.cache`).
    pub cache_bytes: u64,
}

/// What the provider is put together from.
#[derive(Clone, Debug)]
pub struct Parts {
    /// What lasts.
    pub database: Database,
    /// Word of what changed in it.
    pub changes: ChangeLog,
    /// What expires.
    pub ephemeral: Ephemeral,
    /// People.
    pub users: Users,
    /// What else is known of them.
    pub attributes: Attributes,
    /// What they may do.
    pub access: Access,
    /// Their second factors.
    pub second_factors: SecondFactors,
    /// Browsers.
    pub sessions: Sessions,
    /// What we sign, and the log of what is void.
    pub tokens: Issuer,
    /// What fetches from addresses that applications name.
    pub fetcher: Fetcher,
    /// What waits to be told to others.
    pub outbox: Outbox,
    /// The record of what happened.
    pub audit: Audit,
    /// The key of all keyed hashes.
    pub hash_key: HashKey,
    /// What seals secrets of applications that must be read back.
    pub vault: Arc<Vault>,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

/// No access token lives longer, whatever an API says: entries of the revocation log are kept at least so long.
pub(crate) const LONGEST_ACCESS_TOKEN: Duration = Duration::from_secs(86_400);

/// The authorization server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    database: Database,
    ephemeral: Ephemeral,
    initial_access_tokens: InitialAccessTokens,
    registration_limit_key: HashKey,
    document_slots: Slots,
    browser_state_key: HashKey,
    users: Users,
    attributes: Attributes,
    portraits: Portraits,
    published: Published,
    access: Access,
    second_factors: SecondFactors,
    sessions: Sessions,
    tokens: Issuer,
    clients: Clients,
    apis: Apis,
    consents: Consents,
    issued: CountsBy<1>,
    codes: Codes,
    pushed: PushedRequests,
    references: References,
    fetcher: Fetcher,
    devices: Devices,
    assertions: Assertions,
    grants: Grants,
    roll: Roll,
    dpop: Dpop,
    audit: Audit,
    clock: Clock,
    random: Random,
}

impl Provider {
    /// Puts the provider together.
    #[must_use]
    pub fn new(parts: Parts, settings: Settings) -> Self {
        let Parts {
            database,
            changes,
            ephemeral,
            users,
            attributes,
            access,
            second_factors,
            sessions,
            tokens,
            fetcher,
            outbox,
            audit,
            hash_key,
            vault,
            clock,
            random,
        } = parts;
        let issuer = tokens.url().to_owned();
        let origins = std::iter::once(issuer.as_str()).chain(settings.mutual_origin.as_deref());
        let assertions = Assertions {
            ephemeral: ephemeral.clone(),
            key: hash_key.for_purpose("client assertion"),
            keys: RemoteKeys::new(fetcher.clone(), clock.clone()),
            vault: vault.clone(),
            token_endpoints: origins.map(|origin| format!("{origin}{}", path::TOKEN)).collect(),
            issuer,
            strict: settings.strict_assertion_audience,
            clock: clock.clone(),
        };
        let algorithms = tokens.keys().algorithms();
        let rules = ClientRules {
            require_pkce: settings.require_pkce,
            client_certificates: settings.client_certificates,
            signing_algorithms: algorithms.to_vec(),
        };
        // People and applications are many, and APIs few.
        let eighth = settings.cache_bytes / 8;
        let (of_people, of_clients, of_apis) = (3 * eighth, 4 * eighth, eighth);
        let portraits = Portraits::new(users.clone(), attributes.clone(), &changes, clock.clone(), of_people);
        let published = Published::new(&changes, &clock);
        Self(Arc::new(Inner {
            assertions,
            clients: Clients::new(
                database.clone(),
                changes.clone(),
                &hash_key,
                vault,
                rules,
                clock.clone(),
                random.clone(),
                of_clients,
            )
            .with_hasher(users.hasher().clone()),
            apis: Apis::new(database.clone(), changes, algorithms, clock.clone(), of_apis),
            consents: Consents::new(database.clone(), clock.clone()),
            issued: CountsBy::new(["grant"]),
            initial_access_tokens: InitialAccessTokens::new(database.clone(), &hash_key, clock.clone(), random.clone()),
            registration_limit_key: hash_key.for_purpose("registrations by address"),
            document_slots: Slots::new(),
            browser_state_key: hash_key.for_purpose("browser state"),
            ephemeral: ephemeral.clone(),
            database: database.clone(),
            roll: Roll::new(database.clone(), outbox),
            grants: Grants::new(database, &hash_key, settings.refresh, clock.clone()),
            audit,
            devices: Devices::new(ephemeral.clone(), &hash_key, clock.clone(), random.clone(), LONGEST_ACCESS_TOKEN),
            dpop: Dpop::new(ephemeral.clone(), &hash_key),
            pushed: PushedRequests::new(
                ephemeral.clone(),
                &hash_key,
                clock.clone(),
                random.clone(),
                settings.pushed_request_lifetime,
                sessions.longest_wait(),
            ),
            references: References::new(fetcher.clone(), clock.clone()),
            fetcher,
            codes: Codes::new(ephemeral, &hash_key, random.clone(), LONGEST_ACCESS_TOKEN),
            settings,
            users,
            attributes,
            portraits,
            published,
            access,
            second_factors,
            sessions,
            tokens,
            clock,
            random,
        }))
    }

    /// The issuer's name (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.tokens.url()
    }

    /// What an operator decided.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The levels of a sign-in.
    #[must_use]
    pub fn levels(&self) -> &Levels {
        &self.0.settings.levels
    }

    /// People.
    #[must_use]
    pub fn users(&self) -> &Users {
        &self.0.users
    }

    /// What else is known of them: attributes that administrators declare.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.0.attributes
    }

    /// What applications may be told of them, from memory.
    #[must_use]
    pub fn portraits(&self) -> &Portraits {
        &self.0.portraits
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn ephemeral(&self) -> &Ephemeral {
        &self.0.ephemeral
    }

    /// The tokens that let applications register themselves.
    #[must_use]
    pub fn initial_access_tokens(&self) -> &InitialAccessTokens {
        &self.0.initial_access_tokens
    }

    pub(crate) fn registration_limit_key(&self) -> &HashKey {
        &self.0.registration_limit_key
    }

    /// What keeps two callers from fetching one document.
    pub(crate) fn document_slots(&self) -> &Slots {
        &self.0.document_slots
    }

    pub(crate) fn published(&self) -> &Published {
        &self.0.published
    }

    /// What they may do.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.0.access
    }

    /// Their second factors.
    #[must_use]
    pub fn second_factors(&self) -> &SecondFactors {
        &self.0.second_factors
    }

    /// Browsers.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    /// What we sign.
    #[must_use]
    pub fn tokens(&self) -> &Issuer {
        &self.0.tokens
    }

    /// Applications.
    #[must_use]
    pub fn clients(&self) -> &Clients {
        &self.0.clients
    }

    /// The APIs that they call.
    #[must_use]
    pub fn apis(&self) -> &Apis {
        &self.0.apis
    }

    /// What people allowed them.
    #[must_use]
    pub fn consents(&self) -> &Consents {
        &self.0.consents
    }

    /// What applications may come back for.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.0.grants
    }

    /// Time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The record of what happened.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// What stands for sessions in a browser's state.
    pub(crate) fn browser_state_key(&self) -> &HashKey {
        &self.0.browser_state_key
    }

    /// Which applications were given tokens in which session.
    pub(crate) fn roll(&self) -> &Roll {
        &self.0.roll
    }

    pub(crate) fn devices(&self) -> &Devices {
        &self.0.devices
    }

    /// What the signed statements of applications are held against.
    pub(crate) fn assertions(&self) -> &Assertions {
        &self.0.assertions
    }

    pub(crate) fn dpop(&self) -> &Dpop {
        &self.0.dpop
    }

    /// How often the token endpoint gave tokens, by grant.
    #[must_use]
    pub fn issued(&self) -> &CountsBy<1> {
        &self.0.issued
    }

    pub(crate) fn codes(&self) -> &Codes {
        &self.0.codes
    }

    pub(crate) fn pushed(&self) -> &PushedRequests {
        &self.0.pushed
    }

    /// What applications publish as their requests.
    pub(crate) fn references(&self) -> &References {
        &self.0.references
    }

    /// What fetches from addresses that applications name.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.0.fetcher
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }
}
