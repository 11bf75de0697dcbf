//! What applications may be told of people, from memory once somebody was seen.
//!
//! A change of a person is told to every process ([`Topic::People`]) and drops what is kept of them, here at once and elsewhere
//! within a second. Whether somebody may still sign in is part of it, so that the same holds of a deactivation.

use std::sync::Arc;

use serde_json::{Map, Value};
use vestibule_core::{Clock, UserId};
use vestibule_database::{ChangeLog, Kept, KeptStatistics, Topic};

use crate::{Attributes, Unavailable, User, Users};

/// What is known of somebody.
#[derive(Debug)]
pub struct Portrait {
    /// Who.
    pub user: User,
    /// Their attributes, by name.
    pub attributes: Map<String, Value>,
}

/// Those who were seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Portraits {
    users: Users,
    attributes: Attributes,
    kept: Arc<Kept<UserId, Portrait>>,
}

impl Portraits {
    /// Keeps what is known of people within so many bytes. `changes` must be followed ([`ChangeLog::follow`]); where it is not, the
    /// database is asked each time.
    #[must_use]
    pub fn new(users: Users, attributes: Attributes, changes: &ChangeLog, clock: Clock, bytes: u64) -> Self {
        let user = |subject: &str| subject.parse().ok();
        Self { users, attributes, kept: Arc::new(Kept::new(changes, Topic::People, user, clock, bytes)) }
    }

    /// Somebody as they were at most a second ago, whether active or not; nothing of who is not there.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn of(&self, id: UserId) -> Result<Option<Arc<Portrait>>, Unavailable> {
        if let Some(portrait) = self.kept.get(&id) {
            return Ok(Some(portrait));
        }
        let began = self.kept.begin();
        let Some(user) = self.users.get(id).await? else { return Ok(None) };
        let attributes = self.attributes.of(id).await?;
        let portrait = Arc::new(Portrait { user, attributes });
        self.kept.keep(id, &portrait, portrait.bytes(), began);
        Ok(Some(portrait))
    }

    /// How the memory is doing.
    #[must_use]
    pub fn kept(&self) -> KeptStatistics {
        self.kept.statistics()
    }
}

impl Portrait {
    /// How much memory it takes, as near as matters: what is written of somebody, and as much again for how it is kept.
    fn bytes(&self) -> usize {
        let claims = serde_json::to_string(&self.user.claims).map_or(0, |text| text.len());
        let attributes = serde_json::to_string(&self.attributes).map_or(0, |text| text.len());
        let names = self.user.username.len() + self.user.email.as_ref().map_or(0, String::len);
        size_of::<Self>() + 2 * (claims + names) + 4 * attributes
    }
}
