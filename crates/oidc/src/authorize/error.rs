//! What the authorization endpoint can answer: a page, or a redirect with a closed set of errors.

use vestibule_core::{ClientId, Parameters, RedirectUri};

use super::{Addressee, ResponseMode};
use crate::Unavailable;

/// The request cannot be answered at the application, since who asks, or where to answer, is not proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The parameters are not form-urlencoded text, or one of those that prove the application stands twice.
    #[error("{0}")]
    InvalidRequest(String),
    /// `client_id` is missing or names nobody.
    #[error("no application is registered under this client_id")]
    InvalidClient,
    /// `client_id` is the address of a document, and no application comes of that.
    #[error("{0}")]
    Document(String),
    /// `redirect_uri` is missing or not registered for this application.
    #[error("{0}")]
    InvalidRedirectUri(&'static str),
    /// What it carries, or leads to, is refused before it could prove a redirect URI: a request object, a pushed request.
    #[error("{1}")]
    Refused(ErrorCode, String),
}

impl PageError {
    /// The stable code of the error page.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidClient | Self::Document(_) => "invalid_client",
            Self::InvalidRedirectUri(_) => "invalid_redirect_uri",
            Self::Refused(code, _) => code.as_str(),
        }
    }
}

/// The errors that an application may be told (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6, RFC 9101 section
/// 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// A parameter is missing, malformed or doubled.
    InvalidRequest,
    /// This application may not use this grant.
    UnauthorizedClient,
    /// The person said no.
    AccessDenied,
    /// It is none that is answered here.
    UnsupportedResponseType,
    /// The scope is malformed, unknown or not for this application.
    InvalidScope,
    /// A resource is malformed, unknown or not for this application (RFC 8707 section 2).
    InvalidTarget,
    /// Something of ours broke.
    ServerError,
    /// Something of ours does not answer at the moment.
    TemporarilyUnavailable,
    /// `prompt=none`, and somebody would have to sign in.
    LoginRequired,
    /// `prompt=none`, and consent would have to be asked.
    ConsentRequired,
    /// `prompt=none`, and some other page would have to be shown.
    InteractionRequired,
    /// `prompt=none`, and an account would have to be chosen.
    AccountSelectionRequired,
    /// A request object does not hold.
    InvalidRequestObject,
    /// What `request_uri` names is not there, cannot be fetched, or is no request object.
    InvalidRequestUri,
    /// This application registered no address that `request_uri` could name.
    RequestUriNotSupported,
    /// The `registration` parameter is not supported.
    RegistrationNotSupported,
    /// The sign-in cannot be of a class that the application needs (Unmet Authentication Requirements 1.0).
    UnmetAuthenticationRequirements,
}

impl ErrorCode {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
        }
    }
}

/// An answer for the application, with `state` and `iss` in it. It may hold a code and tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    client_id: ClientId,
    redirect_uri: RedirectUri,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

/// What is done at the browser to deliver an answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is sent there: the whole URL.
    Redirect(String),
    /// It posts a form there (OAuth 2.0 Form Post Response Mode).
    Form {
        /// The redirect URI.
        action: String,
        /// The parameters of the answer.
        fields: Vec<(&'static str, String)>,
    },
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Delivery(..)")
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

impl Answer {
    /// An error (RFC 6749 section 4.1.2.1) with `iss` (RFC 9207).
    #[must_use]
    pub fn error(to: &Addressee, issuer: &str, code: ErrorCode, description: &str) -> Self {
        tracing::info!(client_id = %to.client_id, error = code.as_str(), description, "an authorization request was refused");
        // RFC 6749 allows these characters in a description, and no others.
        let plain: String = description
            .chars()
            .map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' })
            .collect();
        Self::new(to, issuer, vec![("error", code.as_str().to_owned()), ("error_description", plain)])
    }

    /// What `first` holds, with `state` and `iss` (RFC 9207).
    pub(super) fn new(to: &Addressee, issuer: &str, first: Vec<(&'static str, String)>) -> Self {
        let mut parameters = first;
        parameters.extend(to.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", issuer.to_owned()));
        let (client_id, redirect_uri) = (to.client_id.clone(), to.redirect_uri.clone());
        Self { client_id, redirect_uri, mode: to.mode, parameters }
    }

    /// For which application it is.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The same, with what the application may ask our page about (OpenID Connect Session Management section 2).
    #[must_use]
    pub fn with_session_state(mut self, session_state: Option<String>) -> Self {
        self.parameters.extend(session_state.map(|value| ("session_state", value)));
        self
    }

    /// How it gets there.
    #[must_use]
    pub fn deliver(self) -> Delivery {
        let pairs: Vec<_> = self.parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.mode {
            ResponseMode::Query => Delivery::Redirect(self.redirect_uri.with_query(&pairs)),
            ResponseMode::Fragment => Delivery::Redirect(self.redirect_uri.with_fragment(&pairs)),
            ResponseMode::FormPost => {
                Delivery::Form { action: self.redirect_uri.as_str().to_owned(), fields: self.parameters }
            }
        }
    }
}

/// Why an authorization request goes no further.
#[derive(Debug)]
pub enum AuthorizeError {
    /// A page, and no redirect.
    Page(PageError),
    /// A redirect with an error.
    Redirect(Answer),
    /// Something of ours does not answer, before the application was proved.
    Unavailable(Unavailable),
}

impl From<Unavailable> for AuthorizeError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// Why a request goes no further, before it is settled who is told: a browser, or the application that pushed it.
#[derive(Debug)]
pub(crate) enum NotValid {
    /// Who asks, or where to answer, is not proved.
    Page(PageError),
    /// It can be answered there.
    To(Box<Addressee>, ErrorCode, String),
    /// Something of ours does not answer.
    Unavailable(Unavailable),
}

impl NotValid {
    /// As the authorization endpoint answers a browser.
    pub(super) fn at_a_browser(self, issuer: &str) -> AuthorizeError {
        match self {
            Self::Page(error) => AuthorizeError::Page(error),
            Self::To(to, code, description) => AuthorizeError::Redirect(Answer::error(&to, issuer, code, &description)),
            Self::Unavailable(error) => AuthorizeError::Unavailable(error),
        }
    }
}

impl From<PageError> for NotValid {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<Unavailable> for NotValid {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

/// What an error page says of malformed input.
impl From<vestibule_core::Malformed> for PageError {
    fn from(error: vestibule_core::Malformed) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}

/// The parameters that may stand several times.
pub(super) const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// A parameter that must stand once before anything is proved.
pub(super) fn once<'a>(parameters: &'a Parameters, name: &str) -> Result<Option<&'a str>, PageError> {
    parameters.single(name).map_err(|double| PageError::InvalidRequest(double.to_string()))
}

/// A parameter that stands more than once and must not (RFC 6749 sections 3.1 and 3.2).
pub(crate) fn request_doubles(parameters: &Parameters) -> Option<vestibule_core::Duplicate> {
    parameters.first_duplicate(&REPEATABLE)
}
