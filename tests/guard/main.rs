//! An API of somebody else's, built on `vestibule-guard`, at a whole provider in this process.
//!
//! A program of its own, beside `e2e`: what it stands on is what the writers of resource servers have, and it is built quickly
//! for them. Each rule of the guard alone has its tests in `crates/guard/tests/rules/`.

mod introspected;
mod step_up;

use std::time::Duration;

use poem::{Endpoint, EndpointExt, Request, Response, Route, endpoint::BoxEndpoint, get, handler, http::StatusCode};
use serde_json::{Value, json};
use vestibule_guard::{Algorithm, Builder, Claims, Guard, StepUp, Subject, require_authentication, require_scope};
use vestibule_oidc::client::NewApi;
use vestibule_tests::{Browser, ClientSpec, JsonAnswer, TestApp, ThirdParty, Tokens};
use vestibule_tokens::{Rotation, SigningAlgorithm};

const NOTES: &str = "https://notes.example";

#[handler]
fn who(subject: Subject) -> String {
    subject.to_string()
}

#[handler]
fn holder(claims: Claims) -> String {
    claims.client_id().to_owned()
}

/// The API, guarded.
struct Api(BoxEndpoint<'static, Response>);

/// What it answered: status, code, challenges.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    body: String,
    challenges: String,
}

impl Answer {
    fn told(&self) -> (u16, String) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        (self.status.as_u16(), body["error"].as_str().unwrap_or_default().to_owned())
    }
}

impl Api {
    fn new(guard: &Guard) -> Self {
        let routes = Route::new()
            .at("/who", get(who))
            .at("/holder", get(holder))
            .at("/write", get(who).with(require_scope("notes:write")))
            .at("/transfer", get(who).with(require_authentication(StepUp::within(Duration::from_secs(60)))))
            .with(guard.clone());
        Self(routes.map_to_response().boxed())
    }

    async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().uri_str(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = self.0.get_response(request.finish()).await;
        let challenges = answer.headers().get_all("www-authenticate").iter();
        let challenges = challenges.map(|value| value.to_str().expect("ASCII")).collect::<Vec<_>>().join("\n");
        Answer { status: answer.status(), body: answer.take_body().into_string().await.expect("text"), challenges }
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    async fn refuses(&self, token: &str) {
        assert_eq!(self.get("/who", token).await.told(), (401, "invalid_token".to_owned()), "{token}");
    }
}

/// A guard of the notes at a provider, on its clock.
fn guard(app: &TestApp) -> Builder {
    Guard::builder(app.issuer(), NOTES).clock(app.clock().clone())
}

/// A provider with an API, an application that may use it, and a browser at which alice is signed in.
async fn begun() -> (TestApp, ThirdParty, Browser, Api) {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read", "notes:write"]).await;
    app.api("https://mail.example", &["mail:send"]).await;
    let client = app.client(ClientSpec::default().for_scope("openid notes:read notes:write mail:send")).await;
    let alice = app.user("alice").await;
    let browser = Browser::sign_in(&app, &alice).await;
    let api = Api::new(&guard(&app).build().expect("a guard"));
    (app, client, browser, api)
}

async fn tokens(browser: &mut Browser, client: &ThirdParty, scope: &str) -> Tokens {
    let answer = browser.authorize(client, |request| request.set("scope", scope)).await;
    client.redeem(&answer).await
}

#[tokio::test]
async fn a_token_for_the_api_is_verified_without_asking_and_tells_whose_it_is() {
    let (app, client, mut browser, api) = begun().await;
    let tokens = tokens(&mut browser, &client, "openid notes:read").await;
    let answer = api.get("/who", &tokens.access_token).await;
    assert_eq!(
        (answer.status, &answer.body),
        (StatusCode::OK, &tokens.access_claims()["sub"].as_str().unwrap().to_owned())
    );
    assert_eq!(api.get("/holder", &tokens.access_token).await.body, client.client_id);
    drop(app);
    assert_eq!(api.get("/who", &tokens.access_token).await.status, 200, "the keys are there");
}

#[tokio::test]
async fn a31_tokens_for_the_issuer_and_for_another_api_id_tokens_and_codes_are_refused() {
    let (_app, client, mut browser, api) = begun().await;
    let own = tokens(&mut browser, &client, "openid").await;
    api.refuses(&own.access_token).await;
    api.refuses(&own.id_token).await;
    api.refuses(&tokens(&mut browser, &client, "openid mail:send").await.access_token).await;
    api.refuses(client.secret.as_deref().unwrap()).await;
}

#[tokio::test]
async fn a20_a_token_of_another_provider_is_refused_also_where_the_keys_are_the_same() {
    let (app, _, _, api) = begun().await;
    for other in [TestApp::start().await, TestApp::with_keys_of_its_own(|_| {}).await] {
        other.api(NOTES, &["notes:read"]).await;
        let client = other.client(ClientSpec::default().for_scope("openid notes:read")).await;
        let eve = other.user("eve").await;
        let token = tokens(&mut other.browser_of(&eve), &client, "notes:read").await.access_token;
        assert_eq!(Api::new(&guard(&other).build().unwrap()).get("/who", &token).await.status, 200);
        api.refuses(&token).await;
    }
    drop(app);
}

#[tokio::test]
async fn it_expires_when_the_provider_says() {
    let (app, client, mut browser, api) = begun().await;
    let token = tokens(&mut browser, &client, "notes:read").await.access_token;
    app.clock().advance(Duration::from_secs(595));
    assert_eq!(api.get("/who", &token).await.status, 200);
    app.clock().advance(Duration::from_secs(11));
    api.refuses(&token).await;
}

#[tokio::test]
async fn a_missing_scope_and_an_old_sign_in_are_told_apart_from_a_bad_token() {
    let (app, client, mut browser, api) = begun().await;
    let token = tokens(&mut browser, &client, "notes:read").await.access_token;
    let scope = api.get("/write", &token).await;
    assert_eq!(scope.told(), (403, "insufficient_scope".to_owned()));
    assert!(scope.challenges.contains("scope=\"notes:write\""), "{scope:?}");
    assert_eq!(api.get("/transfer", &token).await.status, 200);
    app.clock().advance(Duration::from_secs(70));
    let again = api.get("/transfer", &token).await;
    assert_eq!(again.told(), (401, "insufficient_user_authentication".to_owned()));
    assert!(again.challenges.contains("max_age=\"60\""), "{again:?}");
}

#[tokio::test]
async fn a_key_that_the_provider_makes_later_is_found() {
    let (app, client, mut browser, api) = begun().await;
    let before = tokens(&mut browser, &client, "notes:read").await.access_token;
    assert_eq!(api.get("/who", &before).await.status, 200);
    let rotation = Rotation { publish_ahead: Duration::ZERO, keep: Duration::from_secs(3600) };
    app.provider().tokens().keys().rotate(&SigningAlgorithm::DEFAULT, rotation).await.unwrap();
    app.clock().advance(Duration::from_secs(10));
    let after = tokens(&mut browser, &client, "notes:read").await.access_token;
    assert_eq!(api.get("/who", &after).await.status, 200);
    assert_eq!(api.get("/who", &before).await.status, 200);
}

#[tokio::test]
async fn each_algorithm_that_the_provider_signs_with_is_taken_until_one_is_chosen() {
    let app = TestApp::start().await;
    let api = NewApi {
        identifier: NOTES.to_owned(),
        scopes: vec![("notes:read".to_owned(), None)],
        access_token_alg: Some(SigningAlgorithm::Rs256),
        ..NewApi::default()
    };
    app.provider().apis().create(api, app.issuer()).await.unwrap();
    let client = app.client(ClientSpec::default().for_scope("notes:read")).await;
    let alice = app.user("alice").await;
    let token = tokens(&mut app.browser_of(&alice), &client, "notes:read").await.access_token;
    let only = |algorithm| Api::new(&guard(&app).algorithms([algorithm]).build().unwrap());
    assert_eq!(Api::new(&guard(&app).build().unwrap()).get("/who", &token).await.status, 200);
    assert_eq!(only(Algorithm::Rs256).get("/who", &token).await.status, 200);
    only(Algorithm::Es256).refuses(&token).await;
}

#[tokio::test]
async fn a37_a_token_that_the_provider_bound_to_a_key_is_good_from_its_holder_only() {
    let (app, client, mut browser, api) = begun().await;
    let (key, thief) = (app.dpop_key(), app.dpop_key());
    let answer = browser.authorize(&client, |request| request.set("scope", "notes:read")).await;
    let request = client.exchange(&answer).build().header("dpop", key.for_token_endpoint().sign());
    let token = JsonAnswer::of(request).await.tokens().access_token;
    let proof = |key: &vestibule_tests::DpopKey| {
        key.proof("GET", "/").claim("htu", json!(format!("{NOTES}/who"))).with(&token).sign()
    };
    let scheme = format!("DPoP {token}");
    let own = proof(&key);
    assert_eq!(api.ask("/who", &[("authorization", &scheme), ("dpop", &own)]).await.status, 200);
    let again = api.ask("/who", &[("authorization", &scheme), ("dpop", &own)]).await;
    assert_eq!(again.told(), (401, "invalid_dpop_proof".to_owned()));
    let stolen = api.ask("/who", &[("authorization", &scheme), ("dpop", &proof(&thief))]).await;
    assert_eq!(stolen.told(), (401, "invalid_token".to_owned()));
    api.refuses(&token).await;
}
