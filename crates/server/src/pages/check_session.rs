//! The page that applications frame to ask whether the sign-in has changed (OpenID Connect Session Management 1.0).

use askama::Template;

use super::page;

/// Its script. The policy of its answer names the hash of this text and allows no other.
pub const CHECK_SESSION: &str = include_str!("../../assets/check_session.js");

/// The SHA-256 hash of [`CHECK_SESSION`], as a policy names it.
pub const CHECK_SESSION_SHA256: &str = "w8eyD3mC/rGc+2T4XY8SwixQ3RoeoAY3Ivwr52hCw0U=";

/// A page of which nobody sees anything.
#[derive(Clone, Debug, Template)]
#[template(path = "check_session.html")]
pub struct CheckSession {
    /// The name of the cookie that it reads.
    pub cookie: String,
}

page!(CheckSession);

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_script() {
        assert_eq!(STANDARD.encode(digest(&SHA256, CHECK_SESSION.as_bytes())), CHECK_SESSION_SHA256);
    }

    #[test]
    fn the_page_is_the_script_and_the_name_of_a_cookie() {
        let html = CheckSession { cookie: "__Host-vestibule_state".to_owned() }.render();
        assert!(html.contains(&format!("<script data-cookie=\"__Host-vestibule_state\">{CHECK_SESSION}</script>")));
        assert_eq!(html.matches("<script").count(), 1);
        assert!(!CHECK_SESSION.contains("</script"), "it ends where it ends");
    }

    #[test]
    fn a59_it_answers_whoever_asked_at_the_origin_that_the_browser_says_they_have() {
        assert_eq!(CHECK_SESSION.matches("postMessage(").count(), 1);
        assert!(CHECK_SESSION.contains(".postMessage(answer(event.data, event.origin), event.origin)"));
        assert!(!CHECK_SESSION.contains("\"*\""));
    }
}
