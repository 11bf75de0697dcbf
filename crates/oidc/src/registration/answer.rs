//! The client information response (RFC 7591 section 3.2.1, RFC 7592 section 3).

use serde_json::{Value, json};
use vestibule_core::ClientId;

use crate::{client::Client, discovery::path};

/// What an application just registered is told. Its secret and its token are told here and never again.
pub(super) fn registered(issuer: &str, client: &Client, secret: Option<&str>, token: &str) -> Value {
    let mut answer = known(issuer, client, token);
    if let Some(secret) = secret {
        answer["client_secret"] = json!(secret);
        // It does not expire.
        answer["client_secret_expires_at"] = json!(0);
    }
    answer
}

/// What is registered of an application. `token` is what it showed to be told: only its hash is kept.
pub(super) fn known(issuer: &str, client: &Client, token: &str) -> Value {
    let mut answer = json!(client.metadata);
    answer["client_id"] = json!(client.id.as_str());
    answer["client_id_issued_at"] = json!(client.created_at.seconds());
    answer["client_name"] = json!(client.name);
    // Registration section 2: what stands for either way of a secret where none was named.
    answer["token_endpoint_auth_method"] =
        json!(client.auth_method.map_or("client_secret_basic", |method| method.as_str()));
    answer["require_pkce"] = json!(client.is_public() || client.require_pkce);
    answer["registration_client_uri"] = json!(address(issuer, &client.id));
    answer["registration_access_token"] = json!(token);
    answer
}

/// Where an application looks after itself.
fn address(issuer: &str, id: &ClientId) -> String {
    format!("{issuer}{}/{id}", path::REGISTER)
}
