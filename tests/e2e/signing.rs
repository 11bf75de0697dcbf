//! What is signed, by each algorithm that a deployment switches on, and by the secret of an application.

use serde_json::{Value, json};
use vestibule::config::RegistrationMode;
use vestibule_jose::{Algorithm, SecretKey, Unverified};
use vestibule_oidc::client::{AuthMethod, ClientsError, NewApi};
use vestibule_tests::{
    Answer, Browser, ClientKey, ClientSpec, JsonAnswer, LogoutSite, TestApp, ThirdParty, Tokens, claims, header,
};
use vestibule_tokens::{ResponseAlgorithm, SecretAlgorithm, SigningAlgorithm};

use crate::{jose, scene};

const ALL: [SigningAlgorithm; 9] = SigningAlgorithm::ALL;

async fn with_all() -> TestApp {
    TestApp::with(|config| {
        config.keys.algorithms = ALL.into_iter().collect();
        config.registration.mode = RegistrationMode::Open;
        // Logout tokens go to sites of this machine.
        config.fetch.allow_private_networks = true;
    })
    .await
}

/// An application that is told everything with this algorithm.
fn told_by(algorithm: ResponseAlgorithm) -> ClientSpec {
    ClientSpec::first_party().with(|new| {
        new.metadata.id_token_signed_response_alg = algorithm;
        new.metadata.userinfo_signed_response_alg = Some(algorithm);
        new.metadata.introspection_signed_response_alg = algorithm;
    })
}

fn by_secret(algorithm: SecretAlgorithm) -> ClientSpec {
    told_by(ResponseAlgorithm::Secret(algorithm))
}

async fn signs_in(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn userinfo(client: &ThirdParty, app: &TestApp, token: &str) -> String {
    let answer = app.wire().get("/oauth2/userinfo").bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jwt", "{}", client.client_id);
    answer.text().await.unwrap()
}

async fn introspection(client: &ThirdParty, token: &str) -> String {
    let request = client.introspection(token).build().header("accept", "application/token-introspection+jwt");
    request.send().await.unwrap().text().await.unwrap()
}

/// Whether the secret signed it, with that algorithm and no other.
fn is_by_secret(token: &str, client: &ThirdParty, algorithm: Algorithm) -> bool {
    let key = SecretKey::new(algorithm, client.secret.as_ref().unwrap().as_bytes()).unwrap();
    header(token).get("kid").is_none() && Unverified::parse(token).unwrap().verify(&key).is_ok()
}

#[tokio::test]
async fn an_application_is_told_everything_with_the_algorithm_that_it_registered() {
    let app = with_all().await;
    let (mut browser, keys) = (app.browser_of(&app.user("alice").await), jose::keys(&app).await);
    assert_eq!(jose::kids(&app).await.len(), ALL.len(), "a key each");
    for algorithm in ALL {
        let client = app.client(told_by(algorithm.into())).await;
        let tokens = signs_in(&mut browser, &client).await;
        assert_eq!(tokens.id_claims()["at_hash"], jose::at_hash(&tokens.access_token, &tokens.id_token, &keys));
        let userinfo = userinfo(&client, &app, &tokens.access_token).await;
        let introspection = introspection(&client, &tokens.access_token).await;
        assert_eq!(claims(&introspection)["token_introspection"]["active"], true);
        for token in [&tokens.id_token, &userinfo, &introspection] {
            assert_eq!(header(token)["alg"], json!(algorithm));
            assert!(jose::is_signed(token, &keys), "{algorithm}");
        }
        // The person is recognized by it.
        let request = client.request().set("id_token_hint", &tokens.id_token).set("prompt", "none");
        Answer::read(&browser.get(&request.url()).await, &request).code();
    }
}

#[tokio::test]
async fn an_application_with_a_secret_is_told_everything_by_it_where_it_asked_for_that() {
    let (app, alice, _) = scene().await;
    let mut browser = app.browser_of(&alice);
    for algorithm in SecretAlgorithm::ALL {
        let client = app.client(by_secret(algorithm)).await;
        let tokens = signs_in(&mut browser, &client).await;
        let userinfo = userinfo(&client, &app, &tokens.access_token).await;
        let introspection = introspection(&client, &tokens.access_token).await;
        for token in [&tokens.id_token, &userinfo, &introspection] {
            assert!(is_by_secret(token, &client, algorithm.jose()), "{token}");
        }
        let at_hash = vestibule_tokens::at_hash(&tokens.access_token, algorithm.jose());
        assert_eq!(tokens.id_claims()["at_hash"], at_hash);
        assert_eq!(header(&tokens.access_token)["alg"], "ES256", "a41: access tokens are by a key of the ring");
        // The person is recognized by it.
        let request = client.request().set("id_token_hint", &tokens.id_token).set("prompt", "none");
        Answer::read(&browser.get(&request.url()).await, &request).code();
    }
}

#[tokio::test]
async fn an_api_has_its_tokens_signed_with_what_is_on_and_with_no_secret() {
    let app = with_all().await;
    let (mut browser, keys) = (app.browser_of(&app.user("alice").await), jose::keys(&app).await);
    for algorithm in ALL {
        let identifier = format!("urn:example:{algorithm}");
        let scopes = vec![(format!("read:{algorithm}"), None)];
        let api = NewApi { identifier, scopes, access_token_alg: Some(algorithm), ..NewApi::default() };
        app.provider().apis().create(api, app.issuer()).await.unwrap();
        let scope = format!("openid read:{algorithm}");
        let client = app.client(ClientSpec::first_party().for_scope(&scope)).await;
        let answer = browser.authorize(&client, |request| request.set("scope", &scope)).await;
        let tokens = client.redeem(&answer).await;
        assert_eq!(header(&tokens.access_token)["alg"], json!(algorithm));
        assert!(jose::is_signed(&tokens.access_token, &keys), "{algorithm}");
        assert_eq!(client.introspect(&tokens.access_token).await["active"], true, "{algorithm}");
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
    }
}

#[tokio::test]
async fn discovery_lists_exactly_what_is_on_and_registration_takes_exactly_that() {
    let all: Vec<&str> = ALL.map(SigningAlgorithm::name).into_iter().chain(["HS256", "HS384", "HS512"]).collect();
    for (app, on) in [
        (with_all().await, all.clone()),
        (
            TestApp::with(|config| config.registration.mode = RegistrationMode::Open).await,
            vec!["RS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"],
        ),
    ] {
        let said = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        for kind in ["id_token", "userinfo", "introspection"] {
            let member = format!("{kind}_signed_response_alg");
            assert_eq!(said[format!("{kind}_signing_alg_values_supported")], json!(on), "{kind}");
            for algorithm in &all {
                let document = json!({ "redirect_uris": ["https://app.example/cb"], &*member: algorithm });
                let answer = JsonAnswer::of(app.wire().post("/oauth2/register").json(&document)).await;
                if on.contains(algorithm) {
                    assert_eq!((answer.status.as_u16(), &answer.body[&member]), (201, &json!(algorithm)));
                } else {
                    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_client_metadata"));
                    let words = answer.body["error_description"].as_str().unwrap();
                    assert!(words.starts_with(&format!("{member}: {algorithm} is not switched on here")), "{words}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_algorithm_that_was_switched_off_signs_nothing_and_no_other_takes_its_place() {
    let app = TestApp::with(|config| {
        config.keys.algorithms =
            [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::Es384].into_iter().collect();
    })
    .await;
    let alice = app.user("alice").await;
    let client = app.client(told_by(SigningAlgorithm::Es384.into())).await;
    assert_eq!(header(&signs_in(&mut app.browser_of(&alice), &client).await.id_token)["alg"], "ES384");
    let app = app.replica(|config| config.keys.algorithms = SigningAlgorithm::DEFAULT.into_iter().collect()).await;
    let client = app.known_client(&client.client_id, client.secret.as_deref(), &client.redirect_uri);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let refused = client.exchange(&answer).send().await;
    assert!(refused.status.is_server_error() && refused.body.get("id_token").is_none(), "{}", refused.body);
}

#[tokio::test]
async fn a_public_application_or_one_without_a_secret_is_refused_hs256() {
    let app = TestApp::start().await;
    let key = ClientKey::new(Algorithm::Es256);
    for spec in [
        by_secret(SecretAlgorithm::Hs256).with(|new| new.auth_method = Some(AuthMethod::None)),
        by_secret(SecretAlgorithm::Hs256).with(|new| {
            new.auth_method = Some(AuthMethod::PrivateKeyJwt);
            new.metadata.jwks = Some(key.jwks());
        }),
    ] {
        let refused = app.provider().clients().create(spec.new_client()).await;
        let said = refused.err().expect("refused").to_string();
        assert_eq!(said, "id_token_signed_response_alg: HS256 signs with the secret, and it has none");
    }
}

#[tokio::test]
async fn a_secret_that_is_kept_as_a_hash_alone_cannot_be_made_a_key_later() {
    let app = TestApp::start().await;
    let hashed = app.client(ClientSpec::default()).await;
    let update = by_secret(SecretAlgorithm::Hs256).new_client();
    let refused = app.provider().clients().update(&hashed.id(), update, None).await;
    assert!(matches!(refused, Err(ClientsError::OnlyAHash(_))));
}

#[tokio::test]
async fn a_new_secret_signs_what_comes_next() {
    let (app, alice, _) = scene().await;
    let mut client = app.client(by_secret(SecretAlgorithm::Hs512)).await;
    client.secret = Some(app.provider().clients().rotate_secret(&client.id()).await.unwrap());
    let token = signs_in(&mut app.browser_of(&alice), &client).await.id_token;
    assert!(is_by_secret(&token, &client, Algorithm::Hs512));
}

/// Claims signed by the secret of an application, as it can do by itself.
fn forged(client: &ThirdParty, algorithm: Algorithm, claims: &Value) -> String {
    let key = SecretKey::new(algorithm, client.secret.as_ref().unwrap().as_bytes()).unwrap();
    let header = vestibule_jose::EncodedHeader::new(algorithm, None, "JWT");
    vestibule_jose::sign(&key, &header, claims).unwrap()
}

/// Whether a hint is taken at the authorization endpoint.
async fn is_taken(browser: &mut Browser, client: &ThirdParty, hint: &str) -> bool {
    let request = client.request().set("id_token_hint", hint).set("prompt", "none");
    let page = browser.get(&request.url()).await;
    page.is_redirect() && !page.location().as_str().contains("error=invalid_request")
}

#[tokio::test]
async fn a41_a_hint_by_a_secret_is_taken_from_the_application_whose_secret_and_algorithm_it_is() {
    let (app, alice, by_key) = scene().await;
    let mut browser = app.browser_of(&alice);
    let (ours, other) =
        (app.client(by_secret(SecretAlgorithm::Hs256)).await, app.client(by_secret(SecretAlgorithm::Hs256)).await);
    let token = signs_in(&mut browser, &ours).await.id_token;
    assert!(is_taken(&mut browser, &ours, &token).await);
    assert!(!is_taken(&mut browser, &other, &token).await, "another application's");
    let said = claims(&token);
    assert!(!is_taken(&mut browser, &ours, &forged(&ours, Algorithm::Hs384, &said)).await, "another algorithm");
    assert!(!is_taken(&mut browser, &ours, &forged(&other, Algorithm::Hs256, &said)).await, "another secret");
    // An application that registered RS256 has no secret that counts, and the public keys are nobody's.
    let mut of_key = said.clone();
    of_key["aud"] = json!(by_key.client_id);
    let jwks = app.wire().get("/oauth2/jwks").send().await.unwrap().bytes().await.unwrap();
    for secret in [by_key.secret.as_ref().unwrap().as_bytes(), &jwks] {
        let key = SecretKey::new(Algorithm::Hs256, secret).unwrap();
        let header = vestibule_jose::EncodedHeader::new(Algorithm::Hs256, None, "JWT");
        let token = vestibule_jose::sign(&key, &header, &of_key).unwrap();
        assert!(!is_taken(&mut browser, &by_key, &token).await);
    }
    // Nor does it become an access token.
    for token in [&token, &forged(&ours, Algorithm::Hs256, &said)] {
        assert_eq!(ours.userinfo(token).await.status, 401);
        assert_eq!(ours.introspect(token).await, json!({ "active": false }));
    }
}

#[tokio::test]
async fn a55_what_an_application_could_have_signed_itself_signs_nobody_out_without_the_sessions_id() {
    let (app, alice, _) = scene().await;
    let mut browser = app.browser_of(&alice);
    let client = app.client(by_secret(SecretAlgorithm::Hs256)).await;
    let token = signs_in(&mut browser, &client).await.id_token;
    let mut without = claims(&token);
    without.as_object_mut().unwrap().remove("sid");
    let asked = |hint: &str| format!("/oauth2/end_session?id_token_hint={hint}");
    let page = browser.open(&asked(&forged(&client, Algorithm::Hs256, &without))).await;
    assert!(page.find_form("logout").is_some() && !page.is_redirect(), "{page}");
    assert!(browser.cookie("vestibule_session").is_some());
    browser.get(&asked(&token)).await;
    assert!(browser.cookie("vestibule_session").is_none(), "its own token names the session");
}

#[tokio::test]
async fn a_logout_token_is_signed_as_the_id_token_is() {
    let app = with_all().await;
    let (mut browser, site) = (app.browser_of(&app.user("alice").await), LogoutSite::start().await);
    let hearing = |algorithm| told_by(algorithm).with(|new| new.metadata.backchannel_logout_uri = Some(site.url()));
    let secret = app.client(hearing(ResponseAlgorithm::Secret(SecretAlgorithm::Hs256))).await;
    let key = app.client(hearing(SigningAlgorithm::Ps256.into())).await;
    signs_in(&mut browser, &key).await;
    let hint = signs_in(&mut browser, &secret).await.id_token;
    browser.get(&format!("/oauth2/end_session?id_token_hint={hint}")).await;
    let keys = jose::keys(&app).await;
    for token in site.hears(2).await {
        assert_eq!(header(&token)["typ"], "logout+jwt");
        match claims(&token)["aud"].as_str() {
            Some(id) if id == secret.client_id => assert!(is_by_secret(&token, &secret, Algorithm::Hs256)),
            _ => assert!(header(&token)["alg"] == "PS256" && jose::is_signed(&token, &keys)),
        }
    }
}

#[tokio::test]
async fn what_a_secret_signed_for_its_application_proves_nothing_of_the_application() {
    let (app, alice, _) = scene().await;
    let spec = by_secret(SecretAlgorithm::Hs256).with(|new| {
        new.auth_method = Some(AuthMethod::ClientSecretJwt);
        new.metadata.request_object_signing_alg =
            Some(vestibule_oidc::client::RequestObjectAlgorithm::Signed(Algorithm::Hs256));
    });
    let client = app.client(spec).await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let assertion = forged(&client, Algorithm::Hs256, &app.statement(&client));
    let token = client.exchange(&answer).by_assertion(&assertion).send().await.body["id_token"].clone();
    let token = token.as_str().expect("an ID token");
    // The same key signed it, and it is neither an assertion nor a request.
    let refused = client.exchange(&answer).by_assertion(token).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"));
    let page = browser.get(&client.request().set("request", token).url()).await;
    assert!(!page.is_redirect() || page.location().as_str().contains("error=invalid_request_object"), "{page}");
}
