//! Whether the sign-in at a browser is still the one that an application knows (OpenID Connect Session Management 1.0).
//!
//! ```text
//!  the sids at a browser ──keyed hash──▶ browser state: a cookie that is no secret, and that a page of ours reads
//!  client id, its origin, browser state, a salt ──SHA-256──▶ session_state: in each answer to the application
//! ```
//! The page at `check_session_iframe` computes the second from the first, and says whether it is what the application holds.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;
use vestibule_core::{ClientId, PublicSessionId, RedirectUri};

use crate::{Provider, authorize::Addressee};

impl Provider {
    /// What stands for those who are signed in at a browser, the active one first. It changes with whoever signs in, signs out or
    /// is chosen, and says nothing of anybody; empty where nobody is signed in.
    #[must_use]
    pub fn browser_state(&self, active: Option<PublicSessionId>, others: &[PublicSessionId]) -> String {
        if active.is_none() && others.is_empty() {
            return String::new();
        }
        let mut others: Vec<String> = others.iter().map(ToString::to_string).collect();
        others.sort_unstable();
        let active = active.map(|sid| sid.to_string()).unwrap_or_default();
        self.browser_state_key().digest(&format!("{active} {}", others.join(" "))).to_key()
    }

    /// `session_state` for an application, of a browser in that state. Nothing where its answers go to no page of the web.
    #[must_use]
    pub fn session_state(&self, to: &Addressee, browser_state: &str) -> Option<String> {
        let origin = origin(&to.redirect_uri)?;
        let salt = URL_SAFE_NO_PAD.encode(self.random().bytes::<12>());
        Some(computed(&to.client_id, &origin, browser_state, &salt))
    }
}

/// Section 2: "client ID, origin URL, and OP User Agent state", with the salt that is told beside it.
fn computed(client: &ClientId, origin: &str, browser_state: &str, salt: &str) -> String {
    let hash = digest(&SHA256, format!("{client} {origin} {browser_state} {salt}").as_bytes());
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(hash))
}

fn origin(uri: &RedirectUri) -> Option<String> {
    let url = Url::parse(uri.as_str()).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_page_computes() {
        let computed = computed(&"client".into(), "https://rp.example", "state", "salt");
        // printf 'client https://rp.example state salt' | openssl dgst -sha256 -binary | basenc --base64url
        assert_eq!(computed, "N9t5dIx3dgBKs84sy-CVQaJEXPXs6HafXSf5DCU-28U.salt");
    }

    #[test]
    fn an_application_of_a_device_has_no_origin() {
        let at = |text: &str| origin(&RedirectUri::parse(text).unwrap());
        assert_eq!(at("https://rp.example:8443/cb?x=1").as_deref(), Some("https://rp.example:8443"));
        assert_eq!(at("http://127.0.0.1:4711/cb").as_deref(), Some("http://127.0.0.1:4711"));
        assert_eq!(at("https://rp.example:443/cb").as_deref(), Some("https://rp.example"));
        assert_eq!(at("com.example.app:/cb"), None);
    }
}
