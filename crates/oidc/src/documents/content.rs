//! What a document may say (draft section 4.1): it names itself, and stands for no secret, since nobody shares one with it. Everything
//! else is held against the rules of those that register themselves.

use serde_json::{Map, Value, json};

use super::{DocumentError, address::DocumentAddress};
use crate::{
    client::{AuthMethod, NewClient},
    token::NOBODY_ASKED,
};

/// The longest document that is read, in bytes, as the draft recommends (section 6.6).
pub(super) const LONGEST: usize = 5 * 1024;

/// Checks what the document says of itself, and gives what is left for the rules of registration.
pub(super) fn of_itself(address: &DocumentAddress, body: &[u8]) -> Result<String, DocumentError> {
    let mut members: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| DocumentError::Content("it is no JSON object".to_owned()))?;
    // Compared as texts: RFC 3986 section 6.2.1.
    if members.get("client_id").and_then(Value::as_str) != Some(address.as_str()) {
        return Err(refused("client_id", "it must be the address of the document, letter by letter"));
    }
    for secret in ["client_secret", "client_secret_expires_at"] {
        if members.contains_key(secret) {
            return Err(refused(secret, "there is no secret in a document that anybody can read"));
        }
    }
    let unsaid = |member: Option<&Value>| member.is_none_or(Value::is_null);
    // What RFC 7591 takes where it is not said is a secret, and there is none.
    if unsaid(members.get("token_endpoint_auth_method")) {
        members.insert("token_endpoint_auth_method".to_owned(), json!(AuthMethod::None.as_str()));
    }
    if unsaid(members.get("client_name")) {
        members.insert("client_name".to_owned(), json!(address.host()));
    }
    Ok(Value::Object(members).to_string())
}

/// Checks what came of it.
pub(super) fn as_read(mut new: NewClient) -> Result<NewClient, DocumentError> {
    if !matches!(new.auth_method, Some(AuthMethod::None | AuthMethod::PrivateKeyJwt)) {
        return Err(refused("token_endpoint_auth_method", "use none or private_key_jwt"));
    }
    let grants = &new.metadata.grant_types;
    if let Some(grant) = grants.iter().find(|grant| NOBODY_ASKED.contains(&grant.as_str())) {
        let why = format!("{grant} asks nobody, and an application that is known by its document is always asked for");
        return Err(refused("grant_types", &why));
    }
    // Shown from there, it would tell its owner who looks at our pages, and could change after anybody has looked at it (section
    // 6.7). People go by the host.
    new.metadata.logo_uri = None;
    Ok(new)
}

fn refused(member: &str, why: &str) -> DocumentError {
    DocumentError::Content(format!("{member}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "https://app.example/client.json";

    fn read(document: &Value) -> Result<Value, String> {
        let address = DocumentAddress::parse(ADDRESS).unwrap();
        let read = of_itself(&address, document.to_string().as_bytes());
        read.map(|text| serde_json::from_str(&text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_document_names_itself_letter_by_letter() {
        assert!(read(&json!({ "client_id": ADDRESS })).is_ok());
        for other in [
            json!({}),
            json!({ "client_id": null }),
            json!({ "client_id": "https://app.example/client.json/" }),
            json!({ "client_id": "https://APP.example/client.json" }),
            json!({ "client_id": "https://app.example/other.json" }),
            json!({ "client_id": [ADDRESS] }),
            json!([ADDRESS]),
        ] {
            assert!(read(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn a52_a_secret_in_a_document_is_refused() {
        for member in ["client_secret", "client_secret_expires_at"] {
            let said = read(&json!({ "client_id": ADDRESS, member: 0 })).unwrap_err();
            assert!(said.contains(member), "{said}");
        }
    }

    #[test]
    fn one_that_does_not_say_how_it_proves_itself_is_public_and_goes_by_its_host() {
        let read = read(&json!({ "client_id": ADDRESS, "token_endpoint_auth_method": null })).unwrap();
        assert_eq!(
            (&read["token_endpoint_auth_method"], &read["client_name"]),
            (&json!("none"), &json!("app.example"))
        );
    }

    #[test]
    fn a52_only_what_needs_no_shared_secret_and_asks_a_person_is_taken() {
        let of = |more: Value| {
            let mut document = json!({ "client_name": "App", "redirect_uris": ["https://app.example/cb"] });
            document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            as_read(NewClient::from_document(&document.to_string()).unwrap())
        };
        assert!(of(json!({ "token_endpoint_auth_method": "none" })).is_ok());
        assert!(of(json!({ "token_endpoint_auth_method": "private_key_jwt" })).is_ok());
        for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "tls_client_auth"] {
            assert!(of(json!({ "token_endpoint_auth_method": method })).is_err(), "{method}");
        }
        let for_itself =
            json!({ "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"] });
        assert!(of(for_itself).unwrap_err().to_string().contains("client_credentials"));
        let with_logo = json!({ "token_endpoint_auth_method": "none", "logo_uri": "https://app.example/logo.png" });
        assert_eq!(of(with_logo).unwrap().metadata.logo_uri, None);
    }
}
