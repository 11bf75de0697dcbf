//! What an application may say of itself.

use std::time::Duration;

use serde_json::Value;
use url::Url;
use vestibule_core::{RedirectUri, ScopeSet, is_this_machine};

use super::StatementIssuer;
use crate::{
    authorize::{IMPLICIT, ResponseType},
    client::{AuthMethod, ClientMetadata, MetadataError, NewClient},
};

/// Who may register an application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Administrators alone.
    #[default]
    Off,
    /// Whoever has an initial access token.
    Token,
    /// Anybody.
    Open,
}

/// What an operator decides of applications that register themselves (`registration`).
#[derive(Clone, Debug, Default)]
pub struct RegistrationPolicy {
    /// Who may (`registration.mode`).
    pub mode: RegistrationMode,
    /// Whether confidential ones must use PKCE (`registration.require_pkce`). Public ones always must.
    pub require_pkce: bool,
    /// What they may ask people for (`registration.scopes`). Of what one names, the rest is left out.
    pub scopes: ScopeSet,
    /// The grants that they may use (`registration.grant_types`).
    pub grant_types: Vec<String>,
    /// How many can be registered in an hour from one address (`registration.hourly_limit`).
    pub hourly_limit: u32,
    /// Whose software statements count (`registration.statement_issuers`).
    pub statement_issuers: Vec<StatementIssuer>,
    /// Whether each must bring one (`registration.require_software_statement`).
    pub require_software_statement: bool,
    /// After what time one is forgotten that nobody ever allowed anything (`registration.unused_lifetime`).
    pub unused_lifetime: Duration,
}

/// Members that say what an application may do here. They are an administrator's to say.
const RESERVED: [&str; 6] = [
    "apps",
    "first_party",
    "require_second_factor",
    "token_exchange_audiences",
    "token_exchange_impersonation",
    "trusted_issuers",
];

impl RegistrationPolicy {
    /// Reads what an application says of itself. `at_home`: the provider itself is on a loopback address, and so may they be.
    ///
    /// # Errors
    /// What it may not say, in words.
    pub(super) fn read(&self, document: &str, at_home: bool) -> Result<NewClient, MetadataError> {
        let value: Value =
            serde_json::from_str(document).map_err(|error| MetadataError::Malformed(error.to_string()))?;
        for member in RESERVED {
            if !says_nothing(&value[member]) {
                return Err(refused(member, "only an administrator can say this of an application"));
            }
        }
        let mut new = NewClient::from_document(document)?;
        self.check_grants(&new.metadata)?;
        check_links(&new.metadata)?;
        for uri in &new.metadata.redirect_uris {
            check_redirect_uri(&new.metadata, uri, at_home)?;
        }
        if new.name.trim().is_empty() {
            new.name = unnamed(&new.metadata);
        }
        new.metadata.scope = new.metadata.scope.filter(|scope| self.scopes.contains(scope));
        let public = new.auth_method == Some(AuthMethod::None);
        new.require_pkce = Some(public || self.require_pkce || new.require_pkce == Some(true));
        Ok(new)
    }

    fn check_grants(&self, metadata: &ClientMetadata) -> Result<(), MetadataError> {
        let allowed = |grant: &String| self.grant_types.contains(grant);
        match metadata.grant_types.iter().find(|grant| !allowed(grant)) {
            None => Ok(()),
            Some(other) => Err(refused(
                "grant_types",
                &format!(
                    "an application that registers itself cannot use {other}; use {}",
                    self.grant_types.join(", ")
                ),
            )),
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// What pages show is ours to fetch safely: over https, which pages of ours may show.
fn check_links(metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let https = |uri: &String| uri.starts_with("https://");
    match metadata.logo_uri.as_ref().filter(|uri| !https(uri)) {
        None => Ok(()),
        Some(_) => Err(refused("logo_uri", "it must be an https URL")),
    }
}

/// OpenID Connect Registration section 2: where a token comes through the browser of a web application, it goes to another machine
/// and over TLS.
fn check_redirect_uri(metadata: &ClientMetadata, uri: &RedirectUri, at_home: bool) -> Result<(), MetadataError> {
    let native = metadata.application_type.as_deref() == Some("native");
    let mut kinds = metadata.response_types.iter().filter_map(|name| ResponseType::parse(name));
    let through_the_browser =
        kinds.any(ResponseType::is_front_channel) || metadata.grant_types.iter().any(|grant| grant == IMPLICIT);
    if native || !through_the_browser || at_home {
        return Ok(());
    }
    let url = Url::parse(uri.as_str()).map_err(|_| refused("redirect_uris", "it is no URI"))?;
    let below_localhost = url.domain().is_some_and(|name| name.ends_with(".localhost"));
    let local = is_this_machine(&url) || below_localhost;
    if url.scheme() == "https" && !local {
        return Ok(());
    }
    Err(MetadataError::Redirect {
        uri: uri.to_string(),
        why: "a web application that gets tokens through the browser needs https on another host than localhost",
    })
}

/// A name for one that gives none (RFC 7591 section 2: the URI or the id would do).
fn unnamed(metadata: &ClientMetadata) -> String {
    let home = metadata.client_uri.as_deref().or(metadata.redirect_uris.first().map(RedirectUri::as_str));
    let host = home.and_then(|uri| Url::parse(uri).ok()).and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "Unnamed application".to_owned())
}

fn refused(member: &str, why: &str) -> MetadataError {
    MetadataError::Unsupported { member: member.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> RegistrationPolicy {
        RegistrationPolicy {
            mode: RegistrationMode::Open,
            scopes: ["openid", "email"].into_iter().collect(),
            grant_types: ["authorization_code", IMPLICIT, "refresh_token"].map(str::to_owned).to_vec(),
            ..RegistrationPolicy::default()
        }
    }

    fn read(more: Value) -> Result<NewClient, String> {
        let mut document = json!({ "redirect_uris": ["https://app.example/cb"] });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        policy().read(&document.to_string(), false).map_err(|error| error.to_string())
    }

    #[test]
    fn a52_what_is_an_administrators_to_say_is_refused() {
        for (member, value) in [
            ("first_party", json!(true)),
            ("apps", json!(["billing"])),
            ("require_second_factor", json!(true)),
            (
                "trusted_issuers",
                json!([{ "issuer": "https://a.example", "subject": "b", "jwks_uri": "https://a.example" }]),
            ),
            ("token_exchange_audiences", json!(["https://api.example"])),
            ("token_exchange_impersonation", json!(true)),
        ] {
            assert!(read(json!({ member: value })).unwrap_err().starts_with(member), "{member}");
        }
        assert!(read(json!({ "first_party": false, "apps": [] })).is_ok());
        assert!(read(json!({ "grant_types": ["client_credentials"] })).unwrap_err().contains("client_credentials"));
    }

    #[test]
    fn a52_scopes_that_it_may_not_have_are_left_out_and_pkce_is_as_the_policy_says() {
        let new = read(json!({ "scope": "openid vestibule.view_user email" })).unwrap();
        assert_eq!((new.metadata.scope.to_string().as_str(), new.require_pkce), ("email openid", Some(false)));
        assert_eq!(read(json!({ "require_pkce": true })).unwrap().require_pkce, Some(true));
        let strict = RegistrationPolicy { require_pkce: true, ..policy() };
        let document = r#"{"redirect_uris": ["https://app.example/cb"], "require_pkce": false}"#;
        assert_eq!(strict.read(document, false).unwrap().require_pkce, Some(true));
    }

    #[test]
    fn tokens_through_the_browser_go_to_other_machines_over_tls() {
        let implicit = |uri: &str, kind: &str| {
            read(json!({
                "redirect_uris": [uri],
                "grant_types": ["implicit"],
                "response_types": ["id_token"],
                "application_type": kind,
            }))
        };
        assert!(implicit("https://app.example/cb", "web").is_ok());
        for wrong in ["http://localhost/cb", "https://localhost/cb", "https://127.0.0.1/cb", "http://[::1]/cb"] {
            assert!(implicit(wrong, "web").unwrap_err().contains("https on another host"), "{wrong}");
        }
        assert!(implicit("http://127.0.0.1/cb", "native").is_ok());
        assert!(read(json!({ "redirect_uris": ["http://localhost:3000/cb"] })).is_ok());
        assert!(read(json!({ "logo_uri": "http://app.example/logo.png" })).is_err());
    }

    #[test]
    fn one_without_a_name_goes_by_its_host() {
        assert_eq!(read(json!({})).unwrap().name, "app.example");
        assert_eq!(read(json!({ "client_name": "Notes" })).unwrap().name, "Notes");
    }
}
