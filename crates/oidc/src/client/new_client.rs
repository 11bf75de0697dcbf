//! An application to be registered: from a whole document, or put together by a command.

use vestibule_core::RedirectUri;

use super::{
    AuthMethod, ClientMetadata, MetadataError, encryption, metadata::unsupported, proof, request_object, signing,
};
use crate::{authorize::IMPLICIT, token::CONFIDENTIAL_GRANT_TYPES};

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
    /// Whether people must show a second factor to sign in to it.
    pub require_second_factor: bool,
}

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
            require_second_factor: false,
        }
    }

    /// Reads a whole RFC 7591 document, plus our own `require_pkce`, `require_second_factor` and `first_party`. Members that mean nothing to us are
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
        for member in ["redirect_uris", "post_logout_redirect_uris"] {
            check_uris(member, members.get(member))?;
        }
        let text = |name: &str| members.get(name).and_then(serde_json::Value::as_str);
        if text("subject_type").is_some_and(|kind| kind != "public" && kind != "pairwise") {
            return Err(unsupported("subject_type", "use public or pairwise"));
        }
        let auth_method = text("token_endpoint_auth_method")
            .map(|name| {
                let known = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
                AuthMethod::parse(name)
                    .ok_or_else(|| unsupported("token_endpoint_auth_method", &format!("use one of {known}")))
            })
            .transpose()?;
        let flag = |name: &str| match members.get(name) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(value) => value
                .as_bool()
                .map(Some)
                .ok_or_else(|| MetadataError::Malformed(format!("{name} is not true or false"))),
        };
        let (require_pkce, require_second_factor) = (flag("require_pkce")?, flag("require_second_factor")?);
        let first_party = flag("first_party")?.unwrap_or(false);
        let name = text("client_name").unwrap_or_default().to_owned();
        let says_response_types = members.contains_key("response_types");
        let mut metadata: ClientMetadata = serde_json::from_value(value).map_err(malformed)?;
        if !says_response_types {
            metadata.fit_response_types();
        }
        // It is kept only by whoever verified it.
        metadata.software_statement = None;
        Ok(Self {
            name,
            auth_method,
            require_pkce,
            require_second_factor: require_second_factor.unwrap_or(false),
            first_party,
            metadata,
        })
    }

    /// Whether its secret is a key for an HMAC, so that it must be had as it is.
    pub(super) fn secret_is_a_key(&self) -> bool {
        self.metadata.secret_is_a_key(self.auth_method)
    }

    /// Checks what spans several members.
    pub(crate) fn check(&self) -> Result<(), MetadataError> {
        let printable = !self.name.trim().is_empty() && !self.name.chars().any(char::is_control);
        if !printable || self.name.chars().count() > 200 {
            return Err(MetadataError::Name);
        }
        let grants = |grant: &str| self.metadata.grant_types.iter().any(|allowed| allowed == grant);
        if (grants("authorization_code") || grants(IMPLICIT)) && self.metadata.redirect_uris.is_empty() {
            return Err(MetadataError::NoRedirectUri);
        }
        let for_itself = CONFIDENTIAL_GRANT_TYPES.into_iter().find(|grant| grants(grant));
        if let (Some(AuthMethod::None), Some(grant)) = (self.auth_method, for_itself) {
            return Err(MetadataError::PublicForItself(grant));
        }
        if self.auth_method == Some(AuthMethod::None) && self.require_pkce == Some(false) {
            return Err(MetadataError::PublicWithoutPkce);
        }
        proof::check(self.auth_method, &self.metadata)?;
        request_object::check(self.auth_method, &self.metadata)?;
        encryption::check(&self.metadata)?;
        signing::check(self.auth_method, &self.metadata)?;
        self.metadata.check()
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

#[cfg(test)]
mod tests {
    use vestibule_tokens::SigningAlgorithm;

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
        assert_eq!(client.metadata.id_token_signed_response_alg, SigningAlgorithm::Es256.into());
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
            ("sector_identifier_uri", r#""http://rp.example/sector""#),
            ("token_endpoint_auth_method", r#""client_secret_something""#),
            ("id_token_encrypted_response_alg", r#""RSA-OAEP-256""#),
            ("request_object_encryption_alg", r#""RSA-OAEP""#),
            ("subject_type", r#""secret""#),
            ("grant_types", r#"["password"]"#),
            ("response_types", r#"["id_token"]"#),
            ("response_types", r#"["token"]"#),
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
