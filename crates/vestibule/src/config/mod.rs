//! The configuration: one TOML file, the environment above it, secrets from files of their own.
//!
//! ```text
//! settings.rs   the table of settings ──────────────┐ keys, types, defaults, bounds, documentation
//!                                                   ▼
//! layers.rs     file + environment + secret files → Layer    which keys, which values, from where
//! read.rs       Layer → Config                               typed values, or what is wrong
//! check.rs      Config → contradictions                      what no single setting can tell
//! reference.rs  the table → the default file, and docs/configuration.md
//! ```
//!
//! Everything that is wrong is told at once, each with its place and its cure ([`ConfigError`]).

mod algorithm;
mod check;
mod documents;
mod given;
mod layers;
mod level;
mod listen;
mod nearest;
mod networks;
mod problem;
mod public_url;
mod quantity;
mod read;
mod reference;
mod secret;
mod settings;
#[cfg(test)]
mod tests;
mod value;
mod words;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use read::Reader;
use value::Value;

pub use given::Given;
pub use layers::Environment;
pub use level::LevelLine;
pub use listen::{ListenAddress, ListenAddresses};
pub use networks::Networks;
pub use problem::{ConfigError, Problem, Source};
pub use public_url::PublicUrl;
pub use quantity::{ByteSize, parse_duration};
pub use reference::{markdown, toml_file};
pub use secret::{DatabaseUrl, Password, RedisUrl};
pub use settings::{
    Audit, Authentication, Branding, ClientDocuments, Config, Database, Ephemeral, Http, Keys, Log, Mail, Oidc,
    Passwords, Permissions, Redis, Registration, SECTIONS, SETTINGS, Section, Sessions, Setting, Throttle, Tokens,
    Users,
};
pub use words::{
    CertificateField, GrantType, LogFormat, LogLevel, MailTransport, Ordered, PasswordRuleName, RegistrationMode,
    ScopeName, SecondFactorMode, SignInIdentifier, SmtpSecurity, WayToAuthenticate,
};

/// A configuration, and where its values come from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
    sources: BTreeMap<&'static str, Source>,
}

/// One setting as it is in effect.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Effective {
    /// Its key.
    pub key: &'static str,
    /// Its value, secrets hidden; `None` for one that is not set.
    pub value: Option<Given>,
    /// Where the value comes from.
    pub source: Source,
}

/// The file to read: the one asked for, else `$VESTIBULE_CONFIG`, else `vestibule.toml` in the working directory if there is
/// one, else none.
#[must_use]
pub fn find_file(asked: Option<&Path>, environment: &Environment) -> Option<PathBuf> {
    let variable = || environment.iter().find(|(name, value)| name == "VESTIBULE_CONFIG" && !value.is_empty());
    let here = Path::new("vestibule.toml");
    asked
        .map(Path::to_owned)
        .or_else(|| variable().map(|(_, path)| path.into()))
        .or_else(|| here.exists().then(|| here.to_owned()))
}

impl Loaded {
    /// Reads the configuration from `file`, if there is one, and from the environment above it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(file: Option<PathBuf>, environment: &Environment) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let from_file = file.as_deref().map(|path| layers::from_file(path, &mut problems)).unwrap_or_default();
        Self::from_layers(file, from_file, environment, problems)
    }

    fn from_layers(
        file: Option<PathBuf>,
        from_file: layers::Layer,
        environment: &Environment,
        mut problems: Vec<Problem>,
    ) -> Result<Self, ConfigError> {
        let from_environment = layers::from_environment(environment, &mut problems);
        let given = layers::merge([from_environment, from_file], &mut problems);
        let mut reader = Reader::new(given, problems);
        let config = Config::read(&mut reader);
        check::contradictions(&config, &mut reader);
        let Reader { mut problems, sources, .. } = reader;
        if problems.is_empty() {
            return Ok(Self { config, file, sources });
        }
        problems.sort_by(|one, other| one.source.cmp(&other.source));
        Err(ConfigError { problems })
    }

    /// Where the value of a setting comes from.
    #[must_use]
    pub fn source(&self, key: &str) -> Source {
        self.sources.get(key).cloned().unwrap_or(Source::Default)
    }

    /// Each setting as it is in effect, in the order of the reference.
    #[must_use]
    pub fn effective(&self) -> Vec<Effective> {
        let settings = SETTINGS.iter().zip(self.config.written());
        settings
            .map(|(setting, value)| Effective { key: setting.key, value, source: self.source(setting.key) })
            .collect()
    }

    /// Looks whether the files that the configuration names can be read.
    ///
    /// # Errors
    /// Each that cannot.
    pub fn check_files(&self) -> Result<(), ConfigError> {
        let problems = check::files(&self.config, |key| self.source(key));
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }
}

impl Default for Config {
    /// What holds when nobody says anything.
    fn default() -> Self {
        Self::read(&mut Reader::new(layers::Layer::new(), Vec::new()))
    }
}

impl Http {
    /// The certificate's file and its key's, when HTTPS is served directly.
    #[must_use]
    pub fn tls(&self) -> Option<(&Path, &Path)> {
        self.tls_certificate.as_deref().zip(self.tls_key.as_deref())
    }
}

impl Passwords {
    /// How many passwords are hashed at the same time: as configured, or one for each processor core.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}
