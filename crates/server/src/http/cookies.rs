//! Our cookies: how they are set, and how they are found among those that others may have planted.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderValue, header::COOKIE};
use poem::Request;
use url::Url;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieName {
    /// Who is signed in.
    Session,
    /// Which browser it is, before anybody is signed in.
    Browser,
    /// Who is signed in besides, until the browser closes.
    Accounts,
    /// Who is signed in besides and chose to stay so.
    KeptAccounts,
    /// What changes with whoever is signed in, and is no secret: a page of ours reads it in frames of applications.
    State,
}

impl CookieName {
    const fn base(self) -> &'static str {
        match self {
            Self::Session => "vestibule_session",
            Self::Browser => "vestibule_browser",
            Self::Accounts => "vestibule_accounts",
            Self::KeptAccounts => "vestibule_accounts_kept",
            Self::State => "vestibule_state",
        }
    }
}

/// How cookies are named and set: by the scheme of the public URL, since a proxy may end TLS before us.
///
/// Over HTTPS a cookie is `Secure` and its name begins with `__Host-`, which browsers accept only from the host itself: no
/// sibling host and no plain HTTP can plant one. Over HTTP, for this machine alone, neither is possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieRules {
    secure: bool,
}

impl CookieRules {
    /// The rules for a provider at `public_url`.
    #[must_use]
    pub(crate) fn new(public_url: &Url) -> Self {
        Self { secure: public_url.scheme() == "https" }
    }

    /// The cookie's name on the wire.
    #[must_use]
    pub(crate) fn name(&self, name: CookieName) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}{}", name.base())
    }

    /// The cookie's value in a request.
    #[must_use]
    pub(crate) fn value<'a>(&self, cookies: &'a Cookies, name: CookieName) -> Option<&'a str> {
        cookies.get(&self.name(name))
    }

    /// A `Set-Cookie` for `value`, of base64url and dots. Without `max_age` the browser forgets it when it closes.
    #[must_use]
    pub(crate) fn set(&self, name: CookieName, value: &str, max_age: Option<Duration>) -> HeaderValue {
        let age = max_age.map(|age| cookie::time::Duration::seconds(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)));
        self.header(name, value, age)
    }

    /// A `Set-Cookie` that makes the browser forget it.
    #[must_use]
    pub(crate) fn clear(&self, name: CookieName) -> HeaderValue {
        self.header(name, "", Some(cookie::time::Duration::ZERO))
    }

    fn header(&self, name: CookieName, value: &str, max_age: Option<cookie::time::Duration>) -> HeaderValue {
        let mut cookie = Cookie::build((self.name(name), value))
            .path("/")
            .http_only(name != CookieName::State)
            // Where a cookie cannot be secure, browsers take none that goes to frames of other sites.
            .same_site(if name == CookieName::State && self.secure { SameSite::None } else { SameSite::Lax })
            .secure(self.secure)
            .build();
        cookie.set_max_age(max_age);
        let mut header = HeaderValue::try_from(cookie.encoded().to_string()).expect("an encoded cookie is ASCII");
        header.set_sensitive(true);
        header
    }
}

/// The cookies of a request.
///
/// Names are compared as they stand, never decoded: `__%48ost-` is not `__Host-`.
pub(crate) struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// Reads every `Cookie` header (HTTP/2 may send several). What is not ASCII text is passed over.
    #[must_use]
    pub(crate) fn read(request: &Request) -> Self {
        let lines = request.headers().get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect())
    }

    /// The value of a cookie. One that stands twice counts as absent: somebody else may have planted one of the two, and which
    /// one comes first is theirs to choose.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let first = found.next().filter(|value| !value.is_empty());
        if found.next().is_some() { None } else { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(url: &str) -> CookieRules {
        CookieRules::new(&Url::parse(url).expect("a URL"))
    }

    fn session(url: &str, lines: &[&str]) -> Option<String> {
        let request = lines.iter().fold(Request::builder(), |request, line| request.header("cookie", *line)).finish();
        rules(url).value(&Cookies::read(&request), CookieName::Session).map(str::to_owned)
    }

    #[test]
    fn over_https_a_cookie_belongs_to_the_host_alone_a78() {
        let header = rules("https://id.example").set(CookieName::Session, "v-_1", Some(Duration::from_secs(60)));
        assert_eq!(header, "__Host-vestibule_session=v-_1; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=60");
        assert!(header.is_sensitive());
    }

    #[test]
    fn over_http_it_goes_without_prefix_and_secure() {
        let header = rules("http://localhost:8080").set(CookieName::Browser, "v", None);
        assert_eq!(header, "vestibule_browser=v; HttpOnly; SameSite=Lax; Path=/");
    }

    #[test]
    fn clearing_leaves_nothing() {
        let header = rules("https://id.example").clear(CookieName::Session);
        assert_eq!(header, "__Host-vestibule_session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0");
    }

    #[test]
    fn a_value_cannot_add_attributes_a78() {
        let header = rules("http://localhost").set(CookieName::Session, "x; Domain=example\r\nX: y", None);
        let text = header.to_str().expect("ASCII");
        assert!(!text.contains("Domain=") && !text.contains('\r'), "{text}");
    }

    #[test]
    fn a_tossed_cookie_makes_both_absent_a78() {
        assert_eq!(session("https://id.example", &["a=b; __Host-vestibule_session=good"]).as_deref(), Some("good"));
        let twice = "__Host-vestibule_session=evil; __Host-vestibule_session=good";
        assert_eq!(session("https://id.example", &[twice]), None);
        assert_eq!(session("http://localhost", &["vestibule_session=good", "vestibule_session="]), None);
    }

    #[test]
    fn over_https_only_the_prefixed_name_counts_a78() {
        for planted in [
            "vestibule_session=x",
            "__%48ost-vestibule_session=x",
            "__host-vestibule_session=x",
            "__Host-vestibule_session",
        ] {
            assert_eq!(session("https://id.example", &[planted]), None, "{planted}");
        }
    }
}
