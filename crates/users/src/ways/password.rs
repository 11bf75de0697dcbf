//! By name and password.

use async_trait::async_trait;

use super::{Evidence, Proven, Way, WayName};
use crate::{AuthenticateError, Users};

/// Name and password, as [`Users::authenticate_named`] verifies them.
#[derive(Clone, Debug)]
pub struct PasswordWay {
    users: Users,
}

impl PasswordWay {
    /// Of these users.
    #[must_use]
    pub fn new(users: Users) -> Self {
        Self { users }
    }
}

#[async_trait]
impl Way for PasswordWay {
    fn name(&self) -> WayName {
        WayName::Password
    }

    async fn prove(&self, evidence: &Evidence) -> Result<Option<Proven>, AuthenticateError> {
        let Some((named, password)) = &evidence.password else { return Ok(None) };
        let user = self.users.authenticate_named(named.clone(), password).await?;
        Ok(Some(Proven { user, way: WayName::Password, amr: vec!["pwd"], token: None }))
    }
}
