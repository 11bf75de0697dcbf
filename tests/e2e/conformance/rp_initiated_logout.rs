//! The plan of RP-initiated logout (`oidcc-rp-initiated-logout-certification-test-plan`).

use url::form_urlencoded;
use vestibule_jose::Algorithm;
use vestibule_tests::{
    Answer, Browser, ClientKey, JsonAnswer, Page, TestApp, ThirdParty, Tokens, claims, header, unsigned,
};

use crate::scene;

/// An application with its tokens, and the browser in which it got them.
struct Scene {
    _app: TestApp,
    client: ThirdParty,
    browser: Browser,
    tokens: Tokens,
}

async fn begun() -> Scene {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    Scene { _app: app, client, browser, tokens }
}

impl Scene {
    async fn end_session(&mut self, parameters: &[(&str, &str)]) -> Page {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.browser.get(&format!("/oauth2/end_session?{query}")).await
    }

    /// With everything that is right, changed in one place.
    async fn end_session_with(&mut self, hint: &str, back: &str) -> Page {
        self.end_session(&[("id_token_hint", hint), ("post_logout_redirect_uri", back), ("state", "s")]).await
    }

    /// Nobody is led to the application: it is an error, or a question.
    async fn assert_stays(&mut self, page: Page) {
        let page = self.browser.follow(page).await;
        assert!(page.has("error") || page.find_form("logout").is_some(), "{page}");
        assert!(!page.is_redirect(), "{page}");
    }

    async fn assert_signed_out(&mut self) {
        let silent = self.client.request().set("prompt", "none");
        assert_eq!(Answer::read(&self.browser.open(&silent.url()).await, &silent).error(), "login_required");
    }

    /// Signs out on a page of ours, after a question.
    async fn assert_signs_out_here(&mut self, parameters: &[(&str, &str)]) {
        let page = self.end_session(parameters).await;
        let page = self.browser.follow(page).await;
        let page = match page.find_form("logout") {
            Some(_) => self.browser.click(&page, "logout", "sign-out").await,
            None => page,
        };
        assert!(page.has("signed-out"), "{page}");
        self.assert_signed_out().await;
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let app = TestApp::start().await;
    let told = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(told["end_session_endpoint"], format!("{}/oauth2/end_session", app.issuer()));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let mut scene = begun().await;
    let (hint, back) = (scene.tokens.id_token.clone(), scene.client.post_logout_redirect_uri.clone());
    assert_eq!(scene.end_session_with(&hint, &back).await.location().as_str(), format!("{back}?state=s"));
    scene.assert_signed_out().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let mut scene = begun().await;
    let hint = scene.tokens.id_token.clone();
    let page = scene.end_session_with(&hint, "https://rp.example/another").await;
    scene.assert_stays(page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let mut scene = begun().await;
    let (hint, back) = (scene.tokens.id_token.clone(), format!("{}?foo=bar", scene.client.post_logout_redirect_uri));
    let page = scene.end_session_with(&hint, &back).await;
    scene.assert_stays(page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let mut scene = begun().await;
    let (hint, back) = (unsigned(&scene.tokens.id_claims(), "none"), scene.client.post_logout_redirect_uri.clone());
    let page = scene.end_session_with(&hint, &back).await;
    scene.assert_stays(page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let mut scene = begun().await;
    let token = &scene.tokens.id_token;
    let hint = ClientKey::new(Algorithm::Es256).signs_under(&header(token), &claims(token));
    let back = scene.client.post_logout_redirect_uri.clone();
    let page = scene.end_session_with(&hint, &back).await;
    scene.assert_stays(page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let mut scene = begun().await;
    let back = scene.client.post_logout_redirect_uri.clone();
    let page = scene.end_session(&[("post_logout_redirect_uri", &back), ("state", "s")]).await;
    scene.assert_stays(page).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    begun().await.assert_signs_out_here(&[]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    begun().await.assert_signs_out_here(&[("state", "s")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let mut scene = begun().await;
    let hint = scene.tokens.id_token.clone();
    scene.assert_signs_out_here(&[("id_token_hint", &hint), ("state", "s")]).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let mut scene = begun().await;
    let (hint, back) = (scene.tokens.id_token.clone(), scene.client.post_logout_redirect_uri.clone());
    let page = scene.end_session(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &back)]).await;
    assert_eq!(page.location().as_str(), back);
    scene.assert_signed_out().await;
}
