//! A browser without a window: it keeps cookies, each origin's apart, and sees every redirect that it follows.

use std::collections::{BTreeMap, HashMap};

use ::http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};
use openidconnect::url::{Origin, Url, form_urlencoded};

use super::{html::Form, walk::Unexpected};
use crate::demo::http::{in_words, send};

/// The most redirects that are followed for one click.
const MOST_REDIRECTS: usize = 10;

/// Where a click has led.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// Each address that the browser was sent on to, in order.
    pub(super) redirects: Vec<Url>,
}

/// The browser.
pub(super) struct Browser {
    client: reqwest::Client,
    jars: HashMap<Origin, Jar>,
    last_status: Option<StatusCode>,
}

/// The cookies of one origin: path and value by name.
type Jar = BTreeMap<String, (String, String)>;

impl Browser {
    /// A browser that nobody has used yet.
    pub(super) fn new(client: reqwest::Client) -> Self {
        Self { client, jars: HashMap::new(), last_status: None }
    }

    /// The status of the latest answer since this was asked last.
    pub(super) fn take_last_status(&mut self) -> Option<StatusCode> {
        self.last_status.take()
    }

    /// Opens an address, and follows where it leads.
    pub(super) async fn open(&mut self, url: Url) -> Result<Page, Unexpected> {
        self.follow(Method::GET, url, None).await
    }

    /// Opens an address, and stays even where it leads elsewhere.
    pub(super) async fn look(&mut self, url: Url) -> Result<Page, Unexpected> {
        self.request(Method::GET, url, None).await
    }

    /// Sends a form of `page` with its hidden inputs and `fields`, and follows where that leads.
    pub(super) async fn submit(
        &mut self,
        page: &Page,
        form: &Form,
        fields: &[(String, String)],
    ) -> Result<Page, Unexpected> {
        if !form.is_post {
            return Err(Unexpected::new("a form that is sent by POST", "one that is sent by GET"));
        }
        let action = page.url.join(&form.action);
        let action = action.map_err(|_| Unexpected::new("a form with an address", format!("{:?}", form.action)))?;
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form.hidden()).extend_pairs(fields);
        let origin = page.url.origin().ascii_serialization();
        self.follow(Method::POST, action, Some((origin, body.finish()))).await
    }

    async fn follow(&mut self, method: Method, url: Url, form: Option<(String, String)>) -> Result<Page, Unexpected> {
        let mut redirects = Vec::new();
        let mut page = self.request(method, url, form).await?;
        while let Some(next) = page.leads_to() {
            if redirects.len() == MOST_REDIRECTS {
                return Err(Unexpected::new(format!("at most {MOST_REDIRECTS} redirects"), "more"));
            }
            redirects.push(next.clone());
            page = self.request(Method::GET, next, None).await?;
        }
        Ok(Page { redirects, ..page })
    }

    async fn request(&mut self, method: Method, url: Url, form: Option<(String, String)>) -> Result<Page, Unexpected> {
        let mut request = self.client.request(method, url.clone()).header("Sec-Fetch-Mode", "navigate");
        if let Some(cookies) = self.jars.get(&url.origin()).and_then(|jar| sent_to(jar, url.path())) {
            request = request.header(COOKIE, cookies);
        }
        if let Some((origin, body)) = form {
            request = request.header(ORIGIN, origin).header("Sec-Fetch-Site", "same-origin");
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        }
        let shown = format!("an answer from {}", url.origin().ascii_serialization());
        let answer = send(request).await.map_err(|error| Unexpected::new(shown, in_words(&error)))?;
        let (parts, body) = answer.into_parts();
        self.last_status = Some(parts.status);
        let jar = self.jars.entry(url.origin()).or_default();
        for cookie in parts.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            keep(jar, cookie);
        }
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Page { url, status: parts.status, headers: parts.headers, body, redirects: Vec::new() })
    }
}

impl Page {
    /// Where a redirect leads that turns into a GET. One that would repeat a POST (307, 308) is not followed: it would carry a
    /// password to the next site.
    pub(super) fn leads_to(&self) -> Option<Url> {
        let follows = [StatusCode::MOVED_PERMANENTLY, StatusCode::FOUND, StatusCode::SEE_OTHER];
        let location = self.headers.get(LOCATION).filter(|_| follows.contains(&self.status))?;
        self.url.join(location.to_str().ok()?).ok()
    }

    /// A parameter of the query.
    pub(super) fn query(url: &Url, name: &str) -> Option<String> {
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// What the `Cookie` header says to a path.
fn sent_to(jar: &Jar, path: &str) -> Option<String> {
    // RFC 6265 section 5.1.4.
    let matches =
        |of: &str| path == of || path.strip_prefix(of).is_some_and(|rest| of.ends_with('/') || rest.starts_with('/'));
    let cookies = jar.iter().filter(|(_, (of, _))| matches(of)).map(|(name, (_, value))| format!("{name}={value}"));
    let cookies: Vec<String> = cookies.collect();
    (!cookies.is_empty()).then(|| cookies.join("; "))
}

/// Keeps a cookie, or forgets it where `Max-Age` says that it is over.
fn keep(jar: &mut Jar, cookie: &str) {
    let mut parts = cookie.split(';').map(str::trim);
    let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
    let attributes: Vec<(String, &str)> = parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let attribute = |wanted: &str| attributes.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    if attribute("max-age").and_then(|age| age.parse::<i64>().ok()).is_some_and(|age| age <= 0) {
        jar.remove(name);
        return;
    }
    let path = attribute("path").filter(|path| path.starts_with('/')).unwrap_or("/");
    jar.insert(name.to_owned(), (path.to_owned(), value.to_owned()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(status: StatusCode, location: &str) -> Page {
        Page {
            url: "http://127.0.0.1/here?x".parse().unwrap(),
            status,
            headers: [(LOCATION, location.parse().unwrap())].into_iter().collect(),
            body: String::new(),
            redirects: Vec::new(),
        }
    }

    #[test]
    fn cookies_are_kept_changed_and_forgotten() {
        let mut jar = Jar::new();
        for cookie in ["a=1; Path=/; HttpOnly", "b=2; path=/login; SameSite=Lax", "a=3; Path=/"] {
            keep(&mut jar, cookie);
        }
        assert_eq!(sent_to(&jar, "/login/x").as_deref(), Some("a=3; b=2"));
        assert_eq!(sent_to(&jar, "/loginx").as_deref(), Some("a=3"));
        keep(&mut jar, "a=; Path=/; Max-Age=0");
        assert_eq!(sent_to(&jar, "/"), None);
    }

    #[test]
    fn a_redirect_is_resolved_against_the_page() {
        let next = |status, location| page(status, location).leads_to().map(String::from);
        assert_eq!(next(StatusCode::SEE_OTHER, "/there").as_deref(), Some("http://127.0.0.1/there"));
        assert_eq!(next(StatusCode::FOUND, "http://localhost/").as_deref(), Some("http://localhost/"));
        assert_eq!(next(StatusCode::OK, "/there"), None);
    }

    #[test]
    fn a_redirect_that_would_repeat_the_password_is_not_followed() {
        assert!(page(StatusCode::TEMPORARY_REDIRECT, "/there").leads_to().is_none());
        assert!(page(StatusCode::PERMANENT_REDIRECT, "/there").leads_to().is_none());
    }
}
