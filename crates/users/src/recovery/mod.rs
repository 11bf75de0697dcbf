//! What people do by mail: set a new password that they forgot, show that an address is theirs, make an account.
//!
//! ```text
//! ask ─▶ counted ─▶ a job in the outbox ─▶ the same answer, whoever was named
//!                        └─▶ the postman looks up whom it concerns, makes the link and sends it
//! the link ─▶ looked at, as often as it is opened ─▶ what was typed is judged ─▶ taken, once ─▶ done
//! ```
//! Asking does the same work for everybody: who there is, is looked up by [`Postman`] only, while nobody waits for it (attack
//! A60). What lies in the outbox is no secret: a link is made when it is sent. It is made from the configured public URL, and
//! from nothing that a request says of itself (attack A65).
//!
//! A link to recover holds while the person is active, has the password that they had when it was sent, and is reached by the
//! address that it was sent to. Setting the password signs nobody in, and leaves the second factor as it is (attack A66).
//!
//! `letter` is what lies in the outbox, `postman` writes and sends it, `limits` says how often anybody may ask, `present` looks
//! up people as they are; `reset`, `verify` and `register` are what the three links do.

mod error;
mod letter;
mod limits;
mod postman;
mod present;
mod register;
mod reset;
mod verify;

use std::{sync::Arc, time::Duration};

use vestibule_audit::Source;
use vestibule_core::{HashKey, UserId};
use vestibule_ephemeral::{Ephemeral, Pace};
use vestibule_outbound::Outbox;

use crate::{Users, links::Links};
use letter::{Letter, Occasion};
use limits::{Limits, Purpose};
use present::Fingerprints;

pub use error::{AskError, RecoveryUnavailable, RegisterError, ResetError, VerifyError};
pub use letter::Notice;
pub use postman::Postman;
pub use register::{NewAccount, Registration};
pub use verify::Verification;

/// What a deployment decides about links.
#[derive(Clone, Debug)]
pub struct RecoverySettings {
    /// Where people reach us, without a slash at the end: what every link begins with.
    pub public_url: String,
    /// How long a link to set a new password is good for.
    pub recovery_link: Duration,
    /// How long a link to verify an address, or to make an account, is good for.
    pub verification_link: Duration,
    /// Whether people may make accounts for themselves.
    pub registration: bool,
    /// How fast one address, or one IPv6 network, may ask for links.
    pub address_pace: Pace,
}

/// What people do by mail. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Recovery {
    users: Users,
    links: Links,
    outbox: Outbox,
    limits: Limits,
    fingerprints: Fingerprints,
    settings: Arc<RecoverySettings>,
}

impl Recovery {
    /// For these people. Links lie in `store`, jobs in `outbox`; `hash_key` is the provider's.
    #[must_use]
    pub fn new(users: Users, store: Ephemeral, outbox: Outbox, hash_key: &HashKey, settings: RecoverySettings) -> Self {
        Self {
            links: Links::new(store.clone(), hash_key, users.random.clone()),
            limits: Limits::new(store, hash_key, settings.address_pace.clone()),
            fingerprints: Fingerprints::new(hash_key),
            settings: Arc::new(settings),
            users,
            outbox,
        }
    }

    /// What the deployment decided.
    #[must_use]
    pub fn settings(&self) -> &RecoverySettings {
        &self.settings
    }

    /// Asks for a link to set a new password, for whoever goes by what was typed. Where nobody does, or nobody who can recover,
    /// this takes as long and says the same.
    ///
    /// # Errors
    /// Too many from one network, or a store that does not answer.
    pub async fn ask(&self, typed: &str, from: &Source) -> Result<(), AskError> {
        // What can be nobody's name is not kept.
        let named = vestibule_core::NormalisedIdentifier::new(typed).map(|name| name.as_str().to_owned());
        let named = named.unwrap_or_default();
        let asked = self.occasion(from);
        self.ask_by_mail(Purpose::Recovery, &named.clone(), Letter::Recovery { named, asked }).await
    }

    /// Tells somebody by mail what became of their account.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn tell(&self, user: UserId, notice: Notice, from: &Source) -> Result<(), RecoveryUnavailable> {
        if matches!(notice, Notice::SignInLocked { .. }) && !self.limits.is_first_lock_of_the_day(user).await? {
            return Ok(());
        }
        self.post(&Letter::Notice { user, notice, happened: self.occasion(from) }).await
    }

    /// Counts the asking, and has it done. Who asks too often for one name or address is told what all are told, and nothing
    /// is done: else whoever asks for others could see by the answer who is being asked for.
    async fn ask_by_mail(&self, purpose: Purpose, about: &str, letter: Letter) -> Result<(), AskError> {
        if self.limits.admit(purpose, about, letter.occasion().address).await? {
            self.post(&letter).await?;
        } else {
            tracing::info!(?purpose, "a link was asked for too often, and is not sent");
        }
        Ok(())
    }

    async fn post(&self, letter: &Letter) -> Result<(), RecoveryUnavailable> {
        Ok(self.outbox.enqueue(letter.kind(), letter).await?)
    }

    fn occasion(&self, from: &Source) -> Occasion {
        Occasion::new(self.users.clock.now(), from)
    }
}
