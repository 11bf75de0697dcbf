//! What was ended before its time, as the provider tells it: a stream of server-sent events, kept in memory here.
//!
//! ```text
//!   follow ──GET /oauth2/revocations──▶ events ──▶ wire ──▶ memory ◀── is this token hit?
//!      │                                                       (by hashes of jti, grant_id, sid, sub, client_id)
//!      └── touch: has everything up to now been heard?
//! ```
//! Entries name what they end by a hash, so that an API does not learn of people who never came to it. Memory answers whether an
//! entry hits a token; [`Revocations::in_touch`], whether one that hits could be missing. As long as the stream speaks (the
//! provider sends something every 15 seconds at least), none is.

mod events;
mod follow;
mod memory;
mod touch;
mod wire;

use std::sync::{PoisonError, RwLock};

use aws_lc_rs::digest;
use vestibule_core::{Clock, Timestamp};

pub(crate) use self::follow::{Follows, follow};
use self::{memory::Memory, touch::Touch};

/// What an entry names: the SHA-256 of `kind:value`.
pub(crate) type Hash = [u8; digest::SHA256_OUTPUT_LEN];

/// What the log knows a token by.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Whatever an entry may name it by.
    hashes: Box<[Hash]>,
    /// When it was minted; unknown counts as long ago.
    minted_at: Option<Timestamp>,
}

/// The claims by which entries name a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) token: Option<&'a str>,
    pub(crate) grant: Option<&'a str>,
    pub(crate) session: Option<&'a str>,
    pub(crate) subject: &'a str,
    pub(crate) client: &'a str,
}

impl Facts {
    pub(crate) fn new(named: Named<'_>, minted_at: Option<Timestamp>) -> Self {
        let user = (named.subject != named.client).then_some(named.subject);
        let consent = user.map(|user| format!("{user} {}", named.client));
        let values = [
            ("token", named.token),
            ("grant", named.grant),
            ("session", named.session),
            ("user", user),
            ("client", Some(named.client)),
            ("consent", consent.as_deref()),
        ];
        let hashes = values.into_iter().filter_map(|(kind, value)| Some(hash(kind, value?)));
        Self { hashes: hashes.collect(), minted_at }
    }
}

fn hash(kind: &str, value: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, format!("{kind}:{value}").as_bytes()).as_ref());
    hash
}

/// The log, as far as it was heard.
#[derive(Debug)]
pub(crate) struct Revocations {
    clock: Clock,
    memory: RwLock<Memory>,
    touch: Touch,
}

impl Revocations {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { touch: Touch::new(clock.clone()), memory: RwLock::default(), clock }
    }

    /// Whether an entry hits the token.
    pub(crate) fn hits(&self, facts: &Facts) -> bool {
        self.memory.read().unwrap_or_else(PoisonError::into_inner).hits(facts, self.clock.now())
    }

    /// Whether what was ended until now has been heard.
    pub(crate) fn in_touch(&self) -> bool {
        self.touch.is_there()
    }

    /// Since when not.
    pub(crate) fn out_of_touch_since(&self) -> Timestamp {
        self.touch.last_heard()
    }

    /// Waits until it is.
    pub(crate) async fn until_in_touch(&self) {
        self.touch.until_there().await;
    }
}
