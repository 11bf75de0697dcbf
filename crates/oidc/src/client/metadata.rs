//! What is said of an application when it is registered (RFC 7591 section 2, OpenID Connect Registration section 2).
//!
//! A document is parsed into [`ClientMetadata`], whose types prove what can be proved of a single value; what spans several
//! is checked in [`NewClient::check`]. A member that we know of and cannot honour is refused: an application that registers
//! for encrypted ID tokens must not silently get plain ones.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{RedirectUri, RedirectUriError, ScopeSet};
use vestibule_tokens::SigningAlgorithm;

/// How an application proves itself at the token endpoint (OpenID Connect Core section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    #[serde(rename = "client_secret_basic")]
    ClientSecretBasic,
    /// The secret in the body.
    #[serde(rename = "client_secret_post")]
    ClientSecretPost,
    /// Not at all: a public application.
    #[serde(rename = "none")]
    None,
}

impl AuthMethod {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 3] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::None];

    /// Its name in metadata.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::None => "none",
        }
    }

    /// From its name in metadata.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// The metadata of an application beyond its name and its way to prove itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// Where it may be answered.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may be sent after a sign-out (RP-Initiated Logout section 3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The grants it may use.
    pub grant_types: Vec<String>,
    /// The response types it may use.
    pub response_types: Vec<String>,
    /// The scopes it may ask for.
    pub scope: ScopeSet,
    /// What its ID tokens are signed with.
    pub id_token_signed_response_alg: SigningAlgorithm,
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
    /// Who answers for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec!["authorization_code".to_owned()],
            response_types: vec!["code".to_owned()],
            scope: crate::STANDARD_SCOPES.into_iter().collect(),
            id_token_signed_response_alg: SigningAlgorithm::Rs256,
            default_max_age: None,
            require_auth_time: None,
            application_type: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
        }
    }
}

/// An application to be registered.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// The name that people are shown.
    pub name: String,
    /// How it proves itself; nothing here: client_secret_basic or client_secret_post.
    pub auth_method: Option<AuthMethod>,
    /// The rest.
    pub metadata: ClientMetadata,
    /// Whether nobody is asked for consent.
    pub first_party: bool,
    /// Whether it must use PKCE; nothing here: as `oidc.require_pkce` says.
    pub require_pkce: Option<bool>,
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
    /// Codes need somewhere to go.
    #[error("redirect_uris: the authorization code grant needs at least one")]
    NoRedirectUri,
    /// A public application must use PKCE.
    #[error("require_pkce: a public application (auth method none) must use PKCE")]
    PublicWithoutPkce,
}

/// Members whose values would change what we do, and what each is missing.
const UNSUPPORTED: [&str; 14] = [
    "jwks",
    "jwks_uri",
    "sector_identifier_uri",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_signed_response_alg",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_signing_alg",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "token_endpoint_auth_signing_alg",
    "backchannel_logout_uri",
    "frontchannel_logout_uri",
];

impl NewClient {
    /// A confidential application with one redirect URI and nothing special.
    #[must_use]
    pub fn named(name: impl Into<String>, redirect_uris: Vec<RedirectUri>) -> Self {
        Self {
            name: name.into(),
            auth_method: None,
            metadata: ClientMetadata { redirect_uris, ..ClientMetadata::default() },
            first_party: false,
            require_pkce: None,
        }
    }

    /// Reads a whole RFC 7591 document, plus our own `require_pkce` and `first_party`. Members that mean nothing to us are
    /// ignored, as that RFC wants.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_document(document: &str) -> Result<Self, MetadataError> {
        let malformed = |error: serde_json::Error| MetadataError::Malformed(error.to_string());
        let value: serde_json::Value = serde_json::from_str(document).map_err(malformed)?;
        let Some(members) = value.as_object() else {
            return Err(MetadataError::Malformed("it is not a JSON object".to_owned()));
        };
        for member in UNSUPPORTED {
            if members.get(member).is_some_and(|value| !value.is_null()) {
                return Err(unsupported(member, "not supported by this version"));
            }
        }
        for member in ["redirect_uris", "post_logout_redirect_uris"] {
            check_uris(member, members.get(member))?;
        }
        let text = |name: &str| members.get(name).and_then(serde_json::Value::as_str);
        if text("subject_type").is_some_and(|kind| kind != "public") {
            return Err(unsupported("subject_type", "only public subjects are supported"));
        }
        let auth_method = text("token_endpoint_auth_method")
            .map(|name| {
                AuthMethod::parse(name).ok_or_else(|| {
                    unsupported("token_endpoint_auth_method", "use client_secret_basic, client_secret_post or none")
                })
            })
            .transpose()?;
        let flag = |name: &str| match members.get(name) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(value) => value
                .as_bool()
                .map(Some)
                .ok_or_else(|| MetadataError::Malformed(format!("{name} is not true or false"))),
        };
        Ok(Self {
            name: text("client_name").unwrap_or_default().to_owned(),
            auth_method,
            require_pkce: flag("require_pkce")?,
            first_party: flag("first_party")?.unwrap_or(false),
            metadata: serde_json::from_value(value).map_err(malformed)?,
        })
    }

    /// Checks what spans several members.
    pub(crate) fn check(&self) -> Result<(), MetadataError> {
        let printable = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control);
        if !printable || self.name.chars().count() > 200 {
            return Err(MetadataError::Name);
        }
        if self.metadata.redirect_uris.is_empty() {
            return Err(MetadataError::NoRedirectUri);
        }
        if self.auth_method == Some(AuthMethod::None) && self.require_pkce == Some(false) {
            return Err(MetadataError::PublicWithoutPkce);
        }
        self.metadata.check()
    }
}

impl ClientMetadata {
    fn check(&self) -> Result<(), MetadataError> {
        if let Some(other) = self.grant_types.iter().find(|grant| *grant != "authorization_code") {
            return Err(unsupported("grant_types", &format!("{other} is not supported by this version")));
        }
        if let Some(other) = self.response_types.iter().find(|kind| *kind != "code") {
            return Err(unsupported("response_types", &format!("{other} is not supported; use code")));
        }
        if self.default_max_age.is_some_and(|seconds| Duration::from_secs(seconds) > MAX_AGE_LIMIT) {
            return Err(MetadataError::Malformed("default_max_age is longer than ten years".to_owned()));
        }
        if self.application_type.as_deref().is_some_and(|kind| kind != "web" && kind != "native") {
            return Err(unsupported("application_type", "use web or native"));
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
        Ok(())
    }
}

/// Says which URI of a list may not be registered, and why. What is no list of texts is found when the document is read.
fn check_uris(member: &'static str, uris: Option<&serde_json::Value>) -> Result<(), MetadataError> {
    let texts = uris.and_then(serde_json::Value::as_array).into_iter().flatten().filter_map(serde_json::Value::as_str);
    for uri in texts {
        RedirectUri::parse(uri).map_err(|why| MetadataError::Uri { member, uri: uri.to_owned(), why })?;
    }
    Ok(())
}

/// No person's sign-in is asked to be younger than this.
const MAX_AGE_LIMIT: Duration = Duration::from_secs(10 * 366 * 86_400);

fn is_web_link(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn unsupported(member: &str, why: &str) -> MetadataError {
    MetadataError::Unsupported { member: member.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> String {
        match NewClient::from_document(document).and_then(|client| client.check().map(|()| client)) {
            Ok(client) => panic!("was accepted: {client:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_whole_document_is_read() {
        let client = NewClient::from_document(
            r#"{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "client_secret_post",
                "id_token_signed_response_alg": "ES256", "scope": "openid email", "require_pkce": false, "unknown_member": 1}"#,
        )
        .unwrap();
        client.check().unwrap();
        assert_eq!(client.auth_method, Some(AuthMethod::ClientSecretPost));
        assert_eq!(client.metadata.id_token_signed_response_alg, SigningAlgorithm::Es256);
        assert_eq!(client.metadata.scope.to_string(), "email openid");
        assert_eq!(client.require_pkce, Some(false));
    }

    #[test]
    fn a05_a06_unsafe_uris_are_refused_at_registration() {
        for uri in
            ["https://rp.example/cb#f", "javascript:alert(1)", "https://rp.example/cb?code=1", "data:text/html,x"]
        {
            refused(&format!(r#"{{"client_name": "App", "redirect_uris": ["{uri}"]}}"#));
            refused(&format!(
                r#"{{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "post_logout_redirect_uris": ["{uri}"]}}"#
            ));
        }
        for member in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
            let said = refused(&format!(
                r#"{{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "{member}": "JaVaScRiPt:alert(1)"}}"#
            ));
            assert!(said.starts_with(member), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_and_named() {
        for (member, value) in [
            ("jwks_uri", r#""https://rp.example/jwks""#),
            ("token_endpoint_auth_method", r#""private_key_jwt""#),
            ("id_token_encrypted_response_alg", r#""RSA-OAEP-256""#),
            ("subject_type", r#""pairwise""#),
            ("grant_types", r#"["implicit"]"#),
            ("response_types", r#"["id_token"]"#),
        ] {
            let said = refused(&format!(
                r#"{{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "{member}": {value}}}"#
            ));
            assert!(said.starts_with(member), "{said}");
        }
    }

    #[test]
    fn a_public_application_must_use_pkce() {
        let said = refused(
            r#"{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none", "require_pkce": false}"#,
        );
        assert!(said.contains("PKCE"), "{said}");
    }
}
