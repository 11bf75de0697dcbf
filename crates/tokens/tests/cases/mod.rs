//! What must hold on either engine.

mod algorithms;
mod attacks;
mod first_start;
mod hints;
mod revocations;
mod rotation;
mod tokens;
mod vault;

use std::{path::PathBuf, time::Duration};

use vestibule_core::{Clock, Random, UserId, Vault};
use vestibule_database::Database;
use vestibule_ephemeral::Ephemeral;
use vestibule_tokens::{
    AccessTokenClaims, Authentication, IdTokenClaims, Issuer, KeyFile, KeyRing, RevocationLog, Secrets,
    SigningAlgorithm, open_vault,
};

use crate::TestDatabase;

pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// What all replicas of one provider share: a database, a folder of keys, a bus, and the time.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) keys: tempfile::TempDir,
    /// What those that start from now on sign with.
    pub(crate) on: Vec<SigningAlgorithm>,
    pub(crate) bus: Ephemeral,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = Clock::system();
        let world = Self {
            database: TestDatabase::fresh().await,
            keys: tempfile::tempdir().expect("a folder"),
            on: SigningAlgorithm::DEFAULT.to_vec(),
            bus: Ephemeral::in_memory(clock.clone()).await.expect("a bus"),
            clock,
            random: Random::system(),
        };
        world.connect().await.migrate().await.expect("the schema");
        world
    }

    pub(crate) async fn connect(&self) -> Database {
        Database::connect(&self.database.url, 4).await.expect("a database")
    }

    pub(crate) fn key_file(&self) -> KeyFile {
        self.key_file_in("keys")
    }

    pub(crate) fn key_file_in(&self, folder: &str) -> KeyFile {
        KeyFile::at(&self.folder(folder), None)
    }

    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.keys.path().join(name)
    }

    pub(crate) async fn vault(&self, db: &Database) -> Vault {
        open_vault(db, &self.key_file(), &self.clock, &self.random).await.expect("the vault")
    }

    pub(crate) async fn ring(&self) -> KeyRing {
        let db = self.connect().await;
        let vault = self.vault(&db).await;
        KeyRing::open(db, vault, self.key_file(), &self.on, self.clock.clone(), self.random.clone())
            .await
            .expect("the ring")
    }

    pub(crate) async fn log(&self) -> RevocationLog {
        let db = self.connect().await;
        RevocationLog::load(db, self.bus.clone(), self.clock.clone(), &self.random).await.expect("the log")
    }

    /// A replica: all of it.
    pub(crate) async fn issuer(&self) -> Issuer {
        self.issuer_named(ISSUER).await
    }

    pub(crate) async fn issuer_named(&self, url: &str) -> Issuer {
        let db = self.connect().await;
        let vault = self.vault(&db).await;
        let secrets = Secrets::open(&db, &vault, &self.clock, &self.random).await.expect("the secrets");
        let (ring, log) = (self.ring().await, self.log().await);
        Issuer::new(url, ring, &secrets, log, self.clock.clone(), self.random.clone())
    }

    pub(crate) fn authentication(&self) -> Authentication {
        Authentication { time: self.clock.now(), acr: Some("1".into()), amr: vec!["pwd".into()] }
    }

    pub(crate) fn access_token(&self) -> AccessTokenClaims {
        AccessTokenClaims {
            user: Some(UserId::random(&self.random)),
            client: "app".into(),
            sector: None,
            audience: ISSUER.into(),
            scope: "openid email".parse().expect("scopes"),
            authentication: Some(self.authentication()),
            session: Some(vestibule_core::PublicSessionId::random(&self.random)),
            grant: Some(vestibule_core::GrantId::random(&self.random)),
            confirmation: None,
            actor: None,
            userinfo_claims: Vec::new(),
            lifetime: HOUR,
        }
    }

    pub(crate) fn id_token(&self) -> IdTokenClaims {
        IdTokenClaims {
            user: UserId::random(&self.random),
            client: "app".into(),
            sector: None,
            nonce: Some("n-0S6_WzA2Mj".into()),
            authentication: self.authentication(),
            session: Some(vestibule_core::PublicSessionId::random(&self.random)),
            access_token: None,
            code: None,
            state: None,
            extra: serde_json::Map::new(),
            lifetime: HOUR,
        }
    }
}
