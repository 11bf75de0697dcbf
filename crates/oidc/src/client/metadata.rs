//! What is said of an application when it is registered (RFC 7591 section 2, OpenID Connect Registration section 2).
//!
//! A document is parsed into [`ClientMetadata`], whose types prove what can be proved of a single value; what spans several
//! is checked in `NewClient::check`. A member that we know of and cannot honour is refused: an application that registers
//! for encryption with an algorithm that is not there must not silently get plain tokens.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_core::{RedirectUri, RedirectUriError, ScopeSet};
use vestibule_jose::Algorithm;
use vestibule_tokens::{ResponseAlgorithm, SigningAlgorithm};

use super::{
    RequestObjectAlgorithm, SubjectType, certificate::CertificateName, encryption::EncryptionMetadata, logout,
    request_object, sector, signing, trusted_issuer::TrustedIssuer,
};
use crate::{
    authorize::{IMPLICIT, ResponseType},
    token::GRANT_TYPES,
};

/// How an application proves itself at the token endpoint (OpenID Connect Core section 9, RFC 8705 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    #[serde(rename = "client_secret_basic")]
    ClientSecretBasic,
    /// The secret in the body.
    #[serde(rename = "client_secret_post")]
    ClientSecretPost,
    /// An assertion that the secret signs.
    #[serde(rename = "client_secret_jwt")]
    ClientSecretJwt,
    /// An assertion that a key of its own signs.
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
    /// A certificate of an authority that we trust, under a name that is registered.
    #[serde(rename = "tls_client_auth")]
    TlsClientAuth,
    /// A certificate that is registered itself.
    #[serde(rename = "self_signed_tls_client_auth")]
    SelfSignedTlsClientAuth,
    /// Not at all: a public application.
    #[serde(rename = "none")]
    None,
}

impl AuthMethod {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 7] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::None,
    ];

    /// Whether whoever proves itself so is given a secret.
    #[must_use]
    pub fn has_secret(this: Option<Self>) -> bool {
        matches!(this, None | Some(Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt))
    }

    /// Whether it is done by a client certificate.
    #[must_use]
    pub fn is_by_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// Its name in metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::None => "none",
        }
    }

    /// From its name in metadata.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// What an application's access tokens are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// Signed, so that any API verifies them by itself (RFC 9068).
    #[default]
    Jwt,
    /// Sealed, so that an API asks us what they say.
    Opaque,
}

/// The metadata of an application beyond its name and its way to prove itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// By which `sub` it knows people (OpenID Connect Core section 8).
    pub subject_type: SubjectType,
    /// Where it is said which redirect URIs know a person by the same pairwise `sub` (section 8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Where it may be answered.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may be sent after a sign-out (RP-Initiated Logout section 3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// Where it is told of the end of a session, by us (Back-Channel Logout section 2.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it must be told which session that is. It always is told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
    /// What a browser loads, so that it hears of the end of a session (Front-Channel Logout section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it must be told which session that is. It always is told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_required: bool,
    /// The grants it may use.
    pub grant_types: Vec<String>,
    /// The response types it may use.
    pub response_types: Vec<String>,
    /// The scopes it may ask for.
    pub scope: ScopeSet,
    /// What its ID tokens are signed with.
    pub id_token_signed_response_alg: ResponseAlgorithm,
    /// What the answers are signed with that it gets about tokens, where it asks for signed ones (RFC 9701 section 6).
    pub introspection_signed_response_alg: ResponseAlgorithm,
    /// What userinfo is signed with for it; nothing here: it is told in plain JSON (OpenID Connect Core section 5.3.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<ResponseAlgorithm>,
    /// What of all that is encrypted, and how.
    #[serde(flatten)]
    pub encryption: EncryptionMetadata,
    /// What its access tokens are, whatever their API wants; nothing here: as the API wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// Whether its refresh tokens change with every use; nothing here: they do. Where they do not, they change all the same for
    /// whoever proves no key with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_refresh_tokens: Option<bool>,
    /// The APIs for which it may exchange tokens of people (RFC 8693), beside the one that a token is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_exchange_audiences: Vec<String>,
    /// Whether what it gets by that says nothing of who acts; nothing here: it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_exchange_impersonation: Option<bool>,
    /// Issuers whose statements prove it where it uses the grant of RFC 7523: of the platform on which it runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// Its public keys: those that sign its assertions, or the certificates (`x5c`) that it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where it publishes them, in place of `jwks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The one algorithm of its assertions; nothing here: any that its method allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    /// The one algorithm of its request objects; nothing here: any of a key pair, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<RequestObjectAlgorithm>,
    /// Where it publishes request objects: the only addresses that its `request_uri` may name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether each of its authorization requests must be a signed request object (RFC 9101 section 10.5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// Whether each of its authorization requests must be pushed (RFC 9126 section 6).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// The name of its certificate (`tls_client_auth_…`).
    #[serde(flatten)]
    pub certificate_name: CertificateName,
    /// Whether its access tokens are bound to the certificate that it shows (RFC 8705 section 3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Whether its tokens are always bound to a key by DPoP (RFC 9449 section 5.2): a token request without a proof is refused.
    pub dpop_bound_access_tokens: bool,
    /// How long ago people may have signed in at most, in seconds, where a request does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether `auth_time` is wanted in each ID token. It always is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_auth_time: Option<bool>,
    /// `web` or `native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Where a sign-in can be begun from elsewhere, such as from a portal (OpenID Connect Core section 4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// The software that it is an instance of, by the name that its maker gave that (RFC 7591 section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Which version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// What somebody whom the operator trusts has signed of it, as it came; only where that was verified (section 2.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            grant_types: vec!["authorization_code".to_owned()],
            response_types: vec!["code".to_owned()],
            scope: crate::STANDARD_SCOPES.into_iter().collect(),
            id_token_signed_response_alg: SigningAlgorithm::Rs256.into(),
            introspection_signed_response_alg: SigningAlgorithm::Rs256.into(),
            userinfo_signed_response_alg: None,
            encryption: EncryptionMetadata::default(),
            access_token_format: None,
            rotate_refresh_tokens: None,
            token_exchange_audiences: Vec::new(),
            token_exchange_impersonation: None,
            trusted_issuers: Vec::new(),
            jwks: None,
            jwks_uri: None,
            token_endpoint_auth_signing_alg: None,
            request_object_signing_alg: None,
            request_uris: Vec::new(),
            require_signed_request_object: false,
            require_pushed_authorization_requests: false,
            certificate_name: CertificateName::default(),
            tls_client_certificate_bound_access_tokens: false,
            dpop_bound_access_tokens: false,
            default_max_age: None,
            require_auth_time: None,
            application_type: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            initiate_login_uri: None,
            contacts: Vec::new(),
            software_id: None,
            software_version: None,
            software_statement: None,
        }
    }
}

/// Why an application cannot be registered so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The document does not parse, or a member has the wrong type.
    #[error("the metadata is not what RFC 7591 describes: {0}")]
    Malformed(String),
    /// A member that we know of and cannot honour.
    #[error("{member}: {why}")]
    Unsupported {
        /// The member.
        member: String,
        /// What of it is not supported.
        why: String,
    },
    /// A redirect URI that may not be registered.
    #[error("{member}: {uri}: {why}")]
    Uri {
        /// The member.
        member: &'static str,
        /// The URI.
        uri: String,
        /// What is wrong with it.
        why: RedirectUriError,
    },
    /// A link that is not one.
    #[error("{member}: {uri} is not an http or https URL")]
    Link {
        /// The member.
        member: &'static str,
        /// The text.
        uri: String,
    },
    /// The name is empty or too long.
    #[error("client_name: give a name of 1 to 200 printable characters")]
    Name,
    /// A redirect URI that may not be registered by this application.
    #[error("redirect_uris: {uri}: {why}")]
    Redirect {
        /// The URI.
        uri: String,
        /// What is wrong with it for this one.
        why: &'static str,
    },
    /// Codes need somewhere to go.
    #[error("redirect_uris: the authorization code grant needs at least one")]
    NoRedirectUri,
    /// Whoever acts for itself must prove who it is.
    #[error("grant_types: a public application (auth method none) cannot use {0}")]
    PublicForItself(&'static str),
    /// A public application must use PKCE.
    #[error("require_pkce: a public application (auth method none) must use PKCE")]
    PublicWithoutPkce,
}

impl ClientMetadata {
    /// Leaves out the response types for which the grants are missing (RFC 7591 section 2.1, OpenID Connect Registration
    /// section 2).
    pub fn fit_response_types(&mut self) {
        let Self { response_types, grant_types, .. } = self;
        response_types.retain(|name| ResponseType::parse(name).is_none_or(|kind| lacking(grant_types, kind).is_none()));
    }

    /// Whether it was registered for answers of this kind, in whatever order of words.
    #[must_use]
    pub fn allows_response_type(&self, asked: ResponseType) -> bool {
        self.response_types.iter().any(|name| ResponseType::parse(name) == Some(asked))
    }

    /// Whether it wants to hear of the end of sessions in which it was given tokens.
    #[must_use]
    pub fn hears_of_logouts(&self) -> bool {
        self.backchannel_logout_uri.is_some() || self.frontchannel_logout_uri.is_some()
    }

    /// Whether the secret of an application that proves itself by `method` is a key for an HMAC, so that it must be had as it is.
    pub(super) fn secret_is_a_key(&self, method: Option<AuthMethod>) -> bool {
        method == Some(AuthMethod::ClientSecretJwt)
            || request_object::signs_with_secret(self)
            || signing::signs_with_secret(self)
    }

    /// OpenID Connect Registration section 2: what response types need of the grants.
    fn check_response_types(&self) -> Result<(), MetadataError> {
        for name in &self.response_types {
            let Some(kind) = ResponseType::parse(name) else {
                let known = ResponseType::ALL.map(ResponseType::name).join(", ");
                return Err(unsupported("response_types", &format!("{name} is not supported; use {known}")));
            };
            if let Some(grant) = lacking(&self.grant_types, kind) {
                return Err(unsupported("response_types", &format!("{name} needs {grant} among the grant_types")));
            }
        }
        Ok(())
    }

    /// Checks what the types cannot.
    pub(super) fn check(&self) -> Result<(), MetadataError> {
        TrustedIssuer::check_all(&self.trusted_issuers)?;
        let known = |grant: &str| grant == IMPLICIT || GRANT_TYPES.contains(&grant);
        if let Some(other) = self.grant_types.iter().find(|grant| !known(grant)) {
            return Err(unsupported(
                "grant_types",
                &format!("{other} is not supported; use {}, {IMPLICIT}", GRANT_TYPES.join(", ")),
            ));
        }
        self.check_response_types()?;
        sector::check(self)?;
        logout::check(self)?;
        if self.default_max_age.is_some_and(|seconds| Duration::from_secs(seconds) > MAX_AGE_LIMIT) {
            return Err(MetadataError::Malformed("default_max_age is longer than ten years".to_owned()));
        }
        if self.application_type.as_deref().is_some_and(|kind| kind != "web" && kind != "native") {
            return Err(unsupported("application_type", "use web or native"));
        }
        for (member, text) in [("software_id", &self.software_id), ("software_version", &self.software_version)] {
            let line = |text: &String| (1..=200).contains(&text.len()) && !text.chars().any(char::is_control);
            if text.as_ref().is_some_and(|text| !line(text)) {
                return Err(unsupported(member, "it is a text of 1 to 200 characters"));
            }
        }
        for (member, uri) in [
            ("client_uri", &self.client_uri),
            ("logo_uri", &self.logo_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
        ] {
            if let Some(uri) = uri.as_ref().filter(|uri| !is_web_link(uri)) {
                return Err(MetadataError::Link { member, uri: uri.clone() });
            }
        }
        // Registration section 2: this one is https in any case.
        if let Some(uri) =
            self.initiate_login_uri.as_ref().filter(|uri| !is_web_link(uri) || !uri.starts_with("https:"))
        {
            return Err(unsupported("initiate_login_uri", &format!("{uri} is not an https URL")));
        }
        Ok(())
    }
}

/// The grant that a response type needs and that is not among `grant_types`.
fn lacking(grant_types: &[String], kind: ResponseType) -> Option<&'static str> {
    kind.grant_types().find(|grant| !grant_types.iter().any(|registered| registered == grant))
}

/// No person's sign-in is asked to be younger than this.
const MAX_AGE_LIMIT: Duration = Duration::from_secs(10 * 366 * 86_400);

fn is_web_link(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

pub(super) fn unsupported(member: &str, why: &str) -> MetadataError {
    MetadataError::Unsupported { member: member.to_owned(), why: why.to_owned() }
}
