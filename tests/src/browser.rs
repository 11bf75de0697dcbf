//! A browser without a window, and the person at it.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{
    RequestBuilder,
    header::{COOKIE, ORIGIN},
};
use url::Url;

use crate::{Answer, AuthorizeRequest, Form, Page, Person, TestApp, ThirdParty, Wire};

/// The most pages and redirects between a request and its answer.
const MOST_STEPS: usize = 12;

/// A browser: it keeps cookies, and goes nowhere by itself.
#[derive(Clone, Debug)]
pub struct Browser {
    wire: Wire,
    cookies: BTreeMap<String, String>,
    person: Option<Person>,
}

impl Browser {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, cookies: BTreeMap::new(), person: None }
    }

    /// A browser at which `person` has just signed in, without any application.
    ///
    /// # Panics
    /// Where the sign-in is refused.
    pub async fn sign_in(app: &TestApp, person: &Person) -> Self {
        let mut browser = app.browser_of(person);
        let page = browser.get("/login").await;
        let done = browser.try_to_sign_in(&page, &person.username, &person.password).await;
        assert!(done.is_redirect(), "{} cannot sign in: {done}", person.username);
        // Whatever comes next comes later, be the machine ever so fast.
        app.clock().advance(Duration::from_millis(1));
        browser
    }

    /// Lets somebody sit down at it, to sign in when they are asked to.
    pub fn seat(&mut self, person: &Person) {
        self.person = Some(person.clone());
    }

    /// Opens an address of the provider, and does not follow where it leads.
    pub async fn get(&mut self, path_or_url: &str) -> Page {
        let request = self.wire.get(path_or_url);
        self.send(request, path_or_url).await
    }

    /// Opens an address, and follows while it leads to the provider itself.
    pub async fn open(&mut self, path_or_url: &str) -> Page {
        let page = self.get(path_or_url).await;
        self.follow(page).await
    }

    /// Follows a redirect while it leads to the provider itself. What comes back is a page, or a redirect to elsewhere.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..MOST_STEPS {
            if !page.is_redirect() || !self.wire.is_ours(&page.location()) {
                return page;
            }
            page = self.get(page.location().as_str()).await;
        }
        panic!("it goes round in circles: {page}");
    }

    /// Sends a form as the page that it stands on would.
    pub async fn submit(&mut self, form: &Form) -> Page {
        let origin = self.wire.origin();
        let request = self.wire.post(form.action.as_str()).form(&form.fields);
        self.send(request.header(ORIGIN, origin).header("sec-fetch-site", "same-origin"), form.action.as_str()).await
    }

    /// Sends a form with no more than these headers about where it comes from.
    pub async fn submit_with(&mut self, form: &Form, headers: &[(&str, &str)]) -> Page {
        let request = self.wire.post(form.action.as_str()).form(&form.fields);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request, form.action.as_str()).await
    }

    /// Posts from a page of another site: SameSite=Lax cookies stay at home (RFC 6265bis section 5.5).
    pub async fn post_cross_site(&mut self, path_or_url: &str, fields: &[(String, String)]) -> Page {
        let request = self.wire.post(path_or_url).form(fields);
        let request = request.header(ORIGIN, "https://rp.example").header("sec-fetch-site", "cross-site");
        let response = request.send().await.expect("an answer");
        let page = Page::read(self.wire.url(path_or_url), response).await;
        self.keep_cookies(&page);
        page
    }

    /// Sends any request with this browser's cookies.
    pub async fn send(&mut self, request: RequestBuilder, path_or_url: &str) -> Page {
        let url = self.wire.url(path_or_url);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let page = Page::read(url, request.send().await.expect("an answer")).await;
        self.keep_cookies(&page);
        page
    }

    fn keep_cookies(&mut self, page: &Page) {
        for cookie in page.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            let over = attributes.split(';').any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
            if over {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The value of a cookie that it keeps.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie into its jar, as somebody with access to it could.
    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Forgets its cookies, as when its data are cleared.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    /// Fills in the sign-in form of `page` and sends it.
    pub async fn try_to_sign_in(&mut self, page: &Page, username: &str, password: &str) -> Page {
        self.submit(&page.form("login").with("username", username).with("password", password)).await
    }

    /// Presses a button of a form of `page`, and follows where that leads.
    pub async fn click(&mut self, page: &Page, form: &str, button: &str) -> Page {
        let page = self.submit(&page.form(form).press(button)).await;
        self.follow(page).await
    }

    /// Opens an authorization request of `client`, changed by `change`, and follows it to the first page, or to the answer.
    pub async fn begin(
        &mut self,
        client: &ThirdParty,
        change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
    ) -> Page {
        self.open(&change(client.request()).url()).await
    }

    /// Walks through an authorization request of `client`, changed by `change`: signs in where that is asked, allows what is
    /// asked, up to the answer.
    ///
    /// # Panics
    /// Where it leads to any other page.
    pub async fn authorize(
        &mut self,
        client: &ThirdParty,
        change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
    ) -> Answer {
        let request = change(client.request());
        let page = self.open(&request.url()).await;
        self.finish(page, &request).await
    }

    /// Walks on from `page` to the answer.
    ///
    /// # Panics
    /// Where it leads to any other page than those for signing in, choosing an account and consenting.
    pub async fn finish(&mut self, page: Page, request: &AuthorizeRequest) -> Answer {
        Answer::read(&self.click_through(page).await, request)
    }

    /// Opens any address of the provider and walks on as [`Browser::authorize`] does, up to the redirect that leads elsewhere.
    ///
    /// # Panics
    /// Where it leads to any other page.
    pub async fn walk(&mut self, path_or_url: &str) -> Page {
        let page = self.open(path_or_url).await;
        self.click_through(page).await
    }

    async fn click_through(&mut self, mut page: Page) -> Page {
        for _ in 0..MOST_STEPS {
            if page.is_redirect() || page.find_form("form-post-form").is_some() {
                return page;
            }
            page = self.step(page).await;
        }
        panic!("there is no end to it: {page}");
    }

    async fn step(&mut self, page: Page) -> Page {
        if page.find_form("login").is_some() {
            let person = self.person.clone().expect("somebody sits at this browser: seat() them");
            let page = self.try_to_sign_in(&page, &person.username, &person.password).await;
            return self.follow(page).await;
        }
        if page.find_form("select-account").is_some() {
            return self.click(&page, "select-account", "continue").await;
        }
        if page.find_form("consent").is_some() {
            return self.click(&page, "consent", "allow").await;
        }
        panic!("a page that nobody expects here: {page}");
    }

    /// Where `path` lies below the issuer.
    #[must_use]
    pub fn url(&self, path: &str) -> Url {
        self.wire.url(path)
    }
}
