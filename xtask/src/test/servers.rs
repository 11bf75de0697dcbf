//! Private instances of the servers that tests need: free ports of 127.0.0.1, a temporary folder, ended when dropped. And the
//! Django sites, which lie there too, since one copy of each is in PostgreSQL.

mod django;
mod postgres;
mod redis;
mod smtp;

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Read},
    net::TcpListener,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::tools::{self, Tools};
use crate::{
    failure::{Failure, While},
    process::{self, Interrupt, Server},
    project::Project,
};

/// How long a server may take to answer for the first time.
const STARTING: Duration = Duration::from_secs(60);

/// The running instances. Fields are dropped in order: the servers end before their folder goes.
#[derive(Default)]
pub(crate) struct Servers {
    redis: Option<Instance>,
    postgres: Option<Instance>,
    smtp: Option<Instance>,
    django: Option<PathBuf>,
    _folder: Option<TempDir>,
}

struct Instance {
    _server: Server,
    /// Where it is, as its clients are told.
    url: String,
}

impl Servers {
    /// `redis://…` of the private Redis, if one runs.
    pub(crate) fn redis_url(&self) -> Option<&str> {
        self.redis.as_ref().map(|instance| instance.url.as_str())
    }

    /// `postgres://…` of the private PostgreSQL's maintenance database, as superuser, if one runs.
    pub(crate) fn postgres_url(&self) -> Option<&str> {
        self.postgres.as_ref().map(|instance| instance.url.as_str())
    }

    /// The file in which the private mail server tells where it is, if one runs.
    pub(crate) fn smtp_place(&self) -> Option<&str> {
        self.smtp.as_ref().map(|instance| instance.url.as_str())
    }

    /// The folder that the Django sites were built into, if they were.
    pub(crate) fn django_sites(&self) -> Option<&Path> {
        self.django.as_deref()
    }
}

/// Starts a server for each of the tools that is one.
pub(crate) fn start(project: &Project, interrupt: &Interrupt, tools: &Tools) -> Result<Servers, Failure> {
    if tools.redis.is_none() && tools.postgres.is_none() && tools.smtp.is_none() {
        return Ok(Servers::default());
    }
    let folder =
        tempfile::Builder::new().prefix("vestibule-test-").permissions(Permissions::from_mode(0o711)).tempdir();
    let folder = folder.doing(|| "a temporary folder could not be made".to_owned())?;
    let place = Place { folder: folder.path().to_owned(), user: unprivileged_user()?, setpriv: setpriv() };
    let redis = tools.redis.as_deref().map(|program| redis::start(&place, interrupt, program)).transpose()?;
    let postgres =
        tools.postgres.as_deref().map(|programs| postgres::start(&place, interrupt, programs)).transpose()?;
    let script = project.root().join("tests/smtp/server.py");
    let smtp =
        tools.smtp.as_deref().map(|python| smtp::start(&place.folder, interrupt, python, &script)).transpose()?;
    let mut servers = Servers { redis, postgres, smtp, django: None, _folder: Some(folder) };
    if let (Some(python), Some(url)) = (&tools.django, servers.postgres_url()) {
        let builder = project.root().join("tests/django");
        servers.django = Some(django::build(&place.folder, interrupt, python, &builder, url)?);
    }
    Ok(servers)
}

/// Where servers live, and as whom.
struct Place {
    folder: PathBuf,
    /// User and group to become where this runs as root: PostgreSQL refuses root, and Redis has no need of it.
    user: Option<(u32, u32)>,
    setpriv: Option<OsString>,
}

impl Place {
    /// A folder of its own for a server, writable by nobody else.
    fn make(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder.join(name);
        let made = fs::create_dir(&folder).and_then(|()| fs::set_permissions(&folder, Permissions::from_mode(0o700)));
        made.and_then(|()| self.give(&folder)).doing(|| format!("{} could not be made", folder.display()))?;
        Ok(folder)
    }

    /// A file that only the server may read.
    fn write(&self, file: &Path, text: &str) -> Result<(), Failure> {
        let written = fs::write(file, text)
            .and_then(|()| fs::set_permissions(file, Permissions::from_mode(0o600)))
            .and_then(|()| self.give(file));
        written.doing(|| format!("{} could not be written", file.display()))
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        self.user.map_or(Ok(()), |(user, group)| chown(path, Some(user), Some(group)))
    }

    /// A command that runs in `folder` as the servers' user.
    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = process::bound_to_us(program, self.setpriv.as_deref());
        command.current_dir(folder).env("HOME", folder);
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Waits until `ready`; fails with the end of `log` where the server ends or takes too long.
fn wait_until(
    server: &mut Server,
    interrupt: &Interrupt,
    log: &Path,
    name: &str,
    ready: impl Fn() -> bool,
) -> Result<(), Failure> {
    let deadline = Instant::now() + STARTING;
    while !ready() {
        interrupt.check()?;
        if server.ended() || Instant::now() > deadline {
            let said = fs::read_to_string(log).unwrap_or_default();
            return Err(Failure::because(format!("{name} did not start; its log ends:\n{}", last_lines(&said))));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}

fn log_file(path: &Path) -> Result<File, Failure> {
    File::create(path).doing(|| format!("{} could not be made", path.display()))
}

/// A port that nobody listens on at this moment.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).doing(|| "127.0.0.1 has no free port".to_owned())
}

/// A password for one instance, so that no other user of this machine gets in while it runs.
fn password() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.doing(|| "/dev/urandom cannot be read".to_owned())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn setpriv() -> Option<OsString> {
    tools::program("setpriv").map(Into::into)
}

/// `postgres`, else `nobody`, from /etc/passwd; `None` where this does not run as root and stays who it is.
fn unprivileged_user() -> Result<Option<(u32, u32)>, Failure> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").doing(|| "/etc/passwd cannot be read".to_owned())?;
    let found = ["postgres", "nobody"].into_iter().find_map(|name| user_and_group(&users, name));
    found.map(Some).ok_or_else(|| {
        Failure::because("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`")
    })
}

fn user_and_group(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users =
            "root:x:0:0:root:/root:/bin/bash\nnobody2:x:7:7::/:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/sh\n";
        assert_eq!(user_and_group(users, "nobody"), Some((65534, 65533)));
        assert_eq!(user_and_group(users, "postgres"), None);
    }

    #[test]
    fn two_passwords_are_never_alike() {
        assert_ne!(password().unwrap(), password().unwrap());
    }
}
