//! The way through: every step of a sign-in, and what is right at each.

use ::http::{StatusCode, header::WWW_AUTHENTICATE};
use openidconnect::url::Url;
use serde::Serialize;
use serde_json::Value;

use super::{
    Target,
    browser::{Browser, Page},
    html::{Form, by_id},
    report::{Journey, Stopped},
};
use crate::demo::APP_NAME;

/// What a step should have seen, and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unexpected {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Unexpected {
    pub(super) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// Walks through, up to the first step that goes wrong.
pub(super) async fn walk(target: Target<'_>, journey: &mut Journey<'_>) -> Result<(), Stopped> {
    let home =
        journey.step("The app greets a visitor and offers to sign in", async |b| greeted(b, target).await).await?;
    journey.step("The API turns away a request without a token", async |b| turned_away(b, target).await).await?;
    journey.step("The provider describes itself", async |b| described(b, target).await).await?;
    let begin = "The app sends the browser to the provider, with PKCE, state and nonce";
    let authorize = journey.step(begin, async |b| sent(b, target, &home).await).await?;
    let asked = "The provider asks for username and password";
    let login = journey.step(asked, async |b| form(b.open(authorize).await?, "login")).await?;
    let wrong = "A wrong password is turned down";
    let login = journey.step(wrong, async |b| turned_down(b, target, login).await).await?;
    let right = "The right one leads to the question whether the app may know this";
    let consent = journey.step(right, async |b| asked_for_consent(b, target, login).await).await?;
    let allowed = "Allowing it leads back to the app, signed in";
    let (home, callback) = journey.step(allowed, async |b| signed_in(b, target, consent).await).await?;
    let again = "The answer that came back is worth nothing a second time";
    journey.step(again, async |b| spent(b, callback).await).await?;
    let called = "The app gets the person's notes from the API with its access token";
    journey.step(called, async |b| called_the_api(b, &home).await).await?;
    let silent = "Signing in a second time asks nothing";
    let home = journey.step(silent, async |b| signed_in_silently(b, target).await).await?;
    journey.step("Signing out leads back to the app", async |b| signed_out(b, target, &home).await).await?;
    let gone = "Asked with prompt=none, the provider says that nobody is signed in";
    journey.step(gone, async |b| nobody_there(b, target).await).await
}

async fn greeted(browser: &mut Browser, target: Target<'_>) -> Result<Page, Unexpected> {
    let page = browser.open(url(target.app_url, "/")?).await?;
    has(page, "a#sign-in on a page of the app", |page| is_ok(page) && by_id(&page.body, "sign-in").is_some())
}

async fn turned_away(browser: &mut Browser, target: Target<'_>) -> Result<(), Unexpected> {
    let page = browser.look(url(target.api_url, "/notes")?).await?;
    let challenged = |page: &Page| {
        let challenge = page.headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        page.status == StatusCode::UNAUTHORIZED && challenge.is_some_and(|challenge| challenge.starts_with("Bearer"))
    };
    has(page, "401 with WWW-Authenticate: Bearer", challenged).map(drop)
}

async fn described(browser: &mut Browser, target: Target<'_>) -> Result<(), Unexpected> {
    let page = browser.look(url(target.issuer, "/.well-known/openid-configuration")?).await?;
    let document: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let expected = format!("200 and a document whose issuer is {}", target.issuer);
    has(page, &expected, |page| is_ok(page) && document["issuer"] == target.issuer).map(drop)
}

async fn sent(browser: &mut Browser, target: Target<'_>, home: &Page) -> Result<Url, Unexpected> {
    let link = by_id(&home.body, "sign-in").and_then(|link| home.url.join(link.get("href")?).ok());
    let link = link.ok_or_else(|| Unexpected::new("a link behind a#sign-in", "none"))?;
    let page = browser.look(link).await?;
    let Some(next) = page.leads_to() else { return Err(Unexpected::new("a redirect", describe(&page))) };
    let issuer = url(target.issuer, "/")?;
    let right = |name: &str| {
        let value = Page::query(&next, name).unwrap_or_default();
        match name {
            "response_type" => value == "code",
            "code_challenge_method" => value == "S256",
            "code_challenge" => value.len() == 43,
            _ => !value.is_empty(),
        }
    };
    let needed =
        ["response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"];
    if let Some(wrong) = needed.into_iter().find(|name| !right(name)) {
        return Err(Unexpected::new(format!("the code flow with PKCE: a right {wrong}"), format!("{next}")));
    }
    if next.origin() != issuer.origin() {
        return Err(Unexpected::new(format!("a redirect to {}", target.issuer), format!("{next}")));
    }
    Ok(next)
}

/// A page with a form on it.
type WithForm = (Page, Form);

fn form(page: Page, id: &str) -> Result<WithForm, Unexpected> {
    let form = Form::find(&page.body, id);
    form.ok_or_else(|| Unexpected::new(format!("form#{id}"), describe(&page))).map(|form| (page, form))
}

async fn log_in(browser: &mut Browser, login: &WithForm, name: &str, password: &str) -> Result<Page, Unexpected> {
    let (page, form) = login;
    for field in ["username", "password"] {
        if !form.has_field(field) {
            return Err(Unexpected::new(format!("an input named {field} in form#login"), "none"));
        }
    }
    let fields = [("username", name), ("password", password)];
    let mut fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    fields.extend(pressed(form, "sign-in")?);
    browser.submit(page, form, &fields).await
}

fn pressed(form: &Form, button: &str) -> Result<Option<(String, String)>, Unexpected> {
    form.button(button).ok_or_else(|| Unexpected::new(format!("button#{button}"), "none"))
}

async fn turned_down(browser: &mut Browser, target: Target<'_>, login: WithForm) -> Result<WithForm, Unexpected> {
    let wrong = format!("not-{}", target.password);
    let page = log_in(browser, &login, target.username, &wrong).await?;
    form(has(page, "#error and form#login once more", |page| by_id(&page.body, "error").is_some())?, "login")
}

async fn asked_for_consent(browser: &mut Browser, target: Target<'_>, login: WithForm) -> Result<WithForm, Unexpected> {
    let page = log_in(browser, &login, target.username, target.password).await?;
    let named = format!("form#consent that names {APP_NAME}");
    form(has(page, &named, |page| page.body.contains(APP_NAME))?, "consent")
}

async fn signed_in(
    browser: &mut Browser,
    target: Target<'_>,
    (page, form): WithForm,
) -> Result<(Page, Url), Unexpected> {
    let allow: Vec<_> = pressed(&form, "allow")?.into_iter().collect();
    let page = browser.submit(&page, &form, &allow).await?;
    let answered = page.redirects.iter().find(|url| url.as_str().starts_with(target.app_url)).cloned();
    let callback = answered.ok_or_else(|| Unexpected::new("a redirect to the app", describe(&page)))?;
    if Page::query(&callback, "iss").as_deref() != Some(target.issuer) {
        return Err(Unexpected::new(format!("an answer with iss={}", target.issuer), "none, or another"));
    }
    let home = has(page, "#person on a page of the app", |page| is_home(page, target))?;
    Ok((home, callback))
}

fn is_home(page: &Page, target: Target<'_>) -> bool {
    is_ok(page) && page.url.as_str().starts_with(target.app_url) && by_id(&page.body, "person").is_some()
}

async fn spent(browser: &mut Browser, callback: Url) -> Result<(), Unexpected> {
    let page = browser.look(callback).await?;
    has(page, "400", |page| page.status == StatusCode::BAD_REQUEST).map(drop)
}

async fn called_the_api(browser: &mut Browser, home: &Page) -> Result<(), Unexpected> {
    let (page, form) = form(home.clone(), "call-api")?;
    let page = browser.submit(&page, &form, &[]).await?;
    let answered =
        |page: &Page| by_id(&page.body, "api-answer").is_some_and(|tag| tag.get("data-status") == Some("200"));
    has(page, "#api-answer with data-status=200", answered).map(drop)
}

async fn signed_in_silently(browser: &mut Browser, target: Target<'_>) -> Result<Page, Unexpected> {
    let page = browser.open(url(target.app_url, "/login")?).await?;
    // Straight through: the app, the provider, the app's callback, the app.
    let answered = |page: &Page| page.redirects.iter().any(|url| Page::query(url, "code").is_some());
    has(page, "the app, signed in, with no page between", |page| is_home(page, target) && answered(page))
}

async fn signed_out(browser: &mut Browser, target: Target<'_>, home: &Page) -> Result<(), Unexpected> {
    let (page, ours) = form(home.clone(), "sign-out")?;
    let mut page = browser.submit(&page, &ours, &[]).await?;
    // A provider may ask whether that is meant; with an ID token of this session as the hint it need not.
    if let Some(theirs) = Form::find(&page.body, "logout") {
        let fields: Vec<_> = pressed(&theirs, "sign-out")?.into_iter().collect();
        page = browser.submit(&page, &theirs, &fields).await?;
    }
    let back = |page: &Page| page.url.as_str().starts_with(&format!("{}/signed-out", target.app_url)) && is_ok(page);
    has(page, "the app's page /signed-out", back).map(drop)
}

async fn nobody_there(browser: &mut Browser, target: Target<'_>) -> Result<(), Unexpected> {
    let page = browser.open(url(target.app_url, "/login?prompt=none")?).await?;
    let refused =
        |page: &Page| by_id(&page.body, "trouble").is_some_and(|tag| tag.get("data-error") == Some("login_required"));
    has(page, "#trouble with data-error=login_required on a page of the app", refused).map(drop)
}

fn url(base: &str, path: &str) -> Result<Url, Unexpected> {
    let joined = Url::parse(base).and_then(|base| base.join(path));
    joined.map_err(|_| Unexpected::new("a URL", format!("{base}{path}")))
}

fn is_ok(page: &Page) -> bool {
    page.status == StatusCode::OK
}

fn has(page: Page, expected: &str, holds: impl FnOnce(&Page) -> bool) -> Result<Page, Unexpected> {
    if holds(&page) { Ok(page) } else { Err(Unexpected::new(expected, describe(&page))) }
}

/// A page in a few words. Queries are left out: codes and states are nobody's business.
fn describe(page: &Page) -> String {
    let mut address = page.url.clone();
    address.set_query(None);
    let title =
        page.body.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    let title = title.map(|title| format!(", “{}”", title.trim())).unwrap_or_default();
    let marks = ["error", "trouble"].into_iter().find_map(|id| Some((id, by_id(&page.body, id)?)));
    let mark = marks.map(|(id, tag)| match tag.get("data-error") {
        Some(code) => format!(", #{id} {code}"),
        None => format!(", #{id}"),
    });
    format!("{} at {address}{title}{}", page.status.as_u16(), mark.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_described_without_its_query() {
        let page = Page {
            url: "http://localhost:8080/login?code=secret".parse().unwrap(),
            status: StatusCode::BAD_REQUEST,
            headers: ::http::HeaderMap::new(),
            body: "<title>Oh no</title><main id=\"error\" data-error=\"invalid_client\">".to_owned(),
            redirects: Vec::new(),
        };
        assert_eq!(describe(&page), "400 at http://localhost:8080/login, “Oh no”, #error invalid_client");
    }
}
