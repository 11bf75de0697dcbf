//! What an application hears at its redirect URI.

use url::Url;

use crate::{AuthorizeRequest, Page};

/// An answer of the authorization endpoint.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The whole address that the browser was sent to.
    pub url: Url,
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
    /// Reads the redirect that leads to the application.
    ///
    /// # Panics
    /// Where it is no 303, leads somewhere else than to the request's redirect URI, or says the same thing twice.
    #[must_use]
    pub fn read(page: &Page, request: &AuthorizeRequest) -> Self {
        let url = page.location();
        assert_eq!(page.status, 303, "{page}");
        let told = |name: &str| {
            let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
            let first = values.next();
            assert!(values.next().is_none(), "{name} stands twice in {url}");
            first
        };
        if let Some(redirect_uri) = request.get("redirect_uri") {
            assert!(url.as_str().starts_with(redirect_uri), "{url} is not the application's {redirect_uri}");
        }
        assert_eq!(url.fragment(), None, "nothing is answered in the fragment: {url}");
        Self {
            code: told("code"),
            error: told("error"),
            description: told("error_description"),
            state: told("state"),
            iss: told("iss"),
            request: request.clone(),
            url,
        }
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
        assert!(self.code.is_none(), "both a code and an error, or no error: {}", self.url);
        self.error.as_deref().unwrap_or_else(|| panic!("no error: {}", self.url))
    }
}
