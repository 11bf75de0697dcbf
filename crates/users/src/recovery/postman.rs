//! Writes and sends what lies in the outbox. Here, where nobody waits for the answer, it is looked up whom a letter concerns.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use vestibule_audit::{Actor, Audit, Event, Kind};
use vestibule_core::UserId;
use vestibule_outbound::{
    Address, Handler, Job, Lane, Mailer, Trouble,
    mails::{
        AlreadyRegistered, EmailChanged, EmailVerification, Mail, PasswordChanged, PasswordRecovery,
        RegistrationVerification, SecondFactorChanged, SignInLocked,
    },
};

use super::{Letter, Notice, Occasion, Recovery, present::Recipient};
use crate::{
    Identifiers, User,
    links::{
        Target,
        targets::{ToRegister, ToVerify},
    },
};

/// Does what [`Recovery`] puts into the outbox.
#[derive(Clone, Debug)]
pub struct Postman {
    recovery: Recovery,
    mailer: Mailer,
    audit: Audit,
}

impl Handler for Postman {
    fn lane(&self) -> Lane {
        Lane { kinds: Some(Letter::KINDS), ..Lane::default() }
    }

    async fn handle(&self, job: &Job) -> Result<(), Trouble> {
        let letter = job.payload::<Letter>();
        let letter = letter.map_err(|error| Trouble::Permanent(format!("the letter cannot be read: {error}")))?;
        match letter {
            Letter::Recovery { named, asked } => self.recovery(&named, &asked).await,
            Letter::Verification { user, address, fingerprint, asked } => {
                self.verification(ToVerify { user, address, fingerprint }, &asked).await
            }
            Letter::Registration { address, key, waiting, asked } => {
                self.registration(ToRegister { address, key, waiting }, &asked).await
            }
            Letter::Notice { user, notice, happened } => self.notice(user, notice, &happened).await,
        }
    }
}

impl Recovery {
    /// Who does what is put into the outbox here: for [`Outbox::run`](vestibule_outbound::Outbox::run).
    #[must_use]
    pub fn postman(&self, mailer: Mailer, audit: Audit) -> Postman {
        Postman { recovery: self.clone(), mailer, audit }
    }
}

impl Postman {
    async fn recovery(&self, named: &str, asked: &Occasion) -> Result<(), Trouble> {
        let Some(recipient) = self.recovery.recipient(named).await.map_err(temporary)? else {
            tracing::info!("a new password was asked for by a name that leads to nobody who can have one");
            return Ok(());
        };
        let Recipient { username, address, target } = recipient;
        let (holds, user) = (self.recovery.settings.recovery_link, target.user);
        let sent = self.with_link(&target, "reset-password", holds, &address, |link| PasswordRecovery {
            username,
            link,
            holds,
            asked: asked.told(),
        });
        if sent.await? {
            let event = Event::new(Kind::PasswordResetRequested, Actor::Nobody).subject(user).source(&asked.source());
            self.record(event).await;
        }
        Ok(())
    }

    async fn verification(&self, target: ToVerify, asked: &Occasion) -> Result<(), Trouble> {
        let present = self.recovery.present(target.user).await.map_err(temporary)?;
        if !present.is_some_and(|present| self.recovery.verifies(&target, &present.row)) {
            return Ok(());
        }
        let (holds, address) = (self.recovery.settings.verification_link, target.address.clone());
        let mail = |link| EmailVerification { link, holds, asked: asked.told() };
        self.with_link(&target, "verify-email", holds, &address, mail).await.map(drop)
    }

    async fn registration(&self, target: ToRegister, asked: &Occasion) -> Result<(), Trouble> {
        let settings = &self.recovery.settings;
        if !settings.registration {
            return Ok(());
        }
        let users = &self.recovery.users;
        let by = Identifiers { username: true, email: true, phone: false };
        let holder = users.row_by(users.database.reader(), &target.key, by).await.map_err(temporary)?;
        let Some(holder) = holder else {
            let (holds, address) = (settings.verification_link, target.address.clone());
            let mail = |link| RegistrationVerification { link, holds };
            return self.with_link(&target, "register/finish", holds, &address, mail).await.map(drop);
        };
        // It goes to the address as it is known here, not as a stranger wrote it.
        let known = self.recovery.known_as(&holder.id, &target.key).await.map_err(temporary)?;
        let Some(address) = known else { return Ok(()) };
        let mail = AlreadyRegistered {
            username: holder.username,
            sign_in_link: self.page("login"),
            recovery_link: self.page("recover"),
            asked: asked.told(),
        };
        self.send(&address, &mail).await
    }

    async fn notice(&self, user: UserId, notice: Notice, happened: &Occasion) -> Result<(), Trouble> {
        // Whoever is gone is told nothing.
        let Some(user) = self.recovery.users.get(user).await.map_err(temporary)? else { return Ok(()) };
        let User { username, email, .. } = user;
        let to = match &notice {
            Notice::EmailChanged { before } => Some(before.clone()),
            _ => email,
        };
        let Some(to) = to else { return Ok(()) };
        let (happened, recovery_link) = (happened.told(), self.page("recover"));
        match notice {
            Notice::PasswordChanged => self.send(&to, &PasswordChanged { username, happened, recovery_link }).await,
            Notice::SecondFactorChanged { on } => {
                let account_link = self.page("account");
                self.send(&to, &SecondFactorChanged { username, on, happened, account_link }).await
            }
            Notice::EmailChanged { .. } => {
                self.send(&to, &EmailChanged { username, happened, account_link: self.page("account") }).await
            }
            Notice::SignInLocked { locked_for } => {
                self.send(&to, &SignInLocked { username, locked_for, happened, recovery_link }).await
            }
        }
    }

    /// Makes a link and sends it. `false` where its owner has as many as anybody may have. A link that is not sent is none: of
    /// all attempts, the one that succeeds leaves one.
    async fn with_link<T: Target, M: Mail>(
        &self,
        target: &T,
        page: &str,
        holds: Duration,
        address: &str,
        mail: impl FnOnce(String) -> M,
    ) -> Result<bool, Trouble> {
        let links = &self.recovery.links;
        let Some(token) = links.make(target, holds).await.map_err(temporary)? else {
            tracing::info!(page, "a link is not sent: there are as many as anybody may have");
            return Ok(false);
        };
        let sent = self.send(address, &mail(self.link(page, &token))).await;
        if sent.is_err() {
            links.discard::<T>(&token).await.map_err(temporary)?;
        }
        sent.map(|()| true)
    }

    async fn send(&self, address: &str, mail: &impl Mail) -> Result<(), Trouble> {
        let address: Address = address.parse().map_err(|error| Trouble::Permanent(format!("{error}")))?;
        Ok(self.mailer.send(&address, mail).await?)
    }

    /// It was done, so that it is not done again because it could not be written down.
    async fn record(&self, event: Event) {
        if let Err(error) = self.audit.record(event).await {
            tracing::error!(%error, "what happened could not be written down");
        }
    }

    fn page(&self, page: &str) -> String {
        format!("{}/{page}", self.recovery.settings.public_url)
    }

    fn link(&self, page: &str, token: &SecretString) -> String {
        format!("{}?token={}", self.page(page), token.expose_secret())
    }
}

fn temporary(error: impl std::fmt::Display) -> Trouble {
    Trouble::Temporary(error.to_string())
}
