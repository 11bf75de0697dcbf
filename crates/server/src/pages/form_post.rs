//! The page that posts an answer to an application (OAuth 2.0 Form Post Response Mode).

use askama::Template;

use super::{Label, page};

/// The script of the page. The policy of its answer names the hash of this text and allows no other.
pub const SUBMIT: &str = "document.forms[0].submit()";

/// The SHA-256 hash of [`SUBMIT`], as a policy names it.
pub const SUBMIT_SHA256: &str = "ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE=";

/// `#form-post`: a form that sends itself, and a button for browsers without script. It leads to the proved redirect URI of an
/// application, and holds its answer.
#[derive(Clone, Template)]
#[template(path = "form_post.html")]
pub struct FormPost {
    /// The name of this identity provider.
    pub site: Label,
    /// The redirect URI.
    pub action: String,
    /// The parameters of the answer. Some are secrets.
    pub fields: Vec<(&'static str, String)>,
}

page!(FormPost);

impl std::fmt::Debug for FormPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormPost").field("action", &self.action).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn the_hash_is_that_of_the_script() {
        assert_eq!(STANDARD.encode(digest(&SHA256, SUBMIT.as_bytes())), SUBMIT_SHA256);
    }

    #[test]
    fn what_the_application_sent_is_escaped_and_the_one_script_is_the_one_that_is_hashed() {
        let page = FormPost {
            site: "Vestibule".into(),
            action: "https://rp.example/cb?x=1&y=2".to_owned(),
            fields: vec![("state", "\"><script>alert('x')</script>".to_owned())],
        };
        let html = page.render();
        assert_eq!(html.matches("<script").count(), 1, "{html}");
        assert!(html.contains(&format!("<script>{SUBMIT}</script>")), "{html}");
        assert!(!html.contains("alert('x')"), "{html}");
        assert!(html.contains("id=\"continue\""), "{html}");
    }
}
