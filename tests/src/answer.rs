//! What an application hears at its redirect URI.

use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::{AuthorizeRequest, Page, jwt};

/// An answer of the authorization endpoint.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The whole address that the browser was sent to, or where the form leads that was posted there.
    pub url: Url,
    /// Everything that it says, in its order.
    pub told: Vec<(String, String)>,
    /// The code, if it is no error.
    pub code: Option<String>,
    /// The error's code.
    pub error: Option<String>,
    /// The error in words.
    pub description: Option<String>,
    /// What the application sent as `state`.
    pub state: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
    /// The request that it answers.
    pub request: AuthorizeRequest,
}

impl Answer {
    /// Reads what leads to the application, in the response mode that the request asks for.
    ///
    /// # Panics
    /// Where it is no 303 and no form, comes in another mode, leads somewhere else than to the request's redirect URI, or says the
    /// same thing twice.
    #[must_use]
    pub fn read(page: &Page, request: &AuthorizeRequest) -> Self {
        let (url, parameters) = match request.expected_mode() {
            "form_post" => {
                assert_eq!(page.status, 200, "{page}");
                let form = page.form("form-post-form");
                (form.action, form.fields)
            }
            mode => {
                assert_eq!(page.status, 303, "{page}");
                let url = page.location();
                let said = if mode == "fragment" { url.fragment() } else { url.query() };
                let said = form_urlencoded::parse(said.unwrap_or_default().as_bytes()).into_owned().collect();
                assert_eq!(url.fragment().is_some(), mode == "fragment", "answered in another mode: {url}");
                (url, said)
            }
        };
        let told = |name: &str| {
            let mut values = parameters.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone());
            let first = values.next();
            assert!(values.next().is_none(), "{name} stands twice in {url}");
            first
        };
        if let Some(redirect_uri) = request.get("redirect_uri") {
            assert!(url.as_str().starts_with(redirect_uri), "{url} is not the application's {redirect_uri}");
        }
        Self {
            code: told("code"),
            error: told("error"),
            description: told("error_description"),
            state: told("state"),
            iss: told("iss"),
            request: request.clone(),
            told: parameters,
            url,
        }
    }

    /// Anything else that it says.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.told.iter().find(|(told, _)| told == name).map(|(_, value)| value.as_str())
    }

    /// The access token that came through the browser.
    ///
    /// # Panics
    /// Where none did.
    pub fn access_token(&self) -> &str {
        self.get("access_token").unwrap_or_else(|| panic!("no access token: {}", self.url))
    }

    /// The ID token that came through the browser.
    ///
    /// # Panics
    /// Where none did.
    pub fn id_token(&self) -> &str {
        self.get("id_token").unwrap_or_else(|| panic!("no ID token: {}", self.url))
    }

    /// Its claims.
    pub fn id_claims(&self) -> Value {
        jwt::claims(self.id_token())
    }

    /// The code.
    ///
    /// # Panics
    /// Where the answer is an error.
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_else(|| panic!("no code: {}", self.url))
    }

    /// The error's code.
    ///
    /// # Panics
    /// Where the answer is none.
    pub fn error(&self) -> &str {
        let nothing = ["code", "access_token", "id_token"].iter().all(|name| self.get(name).is_none());
        assert!(nothing, "both a code and an error, or no error: {}", self.url);
        self.error.as_deref().unwrap_or_else(|| panic!("no error: {}", self.url))
    }
}
