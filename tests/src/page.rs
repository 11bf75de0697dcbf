//! What a browser is shown.

use reqwest::{StatusCode, header};
use url::Url;

use crate::{Form, html};

/// An answer to a browser: a page, or a redirect that was not followed.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: header::HeaderMap,
    /// Its text.
    pub body: String,
}

impl Page {
    pub(crate) async fn read(url: Url, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.text().await.expect("a whole body");
        Self { url, status, headers, body }
    }

    /// A header, once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The form with this id.
    ///
    /// # Panics
    /// Where the page has none.
    #[must_use]
    pub fn form(&self, id: &str) -> Form {
        self.find_form(id).unwrap_or_else(|| panic!("the page has no form #{id}: {self}"))
    }

    /// The form with this id, if there is one.
    #[must_use]
    pub fn find_form(&self, id: &str) -> Option<Form> {
        Form::find(&self.body, id, &self.url)
    }

    /// The form with a hidden field of this value, as a list has one for each of its rows.
    #[must_use]
    pub fn form_with(&self, field: &str, value: &str) -> Option<Form> {
        Form::all(&self.body, &self.url).into_iter().find(|form| form.get(field) == Some(value))
    }

    /// Whether anything has this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        html::tags(&self.body).iter().any(|tag| tag.get("id") == Some(id))
    }

    /// An attribute of the first element with this id.
    #[must_use]
    pub fn attribute(&self, id: &str, name: &str) -> Option<String> {
        let tag = html::tags(&self.body).into_iter().find(|tag| tag.get("id") == Some(id))?;
        tag.get(name).map(str::to_owned)
    }

    /// Each value of an attribute, in the order of the page.
    #[must_use]
    pub fn attributes(&self, name: &str) -> Vec<String> {
        html::tags(&self.body).iter().filter_map(|tag| tag.get(name).map(str::to_owned)).collect()
    }

    /// What a person reads: no tags, references resolved, blanks folded.
    #[must_use]
    pub fn text(&self) -> String {
        let pieces = self.body.split('<').filter_map(|piece| piece.split_once('>')).map(|(_, text)| text);
        let text: Vec<&str> = pieces.flat_map(str::split_whitespace).collect();
        html::unescaped(&text.join(" "))
    }

    /// Whether it is a redirect.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.status.is_redirection()
    }

    /// Where a redirect leads.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn location(&self) -> Url {
        let location = self.header("location").unwrap_or_else(|| panic!("leads nowhere: {self}"));
        assert!(self.is_redirect(), "has a Location and is no redirect: {self}");
        self.url.join(location).expect("a Location is an address")
    }

    /// The stable code of an error page.
    #[must_use]
    pub fn error_code(&self) -> Option<String> {
        self.attribute("error", "data-error")
    }

    /// Asserts that it is an error page with this code, status 400, leads nowhere and names its request.
    ///
    /// # Panics
    /// Where it is anything else.
    pub fn assert_error(&self, code: &str) {
        assert_eq!(self.status, StatusCode::BAD_REQUEST, "{self}");
        assert_eq!(self.error_code().as_deref(), Some(code), "{self}");
        assert!(self.header("location").is_none() && self.header("refresh").is_none(), "leads elsewhere: {self}");
        assert!(self.has("request-id"), "{self}");
    }

    /// Each `Set-Cookie`.
    #[must_use]
    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).collect()
    }
}

impl std::fmt::Display for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let location = self.header("location").unwrap_or("-");
        write!(f, "{} from {} (Location: {location})\n{}", self.status, self.url, self.text())
    }
}
