//! What a command works with, opened when it asks for it.

use std::time::Duration;

use vestibule_audit::{Audit, Event};
use vestibule_core::{ClientId, Clock, Random, Timestamp, UserId, Vault};
use vestibule_database::{ChangeLog, Database};
use vestibule_ephemeral::Ephemeral;
use vestibule_oidc::{
    Grants, Whose,
    client::{Apis, ClientRules, Clients},
    documents::is_address,
    end_grants, end_members,
    registration::InitialAccessTokens,
};
use vestibule_outbound::Outbox;
use vestibule_tokens::{KeyFile, Revocation, RevocationLog, Secrets, Subject, open_vault};
use vestibule_users::{Access, ApiTokens, HashingPolicy, PasswordHasher, PasswordRule, PasswordRules, Users};

use super::{Failure, Output};
use crate::{
    app::{client_certificates, identifiers, refresh_policy},
    config::Config,
    rotation::LONGEST_TOKEN,
};

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    /// The configuration in effect.
    pub config: Config,
    /// Where the command reports to.
    pub output: Output,
    /// The time.
    pub clock: Clock,
    /// The source of randomness.
    pub random: Random,
}

impl Context {
    /// With the system's clock and randomness.
    #[must_use]
    pub fn new(config: Config, output: Output) -> Self {
        Self { config, output, clock: Clock::system(), random: Random::system() }
    }

    /// Opens the database as it is.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub async fn database_as_it_is(&self) -> Result<Database, Failure> {
        let settings = &self.config.database;
        Database::connect(settings.url.expose(), settings.max_connections)
            .await
            .map_err(|error| Failure::new(format!("{error}; look at database.url ({})", settings.url.redacted())))
    }

    /// Opens the database and, as `serve` does, brings its schema up to date.
    ///
    /// # Errors
    /// Where it cannot be opened or brought up to date.
    pub async fn database(&self) -> Result<Database, Failure> {
        let database = self.database_as_it_is().await?;
        database.migrate().await.map_err(Failure::of)?;
        Ok(database)
    }

    /// The users. A command hashes one password at most, so one worker will do. What decides what people may do is told to
    /// running servers. Whoever runs commands may set any password that is long enough.
    ///
    /// # Errors
    /// Where the hashing worker cannot be started.
    pub fn users(&self, database: &Database, changes: &ChangeLog) -> Result<Users, Failure> {
        let settings = &self.config.passwords;
        let policy = HashingPolicy {
            workers: 1,
            queue: 1,
            memory_kib: settings.memory_kib,
            iterations: settings.iterations,
            parallelism: settings.parallelism,
            ..HashingPolicy::default()
        };
        let hasher = PasswordHasher::new(policy, self.random.clone()).map_err(Failure::of)?;
        let long_enough = PasswordRules::new([PasswordRule::Length]).with_shortest(settings.min_length);
        Ok(Users::new(database.clone(), hasher, self.clock.clone(), self.random.clone())
            .with_password_rules(long_enough)
            .with_identifiers(identifiers(&self.config))
            .with_changes(changes.clone()))
    }

    /// Groups and permissions. A command asks once, so nothing is kept of what it reads.
    #[must_use]
    pub fn access(&self, database: &Database, changes: &ChangeLog) -> Access {
        Access::new(database.clone(), changes.clone(), self.clock.clone(), self.random.clone(), 0)
    }

    /// The audit records.
    #[must_use]
    pub fn audit(&self, database: &Database) -> Audit {
        Audit::new(database.clone(), self.clock.clone(), self.random.clone())
    }

    /// By what running servers hear of changes.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn changes(&self, database: &Database) -> Result<ChangeLog, Failure> {
        ChangeLog::open(database.clone(), self.clock.clone()).await.map_err(Failure::of)
    }

    /// Writes down what was done already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn note(&self, database: &Database, event: Event) -> Result<(), Failure> {
        self.audit(database).record(event).await.map_err(Failure::of)
    }

    /// The file of the key-encryption key.
    #[must_use]
    pub fn key_file(&self) -> KeyFile {
        KeyFile::at(&self.config.keys.dir, self.config.keys.encryption_key_file.as_deref())
    }

    /// Opens the vault with the key-encryption key, which is made where nothing is sealed yet.
    ///
    /// # Errors
    /// A key that is missing, or is another than the database needs.
    pub async fn vault(&self, database: &Database) -> Result<Vault, Failure> {
        open_vault(database, &self.key_file(), &self.clock, &self.random).await.map_err(Failure::of)
    }

    /// The secrets of the provider, which the vault seals.
    ///
    /// # Errors
    /// As [`Context::vault`], or a sealed secret that does not open.
    pub async fn secrets(&self, database: &Database) -> Result<Secrets, Failure> {
        let vault = self.vault(database).await?;
        Secrets::open(database, &vault, &self.clock, &self.random).await.map_err(Failure::of)
    }

    /// The registered applications. Their secrets are hashed with one of the provider's.
    ///
    /// # Errors
    /// As [`Context::secrets`].
    pub async fn clients(&self, database: &Database) -> Result<Clients, Failure> {
        let secrets = self.secrets(database).await?;
        let rules = ClientRules {
            require_pkce: self.config.oidc.require_pkce,
            client_certificates: client_certificates(&self.config),
            signing_algorithms: self.config.keys.signing_algorithms(),
        };
        let (clock, random) = (self.clock.clone(), self.random.clone());
        let vault = secrets.personal_vault().clone();
        let changes = self.changes(database).await?;
        Ok(Clients::new(database.clone(), changes, secrets.hash_key(), vault, rules, clock, random, 0))
    }

    /// The tokens that let applications register themselves.
    ///
    /// # Errors
    /// As [`Context::secrets`].
    pub async fn initial_access_tokens(&self, database: &Database) -> Result<InitialAccessTokens, Failure> {
        let secrets = self.secrets(database).await?;
        let (clock, random) = (self.clock.clone(), self.random.clone());
        Ok(InitialAccessTokens::new(database.clone(), secrets.hash_key(), clock, random))
    }

    /// What applications may come back for.
    ///
    /// # Errors
    /// As [`Context::secrets`].
    pub async fn grants(&self, database: &Database) -> Result<Grants, Failure> {
        let secrets = self.secrets(database).await?;
        let policy = refresh_policy(&self.config);
        Ok(Grants::new(database.clone(), secrets.hash_key(), policy, self.clock.clone()))
    }

    /// The registered APIs.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn apis(&self, database: &Database) -> Result<Apis, Failure> {
        let algorithms = self.config.keys.signing_algorithms();
        Ok(Apis::new(database.clone(), self.changes(database).await?, &algorithms, self.clock.clone(), 0))
    }

    /// Everyone's API tokens, hashed with one of the provider's secrets.
    ///
    /// # Errors
    /// As [`Context::secrets`].
    pub async fn api_tokens(&self, database: &Database) -> Result<ApiTokens, Failure> {
        let secrets = self.secrets(database).await?;
        Ok(ApiTokens::new(database.clone(), secrets.hash_key(), self.clock.clone(), self.random.clone()))
    }

    /// How long what was given out until now can live: the longest session, grant or token.
    #[must_use]
    pub fn longest_life(&self) -> Duration {
        let sessions = &self.config.sessions;
        let refresh = self.config.tokens.refresh_absolute;
        LONGEST_TOKEN.max(sessions.absolute).max(sessions.keep_absolute).max(refresh)
    }

    /// Ends what a person was given until now: sessions, grants and tokens. Running servers read it within half a second.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_user(&self, database: &Database, user: UserId) -> Result<(), Failure> {
        let now = self.clock.now();
        let log = self.revoke(database, Subject::User(user), Some(now)).await?;
        let whose = Whose::User(user);
        end_grants(database, &log, &whose, now).await.map_err(Failure::of)?;
        // A running server tells the applications.
        let outbox = Outbox::new(database.clone(), self.clock.clone(), self.random.clone());
        end_members(database, &outbox, &whose).await.map_err(Failure::of)?;
        Ok(())
    }

    /// Ends what an application was given, whenever that was or will be: for one that goes for good. Running servers read it
    /// within half a second.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_client(&self, database: &Database, client: ClientId) -> Result<(), Failure> {
        // Its grants go with its row.
        // An id that is the address of a document may come back.
        let until = is_address(&client).then(|| self.clock.now());
        self.revoke(database, Subject::Client(client), until).await.map(drop)
    }

    async fn revoke(
        &self,
        database: &Database,
        subject: Subject,
        issued_before: Option<Timestamp>,
    ) -> Result<RevocationLog, Failure> {
        // The servers' own bus would only be quicker, and the embedded one belongs to the serving process.
        let bus = Ephemeral::in_memory(self.clock.clone()).await.map_err(Failure::of)?;
        let log = RevocationLog::load(database.clone(), bus, self.clock.clone(), &self.random);
        let revocation = Revocation { subject, issued_before, expires_at: self.clock.now() + self.longest_life() };
        let log = log.await.map_err(Failure::of)?;
        log.revoke(revocation).await.map_err(Failure::of)?;
        Ok(log)
    }
}
