//! By the word of a proxy that has authenticated the person itself. Whether the peer is such a proxy is for the caller to know.

use async_trait::async_trait;

use super::{Evidence, Proven, Way, WayName};
use crate::{AuthenticateError, Users};

/// The username that a trusted proxy tells. It must be a user's already: nobody is created.
#[derive(Clone, Debug)]
pub struct RemoteUserWay {
    users: Users,
    allow_superusers: bool,
}

impl RemoteUserWay {
    /// Of these users, superusers too.
    #[must_use]
    pub fn new(users: Users) -> Self {
        Self { users, allow_superusers: true }
    }

    /// The same, but a proxy's word makes nobody a superuser.
    #[must_use]
    pub fn without_superusers(self) -> Self {
        Self { allow_superusers: false, ..self }
    }
}

#[async_trait]
impl Way for RemoteUserWay {
    fn name(&self) -> WayName {
        WayName::RemoteUser
    }

    async fn prove(&self, evidence: &Evidence) -> Result<Option<Proven>, AuthenticateError> {
        let Some(name) = &evidence.remote_user else { return Ok(None) };
        let refused = |why: &str| {
            tracing::info!("the word of a proxy was refused: {why}");
            AuthenticateError::Refused
        };
        // An empty or unprintable name has no normal form, and is nobody's.
        let row = self.users.row_by_username(name).await?.ok_or_else(|| refused("nobody has that username"))?;
        if row.superuser && !self.allow_superusers {
            return Err(refused("it does not count for superusers"));
        }
        let user = self.users.enter(row).await?.ok_or(AuthenticateError::Refused)?;
        Ok(Some(Proven { user, way: WayName::RemoteUser, amr: vec!["remote_user"], token: None }))
    }
}
