//! `--metadata`: a whole RFC 7591 document, from a file or from standard input.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use serde_json::{Map, Value};
use vestibule_core::RedirectUri;
use vestibule_oidc::client::{MetadataError, NewClient};
use vestibule_users::PermissionName;

use crate::cli::Failure;

/// The longest document that is read, in bytes; real ones have some hundreds.
const LONGEST: u64 = 1 << 20;

/// The members that hold redirect URIs.
const URIS: [&str; 2] = ["redirect_uris", "post_logout_redirect_uris"];

/// The members that mean something to us. Those that we know and cannot honour are refused, and so need not be here.
const KNOWN: &[&str] = &[
    "jwks",
    "jwks_uri",
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "request_uris",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
    "tls_client_certificate_bound_access_tokens",
    "client_name",
    "token_endpoint_auth_method",
    "subject_type",
    "sector_identifier_uri",
    "require_pkce",
    "require_second_factor",
    "first_party",
    "apps",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "grant_types",
    "response_types",
    "scope",
    "id_token_signed_response_alg",
    "introspection_signed_response_alg",
    "userinfo_signed_response_alg",
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "introspection_encrypted_response_alg",
    "introspection_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    "access_token_format",
    "rotate_refresh_tokens",
    "token_exchange_audiences",
    "token_exchange_impersonation",
    "trusted_issuers",
    "dpop_bound_access_tokens",
    "default_max_age",
    "require_auth_time",
    "application_type",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "initiate_login_uri",
    "contacts",
    "software_id",
    "software_version",
];

/// Reads a document, and says on standard error which of its members mean nothing to us.
pub(super) fn read(path: &Path) -> Result<(NewClient, Vec<String>), Failure> {
    let text = if path == Path::new("-") { text(io::stdin().lock()) } else { File::open(path).and_then(text) };
    let text = text.map_err(|error| Failure::new(format!("--metadata: {} cannot be read: {error}", place(path))))?;
    let (new, apps, ignored) = parse(&text).map_err(|error| Failure::new(format!("{}: {error}", place(path))))?;
    if !ignored.is_empty() {
        // Nothing is lost to whoever closed standard error.
        let _ = writeln!(
            io::stderr(),
            "{}: ignored, since this version gives it no meaning: {}",
            place(path),
            ignored.join(", ")
        );
    }
    Ok((new, apps))
}

/// The most apps that one application can stand for.
const MOST_APPS: usize = 100;

/// Whether an application can stand for these apps, before anything of it is written.
pub(super) fn check_apps(apps: &[String]) -> Result<(), String> {
    if apps.len() > MOST_APPS {
        return Err(format!("an application can stand for {MOST_APPS} apps at most; name fewer"));
    }
    apps.iter().try_for_each(|app| PermissionName::check_app(app).map_err(|error| format!("{app:?}: {}", error.why)))
}

/// Where a document comes from, in words.
pub(super) fn place(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

fn text(input: impl Read) -> io::Result<String> {
    let mut text = String::new();
    input.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// The application that a document describes, the apps that it stands for, and the members that say nothing of it.
fn parse(text: &str) -> Result<(NewClient, Vec<String>, Vec<String>), MetadataError> {
    // What is no JSON object is told by the parser below.
    let members: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    check_uris(&members)?;
    let new = NewClient::from_document(text)?;
    let means_nothing = |(name, value): &(&String, &Value)| !value.is_null() && !KNOWN.contains(&name.as_str());
    let apps = match members.get("apps") {
        None | Some(Value::Null) => Vec::new(),
        Some(apps) => serde_json::from_value(apps.clone())
            .map_err(|_| MetadataError::Malformed("apps is not a list of names".to_owned()))?,
    };
    Ok((new, apps, members.iter().filter(means_nothing).map(|(name, _)| name.clone()).collect()))
}

/// Looks at each URI by itself, so that a refusal can name it.
fn check_uris(members: &Map<String, Value>) -> Result<(), MetadataError> {
    for member in URIS {
        let listed = members.get(member).and_then(Value::as_array).into_iter().flatten();
        for uri in listed.filter_map(Value::as_str) {
            RedirectUri::parse(uri).map_err(|why| MetadataError::Uri { member, uri: uri.to_owned(), why })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use vestibule_oidc::client::{
        AccessTokenFormat, CertificateName, ClientMetadata, EncryptionMetadata, RequestObjectAlgorithm, TrustedIssuer,
    };

    use super::*;

    #[test]
    fn every_member_that_is_kept_is_known() {
        let some = || Some(String::new());
        let full = ClientMetadata {
            sector_identifier_uri: some(),
            backchannel_logout_uri: some(),
            backchannel_logout_session_required: true,
            frontchannel_logout_uri: some(),
            frontchannel_logout_session_required: true,
            access_token_format: Some(AccessTokenFormat::Opaque),
            rotate_refresh_tokens: Some(false),
            token_exchange_audiences: vec![String::new()],
            token_exchange_impersonation: Some(true),
            trusted_issuers: vec![TrustedIssuer {
                issuer: String::new(),
                subject: String::new(),
                jwks_uri: String::new(),
            }],
            jwks: Some(Value::Null),
            jwks_uri: some(),
            token_endpoint_auth_signing_alg: "ES256".parse().ok(),
            request_object_signing_alg: Some(RequestObjectAlgorithm::Unsigned),
            request_uris: vec![String::new()],
            require_signed_request_object: true,
            require_pushed_authorization_requests: true,
            certificate_name: CertificateName {
                subject_dn: some(),
                san_dns: some(),
                san_uri: some(),
                san_ip: some(),
                san_email: some(),
            },
            tls_client_certificate_bound_access_tokens: true,
            dpop_bound_access_tokens: true,
            default_max_age: Some(1),
            require_auth_time: Some(true),
            application_type: some(),
            userinfo_signed_response_alg: "HS256".parse().ok(),
            encryption: EncryptionMetadata {
                id_token_encrypted_response_alg: "ECDH-ES".parse().ok(),
                id_token_encrypted_response_enc: "A128GCM".parse().ok(),
                userinfo_encrypted_response_alg: "ECDH-ES".parse().ok(),
                userinfo_encrypted_response_enc: "A128GCM".parse().ok(),
                introspection_encrypted_response_alg: "ECDH-ES".parse().ok(),
                introspection_encrypted_response_enc: "A128GCM".parse().ok(),
                request_object_encryption_alg: "ECDH-ES".parse().ok(),
                request_object_encryption_enc: "A128GCM".parse().ok(),
            },
            client_uri: some(),
            logo_uri: some(),
            policy_uri: some(),
            tos_uri: some(),
            initiate_login_uri: some(),
            contacts: vec![String::new()],
            software_id: some(),
            software_version: some(),
            ..ClientMetadata::default()
        };
        let Ok(Value::Object(members)) = serde_json::to_value(full) else { panic!("is an object") };
        for member in members.keys() {
            assert!(KNOWN.contains(&member.as_str()), "{member}");
        }
    }

    #[test]
    fn members_without_a_meaning_are_named_and_those_of_null_are_not() {
        let text =
            r#"{"client_name": "App", "organization": "x", "jwks": null, "client_name#fr": "Appli", "nonsense": null}"#;
        let (new, _, ignored) = parse(text).unwrap();
        assert_eq!((new.name.as_str(), ignored), ("App", vec!["client_name#fr".to_owned(), "organization".to_owned()]));
    }

    #[test]
    fn a_uri_that_may_not_be_registered_is_named() {
        let text = r#"{"redirect_uris": ["https://a.example/cb", "https://a.example/cb#x"]}"#;
        let said = parse(text).unwrap_err().to_string();
        assert!(said.starts_with("redirect_uris: https://a.example/cb#x: it has a fragment"), "{said}");
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in ["", "[]", "null", "{", r#"{"redirect_uris": "https://a.example/cb"}"#] {
            assert!(matches!(parse(text), Err(MetadataError::Malformed(_))), "{text:?}");
        }
        let long = " ".repeat(LONGEST as usize + 1);
        assert!(super::text(long.as_bytes()).is_err());
    }
}
