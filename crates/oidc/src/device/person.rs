//! The person's half: from the code that a device shows to yes or no.

use std::sync::Arc;

use std::time::Duration;

use vestibule_core::ScopeSet;
use vestibule_users::AcrWish;

use super::{AllowedBy, Guess, State, UserCode, Waiting};
use crate::{Present, Provider, SecondFactorStep, Unavailable, client::Client};

/// Why there is nothing to answer.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No device shows that code now: it never did, it has expired, or it was answered.
    #[error("no device waits under this code")]
    Unknown,
    /// Too many codes were tried.
    #[error("too many codes were tried")]
    TryLater {
        /// When the next one may be.
        retry_after: Duration,
    },
    /// Something of ours does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a person is asked.
#[derive(Debug)]
pub struct DeviceAnswer {
    /// The application on the device.
    pub client: Arc<Client>,
    /// What it asks for.
    pub scope: ScopeSet,
    /// Whether the person must show a second factor for it that this session has not seen.
    pub second_factor: SecondFactorStep,
    code: UserCode,
    waiting: Waiting,
}

impl DeviceAnswer {
    /// The code, as the device shows it.
    #[must_use]
    pub fn user_code(&self) -> String {
        self.code.to_string()
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").field("client", &self.request.client).finish_non_exhaustive()
    }
}

impl Provider {
    /// What waits under a code that somebody typed. It is counted as a guess unless it is right.
    ///
    /// # Errors
    /// Nothing waits, too many guesses, or a store that does not answer.
    pub async fn device_behind(
        &self,
        typed: &str,
        guess: Guess,
        present: &Present,
    ) -> Result<DeviceAnswer, DeviceError> {
        let counted = match self.devices().count(guess).await? {
            Ok(counted) => counted,
            Err(retry_after) => return Err(DeviceError::TryLater { retry_after }),
        };
        let code = UserCode::typed(typed).ok_or(DeviceError::Unknown)?;
        let waiting = self.devices().find(&code).await?.ok_or(DeviceError::Unknown)?;
        self.devices().take_back(counted).await?;
        let client = self.clients().find(&waiting.request.client).await?.ok_or(DeviceError::Unknown)?;
        let demand = self.second_factor(&present.user, Some((&client, AcrWish::None))).await?;
        let second_factor = if present.has_two_factors() { SecondFactorStep::NotDemanded } else { demand };
        let scope = waiting.request.scope.clone();
        Ok(DeviceAnswer { client, scope, second_factor, code, waiting })
    }

    /// The person says yes. `false` where it was answered meanwhile.
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn allow_device(&self, answer: DeviceAnswer, present: &Present) -> Result<bool, Unavailable> {
        let DeviceAnswer { client, scope, code, waiting, .. } = answer;
        let session = &present.session;
        let by = AllowedBy {
            user: present.user.id,
            session: session.sid,
            session_expires_at: session.expires_at,
            auth_time: session.auth_time,
            acr: self.level_of(session).map(str::to_owned),
            amr: session.amr.clone(),
            allowed_at: self.clock().now(),
        };
        if !client.first_party {
            self.consents().grant(present.user.id, &client.id, &scope).await?;
        }
        let answered = self.devices().answer(&code, waiting, State::Allowed(Box::new(by))).await?;
        tracing::info!(client_id = %client.id, user = %present.user.id, answered, "a device was allowed");
        Ok(answered)
    }

    /// The person says no. `false` where it was answered meanwhile.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn deny_device(&self, answer: DeviceAnswer) -> Result<bool, Unavailable> {
        let DeviceAnswer { client, code, waiting, .. } = answer;
        let answered = self.devices().answer(&code, waiting, State::Denied).await?;
        tracing::info!(client_id = %client.id, answered, "a device was denied");
        Ok(answered)
    }
}
