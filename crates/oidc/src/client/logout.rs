//! Where an application registers to hear of the end of sessions (Back-Channel Logout section 2.2, Front-Channel Logout
//! section 2).

use url::Url;

use super::{ClientMetadata, MetadataError, metadata::unsupported, proof::is_fetched};

/// Checks both addresses.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), MetadataError> {
    if let Some(uri) = &metadata.backchannel_logout_uri
        && (!is_fetched(uri) || uri.contains('#'))
    {
        let why = "write an https URL (http only for this machine), without credentials or fragment";
        return Err(unsupported("backchannel_logout_uri", why));
    }
    if let Some(uri) = &metadata.frontchannel_logout_uri
        && !is_loaded(uri, metadata)
    {
        let why = "write an http or https URL without credentials or fragment, with the scheme, host and port of a redirect URI";
        return Err(unsupported("frontchannel_logout_uri", why));
    }
    Ok(())
}

/// Whether a browser may be led there in a frame of a page of ours: only to where the application is answered anyway.
fn is_loaded(uri: &str, metadata: &ClientMetadata) -> bool {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
    let Ok(url) = Url::parse(uri) else { return false };
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && uri.len() <= 2000;
    plain && metadata.redirect_uris.iter().any(|redirect| origin(redirect.as_str()) == Some(url.origin()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::NewClient;

    fn said(member: &str, value: Value) -> String {
        let mut document =
            json!({ "client_name": "App", "redirect_uris": ["https://rp.example/cb", "com.example.app:/cb"] });
        document[member] = value;
        match NewClient::from_document(&document.to_string()).and_then(|client| client.check()) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_right_is_kept() {
        for uri in ["https://rp.example/out", "https://other.example:8443/out?app=1", "http://localhost:4000/out"] {
            assert_eq!(said("backchannel_logout_uri", json!(uri)), "", "{uri}");
        }
        assert_eq!(said("frontchannel_logout_uri", json!("https://rp.example/out?app=1")), "");
        for member in ["backchannel_logout_session_required", "frontchannel_logout_session_required"] {
            assert_eq!(said(member, json!(true)), "", "{member}");
        }
    }

    #[test]
    fn a51_only_what_may_be_fetched_is_told_by_us() {
        for uri in [
            "http://rp.example/out",
            "https://rp.example/out#x",
            "https://user:secret@rp.example/out",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/out",
            "",
        ] {
            assert!(said("backchannel_logout_uri", json!(uri)).starts_with("backchannel_logout_uri: "), "{uri}");
        }
    }

    #[test]
    fn a06_a_browser_is_led_in_a_frame_only_to_where_the_application_is_answered() {
        for uri in [
            "https://other.example/out",
            "https://rp.example:8443/out",
            "http://rp.example/out",
            "https://rp.example/out#x",
            "https://user@rp.example/out",
            "com.example.app:/out",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//rp.example/out",
        ] {
            assert!(said("frontchannel_logout_uri", json!(uri)).starts_with("frontchannel_logout_uri: "), "{uri}");
        }
    }
}
