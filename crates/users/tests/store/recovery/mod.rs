//! What people do by mail, with mail that goes into a folder.

mod asking;
mod registering;
mod resetting;
mod verifying;

use std::{fs, time::Duration};

use secrecy::SecretString;
use tempfile::TempDir;
use tokio::{sync::watch, time::sleep};
use vestibule_audit::{Audit, Source};
use vestibule_core::{HashKey, Random};
use vestibule_ephemeral::{Ephemeral, Pace};
use vestibule_outbound::{Backlog, Mailer, Outbox};
use vestibule_users::{NewUser, Recovery, RecoverySettings, User};

use super::{PASSWORD, Site};

/// Whatever a rule may ask of a password.
pub(super) const NEW_PASSWORD: &str = "seven grey herons";
pub(super) const RECOVERY_LINK: Duration = Duration::from_secs(1800);
pub(super) const VERIFICATION_LINK: Duration = Duration::from_secs(24 * 3600);

/// A site with a post office.
pub(super) struct Desk {
    pub(super) site: Site,
    pub(super) recovery: Recovery,
    pub(super) audit: Audit,
    outbox: Outbox,
    mailer: Mailer,
    folder: TempDir,
}

/// A mail that was sent.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) to: String,
    pub(super) text: String,
}

impl Mail {
    /// What its only link carries.
    pub(super) fn token(&self) -> SecretString {
        let (_, after) = self.text.split_once("?token=").unwrap_or_else(|| panic!("no link: {self:?}"));
        after.split_whitespace().next().unwrap().to_owned().into()
    }
}

pub(super) async fn desk() -> Desk {
    desk_with(|_| {}).await
}

pub(super) async fn desk_with(change: impl FnOnce(&mut RecoverySettings)) -> Desk {
    let site = crate::open().await;
    let (clock, random) = (site.clock.clone(), Random::system());
    let folder = tempfile::tempdir().unwrap();
    let mailer = Mailer::folder(
        folder.path(),
        "Vestibule <no-reply@id.example.com>".parse().unwrap(),
        clock.clone(),
        random.clone(),
    );
    let outbox = Outbox::new(site.database.clone(), clock.clone(), random.clone());
    let mut settings = RecoverySettings {
        public_url: "https://id.example.com".to_owned(),
        recovery_link: RECOVERY_LINK,
        verification_link: VERIFICATION_LINK,
        registration: true,
        address_pace: Pace { free: 50, waits: vec![Duration::from_secs(30)], forgive: Duration::from_secs(60) },
    };
    change(&mut settings);
    let store = Ephemeral::in_memory(clock.clone()).await.unwrap();
    Desk {
        recovery: Recovery::new(site.users.clone(), store, outbox.clone(), &HashKey::new(&[3; 32]), settings),
        audit: Audit::new(site.database.clone(), clock, random),
        mailer: mailer.unwrap(),
        outbox,
        folder,
        site,
    }
}

/// Where those come from who ask here.
pub(super) fn from() -> Source {
    Source { address: "192.0.2.7".parse().ok(), request_id: Some("request-7".to_owned()) }
}

impl Desk {
    /// Somebody with a verified address.
    pub(super) async fn person(&self, name: &str) -> User {
        self.person_with(name, |_| {}).await
    }

    pub(super) async fn person_with(&self, name: &str, change: impl FnOnce(&mut NewUser)) -> User {
        let mut new = NewUser { email_verified: true, ..self.site.person(name) };
        change(&mut new);
        self.site.users.create(new).await.unwrap()
    }

    /// How many jobs wait.
    pub(super) async fn waiting(&self) -> u64 {
        let Backlog { waiting, failed, .. } = self.outbox.backlog().await.unwrap();
        assert_eq!(failed, 0);
        waiting
    }

    /// Lets the postman send what waits, and collects what came of it, in the order of its addresses.
    pub(super) async fn post(&self) -> Vec<Mail> {
        let (stop, told) = watch::channel(false);
        let postman = self.recovery.postman(self.mailer.clone(), self.audit.clone());
        let working = tokio::spawn(self.outbox.clone().run(postman, told));
        for _ in 0..1000 {
            if self.waiting().await == 0 {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        stop.send(true).unwrap();
        working.await.unwrap();
        assert_eq!(self.waiting().await, 0, "the postman did not come to an end");
        let mut mails: Vec<Mail> = fs::read_dir(self.folder.path()).unwrap().map(|file| read(&file.unwrap())).collect();
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        mails
    }

    /// The one mail that the postman sends.
    pub(super) async fn one_mail(&self) -> Mail {
        let mut mails = self.post().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// What a link carries that was sent to somebody who forgot their password.
    pub(super) async fn link_for(&self, typed: &str) -> SecretString {
        self.recovery.ask(typed, &from()).await.unwrap();
        self.one_mail().await.token()
    }

    pub(super) async fn knows(&self, name: &str, password: &str) -> bool {
        self.site.sign_in(name, password).await.is_ok()
    }
}

/// Reads a mail, and takes it away.
fn read(file: &fs::DirEntry) -> Mail {
    let raw = fs::read_to_string(file.path()).unwrap();
    fs::remove_file(file.path()).unwrap();
    let to = raw.lines().find_map(|line| line.strip_prefix("To: ")).unwrap().to_owned();
    // The first part is the text, as it was written.
    let text = raw.split("text/html").next().unwrap().replace("\r\n", "\n");
    Mail { to, text }
}
