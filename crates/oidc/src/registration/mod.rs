//! Dynamic client registration (RFC 7591, OpenID Connect Registration) and its management (RFC 7592).
//!
//! ```text
//!   registration.mode = off    nobody; the endpoint is not there
//!                       token  who has an initial access token, which is spent with the row that it lets in
//!                       open   anybody, so many an hour from one address
//! ```
//! What an application says of itself is held against a [`RegistrationPolicy`], at each change anew. It looks after itself by a
//! registration access token. Of those that registered themselves and that nobody ever allowed anything, a sweep forgets.

mod answer;
mod initial;
mod limit;
mod management;
mod policy;
mod statement;
mod sweep;

use std::time::Duration;

use serde_json::Value;
use vestibule_audit::{Actor, Details, Event, Kind, ObjectType, Source};
use vestibule_core::is_this_machine;

pub use initial::{InitialAccessToken, InitialAccessTokens};
pub use management::Steward;
pub(crate) use management::as_strict_as;
pub use policy::{RegistrationMode, RegistrationPolicy};
pub(crate) use statement::Vouching;
pub use statement::{NoIssuer, StatementIssuer};

use crate::{
    Provider, Unavailable,
    client::{ClientsError, MetadataError, NewClient, SelfRegistered},
};

/// Why an application was not registered, changed or shown.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Nobody registers here but administrators.
    #[error("applications do not register themselves here")]
    Off,
    /// The token is missing, or none that opens this.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// Too many came from there.
    #[error("too many applications were registered from this address; try again later")]
    TooMany {
        /// How long to wait.
        retry_after: Duration,
    },
    /// A redirect URI that may not be registered (`invalid_redirect_uri`).
    #[error("{0}")]
    RedirectUri(String),
    /// Other metadata that cannot be honoured (`invalid_client_metadata`).
    #[error("{0}")]
    Metadata(String),
    /// A software statement that does not hold, or is missing where one is needed (`invalid_software_statement`).
    #[error("the software statement does not count: {0}")]
    InvalidStatement(String),
    /// A software statement of somebody who is not trusted here (`unapproved_software_statement`).
    #[error("statements of the issuer of this software statement do not count here")]
    UnapprovedStatement,
    /// Something that this needs does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl RegistrationError {
    /// The code of RFC 7591 section 3.2.2, or of RFC 6750 section 3.1.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Off => "access_denied",
            Self::Unauthorized(_) => "invalid_token",
            Self::TooMany { .. } => "slow_down",
            Self::RedirectUri(_) => "invalid_redirect_uri",
            Self::Metadata(_) => "invalid_client_metadata",
            Self::InvalidStatement(_) => "invalid_software_statement",
            Self::UnapprovedStatement => "unapproved_software_statement",
            Self::Unavailable(_) => "temporarily_unavailable",
        }
    }
}

impl From<MetadataError> for RegistrationError {
    fn from(error: MetadataError) -> Self {
        match &error {
            MetadataError::Uri { member: "redirect_uris", .. }
            | MetadataError::Redirect { .. }
            | MetadataError::NoRedirectUri => Self::RedirectUri(error.to_string()),
            _ => Self::Metadata(error.to_string()),
        }
    }
}

impl From<ClientsError> for RegistrationError {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Metadata(error) => error.into(),
            ClientsError::Unavailable(error) => Self::Unavailable(error),
            // Gone since its token was looked at.
            ClientsError::NoSuchClient(_) => Self::Unauthorized(management::NOT_THE_TOKEN),
            ClientsError::Changed(_) => Self::Metadata("the application was changed meanwhile; read it again".to_owned()),
            ClientsError::OtherKind(_) => Self::Metadata(
                "token_endpoint_auth_method: an application cannot change between public and confidential; register another"
                    .to_owned(),
            ),
            ClientsError::OnlyAHash(_) => Self::Metadata(
                "token_endpoint_auth_method: the secret is kept as a hash alone, which signs nothing; register another"
                    .to_owned(),
            ),
            other => Self::Metadata(other.to_string()),
        }
    }
}

/// An application that asks to be registered.
#[derive(Clone, Copy, Debug)]
pub struct Applicant<'a> {
    /// The initial access token, if one came.
    pub token: Option<&'a str>,
    /// What it says of itself: a JSON object.
    pub document: &'a str,
    /// From where it comes.
    pub source: &'a Source,
}

impl Provider {
    /// Registers an application (RFC 7591 section 3). Gives the client information response (section 3.2.1).
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub async fn register(&self, applicant: Applicant<'_>) -> Result<Value, RegistrationError> {
        let door = self.let_in(&applicant).await?;
        let vouching = Vouching { held: None, needed: self.settings().registration.require_software_statement };
        let new = self.read_registration(applicant.document, vouching).await?;
        let transaction = self.database().begin().await.map_err(Unavailable::from)?;
        // Spent with the row that it lets in: both or neither.
        if let (SelfRegistered::Invited, Some(token)) = (door, applicant.token)
            && !self.initial_access_tokens().spend_in(&transaction, token).await?
        {
            return Err(RegistrationError::Unauthorized(NO_INVITATION));
        }
        let (created, token) = self.clients().create_in(&transaction, &new, door).await?;
        let event = Event::new(Kind::Registered, Actor::Client(created.client.id.clone()))
            .object(ObjectType::Client, created.client.id.as_str())
            .details(Details::new().name(&created.client.name))
            .source(applicant.source);
        self.audit().record_in(&transaction, event).await.map_err(Unavailable::because)?;
        transaction.commit().await.map_err(Unavailable::from)?;
        tracing::info!(client_id = %created.client.id, ?door, "an application registered itself");
        Ok(answer::registered(self.issuer(), &created.client, created.secret.as_deref(), &token))
    }

    /// By which door an applicant comes in, if by any.
    async fn let_in(&self, applicant: &Applicant<'_>) -> Result<SelfRegistered, RegistrationError> {
        match (self.settings().registration.mode, applicant.token) {
            (RegistrationMode::Off, _) => Err(RegistrationError::Off),
            // Looked at first: what strangers send is neither read nor fetched. Where anybody may come, whoever was invited is
            // still trusted more than those who just came.
            (RegistrationMode::Token | RegistrationMode::Open, Some(token)) => {
                match self.initial_access_tokens().is_good(token).await? {
                    true => Ok(SelfRegistered::Invited),
                    false => Err(RegistrationError::Unauthorized(NO_INVITATION)),
                }
            }
            (RegistrationMode::Token, None) => {
                let words = "an initial access token is needed to register an application here";
                Err(RegistrationError::Unauthorized(words))
            }
            (RegistrationMode::Open, None) => {
                self.count_registration(applicant.source.address).await?;
                Ok(SelfRegistered::Open)
            }
        }
    }

    /// What an application says of itself, held against the policy and against whatever it names.
    pub(crate) async fn read_registration(
        &self,
        document: &str,
        vouching: Vouching<'_>,
    ) -> Result<NewClient, RegistrationError> {
        let stated = self.stated(document, vouching).await?;
        let document = stated.as_ref().map_or(document, |stated| &stated.document);
        let at_home = url::Url::parse(self.issuer()).is_ok_and(|url| is_this_machine(&url));
        let mut new = self.settings().registration.read(document, at_home)?;
        new.metadata.software_statement = stated.map(|stated| stated.statement);
        self.check_sector(&new.metadata).await?;
        Ok(new)
    }
}

const NO_INVITATION: &str = "the initial access token is none, or was used up, or has expired";
