//! Ways to authenticate: an ordered list, as configuration has it, behind one trait.
//!
//! A request brings [`Evidence`]; each [`Way`] looks at what concerns it and says who that proves, or that it proves nothing, or
//! that nothing for it was brought. The first one that proves somebody decides. A further way (a passkey, a directory) is one
//! more field of the evidence and one more type here.
//!
//! An inactive user passes by no way. A second factor is a step of its own after any of them.

mod api_token;
mod certificate;
mod lookup;
mod password;
mod remote_user;

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{ApiToken, AuthenticateError, Named, User};
pub use api_token::ApiTokenWay;
pub use certificate::{
    Binding, BindingError, BindingKind, CertificateBindings, CertificateFields, CertificateRule, CertificateWay,
    ForwardedCertificateError, InvalidBinding, UnknownCertificateRule, forwarded_certificate, normal_subject,
};
pub use password::PasswordWay;
pub use remote_user::RemoteUserWay;

/// The name of a way, as configuration and records spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayName {
    /// A name and a password.
    Password,
    /// An API token.
    ApiToken,
    /// The name that a trusted proxy tells.
    RemoteUser,
    /// A client certificate.
    Certificate,
}

impl WayName {
    /// All names.
    pub const ALL: [Self; 4] = [Self::Password, Self::ApiToken, Self::RemoteUser, Self::Certificate];

    /// The name as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::ApiToken => "api_token",
            Self::RemoteUser => "remote_user",
            Self::Certificate => "certificate",
        }
    }
}

impl fmt::Display for WayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no way has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a way to authenticate is password, api_token, remote_user or certificate")]
pub struct UnknownWay;

impl FromStr for WayName {
    type Err = UnknownWay;

    fn from_str(text: &str) -> Result<Self, UnknownWay> {
        Self::ALL.into_iter().find(|way| way.as_str() == text).ok_or(UnknownWay)
    }
}

/// What a request brings to prove who sends it. The caller puts in only what may count: a proxy's word, for one, only where the
/// peer is a proxy that is trusted.
#[derive(Clone, Default)]
pub struct Evidence {
    /// Who goes by what was typed as a name ([`Users::named`](crate::Users::named)), and the password.
    pub password: Option<(Named, SecretString)>,
    /// An API token.
    pub api_token: Option<SecretString>,
    /// The name that a trusted proxy tells.
    pub remote_user: Option<String>,
    /// The client certificate in DER, whose chain the listener or a trusted proxy has verified.
    pub certificate: Option<Vec<u8>>,
}

/// It shows what was brought, and nothing of it.
impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("password", &self.password.is_some())
            .field("api_token", &self.api_token.is_some())
            .field("remote_user", &self.remote_user.is_some())
            .field("certificate", &self.certificate.is_some())
            .finish()
    }
}

/// Somebody who was proven to be who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Who.
    pub user: User,
    /// By which way.
    pub way: WayName,
    /// How, as `amr` has it (RFC 8176; our own words for what it does not know).
    pub amr: Vec<&'static str>,
    /// The token, where it was one: its scopes bound what the request may do.
    pub token: Option<ApiToken>,
}

/// A way to authenticate.
#[async_trait]
pub trait Way: Send + Sync {
    /// Its name.
    fn name(&self) -> WayName;

    /// Whom the evidence proves; `None` where it brings nothing for this way.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`] where what it brings proves nobody who is active; else what hinders an answer.
    async fn prove(&self, evidence: &Evidence) -> Result<Option<Proven>, AuthenticateError>;
}

/// The ways of this provider, in order.
pub struct Ways(Vec<Box<dyn Way>>);

impl Ways {
    /// In the order in which they are asked.
    #[must_use]
    pub fn new(ways: Vec<Box<dyn Way>>) -> Self {
        Self(ways)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = WayName> {
        self.0.iter().map(|way| way.name())
    }

    /// Whom the first way proves that proves anyone. Where one cannot answer, those after it are not asked: who would be let in
    /// must not depend on what is out of order.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`] where no way proves anyone; what hinders an answer.
    pub async fn authenticate(&self, evidence: &Evidence) -> Result<Proven, AuthenticateError> {
        for way in &self.0 {
            match way.prove(evidence).await {
                Ok(Some(proven)) => {
                    tracing::info!(user = %proven.user.id, way = %proven.way, "somebody was authenticated");
                    return Ok(proven);
                }
                Ok(None) => {}
                Err(AuthenticateError::Refused) => {
                    tracing::info!(way = %way.name(), "a way to authenticate refused what was brought");
                }
                Err(error) => return Err(error),
            }
        }
        Err(AuthenticateError::Refused)
    }
}

impl fmt::Debug for Ways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
