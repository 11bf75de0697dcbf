//! Access tokens: JWTs by RFC 9068, for one API each, and refused wherever they are anything else.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_oidc::client::{AccessTokenFormat, NewApi};
use vestibule_tests::{Browser, ClientSpec, JsonAnswer, TestApp, ThirdParty, Tokens, header, unsigned};
use vestibule_tokens::SigningAlgorithm;

use crate::jose;

const NOTES: &str = "https://notes.example";

/// A provider with an API, an application that may use it, and a browser at which alice is signed in.
async fn begun() -> (TestApp, ThirdParty, Browser) {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read", "notes:write"]).await;
    let client = app.client(ClientSpec::default().for_scope("openid email notes:read notes:write")).await;
    let alice = app.user("alice").await;
    let browser = Browser::sign_in(&app, &alice).await;
    (app, client, browser)
}

async fn tokens(browser: &mut Browser, client: &ThirdParty, scope: &str) -> Tokens {
    let answer = browser.authorize(client, |request| request.set("scope", scope)).await;
    client.redeem(&answer).await
}

/// Asserts that userinfo takes the token for none.
async fn assert_refused(client: &ThirdParty, token: &str) {
    let answer = client.userinfo(token).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_token"), "{token}");
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""), "{challenge}");
}

fn seconds(claims: &Value, name: &str) -> i64 {
    claims[name].as_i64().unwrap_or_else(|| panic!("{name} is no number: {claims}"))
}

#[tokio::test]
async fn its_header_and_claims_are_those_of_rfc_9068() {
    let (app, client, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client, "openid notes:read").await;
    let head = header(&tokens.access_token);
    assert_eq!((&head["typ"], &head["alg"]), (&"at+jwt".into(), &"ES256".into()));
    assert!(jose::is_signed(&tokens.access_token, &jose::keys(&app).await));
    let (claims, id) = (tokens.access_claims(), tokens.id_claims());
    assert_eq!((&claims["iss"], &claims["aud"]), (&app.issuer().into(), &NOTES.into()));
    assert_eq!((&claims["client_id"], &claims["scope"]), (&client.client_id.into(), &"notes:read openid".into()));
    for shared in ["sub", "sid", "auth_time", "acr", "amr"] {
        assert_eq!(claims[shared], id[shared], "{shared}");
    }
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 32));
    assert_eq!(seconds(&claims, "exp") - seconds(&claims, "iat"), 600);
    assert_eq!(tokens.body["expires_in"], 600);
    assert_eq!(tokens.body["scope"], "notes:read openid");
}

#[tokio::test]
async fn no_two_are_the_same() {
    let (_app, client, mut browser) = begun().await;
    let one = tokens(&mut browser, &client, "openid").await;
    let other = tokens(&mut browser, &client, "openid").await;
    assert_ne!(one.access_token, other.access_token);
    assert_ne!(one.access_claims()["jti"], other.access_claims()["jti"]);
}

#[tokio::test]
async fn it_is_for_the_api_that_owns_the_scopes_and_else_for_the_issuer() {
    let (app, client, mut browser) = begun().await;
    for (scope, audience) in [("openid email", app.issuer()), ("openid notes:read", NOTES), ("notes:write", NOTES)] {
        assert_eq!(tokens(&mut browser, &client, scope).await.access_claims()["aud"], audience, "{scope}");
    }
}

#[tokio::test]
async fn scopes_of_two_apis_cannot_be_had_at_once() {
    let (app, _, mut browser) = begun().await;
    app.api("https://mail.example", &["mail:send"]).await;
    let client = app.client(ClientSpec::default().for_scope("openid notes:read mail:send")).await;
    let answer = browser.authorize(&client, |request| request.set("scope", "openid notes:read mail:send")).await;
    assert_eq!(answer.error(), "invalid_scope");
    for (scope, audience) in [("openid mail:send", "https://mail.example"), ("openid notes:read", NOTES)] {
        assert_eq!(tokens(&mut browser, &client, scope).await.access_claims()["aud"], audience);
    }
}

#[tokio::test]
async fn a_scope_whose_api_was_deleted_since_the_code_is_not_signed_for_another_audience() {
    let (app, client, mut browser) = begun().await;
    let answer = browser.authorize(&client, |request| request.set("scope", "openid notes:read")).await;
    app.provider().apis().delete(NOTES).await.unwrap();
    assert_eq!(client.exchange(&answer).send().await.error(), "invalid_scope");
}

#[tokio::test]
async fn an_api_chooses_algorithm_and_lifetime_of_its_tokens() {
    let (app, _, mut browser) = begun().await;
    let api = NewApi {
        identifier: "urn:example:mail".to_owned(),
        scopes: vec![("mail:send".to_owned(), None)],
        access_token_alg: Some(SigningAlgorithm::Rs256),
        access_token_lifetime: Some(Duration::from_secs(42)),
        ..NewApi::default()
    };
    app.provider().apis().create(api, app.issuer()).await.unwrap();
    let client = app.client(ClientSpec::default().for_scope("openid mail:send")).await;
    let tokens = tokens(&mut browser, &client, "openid mail:send").await;
    assert_eq!(header(&tokens.access_token)["alg"], "RS256");
    assert!(jose::is_signed(&tokens.access_token, &jose::keys(&app).await));
    assert_eq!((&tokens.body["expires_in"], &tokens.access_claims()["aud"]), (&42.into(), &"urn:example:mail".into()));
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn an_api_or_an_application_can_want_opaque_ones_which_say_the_same() {
    let (app, client, mut browser) = begun().await;
    let api = NewApi {
        identifier: "urn:example:mail".to_owned(),
        scopes: vec![("mail:send".to_owned(), None)],
        access_token_lifetime: Some(Duration::from_secs(42)),
        opaque: true,
        ..NewApi::default()
    };
    app.provider().apis().create(api, app.issuer()).await.unwrap();
    let scope = "openid mail:send notes:read";
    let by_api = app.client(ClientSpec::default().for_scope(scope)).await;
    let format =
        |format| ClientSpec::default().for_scope(scope).with(|new| new.metadata.access_token_format = Some(format));
    let by_client = app.client(format(AccessTokenFormat::Opaque)).await;
    let never = app.client(format(AccessTokenFormat::Jwt)).await;
    for (client, asked, opaque) in [
        (&by_api, "openid mail:send", true),
        (&by_api, "openid notes:read", false),
        (&by_client, "openid notes:read", true),
        (&by_client, "openid", true),
        (&never, "openid mail:send", false),
    ] {
        let tokens = tokens(&mut browser, client, asked).await;
        assert_eq!(tokens.access_token.starts_with("vst_at_"), opaque, "{asked}");
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 200, "{asked}");
        let read = app.provider().tokens().verify_access_token(&tokens.access_token).unwrap();
        assert_eq!(
            (read.client.clone(), read.scope.to_string()),
            (client.id(), asked.split(' ').rev().collect::<Vec<_>>().join(" "))
        );
    }
    assert_eq!(client.userinfo("vst_at_AAAA").await.status, 401);
}

#[tokio::test]
async fn a_sign_out_ends_opaque_ones_as_well_and_they_expire_to_the_second() {
    let (app, _, mut browser) = begun().await;
    let spec = ClientSpec::default().with(|new| new.metadata.access_token_format = Some(AccessTokenFormat::Opaque));
    let client = app.client(spec).await;
    let first = tokens(&mut browser, &client, "openid").await;
    app.clock().advance(Duration::from_secs(601));
    assert_refused(&client, &first.access_token).await;
    let second = tokens(&mut browser, &client, "openid").await;
    assert_eq!(client.userinfo(&second.access_token).await.status, 200);
    let alice = second.id_claims()["sub"].as_str().unwrap().parse().unwrap();
    app.provider().sign_out_everywhere(alice).await.unwrap();
    assert_refused(&client, &second.access_token).await;
}

#[tokio::test]
async fn the_configuration_chooses_algorithm_and_lifetime_where_no_api_does() {
    let app = TestApp::with(|config| {
        config.tokens.access_token_alg = SigningAlgorithm::Rs256;
        config.tokens.access_token_lifetime = Duration::from_secs(99);
    })
    .await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let tokens = tokens(&mut app.browser_of(&alice), &client, "openid").await;
    assert_eq!(header(&tokens.access_token)["alg"], "RS256");
    assert_eq!(tokens.body["expires_in"], 99);
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
}

#[tokio::test]
async fn a31_an_id_token_is_no_access_token() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    for algorithm in SigningAlgorithm::DEFAULT {
        let spec = ClientSpec::default().with(|new| new.metadata.id_token_signed_response_alg = algorithm.into());
        let client = app.client(spec).await;
        let tokens = tokens(&mut app.browser_of(&alice), &client, "openid").await;
        assert_refused(&client, &tokens.id_token).await;
    }
}

#[tokio::test]
async fn a31_an_access_token_is_no_id_token_hint() {
    let (_app, client, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client, "openid").await;
    let hint = |request: vestibule_tests::AuthorizeRequest, token: &str| {
        request.set("prompt", "none").set("id_token_hint", token)
    };
    let refused = browser.authorize(&client, |request| hint(request, &tokens.access_token)).await;
    assert_eq!(refused.error(), "invalid_request");
    let taken = browser.authorize(&client, |request| hint(request, &tokens.id_token)).await;
    client.redeem(&taken).await;
}

#[tokio::test]
async fn a31_a_code_and_a_client_secret_are_no_access_tokens() {
    let (_app, client, mut browser) = begun().await;
    let answer = browser.authorize(&client, |request| request).await;
    assert_refused(&client, answer.code()).await;
    assert_refused(&client, client.secret.as_deref().unwrap()).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn userinfo_wants_the_scope_openid_whichever_api_the_token_is_for() {
    let (_app, client, mut browser) = begun().await;
    let without = tokens(&mut browser, &client, "notes:read").await;
    assert_eq!(without.id_token, "");
    let refused = client.userinfo(&without.access_token).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "insufficient_scope"));
    assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("error=\"insufficient_scope\""));
    let with = tokens(&mut browser, &client, "openid notes:read").await;
    assert_eq!(client.userinfo(&with.access_token).await.status, 200);
}

#[tokio::test]
async fn a40_a_token_that_was_changed_in_any_part_is_refused() {
    let (app, client, mut browser) = begun().await;
    let token = tokens(&mut browser, &client, "openid").await.access_token;
    let (message, signature) = token.rsplit_once('.').unwrap();
    let far = app.clock().now().seconds() + 100_000;
    let changed = [
        jose::with_claim(&token, "exp", far.into()),
        jose::with_claim(&token, "sub", "another".into()),
        jose::with_claim(&token, "scope", "openid email".into()),
        jose::with_header(&token, "typ", "JWT".into()),
        jose::with_header(&token, "alg", "RS256".into()),
        jose::with_header(&token, "kid", "../../etc/passwd".into()),
        jose::with_header(&token, "crit", json!(["exp"])),
        jose::with_header(&token, "jku", "https://evil.example/jwks".into()),
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{}", signature.chars().rev().collect::<String>()),
        format!("{message}.{}", "A".repeat(86)),
        format!("{token}."),
        format!("{token}A"),
    ];
    for token in changed {
        assert_refused(&client, &token).await;
    }
    assert_eq!(client.userinfo(&token).await.status, 200);
}

#[tokio::test]
async fn a40_a_token_without_a_signature_is_refused_whatever_its_algorithm_is_called() {
    let (_app, client, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client, "openid").await;
    let kid = header(&tokens.access_token)["kid"].clone();
    for algorithm in ["none", "None", "nOnE", "HS256", "ES256", ""] {
        let bare = unsigned(&tokens.access_claims(), algorithm);
        assert_refused(&client, &bare).await;
        let named = jose::with_header(&jose::with_header(&bare, "kid", kid.clone()), "typ", "at+jwt".into());
        assert_refused(&client, &named).await;
    }
}

#[tokio::test]
async fn a39_what_is_no_token_at_all_is_refused() {
    let (_app, client, _) = begun().await;
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    let odd = ["x", ".", "..", "...", "a.b.c", "=.=.=", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", "~~~"];
    for token in odd {
        assert_refused(&client, token).await;
    }
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let deep = URL_SAFE_NO_PAD.encode(deep);
    assert_refused(&client, &format!("{deep}.{deep}.{}", "A".repeat(86))).await;
}

#[tokio::test]
async fn it_expires_to_the_second() {
    let (app, client, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client, "openid").await;
    app.clock().advance(Duration::from_secs(590));
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
    app.clock().advance(Duration::from_secs(11));
    assert_refused(&client, &tokens.access_token).await;
}

#[tokio::test]
async fn a_token_of_another_provider_is_refused() {
    let (_app, client, _) = begun().await;
    let other = TestApp::with_keys_of_its_own(|_| {}).await;
    let (eve, theirs) = (other.user("eve").await, other.client(ClientSpec::default()).await);
    let tokens = tokens(&mut other.browser_of(&eve), &theirs, "openid").await;
    assert_eq!(theirs.userinfo(&tokens.access_token).await.status, 200);
    assert_refused(&client, &tokens.access_token).await;
}

#[tokio::test]
async fn a79_a_token_of_the_same_keys_under_another_issuer_is_refused() {
    // Both stand on the template's keys; only their public URLs differ.
    let (_app, client, _) = begun().await;
    let other = TestApp::start().await;
    let (eve, theirs) = (other.user("eve").await, other.client(ClientSpec::default()).await);
    let tokens = tokens(&mut other.browser_of(&eve), &theirs, "openid").await;
    let answer = JsonAnswer::of(other.wire().get("/oauth2/userinfo").bearer_auth(&tokens.access_token)).await;
    assert_eq!(answer.status, 200);
    assert_refused(&client, &tokens.access_token).await;
}
