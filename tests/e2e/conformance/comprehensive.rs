//! `oidcc-test-plan`, the comprehensive one: what it has and no other plan, and its ordinary module with each way in which an
//! application proves itself.

use std::{net::IpAddr, time::Duration};

use serde_json::{Value, json};
use vestibule_jose::{Algorithm, SecretKey};
use vestibule_tests::{AuthorizeRequest, Browser, Certificate, ClientKey, JsonAnswer, KeySite, TestApp, ThirdParty};

use super::{
    plan::{BASIC, HYBRID},
    suite::Suite,
};
use crate::jose;

const FORWARDED: &str = "client-cert";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An application that proves itself in one way, as it registers itself, and what it holds to do so.
struct Applicant {
    method: &'static str,
    key: ClientKey,
    certificate: Certificate,
}

impl Applicant {
    fn new(method: &'static str) -> Self {
        Self { method, key: ClientKey::new(Algorithm::Rs256), certificate: Certificate::self_signed("app") }
    }

    /// What it says of itself.
    fn document(&self, response_type: &str) -> Value {
        let mut document = json!({
            "token_endpoint_auth_method": self.method,
            "response_types": [response_type],
            "grant_types": ["authorization_code", "implicit", "refresh_token"],
            "scope": "openid offline_access",
        });
        match self.method {
            "private_key_jwt" => document["jwks"] = self.key.jwks(),
            "self_signed_tls_client_auth" => document["jwks"] = self.certificate.jwks(&self.key.jwk()),
            "tls_client_auth" => document["tls_client_auth_subject_dn"] = json!("CN=app,O=Example"),
            _ => {}
        }
        document
    }

    /// Fills in a request to the token endpoint, and sends it.
    async fn sends(&self, suite: &Suite, client: &ThirdParty, request: vestibule_tests::TokenRequest) -> JsonAnswer {
        match self.method {
            "client_secret_post" => request.by_post().send().await,
            "client_secret_jwt" => {
                let secret = client.secret.as_deref().unwrap().as_bytes();
                let secret = SecretKey::new(Algorithm::Hs256, secret).unwrap();
                let statement = suite.app.statement(client);
                let header = json!({ "alg": "HS256", "typ": "JWT" });
                request.by_assertion(&vestibule_tests::signed(&secret, &header, &statement)).send().await
            }
            "private_key_jwt" => request.by_assertion(&self.key.signs(&suite.app.statement(client))).send().await,
            "self_signed_tls_client_auth" | "tls_client_auth" => {
                JsonAnswer::of(request.build().header(FORWARDED, self.certificate.forwarded())).await
            }
            _ => request.send().await,
        }
    }
}

/// Behind a proxy on this machine that forwards certificates, beside what the suite wants anyway.
async fn suite() -> Suite {
    let app = TestApp::with(|config| {
        Suite::open(config);
        config.http.trusted_proxies = IpAddr::from([127, 0, 0, 1]).into();
        config.http.mtls_forwarded_header = Some(FORWARDED.to_owned());
    })
    .await;
    Suite::at(app).await
}

/// `oidcc-server` and `oidcc-refresh-token` for each response type that has a code.
async fn each_response_type(method: &'static str) {
    let mut suite = suite().await;
    for response_type in BASIC.iter().chain(HYBRID) {
        let applicant = Applicant::new(method);
        let (client, told) = suite.registers(applicant.document(response_type)).await;
        assert_eq!(told["token_endpoint_auth_method"], method);
        let request = |request: AuthorizeRequest| {
            request.set("response_type", response_type).set("scope", "openid offline_access").set("prompt", "consent")
        };
        let answer = suite.browser.authorize(&client, request).await;
        let given = applicant.sends(&suite, &client, client.exchange(&answer)).await;
        assert_eq!(given.status, 200, "{response_type}: {}", given.body);
        let tokens = given.tokens();
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
        let refresh = tokens.body["refresh_token"].as_str().unwrap();
        let again = client.asks("refresh_token").set("refresh_token", refresh);
        let again = applicant.sends(&suite, &client, again).await;
        assert_eq!(again.status, 200, "{response_type}: {}", again.body);
    }
}

#[tokio::test]
async fn oidcc_server_with_client_secret_basic() {
    each_response_type("client_secret_basic").await;
}

#[tokio::test]
async fn oidcc_server_with_client_secret_post() {
    each_response_type("client_secret_post").await;
}

#[tokio::test]
async fn oidcc_server_with_client_secret_jwt() {
    each_response_type("client_secret_jwt").await;
}

#[tokio::test]
async fn oidcc_server_with_private_key_jwt() {
    each_response_type("private_key_jwt").await;
}

#[tokio::test]
async fn oidcc_server_with_tls_client_auth() {
    each_response_type("tls_client_auth").await;
}

#[tokio::test]
async fn oidcc_server_with_self_signed_tls_client_auth() {
    each_response_type("self_signed_tls_client_auth").await;
}

#[tokio::test]
async fn oidcc_server_with_none() {
    each_response_type("none").await;
}

#[tokio::test]
async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds() {
    let mut suite = Suite::new().await;
    let applicant = Applicant::new("private_key_jwt");
    let (client, _) = suite.registers(applicant.document("code")).await;
    let answer = suite.browser.authorize(&client, |request| request).await;
    let mut statement = suite.app.statement(&client);
    statement["aud"] = json!(suite.app.issuer());
    let given = client.exchange(&answer).by_assertion(&applicant.key.signs(&statement)).send().await;
    assert_eq!(given.status, 200, "{}", given.body);
}

#[tokio::test]
async fn oidcc_refresh_token_rp_key_rotation() {
    let mut suite = Suite::new().await;
    let (old, new) = (ClientKey::new(Algorithm::Rs256), ClientKey::new(Algorithm::Rs256));
    let site = KeySite::start(&old.jwks()).await;
    let mut document = Applicant::new("private_key_jwt").document("code");
    document.as_object_mut().unwrap().remove("jwks");
    document["jwks_uri"] = json!(site.url());
    let (client, _) = suite.registers(document).await;
    let ask = |request: AuthorizeRequest| request.set("scope", "openid offline_access").set("prompt", "consent");
    let answer = suite.browser.authorize(&client, ask).await;
    let tokens = client.exchange(&answer).by_assertion(&old.signs(&suite.app.statement(&client))).send().await.tokens();
    site.publish(&new.jwks());
    let refresh = client.asks("refresh_token").set("refresh_token", tokens.body["refresh_token"].as_str().unwrap());
    let given = refresh.clone().by_assertion(&new.signs(&suite.app.statement(&client))).send().await;
    assert_eq!(given.status, 200, "{}", given.body);
    let refused = refresh.by_assertion(&old.signs(&suite.app.statement(&client))).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"), "the old key is over");
}

/// Keys as they are published.
async fn published(app: &TestApp) -> Vec<Value> {
    JsonAnswer::of(app.wire().get("/oauth2/jwks")).await.body["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let app = TestApp::with_keys_of_its_own(|config| config.keys.rotate_every = DAY).await;
    let before = published(&app).await;
    let alice = app.user("alice").await;
    let client = app.client(vestibule_tests::ClientSpec::first_party()).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let first = client.redeem(&browser.authorize(&client, |request| request).await).await;
    app.clock().advance(DAY);
    // What looks each minute whether keys are due looks at the start too.
    let app = app.restart().await;
    while published(&app).await.len() == before.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let signing = |keys: &[Value]| keys.iter().filter(|key| key["use"] == "sig").cloned().collect::<Vec<_>>();
    let after = published(&app).await;
    assert!(signing(&before).iter().all(|key| after.contains(key)), "the old ones go on being published");
    // The new ones were published before they sign.
    app.clock().advance(app.config().keys.publish_ahead + Duration::from_secs(1));
    let mut browser = Browser::sign_in(&app, &alice).await;
    let client = app.known_client(&client.client_id, client.secret.as_deref(), &client.redirect_uri);
    let second = client.redeem(&browser.authorize(&client, |request| request).await).await;
    let kid = |token: &str| vestibule_tests::header(token)["kid"].clone();
    assert_ne!(kid(&first.id_token), kid(&second.id_token));
    assert!(after.iter().any(|key| key["kid"] == kid(&second.id_token)));
    assert!(jose::is_signed(&first.id_token, &jose::keys(&app).await), "what was signed before still holds");
}
