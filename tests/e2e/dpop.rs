//! DPoP (RFC 9449): tokens that are bound to a key of the application's, from the authorization request to the resource.
//!
//! The refusals at userinfo mirror `fapi2-security-profile-final-dpop-negative-tests` of the OpenID certification tests.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, header::AUTHORIZATION};
use serde_json::json;
use tokio::task::JoinSet;
use vestibule_jose::{Algorithm, sha256};
use vestibule_oidc::client::AccessTokenFormat;
use vestibule_tests::{ClientSpec, DpopKey, DpopProof, JsonAnswer, TestApp, ThirdParty, TokenRequest, Tokens};

use crate::{
    error_at_once,
    refresh::{confidential, public, refresh},
    scene, scene_of,
};

/// What a client is told: status and error.
fn told(answer: &JsonAnswer) -> (u16, &str) {
    (answer.status.as_u16(), answer.error())
}

async fn send(request: &TokenRequest, proof: &DpopProof) -> JsonAnswer {
    JsonAnswer::of(request.build().header("DPoP", proof.sign())).await
}

/// Somebody who signed in to an application, whose tokens are bound to a key.
struct Bound {
    app: TestApp,
    client: ThirdParty,
    key: DpopKey,
    tokens: Tokens,
}

impl Bound {
    async fn new() -> Self {
        Self::with(ClientSpec::default(), |_| {}).await
    }

    async fn with(spec: ClientSpec, change: impl FnOnce(&mut vestibule::config::Config)) -> Self {
        let app = TestApp::with(|config| {
            // Without a port, so that the scheme's own can be written out.
            config.http.public_url = "https://id.example".parse().unwrap();
            change(config);
        })
        .await;
        let (alice, client, key) = (app.user("alice").await, app.client(spec).await, app.dpop_key());
        let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
        let request = client.exchange(&answer);
        let mut proof = key.for_token_endpoint();
        if app.config().oidc.dpop_nonce {
            let refused = send(&request, &proof).await;
            assert_eq!(told(&refused), (400, "use_dpop_nonce"));
            proof = key.for_token_endpoint().claim("nonce", json!(refused.header("dpop-nonce").unwrap()));
        }
        let tokens = send(&request, &proof).await.tokens();
        Self { app, client, key, tokens }
    }

    /// Userinfo by GET, with these headers `DPoP`.
    async fn userinfo(&self, proofs: &[String]) -> JsonAnswer {
        let request = self.app.wire().get("/oauth2/userinfo");
        let request = request.header(AUTHORIZATION, format!("DPoP {}", self.tokens.access_token));
        JsonAnswer::of(proofs.iter().fold(request, |request, proof| request.header("DPoP", proof))).await
    }

    fn proof(&self) -> DpopProof {
        self.key.for_userinfo(&self.tokens.access_token)
    }

    async fn answers(&self, proof: DpopProof) -> JsonAnswer {
        self.userinfo(&[proof.sign()]).await
    }

    async fn assert_taken(&self, what: &str, proof: DpopProof) {
        let answer = self.answers(proof).await;
        assert_eq!(told(&answer), (200, ""), "{what}: {}", answer.body);
    }

    /// Refused as a proof that does not hold; and a good one still works afterwards.
    async fn assert_refused(&self, what: &str, proofs: &[String]) {
        let answer = self.userinfo(proofs).await;
        assert_eq!(told(&answer), (401, "invalid_dpop_proof"), "{what}: {}", answer.body);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("DPoP ") && challenge.contains(r#"algs="ES256 PS256 EdDSA""#), "{challenge}");
        assert!(challenge.contains(r#"error="invalid_dpop_proof""#), "{challenge}");
        self.assert_taken(what, self.proof()).await;
    }

    async fn assert_proof_refused(&self, what: &str, proof: DpopProof) {
        self.assert_refused(what, &[proof.sign()]).await;
    }
}

#[tokio::test]
async fn a_token_request_with_a_proof_gives_a_token_that_is_bound_to_its_key() {
    let bound = Bound::new().await;
    assert_eq!(bound.tokens.body["token_type"], "DPoP");
    assert_eq!(bound.tokens.access_claims()["cnf"], json!({ "jkt": bound.key.jkt() }));
    assert_eq!(bound.tokens.id_claims().get("cnf"), None);
    bound.assert_taken("the key's own proof", bound.proof()).await;
}

#[tokio::test]
async fn without_a_proof_a_token_is_bound_to_nothing() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.access_claims().get("cnf"), None);
    let key = app.dpop_key();
    let request = app.wire().get("/oauth2/userinfo").header(AUTHORIZATION, format!("DPoP {}", tokens.access_token));
    let request = request.header("DPoP", key.for_userinfo(&tokens.access_token).sign());
    assert_eq!(told(&JsonAnswer::of(request).await), (401, "invalid_token"), "it was never bound to that key");
}

#[tokio::test]
async fn every_algorithm_that_discovery_names_makes_proofs() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let said = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    for name in said["dpop_signing_alg_values_supported"].as_array().unwrap() {
        let key = app.dpop_key_for(name.as_str().unwrap().parse().unwrap());
        let answer = browser.authorize(&client, |request| request).await;
        let tokens = send(&client.exchange(&answer), &key.for_token_endpoint()).await.tokens();
        assert_eq!(tokens.access_claims()["cnf"]["jkt"], key.jkt(), "{name}");
    }
}

#[tokio::test]
async fn a37_more_than_one_header_none_and_what_is_no_jwt() {
    let bound = Bound::new().await;
    bound.assert_refused("two headers", &[bound.proof().sign(), bound.proof().sign()]).await;
    bound.assert_refused("none", &[]).await;
    bound.assert_refused("no JWT", &["proof".to_owned()]).await;
    bound.assert_refused("two in one", &[format!("{}, {}", bound.proof().sign(), bound.proof().sign())]).await;
}

#[tokio::test]
async fn a37_a_missing_member() {
    let bound = Bound::new().await;
    for member in ["typ", "alg", "jwk"] {
        bound.assert_proof_refused(member, bound.proof().header(member, json!(null))).await;
    }
    for claim in ["jti", "htm", "htu", "iat", "ath"] {
        bound.assert_proof_refused(claim, bound.proof().claim(claim, json!(null))).await;
    }
}

#[tokio::test]
async fn a37_a_wrong_type_algorithm_or_signature() {
    let bound = Bound::new().await;
    bound.assert_proof_refused("typ", bound.proof().header("typ", json!("JWT"))).await;
    for alg in ["none", "RS256", "HS256", "ES384"] {
        bound.assert_proof_refused(alg, bound.proof().header("alg", json!(alg))).await;
    }
    let rs256 = bound.app.dpop_key_for(Algorithm::Rs256);
    bound.assert_proof_refused("RS256", rs256.for_userinfo(&bound.tokens.access_token)).await;
    let proof = bound.proof().sign();
    let (signed, _) = proof.rsplit_once('.').unwrap();
    for signature in [String::new(), URL_SAFE_NO_PAD.encode([0; 64]), URL_SAFE_NO_PAD.encode([1; 64])] {
        bound.assert_refused("signature", &[format!("{signed}.{signature}")]).await;
    }
}

#[tokio::test]
async fn a37_a_private_or_huge_key_in_the_header() {
    let bound = Bound::new().await;
    let with = |name: &str, value| {
        let proof = bound.proof();
        let mut jwk = proof.header["jwk"].clone();
        jwk[name] = value;
        proof.header("jwk", jwk)
    };
    bound.assert_proof_refused("private", with("d", json!("AAAA"))).await;
    let huge = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 1025]), "e": "AQAB" });
    let huge = bound.proof().header("alg", json!("PS256")).header("jwk", huge);
    bound.assert_proof_refused("more than 8192 bits", huge).await;
    bound.assert_proof_refused("secret", bound.proof().header("jwk", json!({ "kty": "oct", "k": "AAAA" }))).await;
}

#[tokio::test]
async fn a37_another_method_or_url() {
    let bound = Bound::new().await;
    bound.assert_proof_refused("PUT", bound.proof().claim("htm", json!("PUT"))).await;
    for url in ["https://id.example/oauth2/token", "https://id.example/oauth2/userinfo/x", "https://rp.example/cb"] {
        bound.assert_proof_refused(url, bound.proof().claim("htu", json!(url))).await;
    }
}

#[tokio::test]
async fn the_url_may_be_written_in_any_way_that_means_the_same() {
    let bound = Bound::new().await;
    for url in [
        "https://id.example/oauth2/userinfo",
        "https://id.example/oauth2/userinfo?a=b#c",
        "HTTPS://ID.EXAMPLE/oauth2/userinfo",
        "https://id.example:443/oauth2/userinfo",
    ] {
        bound.assert_taken(url, bound.proof().claim("htu", json!(url))).await;
    }
}

#[tokio::test]
async fn a37_another_time() {
    let bound = Bound::new().await;
    let at = |off: i64| bound.proof().claim("iat", json!(bound.app.clock().now().seconds() + off));
    for off in [-10, 10] {
        bound.assert_taken("ten seconds", at(off)).await;
    }
    for off in [-3600, 3600] {
        bound.assert_proof_refused("an hour", at(off)).await;
    }
    let now = bound.app.clock().now().seconds();
    bound.assert_proof_refused("expired", bound.proof().claim("exp", json!(now - 60))).await;
    bound.assert_proof_refused("not yet", bound.proof().claim("nbf", json!(now + 60))).await;
}

#[tokio::test]
async fn a37_the_same_proof_twice() {
    let bound = Bound::new().await;
    let proof = bound.proof();
    bound.assert_taken("once", proof.clone()).await;
    bound.assert_proof_refused("twice", proof.clone()).await;
    bound.assert_proof_refused("signed anew with the same jti", proof.claim("other", json!(1))).await;
}

#[tokio::test]
async fn a37_the_hash_of_another_token() {
    let bound = Bound::new().await;
    bound.assert_proof_refused("another", bound.proof().claim("ath", json!(sha256(b"another")))).await;
    let other = Bound::new().await;
    bound.assert_proof_refused("of a token elsewhere", bound.key.for_userinfo(&other.tokens.access_token)).await;
}

#[tokio::test]
async fn a37_another_key_than_the_tokens() {
    let bound = Bound::new().await;
    let other = bound.app.dpop_key();
    let answer = bound.answers(other.for_userinfo(&bound.tokens.access_token)).await;
    assert_eq!(told(&answer), (401, "invalid_token"));
    assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP "));
    bound.assert_taken("its own", bound.proof()).await;
}

#[tokio::test]
async fn a37_a_bound_token_as_a_bearer_token() {
    let bound = Bound::new().await;
    let token = &bound.tokens.access_token;
    let with_proof = |method: &str| bound.key.proof(method, "/oauth2/userinfo").with(token).sign();
    let wire = bound.app.wire();
    for request in [
        wire.get("/oauth2/userinfo").bearer_auth(token),
        wire.get("/oauth2/userinfo").bearer_auth(token).header("DPoP", with_proof("GET")),
        wire.post("/oauth2/userinfo").form(&[("access_token", token)]).header("DPoP", with_proof("POST")),
    ] {
        let answer = JsonAnswer::of(request).await;
        assert_eq!(told(&answer), (401, "invalid_token"));
        assert!(answer.header("www-authenticate").unwrap().starts_with("DPoP "), "it is told which scheme to use");
    }
}

#[tokio::test]
async fn what_is_not_known_is_ignored_and_the_headers_name_has_no_case() {
    let bound = Bound::new().await;
    let more = bound.proof().header("x-other", json!({ "a": [1] })).claim("other", json!("thing"));
    bound.assert_taken("unknown members", more).await;
    let request = bound.app.wire().get("/oauth2/userinfo");
    let request = request.header(AUTHORIZATION, format!("dPoP {}", bound.tokens.access_token));
    assert_eq!(told(&JsonAnswer::of(request.header("DPOP", bound.proof().sign())).await), (200, ""));
    let post = bound.app.wire().post("/oauth2/userinfo");
    let post = post.header(AUTHORIZATION, format!("DPoP {}", bound.tokens.access_token));
    let proof = bound.key.proof("POST", "/oauth2/userinfo").with(&bound.tokens.access_token);
    assert_eq!(told(&JsonAnswer::of(post.header("DPoP", proof.sign())).await), (200, ""), "by POST");
}

#[tokio::test]
async fn a37_a_proof_of_the_token_request_opens_nothing_else() {
    let bound = Bound::new().await;
    bound.assert_proof_refused("of the token endpoint", bound.key.for_token_endpoint()).await;
    let (alice, client) = (bound.app.user("bob").await, &bound.client);
    let mut browser = bound.app.browser_of(&alice);
    let proof = bound.key.for_token_endpoint();
    let first = browser.authorize(client, |request| request).await;
    assert_eq!(send(&client.exchange(&first), &proof).await.status, 200);
    let second = browser.authorize(client, |request| request).await;
    assert_eq!(told(&send(&client.exchange(&second), &proof).await), (400, "invalid_dpop_proof"), "the same one twice");
    assert_eq!(send(&client.exchange(&second), &bound.key.for_token_endpoint()).await.status, 200, "the code is left");
}

#[tokio::test]
async fn a37_of_fifty_requests_with_one_proof_one_goes_on() {
    let bound = Bound::new().await;
    let proof = bound.proof().sign();
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let request = bound.app.wire().get("/oauth2/userinfo");
        let request = request.header(AUTHORIZATION, format!("DPoP {}", bound.tokens.access_token));
        requests.spawn(JsonAnswer::of(request.header("DPoP", &proof)));
    }
    let answers = requests.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| told(answer) == (401, "invalid_dpop_proof")).count(), 49);
}

#[tokio::test]
async fn a37_a_token_request_with_a_bad_proof_is_refused_and_leaves_the_code() {
    let (app, alice, client) = scene().await;
    let (key, mut browser) = (app.dpop_key(), app.browser_of(&alice));
    let request = client.exchange(&browser.authorize(&client, |request| request).await);
    for bad in [
        key.for_token_endpoint().header("alg", json!("none")),
        key.for_token_endpoint().claim("htm", json!("GET")),
        key.proof("POST", "/oauth2/userinfo"),
        key.for_token_endpoint().claim("iat", json!(app.clock().now().seconds() - 3600)),
    ] {
        assert_eq!(told(&send(&request, &bad).await), (400, "invalid_dpop_proof"));
    }
    let twice = request.build().header("DPoP", key.for_token_endpoint().sign());
    let twice = twice.header("DPoP", key.for_token_endpoint().sign());
    assert_eq!(told(&JsonAnswer::of(twice).await), (400, "invalid_dpop_proof"));
    assert_eq!(send(&request, &key.for_token_endpoint()).await.status, 200);
}

#[tokio::test]
async fn an_application_that_registered_bound_tokens_gets_no_others() {
    let spec = ClientSpec::default().with(|new| new.metadata.dpop_bound_access_tokens = true);
    let (app, alice, client) = scene_of(spec).await;
    let request = client.exchange(&app.browser_of(&alice).authorize(&client, |request| request).await);
    assert_eq!(told(&request.send().await), (400, "invalid_dpop_proof"));
    let tokens = send(&request, &app.dpop_key().for_token_endpoint()).await.tokens();
    assert_eq!(tokens.body["token_type"], "DPoP");
}

#[tokio::test]
async fn a37_a_code_that_was_bound_to_a_key_is_given_for_that_key_alone() {
    let (app, alice, client) = scene().await;
    let (key, other, mut browser) = (app.dpop_key(), app.dpop_key(), app.browser_of(&alice));
    for proof in [None, Some(other.for_token_endpoint())] {
        let answer = browser.authorize(&client, |request| request.set("dpop_jkt", &key.jkt())).await;
        let request = client.exchange(&answer);
        let refused = match &proof {
            None => request.send().await,
            Some(proof) => send(&request, proof).await,
        };
        assert_eq!(told(&refused), (400, "invalid_grant"));
    }
    let answer = browser.authorize(&client, |request| request.set("dpop_jkt", &key.jkt())).await;
    let tokens = send(&client.exchange(&answer), &key.for_token_endpoint()).await.tokens();
    assert_eq!(tokens.access_claims()["cnf"]["jkt"], key.jkt());
}

#[tokio::test]
async fn a_thumbprint_that_is_none_is_told_to_the_application() {
    let (app, _, client) = scene().await;
    for odd in ["short", &"A".repeat(44), &format!("{}=", "A".repeat(43)), &"+".repeat(43)] {
        let error = error_at_once(&app, &client, |request| request.set("dpop_jkt", odd)).await;
        assert_eq!(error, "invalid_request", "{odd:?}");
    }
}

#[tokio::test]
async fn a_public_applications_refresh_token_is_bound_to_the_key_and_a_confidential_ones_to_its_secret() {
    for (spec, bound) in [(public(), true), (confidential(), false)] {
        let (app, alice, client) = scene_of(spec).await;
        let (key, other) = (app.dpop_key(), app.dpop_key());
        let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
        let first = send(&client.exchange(&answer), &key.for_token_endpoint()).await.tokens();
        if bound {
            let without = refresh(&client, &first.refresh_token).send().await;
            assert_eq!(told(&without), (400, "invalid_grant"));
            let by_other = send(&refresh(&client, &first.refresh_token), &other.for_token_endpoint()).await;
            assert_eq!(told(&by_other), (400, "invalid_grant"));
        }
        let next = if bound { &key } else { &other };
        let second = send(&refresh(&client, &first.refresh_token), &next.for_token_endpoint()).await.tokens();
        assert_eq!(second.body["token_type"], "DPoP");
        assert_eq!(second.access_claims()["cnf"]["jkt"], next.jkt());
    }
}

#[tokio::test]
async fn a_token_that_an_application_gets_for_itself_and_an_opaque_one_are_bound_alike() {
    let app = TestApp::start().await;
    app.api("https://notes.example", &["notes:read"]).await;
    let spec = ClientSpec::default().for_grants(&["client_credentials"]).at(&[]).for_scope("notes:read");
    let client = app.client(spec).await;
    let key = app.dpop_key();
    let tokens = send(&client.asks("client_credentials"), &key.for_token_endpoint()).await.tokens();
    assert_eq!(
        (&tokens.body["token_type"], &tokens.access_claims()["cnf"]["jkt"]),
        (&"DPoP".into(), &key.jkt().into())
    );

    let opaque = ClientSpec::default().with(|new| new.metadata.access_token_format = Some(AccessTokenFormat::Opaque));
    let bound = Bound::with(opaque, |_| {}).await;
    assert!(bound.tokens.access_token.starts_with("vst_at_"));
    bound.assert_taken("its own key", bound.proof()).await;
    bound.assert_refused("none", &[]).await;
    assert_eq!(bound.client.userinfo(&bound.tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn where_a_nonce_is_asked_for_each_answer_gives_one_and_a_proof_carries_it() {
    let bound = Bound::with(ClientSpec::default(), |config| config.oidc.dpop_nonce = true).await;
    let without = bound.answers(bound.proof()).await;
    assert_eq!(told(&without), (401, "use_dpop_nonce"));
    assert!(without.header("www-authenticate").unwrap().contains(r#"error="use_dpop_nonce""#));
    let nonce = without.header("dpop-nonce").unwrap().to_owned();
    assert!(without.header("access-control-expose-headers").unwrap().contains("DPoP-Nonce"));
    let good = bound.answers(bound.proof().claim("nonce", json!(nonce))).await;
    assert_eq!(told(&good), (200, ""));
    assert!(good.header("dpop-nonce").is_some(), "the next one comes along");
    let late = bound.proof().claim("iat", json!(bound.app.clock().now().seconds() - 3600));
    bound.assert_taken("an hour ago by its own clock", late.claim("nonce", json!(nonce))).await;
}

#[tokio::test]
async fn a37_a_nonce_that_is_old_made_up_or_left_out_is_refused_where_one_is_asked_for() {
    let bound = Bound::with(ClientSpec::default(), |config| config.oidc.dpop_nonce = true).await;
    let nonce = bound.answers(bound.proof()).await.header("dpop-nonce").unwrap().to_owned();
    bound.app.clock().advance(Duration::from_secs(180));
    for nonce in [json!(null), json!("made up"), json!(nonce)] {
        let answer = bound.answers(bound.proof().claim("nonce", nonce.clone())).await;
        assert_eq!(told(&answer), (401, "use_dpop_nonce"), "{nonce}");
    }
}

#[tokio::test]
async fn where_no_nonce_is_asked_for_none_is_given() {
    let bound = Bound::new().await;
    let answer = bound.answers(bound.proof()).await;
    assert_eq!((answer.status.as_u16(), answer.header("dpop-nonce")), (200, None));
}

#[tokio::test]
async fn whoever_asks_without_a_token_is_challenged_by_both_schemes() {
    let app = TestApp::start().await;
    let answer = JsonAnswer::of(app.wire().get("/oauth2/userinfo")).await;
    let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(challenges.len(), 2);
    assert_eq!(challenges[1], r#"DPoP realm="vestibule", algs="ES256 PS256 EdDSA""#);
}

#[tokio::test]
async fn pages_of_other_origins_may_send_proofs() {
    let app = TestApp::start().await;
    let preflight = app.wire().request(Method::OPTIONS, "/oauth2/token").header("Origin", "https://spa.example");
    let answer = JsonAnswer::of(preflight).await;
    assert!(answer.header("access-control-allow-headers").unwrap().contains("DPoP"));
}

#[tokio::test]
async fn a37_the_administration_api_takes_a_bound_token_with_its_proof_alone() {
    let app = TestApp::start().await;
    let root = app.user_with("root", |new| (new.staff, new.superuser) = (true, true)).await;
    let client = app.client(ClientSpec::first_party().for_scope("vestibule.view_user")).await;
    let key = app.dpop_key();
    let answer = app.browser_of(&root).authorize(&client, |request| request.set("scope", "vestibule.view_user")).await;
    let tokens = send(&client.exchange(&answer), &key.for_token_endpoint()).await.tokens();
    let token = &tokens.access_token;
    let users = || app.wire().get("/api/v1/users?limit=1");
    let bound = || users().header(AUTHORIZATION, format!("DPoP {token}"));
    assert_eq!(JsonAnswer::of(users().bearer_auth(token)).await.status, 401);
    assert_eq!(JsonAnswer::of(bound()).await.status, 401);
    let proof = || key.proof("GET", "/api/v1/users").with(token);
    let refused = JsonAnswer::of(bound().header("DPoP", proof().claim("htm", json!("POST")).sign())).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains(r#"error="invalid_dpop_proof""#));
    let taken = JsonAnswer::of(bound().header("DPoP", proof().sign())).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
}

#[tokio::test]
async fn rotation_can_be_off_for_who_proves_a_key_and_for_nobody_else() {
    let spec = public().with(|new| new.metadata.rotate_refresh_tokens = Some(false));
    let (app, alice, client) = scene_of(spec).await;
    let key = app.dpop_key();
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let first = send(&client.exchange(&answer), &key.for_token_endpoint()).await.tokens();
    for _ in 0..3 {
        let again = send(&refresh(&client, &first.refresh_token), &key.for_token_endpoint()).await.tokens();
        assert_eq!(again.refresh_token, first.refresh_token);
        assert_ne!(again.access_token, first.access_token);
        app.clock().advance(Duration::from_secs(300));
    }
    let stolen = send(&refresh(&client, &first.refresh_token), &app.dpop_key().for_token_endpoint()).await;
    assert_eq!(told(&stolen), (400, "invalid_grant"));

    let spec = confidential().with(|new| new.metadata.rotate_refresh_tokens = Some(false));
    let (app, alice, client) = scene_of(spec).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let first = client.redeem(&answer).await;
    let second = refresh(&client, &first.refresh_token).send().await.tokens();
    assert_ne!(second.refresh_token, first.refresh_token, "without a key each use gives a new one");
}
