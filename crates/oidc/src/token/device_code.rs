//! The device authorization grant (RFC 8628): the device's request, and its polls.

use serde::Serialize;
use vestibule_core::{ClientId, GrantId};
use vestibule_tokens::Authentication;

use super::{Allowed, Asking, Grant, Person, TokenError, TokenRequest, once_each, standing::Given};
use crate::{
    Provider, RequestedClaims,
    device::{self, AllowedBy, DeviceRequest, Presented, State, Waiting},
    discovery::path,
    scope::{self, ScopeRefusal},
};

pub(super) struct DeviceCode;

/// The answer to a device (RFC 8628 section 3.2).
#[derive(Clone, Serialize)]
pub struct DeviceAuthorization {
    /// What the device polls with.
    pub device_code: String,
    /// What it shows.
    pub user_code: String,
    /// Where a person goes with that.
    pub verification_uri: String,
    /// The same, with the code in it, for a picture that a phone can read.
    pub verification_uri_complete: String,
    /// How long both are good for, in seconds.
    pub expires_in: u64,
    /// How long to wait between two polls, in seconds.
    pub interval: u64,
}

impl std::fmt::Debug for DeviceAuthorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceAuthorization").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

impl Provider {
    /// Answers a device that wants a person to allow it something (RFC 8628 section 3.1).
    ///
    /// # Errors
    /// Why not; [`TokenError::code`] is what the device is told.
    pub async fn authorize_device(&self, request: TokenRequest<'_>) -> Result<DeviceAuthorization, TokenError> {
        let answer = async {
            once_each(request.parameters)?;
            let client = self.proved(&request).await?;
            request.asking(self, &client, None).begin_device().await
        };
        let answer = answer.await;
        if let Err(error) = &answer {
            let reason = error.to_string();
            tracing::info!(error = error.code().as_str(), reason, "a device was refused");
        }
        answer
    }
}

impl Asking<'_> {
    async fn begin_device(&self) -> Result<DeviceAuthorization, TokenError> {
        if !self.client.may_use_grant(DeviceCode::NAME) {
            return Err(TokenError::UnauthorizedClient);
        }
        let provider = self.provider;
        let resources = self.targets()?;
        provider.may_target(self.client, &resources).await?;
        let asked = self.parameters.get("scope").unwrap_or_default();
        let apis = provider.apis().owners(&asked.split(' ').collect()).await?;
        let carrying = provider.carrying().await?;
        let scope = scope::asked(self.client, asked, &apis, &carrying)?;
        scope::of_one_audience(&resources, &apis)?;
        let request = DeviceRequest {
            grant: GrantId::random(provider.random()),
            client: self.client.id.clone(),
            scope,
            resources,
            expires_at: provider.clock().now() + device::LIFETIME,
            state: State::Asked,
        };
        let (device_code, user_code) = provider.devices().begin(&request).await?;
        let page = format!("{}{}", provider.issuer(), path::DEVICE);
        tracing::info!(client_id = %self.client.id, grant = %request.grant, "a device waits for a person");
        Ok(DeviceAuthorization {
            device_code,
            verification_uri_complete: format!("{page}?user_code={user_code}"),
            verification_uri: page,
            user_code: user_code.to_string(),
            expires_in: device::LIFETIME.as_secs(),
            interval: device::INTERVAL.as_secs(),
        })
    }
}

impl Grant for DeviceCode {
    const NAME: &'static str = "urn:ietf:params:oauth:grant-type:device_code";
    const SIGNS_IN: bool = true;
    type Source = Waiting;
    type Taken = (DeviceRequest, AllowedBy);

    /// A replay by the client that redeemed the code revokes what it gave.
    async fn read(asking: &Asking<'_>) -> Result<Waiting, TokenError> {
        let missing = || TokenError::InvalidRequest("device_code is missing".to_owned());
        let presented = asking.parameters.get("device_code").ok_or_else(missing)?;
        match asking.provider.devices().look(presented).await? {
            Presented::Live(waiting) => Ok(*waiting),
            Presented::Spent(redeemed) => Err(asking.replayed(redeemed).await?),
            Presented::Unknown => Err(TokenError::Unknown),
        }
    }

    fn owner(source: &Waiting) -> Option<&ClientId> {
        Some(&source.request.client)
    }

    async fn take(asking: &Asking<'_>, source: Waiting) -> Result<Self::Taken, TokenError> {
        let devices = asking.provider.devices();
        if !devices.may_poll(&source).await? {
            return Err(TokenError::SlowDown);
        }
        if devices.has_expired(&source.request) {
            return Err(TokenError::ExpiredToken);
        }
        match &source.request.state {
            State::Asked => return Err(TokenError::AuthorizationPending),
            State::Denied => return Err(TokenError::AccessDenied),
            State::Allowed(_) => {}
        }
        let left = asking.redeemed(source.request.grant, device::LIFETIME);
        match devices.take(&source, &left).await? {
            Presented::Live(taken) => match taken.request.state.clone() {
                State::Allowed(by) => Ok((taken.request, *by)),
                State::Asked | State::Denied => Err(TokenError::Unknown),
            },
            Presented::Spent(redeemed) => Err(asking.replayed(redeemed).await?),
            Presented::Unknown => Err(TokenError::Unknown),
        }
    }

    async fn check(asking: &Asking<'_>, (request, by): Self::Taken) -> Result<Allowed, TokenError> {
        asking.still_there(by.user, by.session, by.allowed_at).await?;
        let asked = asking.targets()?;
        let target = asking.provider.target(asking.client, &request.scope, &request.resources, &asked).await?;
        let authentication = Authentication { time: by.auth_time, acr: by.acr, amr: by.amr };
        let refresh = asking.comes_back(Given {
            grant: request.grant,
            user: by.user,
            session: by.session,
            session_expires_at: Some(by.session_expires_at),
            scope: &request.scope,
            resources: &request.resources,
            authentication: &authentication,
            claims: &RequestedClaims::default(),
            at: by.allowed_at,
        });
        Ok(Allowed {
            person: Some(Person { user: by.user, authentication: Some(authentication) }),
            granted: request.scope,
            target,
            session: Some(by.session),
            grant: Some(request.grant),
            nonce: None,
            refresh,
            claims: RequestedClaims::default(),
            actor: None,
            issued_token_type: None,
        })
    }
}

impl From<ScopeRefusal> for TokenError {
    fn from(refusal: ScopeRefusal) -> Self {
        match refusal {
            ScopeRefusal::Unnamed => Self::InvalidTarget(refusal.words()),
            _ => Self::InvalidScope(refusal.words()),
        }
    }
}
