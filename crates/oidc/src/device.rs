//! Devices that cannot show a page (RFC 8628): a person allows at a browser what a device asks for, by the code that it shows.
//!
//! ```text
//!   begin ──> Asked ──allow──> Allowed ──take──> spent (a tombstone with the grant's id) ──> forgotten
//!               ├──deny──> Denied ──────────────────────────────────────────────────────────────┤
//!               └──10 min──> expired ───────────────────────────────────────────────────────────┘
//! ```
//! Device and user codes are kept as keyed hashes only. A user code is short, so each guess is counted before it is looked up:
//! for everyone together, for an address and for a session; a right one takes back only its own count.

mod code;
mod limits;
mod person;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, Clock, GrantId, HashKey, PublicSessionId, Random, ScopeSet, Timestamp, UserId};
use vestibule_ephemeral::{Admission, Ephemeral, Found, Kind, Pace, Tombstone};

use crate::{Unavailable, code::Redeemed};

pub(crate) use code::UserCode;
pub use limits::Guess;
pub use person::{DeviceAnswer, DeviceError};

/// How long a person has to allow it.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How long a device must wait between two polls.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// A device that polls on the second may arrive a little early.
const EARLY: Duration = Duration::from_secs(1);

/// What a device code begins with, so that it is recognised where it should not be.
const PREFIX: &str = "vst_device_";

const DEVICE: Kind = Kind::once("device");
const USER_CODE: Kind = Kind::once("device-user-code");
const POLLS: Kind = Kind::new("device-polls");

/// What a device asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceRequest {
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
    pub(crate) scope: ScopeSet,
    pub(crate) resources: Vec<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) state: State,
}

/// How far a request has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Nobody has answered yet.
    Asked,
    /// Somebody said yes.
    Allowed(Box<AllowedBy>),
    /// Somebody said no.
    Denied,
}

/// Who said yes, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AllowedBy {
    pub(crate) user: UserId,
    pub(crate) session: PublicSessionId,
    pub(crate) session_expires_at: Timestamp,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) allowed_at: Timestamp,
}

/// What is known of a device code that was presented.
pub(crate) enum Presented {
    /// It waits, or was answered.
    Live(Box<Waiting>),
    /// It was redeemed before.
    Spent(Redeemed),
    /// It never was one of ours, or is forgotten.
    Unknown,
}

/// A request, as it was when it was read.
pub(crate) struct Waiting {
    key: String,
    read: Vec<u8>,
    pub(crate) request: DeviceRequest,
}

/// The requests of devices. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Devices {
    store: Ephemeral,
    key: HashKey,
    clock: Clock,
    random: Random,
    tombstone: Duration,
}

impl Devices {
    /// `gives` is how long what a device code gives can live.
    pub(crate) fn new(store: Ephemeral, key: &HashKey, clock: Clock, random: Random, gives: Duration) -> Self {
        Self { store, key: key.for_purpose("device code"), clock, random, tombstone: gives + LIFETIME }
    }

    /// Keeps what a device asks for, and gives its two codes.
    pub(crate) async fn begin(&self, request: &DeviceRequest) -> Result<(String, UserCode), Unavailable> {
        let device_code = format!("{PREFIX}{}", self.random.token());
        let key = self.key_of(&device_code);
        let user_code = self.free_user_code().await?;
        // Twice as long, so that a device hears that its code has expired.
        self.store.put(DEVICE, &key, &serde_json::to_vec(request)?, 2 * LIFETIME, None).await?;
        self.store.put(USER_CODE, &self.key_of(user_code.plain()), key.as_bytes(), LIFETIME, None).await?;
        Ok((device_code, user_code))
    }

    /// One that nothing waits under. There are 25 thousand million, so that the first is free but for a miracle.
    async fn free_user_code(&self) -> Result<UserCode, Unavailable> {
        loop {
            let code = UserCode::random(&self.random);
            if self.store.look(USER_CODE, &self.key_of(code.plain())).await? == Found::Missing {
                return Ok(code);
            }
        }
    }

    /// What a device code stands for.
    pub(crate) async fn look(&self, device_code: &str) -> Result<Presented, Unavailable> {
        let key = self.key_of(device_code);
        self.read(key.clone(), self.store.look(DEVICE, &key).await?)
    }

    /// What a user code stands for, where nobody has answered yet.
    pub(super) async fn find(&self, code: &UserCode) -> Result<Option<Waiting>, Unavailable> {
        let Some(key) = self.store.get(USER_CODE, &self.key_of(code.plain())).await? else { return Ok(None) };
        let key = String::from_utf8(key).map_err(Unavailable::because)?;
        let found = self.store.look(DEVICE, &key).await?;
        let Presented::Live(waiting) = self.read(key, found)? else { return Ok(None) };
        let open = waiting.request.state == State::Asked && !self.has_expired(&waiting.request);
        Ok(open.then_some(*waiting))
    }

    /// Writes the answer of a person down: of any number of answers, one.
    pub(super) async fn answer(&self, code: &UserCode, waiting: Waiting, state: State) -> Result<bool, Unavailable> {
        let answered = serde_json::to_vec(&DeviceRequest { state, ..waiting.request })?;
        if !self.store.swap(DEVICE, &waiting.key, &waiting.read, &answered).await? {
            return Ok(false);
        }
        self.store.remove(USER_CODE, &self.key_of(code.plain())).await?;
        Ok(true)
    }

    /// Whether a device may ask now, or asks too often.
    pub(crate) async fn may_poll(&self, waiting: &Waiting) -> Result<bool, Unavailable> {
        let interval = INTERVAL - EARLY;
        let pace = Pace { free: 1, waits: vec![interval], forgive: interval };
        Ok(self.store.admit(POLLS, &waiting.key, &pace).await? == Admission::Admitted)
    }

    /// Takes an allowed request: of any number of callers, one gets it as live.
    pub(crate) async fn take(&self, waiting: &Waiting, left: &Redeemed) -> Result<Presented, Unavailable> {
        let value = serde_json::to_vec(left)?;
        let tombstone = Tombstone { value: &value, ttl: self.tombstone };
        self.read(waiting.key.clone(), self.store.take(DEVICE, &waiting.key, Some(tombstone)).await?)
    }

    pub(crate) fn has_expired(&self, request: &DeviceRequest) -> bool {
        request.expires_at <= self.clock.now()
    }

    fn read(&self, key: String, found: Found) -> Result<Presented, Unavailable> {
        Ok(match found {
            Found::Live(read) => {
                let request = serde_json::from_slice(&read)?;
                Presented::Live(Box::new(Waiting { key, read, request }))
            }
            Found::Spent(value) => Presented::Spent(serde_json::from_slice(&value)?),
            Found::Missing => Presented::Unknown,
        })
    }

    fn key_of(&self, code: &str) -> String {
        self.key.digest(code).to_key()
    }
}
