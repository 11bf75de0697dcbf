//! The programs that are measured: how they are started on their core, registered with, and ended.
//!
//! [`process`] is one running program, [`settings`] what the provider is told, [`registered`] the people, applications and APIs
//! that the rows are about.

mod clock;
mod process;
mod registered;
mod settings;

use std::{collections::BTreeMap, net::TcpListener, path::Path, path::PathBuf, process::Command, time::Duration};

pub(crate) use clock::FastClock;
pub(crate) use process::Running;
pub(crate) use settings::{Hash, Servers};

use self::registered::Registrar;
use crate::{
    failure::{Failure, While},
    machine::Cores,
};

/// Vestibule with people, applications and APIs, ready to be started.
#[derive(Debug)]
pub(crate) struct Vestibule {
    program: PathBuf,
    folder: PathBuf,
    authority: String,
    cores: Cores,
    /// What a description inserts.
    pub(crate) variables: BTreeMap<String, String>,
}

impl Vestibule {
    /// Makes one in `folder`, for at most so many connections at once.
    pub(crate) fn register(
        program: &Path,
        folder: &Path,
        hash: Hash,
        people: usize,
        cores: Cores,
    ) -> Result<Self, Failure> {
        let made = Self::written(program, folder, cores, |authority| settings::text(folder, authority, hash))?;
        let variables = Registrar { program, folder }.register(people)?;
        Ok(Self { variables, ..made })
    }

    /// Makes one that replicas can stand beside.
    pub(crate) fn register_on(program: &Path, folder: &Path, servers: &Servers, cores: Cores) -> Result<Self, Failure> {
        let made = Self::written(program, folder, cores, |authority| {
            settings::of_replica(folder, &folder.join("keys"), authority, servers, false)
        })?;
        let variables = Registrar { program, folder }.register(0)?;
        Ok(Self { variables, ..made })
    }

    /// Another one of the same installation.
    pub(crate) fn replica(&self, folder: &Path, servers: &Servers, apart: bool) -> Result<Self, Failure> {
        let keys = self.folder.join("keys");
        let made = Self::written(&self.program, folder, self.cores, |authority| {
            // All replicas are one issuer.
            let text = settings::of_replica(folder, &keys, authority, servers, apart);
            text.replace(&format!("http://{authority}"), &format!("http://{}", self.authority))
        })?;
        Ok(Self { variables: self.variables.clone(), ..made })
    }

    fn written(
        program: &Path,
        folder: &Path,
        cores: Cores,
        text: impl FnOnce(&str) -> String,
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).doing(|| format!("{} cannot be made", folder.display()))?;
        let authority = format!("127.0.0.1:{}", free_port()?);
        let config = folder.join("vestibule.toml");
        std::fs::write(&config, text(&authority)).doing(|| format!("{} cannot be written", config.display()))?;
        let variables = BTreeMap::new();
        Ok(Self { program: program.to_owned(), folder: folder.to_owned(), authority, cores, variables })
    }

    /// With everything kept as briefly as the configuration allows, so that a soak outlasts it.
    pub(crate) fn keeping_briefly(self) -> Result<Self, Failure> {
        let config = self.folder.join("vestibule.toml");
        let told = || format!("{} cannot be written", config.display());
        let text = std::fs::read_to_string(&config).doing(told)?;
        std::fs::write(&config, settings::brief(&text)).doing(told)?;
        Ok(self)
    }

    /// The folder with its files.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where it is reached.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Starts it, and says how long it took until it answered.
    pub(crate) fn start(&self) -> Result<(Running, Duration), Failure> {
        self.start_as(at_home(&self.program, &self.folder))
    }

    /// The same under another clock.
    pub(crate) fn start_with(&self, clock: &FastClock) -> Result<(Running, Duration), Failure> {
        let mut command = at_home(&self.program, &self.folder);
        clock.set(&mut command);
        self.start_as(command)
    }

    fn start_as(&self, mut command: Command) -> Result<(Running, Duration), Failure> {
        command.arg("serve");
        let log = self.folder.join("provider.log");
        Running::start("the provider", command, &log, &self.authority, "/.well-known/openid-configuration", self.cores)
    }
}

/// Starts the server of the ceilings, and says where it is reached.
pub(crate) fn start_ceilings(program: &Path, folder: &Path, cores: Cores) -> Result<(Running, String), Failure> {
    let authority = format!("127.0.0.1:{}", free_port()?);
    let mut command = Command::new(program);
    command.arg(&authority);
    let log = folder.join("ceilings.log");
    let (running, _) = Running::start("the ceilings' server", command, &log, &authority, "/static", cores)?;
    Ok((running, authority))
}

/// The program where no configuration of the developer's reaches it: not a file elsewhere, not the environment.
fn at_home(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("--config").arg(folder.join("vestibule.toml")).current_dir(folder);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VESTIBULE_")) {
        command.env_remove(name);
    }
    command
}

fn free_port() -> Result<u16, Failure> {
    let told = || "no port is free".to_owned();
    Ok(TcpListener::bind("127.0.0.1:0").doing(told)?.local_addr().doing(told)?.port())
}
