//! How applications prove themselves at the token endpoint, and what that endpoint takes at all.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::header::AUTHORIZATION;
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{Answer, Browser, ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest};

/// A provider, an application, and a browser at which somebody is signed in.
async fn begun(spec: ClientSpec) -> (TestApp, ThirdParty, Browser) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let browser = Browser::sign_in(&app, &alice).await;
    (app, client, browser)
}

async fn answered(spec: ClientSpec) -> (TestApp, ThirdParty, Answer) {
    let (app, client, mut browser) = begun(spec).await;
    let answer = browser.authorize(&client, |request| request).await;
    (app, client, answer)
}

fn registered_for(method: AuthMethod) -> ClientSpec {
    ClientSpec::default().with(|new| new.auth_method = Some(method))
}

/// Status and error.
fn told(answer: &JsonAnswer) -> (u16, &str) {
    (answer.status.as_u16(), answer.error())
}

fn assert_given(answer: &JsonAnswer) {
    assert_eq!(told(answer), (200, ""), "{}", answer.body);
}

/// A token request with this `Authorization` header and no other.
fn with_header(request: &TokenRequest, value: &str) -> reqwest::RequestBuilder {
    request.clone().without_basic().build().header(AUTHORIZATION, value)
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

/// Each byte percent-encoded, as form-urlencoding allows.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn without_a_registered_method_the_secret_may_come_in_the_header_or_in_the_body() {
    let (_app, client, mut browser) = begun(ClientSpec::default()).await;
    let answer = browser.authorize(&client, |request| request).await;
    assert_given(&client.exchange(&answer).send().await);
    let answer = browser.authorize(&client, |request| request).await;
    assert_given(&client.exchange(&answer).by_post().send().await);
}

#[tokio::test]
async fn basic_credentials_are_form_urlencoded_and_plain_ones_are_understood_too() {
    let (_app, client, mut browser) = begun(registered_for(AuthMethod::ClientSecretBasic)).await;
    let (id, secret) = (&client.client_id, client.secret.as_deref().unwrap());
    let headers = [
        basic(&format!("{}:{}", encoded(id), encoded(secret))),
        basic(&format!("{id}:{secret}")),
        basic(&format!("{id}:{secret}")).replace("Basic", "bASIC"),
    ];
    for header in headers {
        let answer = browser.authorize(&client, |request| request).await;
        assert_given(&JsonAnswer::of(with_header(&client.exchange(&answer), &header)).await);
    }
}

#[tokio::test]
async fn a_colon_belongs_to_the_secret_and_makes_it_another_one() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let (id, secret) = (&client.client_id, client.secret.as_deref().unwrap());
    for credentials in [format!("{id}:{secret}:"), format!("{id}::{secret}"), format!("{id}:{secret}%3A"), id.clone()] {
        let refused = JsonAnswer::of(with_header(&client.exchange(&answer), &basic(&credentials))).await;
        assert_eq!(told(&refused), (401, "invalid_client"), "{credentials}");
    }
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a_registered_method_is_the_only_one() {
    let (_app, client, answer) = answered(registered_for(AuthMethod::ClientSecretBasic)).await;
    assert_eq!(told(&client.exchange(&answer).by_post().send().await), (401, "invalid_client"));
    assert_given(&client.exchange(&answer).send().await);
    let (_app, client, answer) = answered(registered_for(AuthMethod::ClientSecretPost)).await;
    assert_eq!(told(&client.exchange(&answer).send().await), (401, "invalid_client"));
    assert_given(&client.exchange(&answer).by_post().send().await);
}

#[tokio::test]
async fn a_public_application_has_no_secret_to_give() {
    let (_app, client, answer) = answered(ClientSpec::public()).await;
    for secret in ["", "x"] {
        let refused = client.exchange(&answer).set("client_secret", secret).send().await;
        assert_eq!(told(&refused), (401, "invalid_client"), "{secret:?}");
    }
    let refused = client.exchange(&answer).without("client_id").basic(&client.client_id, "").send().await;
    assert_eq!(told(&refused), (401, "invalid_client"));
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a_confidential_application_must_give_its_secret() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let bare = client.exchange(&answer).without_basic();
    assert_eq!(told(&bare.send().await), (401, "invalid_client"), "no client at all");
    let named = bare.set("client_id", &client.client_id);
    for request in [named.clone(), named.clone().set("client_secret", ""), named.set("client_secret", "wrong")] {
        assert_eq!(told(&request.send().await), (401, "invalid_client"));
    }
    client.redeem(&answer).await;
}

#[tokio::test]
async fn an_unknown_application_and_a_wrong_secret_get_the_same_answer() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let request = client.exchange(&answer);
    let pairs = [
        (request.clone().basic(&client.client_id, "wrong"), request.clone().basic("nobody", "wrong")),
        (
            request.clone().basic(&client.client_id, "wrong").by_post(),
            request.clone().basic("nobody", "wrong").by_post(),
        ),
    ];
    for (wrong, unknown) in pairs {
        let (wrong, unknown) = (wrong.send().await, unknown.send().await);
        assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
        let names = |answer: &JsonAnswer| answer.headers.keys().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names(&wrong), names(&unknown));
        assert_eq!(wrong.headers.get("www-authenticate"), unknown.headers.get("www-authenticate"));
    }
}

#[tokio::test]
async fn an_application_that_tried_the_header_is_told_the_scheme() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let request = client.exchange(&answer);
    let wrong = [basic("nobody:x"), basic(":x"), basic("%ff:x"), "Basic".into(), "Basic !".into(), "Bearer x".into()];
    for header in wrong {
        let refused = JsonAnswer::of(with_header(&request, &header)).await;
        assert_eq!(told(&refused), (401, "invalid_client"), "{header}");
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Basic realm="), "{challenge}");
    }
}

#[tokio::test]
async fn a45_two_methods_at_once_are_refused_and_a_matching_client_id_is_none() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let (request, secret) = (client.exchange(&answer), client.secret.clone().unwrap());
    let both = request.clone().set("client_id", &client.client_id).set("client_secret", &secret);
    assert_eq!(told(&both.send().await), (400, "invalid_request"));
    assert_eq!(told(&request.clone().set("client_secret", &secret).send().await), (400, "invalid_request"));
    assert_eq!(told(&request.clone().set("client_id", "other").send().await), (400, "invalid_request"));
    let header = basic(&format!("{}:{secret}", client.client_id));
    let twice = with_header(&request, &header).header(AUTHORIZATION, &header);
    assert_eq!(told(&JsonAnswer::of(twice).await), (400, "invalid_request"));
    assert_given(&request.set("client_id", &client.client_id).send().await);
}

#[tokio::test]
async fn a_secret_in_the_query_is_refused_whatever_else_comes() {
    let (app, client, answer) = answered(ClientSpec::default()).await;
    let secret = client.secret.clone().unwrap();
    for request in [client.exchange(&answer), client.exchange(&answer).without_basic()] {
        let path = format!("/oauth2/token?client_id={}&client_secret={secret}", client.client_id);
        let mut sent = app.wire().post(&path).form(&request.parameters);
        if let Some((id, secret)) = &request.basic {
            sent = sent.basic_auth(id, Some(secret));
        }
        assert_eq!(told(&JsonAnswer::of(sent).await), (400, "invalid_request"));
    }
    client.redeem(&answer).await;
}

#[tokio::test]
async fn parameters_in_the_query_count_for_nothing() {
    let (app, client, answer) = answered(ClientSpec::default()).await;
    let (request, secret) = (client.exchange(&answer), client.secret.clone().unwrap());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.parameters).finish();
    let sent = app.wire().post(&format!("/oauth2/token?{query}")).basic_auth(&client.client_id, Some(secret));
    assert_eq!(told(&JsonAnswer::of(sent).await), (400, "invalid_request"));
    assert_given(&request.send().await);
}

#[tokio::test]
async fn a08_a_doubled_parameter_is_refused_and_the_code_is_left_alone() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let request = client.exchange(&answer).by_post();
    for (name, value) in &request.parameters {
        for other in [value.as_str(), "other", ""] {
            let refused = request.clone().add(name, other).send().await;
            assert_eq!(told(&refused), (400, "invalid_request"), "{name}");
        }
    }
    let unknown = request.clone().add("extra", "1").add("extra", "2").send().await;
    assert_eq!(told(&unknown), (400, "invalid_request"));
    assert_given(&request.send().await);
}

#[tokio::test]
async fn a08_resource_and_audience_may_stand_several_times() {
    let (app, client, answer) = answered(ClientSpec::default()).await;
    let request = client.exchange(&answer).add("resource", app.issuer()).add("resource", app.issuer());
    assert_given(&request.add("audience", app.issuer()).add("audience", app.issuer()).send().await);
}

#[tokio::test]
async fn a32_other_grants_are_unsupported() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let others = [
        "password",
        "implicit",
        "Authorization_Code",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:device_code ",
    ];
    for grant in others {
        let refused = client.exchange(&answer).set("grant_type", grant).send().await;
        assert_eq!(told(&refused), (400, "unsupported_grant_type"), "{grant}");
    }
    for grant in ["client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] {
        let refused = client.exchange(&answer).set("grant_type", grant).send().await;
        assert_eq!(told(&refused), (400, "unauthorized_client"), "{grant} was not registered");
    }
    for request in [client.exchange(&answer).without("grant_type"), client.exchange(&answer).set("grant_type", "")] {
        assert_eq!(told(&request.send().await), (400, "invalid_request"));
    }
    let stranger = client.exchange(&answer).set("grant_type", "password").basic("nobody", "x").send().await;
    assert_eq!(told(&stranger), (401, "invalid_client"), "first of all, who asks");
    client.redeem(&answer).await;
}

#[tokio::test]
async fn an_application_registered_without_pkce_needs_none_and_is_held_to_one_it_began_with() {
    let (_app, client, mut browser) = begun(ClientSpec::without_pkce()).await;
    let answer = browser.authorize(&client, |request| request.without_pkce()).await;
    client.redeem(&answer).await;
    let answer = browser.authorize(&client, |request| request).await;
    let refused = client.exchange(&answer).without("code_verifier").send().await;
    assert_eq!(told(&refused), (400, "invalid_grant"));
    let answer = browser.authorize(&client, |request| request).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn where_pkce_is_not_required_by_configuration_a_public_application_must_use_it_all_the_same() {
    let app = TestApp::with(|config| config.oidc.require_pkce = false).await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let confidential = app.client(ClientSpec::default()).await;
    let answer = browser.authorize(&confidential, |request| request.without_pkce()).await;
    confidential.redeem(&answer).await;
    let public = app.client(ClientSpec::public()).await;
    let answer = browser.authorize(&public, |request| request.without_pkce()).await;
    assert_eq!(answer.error(), "invalid_request");
}

#[tokio::test]
async fn a_changed_secret_is_the_only_one_from_then_on() {
    let (app, client, answer) = answered(ClientSpec::default()).await;
    let secret = app.provider().clients().rotate_secret(&client.id()).await.unwrap();
    assert_eq!(told(&client.exchange(&answer).send().await), (401, "invalid_client"));
    assert_given(&client.exchange(&answer).basic(&client.client_id, &secret).send().await);
}

#[tokio::test]
async fn nobody_may_keep_an_answer_of_the_token_endpoint() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let refused = client.exchange(&answer).set("code", "x").send().await;
    let unknown = client.exchange(&answer).basic("nobody", "x").send().await;
    let good = client.exchange(&answer).send().await;
    assert_eq!(good.headers["pragma"], "no-cache");
    for answer in [good, refused, unknown] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn tokens_are_asked_for_by_post_with_a_form_and_not_otherwise() {
    let (app, client, answer) = answered(ClientSpec::default()).await;
    let get = JsonAnswer::of(app.wire().get("/oauth2/token")).await;
    assert_eq!(told(&get), (405, "method_not_allowed"));
    assert!(get.headers["allow"].to_str().unwrap().contains("POST"));
    let secret = client.secret.clone().unwrap();
    let json = app.wire().post("/oauth2/token").basic_auth(&client.client_id, Some(secret));
    let json = json.json(&serde_json::json!({ "grant_type": "authorization_code", "code": answer.code() }));
    assert_eq!(told(&JsonAnswer::of(json).await), (400, "invalid_request"));
    client.redeem(&answer).await;
}

#[tokio::test]
async fn an_error_description_keeps_to_the_characters_that_are_allowed_there() {
    let (_app, client, answer) = answered(ClientSpec::default()).await;
    let request = client.exchange(&answer).by_post();
    for name in ["bad\r\nname", "\"quoted\\\"", "ünïcode\u{7f}\t"] {
        let refused = request.clone().add(name, "1").add(name, "2").send().await;
        assert_eq!(told(&refused), (400, "invalid_request"));
        let words = refused.body["error_description"].as_str().unwrap();
        assert!(words.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{words:?}");
    }
}
