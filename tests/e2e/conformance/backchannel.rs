//! The plan of back-channel logout (`oidcc-backchannel-rp-initiated-logout-certification-test-plan`).

use vestibule_tests::{Answer, JsonAnswer, TestApp, claims};

use crate::backchannel_logout::{Scene, begun, given};

#[tokio::test]
async fn oidcc_backchannel_logout_discovery_endpoint_verification() {
    let app = TestApp::start().await;
    let told = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(
        (&told["backchannel_logout_supported"], &told["backchannel_logout_session_supported"]),
        (&true.into(), &true.into())
    );
    assert_eq!(told["end_session_endpoint"], format!("{}/oauth2/end_session", app.issuer()));
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let Scene { app: _app, client, site, mut browser, .. } = begun().await;
    let tokens = given(&mut browser, &client).await;
    let (hint, back) = (&tokens.id_token, &client.post_logout_redirect_uri);
    let page =
        browser.get(&format!("/oauth2/end_session?id_token_hint={hint}&post_logout_redirect_uri={back}&state=s")).await;
    assert_eq!(page.location().as_str(), format!("{back}?state=s"));
    let told = claims(&site.hears(1).await[0]);
    assert_eq!(told["sid"], tokens.id_claims()["sid"]);
    let silent = client.request().set("prompt", "none");
    assert_eq!(Answer::read(&browser.open(&silent.url()).await, &silent).error(), "login_required");
}
