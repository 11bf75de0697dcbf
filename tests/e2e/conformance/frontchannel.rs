//! The plan of front-channel logout (`oidcc-frontchannel-rp-initiated-logout-certification-test-plan`).

use vestibule_tests::{Answer, JsonAnswer, TestApp};

use crate::{
    backchannel_logout::given,
    frontchannel_logout::{Scene, begun, end_session, frames},
};

#[tokio::test]
async fn oidcc_frontchannel_logout_discovery_endpoint_verification() {
    let app = TestApp::start().await;
    let told = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    for member in ["frontchannel_logout_supported", "frontchannel_logout_session_supported"] {
        assert_eq!(told[member], true, "{member}");
    }
    assert_eq!(told["end_session_endpoint"], format!("{}/oauth2/end_session", app.issuer()));
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let Scene { app: _app, client, mut browser, .. } = begun().await;
    let tokens = given(&mut browser, &client).await;
    let back = client.post_logout_redirect_uri.as_str();
    let page = end_session(&mut browser, &tokens, &[("post_logout_redirect_uri", back), ("state", "s")]).await;
    let loaded = frames(&page);
    assert_eq!(loaded.len(), 1, "{page}");
    let sid = tokens.id_claims()["sid"].as_str().unwrap().to_owned();
    assert!(loaded[0].query_pairs().any(|(name, value)| name == "sid" && value == sid.as_str()), "{page}");
    assert_eq!(page.attribute("continue", "href"), Some(format!("{back}?state=s")));
    let silent = client.request().set("prompt", "none");
    assert_eq!(Answer::read(&browser.open(&silent.url()).await, &silent).error(), "login_required");
}
