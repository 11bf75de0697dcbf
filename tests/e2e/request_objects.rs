//! Request objects (RFC 9101, OpenID Connect Core section 6), by value.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_jose::{Algorithm, SecretKey, Signer};
use vestibule_oidc::client::RequestObjectAlgorithm;
use vestibule_tests::{
    Answer, AuthorizeRequest, Browser, ClientKey, ClientSpec, JsonAnswer, Page, Person, TestApp, ThirdParty, signed,
    unsigned,
};

/// The type of an object in JAR's way.
const JAR: &str = "oauth-authz-req+jwt";

/// A provider, alice, an application with a key of its own, and that key.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) alice: Person,
    pub(crate) client: ThirdParty,
    pub(crate) key: ClientKey,
}

impl Scene {
    pub(crate) async fn new(algorithm: Algorithm) -> Self {
        Self::with(algorithm, |spec| spec).await
    }

    pub(crate) async fn with(algorithm: Algorithm, change: impl FnOnce(ClientSpec) -> ClientSpec) -> Self {
        Self::on(TestApp::start().await, algorithm, change).await
    }

    pub(crate) async fn on(app: TestApp, algorithm: Algorithm, change: impl FnOnce(ClientSpec) -> ClientSpec) -> Self {
        let (alice, key) = (app.user("alice").await, ClientKey::new(algorithm));
        let jwks = key.jwks();
        let client = app.client(change(ClientSpec::default().with(|new| new.metadata.jwks = Some(jwks)))).await;
        Self { app, alice, client, key }
    }

    /// A request as an object, changed by `change` before it is signed.
    pub(crate) fn object(&self, request: &AuthorizeRequest, change: impl FnOnce(&mut Value)) -> Value {
        let mut claims = self.app.object(&self.client, request);
        change(&mut claims);
        claims
    }

    /// Signed without a word of its type.
    fn signs(&self, claims: &Value) -> String {
        self.key.signs(claims)
    }

    /// Signed in JAR's way.
    pub(crate) fn jar(&self, claims: &Value) -> String {
        let mut header = self.key.header();
        header["typ"] = json!(JAR);
        self.key.signs_under(&header, claims)
    }

    /// What a browser is answered with, once alice has done her part. `expected` is what stood in the object.
    pub(crate) async fn answered(&self, sent: &AuthorizeRequest, expected: &AuthorizeRequest) -> Answer {
        let mut browser = self.app.browser_of(&self.alice);
        let page = browser.open(&sent.url()).await;
        browser.finish(page, expected).await
    }

    /// The first answer to what is sent.
    async fn first(&self, sent: &AuthorizeRequest) -> Page {
        self.app.browser().get(&sent.url()).await
    }

    /// Asserts that an object in JAR's way is refused with `invalid_request_object`. The application has one address, so that it
    /// hears of it.
    pub(crate) async fn assert_refused(&self, what: &str, object: &str) {
        let page = self.first(&alone(&self.client, object)).await;
        assert_eq!(told(&page), "invalid_request_object", "{what}: {page}");
    }
}

/// The error that a page shows, or that a redirect brings.
pub(crate) fn told(page: &Page) -> String {
    if let Some(code) = page.error_code() {
        page.assert_error(&code);
        return code;
    }
    let location = page.location();
    let error = location.query_pairs().find(|(name, _)| name == "error").map(|(_, code)| code.into_owned());
    error.unwrap_or_else(|| panic!("no error: {page}"))
}

/// In JAR's way nothing stands beside but who asks.
pub(crate) fn alone(client: &ThirdParty, object: &str) -> AuthorizeRequest {
    client.request().only(&["client_id"]).add("request", object)
}

#[tokio::test]
async fn an_object_that_a_key_of_the_application_signed_is_its_request() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa] {
        let scene = Scene::new(algorithm).await;
        let request = scene.client.request().set("scope", "openid email").set("max_age", "600");
        let claims = scene.object(&request, |claims| claims["max_age"] = json!(600));
        for (object, sent) in [
            (scene.jar(&claims), scene.client.request().only(&["client_id"])),
            (scene.signs(&claims), request.beside_an_object()),
        ] {
            let answer = scene.answered(&sent.add("request", &object), &request).await;
            assert_eq!(answer.state.as_deref(), request.get("state"));
            let tokens = scene.client.redeem(&answer).await;
            assert_eq!(tokens.body["scope"], "email openid", "{algorithm}");
            assert_eq!(tokens.id_claims()["nonce"], request.get("nonce").unwrap());
        }
    }
}

#[tokio::test]
async fn the_secret_signs_where_that_is_registered_and_nowhere_else() {
    for (registered, taken) in [(Some(Algorithm::Hs256), true), (None, false)] {
        let algorithm = registered.map(RequestObjectAlgorithm::Signed);
        let scene =
            Scene::with(Algorithm::Es256, |spec| spec.with(|new| new.metadata.request_object_signing_alg = algorithm));
        let scene = scene.await;
        let request = scene.client.request();
        let secret = scene.client.secret.clone().unwrap();
        let key = SecretKey::new(Algorithm::Hs256, secret.as_bytes()).unwrap();
        let header = json!({ "alg": key.algorithm().name(), "typ": JAR });
        let object = signed(&key, &header, &scene.object(&request, |_| {}));
        if taken {
            let answer = scene.answered(&alone(&scene.client, &object), &request).await;
            scene.client.redeem(&answer).await;
            scene.assert_refused("by the key", &scene.jar(&scene.object(&request, |_| {}))).await;
        } else {
            scene.assert_refused("not registered", &object).await;
        }
    }
}

#[tokio::test]
async fn an_unsigned_object_is_as_good_as_plain_parameters_where_no_signature_is_registered() {
    for registered in [None, Some(RequestObjectAlgorithm::Unsigned)] {
        let scene =
            Scene::with(Algorithm::Es256, |spec| spec.with(|new| new.metadata.request_object_signing_alg = registered));
        let scene = scene.await;
        let request = scene.client.request();
        let object = unsigned(&scene.object(&request, |_| {}), "none");
        let answer = scene.answered(&request.beside_an_object().add("request", &object), &request).await;
        scene.client.redeem(&answer).await;
        let signature = format!("{object}AA");
        scene.assert_refused("a signature of nothing", &signature).await;
    }
}

#[tokio::test]
async fn a40_an_unsigned_object_is_refused_where_a_signature_is_registered_or_required() {
    let algorithm = |spec: ClientSpec| {
        let registered = RequestObjectAlgorithm::Signed(Algorithm::Es256);
        spec.with(|new| new.metadata.request_object_signing_alg = Some(registered))
    };
    let required = |spec: ClientSpec| spec.with(|new| new.metadata.require_signed_request_object = true);
    for scene in [
        Scene::with(Algorithm::Es256, algorithm).await,
        Scene::with(Algorithm::Es256, required).await,
        Scene::on(
            TestApp::with(|config| config.oidc.require_signed_request_object = true).await,
            Algorithm::Es256,
            |spec| spec,
        )
        .await,
    ] {
        let claims = scene.object(&scene.client.request(), |_| {});
        for spelt in ["none", "None", "nOnE", "NONE", ""] {
            scene.assert_refused(spelt, &unsigned(&claims, spelt)).await;
        }
        let good = scene.jar(&claims);
        let (signed, _) = good.rsplit_once('.').unwrap();
        scene.assert_refused("an empty signature", &format!("{signed}.")).await;
    }
}

#[tokio::test]
async fn an_application_that_must_sign_is_refused_without() {
    let scene =
        Scene::with(Algorithm::Es256, |spec| spec.with(|new| new.metadata.require_signed_request_object = true)).await;
    let request = scene.client.request();
    let error = crate::error_at_once(&scene.app, &scene.client, |request| request).await;
    assert_eq!(error, "invalid_request");
    let plain = scene.client.push(&request).send().await;
    assert_eq!((plain.status.as_u16(), plain.error()), (400, "invalid_request"));
    // Without a type and with `openid` beside it, which elsewhere would be OpenID Connect's way.
    let object = scene.signs(&scene.object(&request, |claims| _ = claims.as_object_mut().unwrap().remove("state")));
    let sent = request.clone().add("request", &object);
    let answer = scene.answered(&sent, &request).await;
    assert_eq!(answer.state, None, "what was not signed does not count");
}

#[tokio::test]
async fn a50_in_jars_way_nothing_beside_the_object_counts() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let object = scene.jar(&scene.object(&request, |_| {}));
    let evil = request
        .clone()
        .set("state", "evil")
        .set("nonce", "evil")
        .set("scope", "openid email profile")
        .set("redirect_uri", "https://evil.example/")
        .set("response_type", "token")
        .set("prompt", "none")
        .set("code_challenge", &"A".repeat(43))
        .add("request", &object);
    let answer = scene.answered(&evil, &request).await;
    assert_eq!(answer.state.as_deref(), request.get("state"));
    let tokens = scene.client.redeem(&answer).await;
    assert_eq!(tokens.body["scope"], "openid");
    assert_eq!(tokens.id_claims()["nonce"], request.get("nonce").unwrap());
}

#[tokio::test]
async fn a50_in_jars_way_what_is_missing_in_the_object_is_missing() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let without = |name: &'static str| {
        let claims = scene.object(&request, |claims| _ = claims.as_object_mut().unwrap().remove(name));
        request.clone().add("request", &scene.jar(&claims))
    };
    scene.first(&without("redirect_uri")).await.assert_error("invalid_redirect_uri");
    let answer = Answer::read(&scene.first(&without("code_challenge")).await, &request);
    assert_eq!(answer.error(), "invalid_request");
    let answer = scene.answered(&without("state"), &request).await;
    assert_eq!(answer.state, None);
    let answer = scene.answered(&without("nonce"), &request).await;
    assert!(scene.client.redeem(&answer).await.id_claims()["nonce"].is_null());
}

#[tokio::test]
async fn a_request_without_openid_beside_the_object_is_in_jars_way_whatever_its_type() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let object = scene.signs(&scene.object(&request, |claims| _ = claims.as_object_mut().unwrap().remove("state")));
    let sent = request.clone().without("scope").add("request", &object);
    assert_eq!(scene.answered(&sent, &request).await.state, None);
}

#[tokio::test]
async fn in_openid_connects_way_the_object_wins_and_the_rest_is_filled_up() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request().set("scope", "openid email");
    let object = scene.signs(&scene.object(&request, |claims| _ = claims.as_object_mut().unwrap().remove("state")));
    let sent = request
        .clone()
        .set("redirect_uri", "https://evil.example/")
        .set("nonce", "evil")
        .set("scope", "openid")
        .set("state", "beside")
        .add("request", &object);
    let answer = scene.answered(&sent, &request).await;
    assert_eq!(answer.state.as_deref(), Some("beside"));
    let tokens = scene.client.redeem(&answer).await;
    assert_eq!(tokens.body["scope"], "email openid");
    assert_eq!(tokens.id_claims()["nonce"], request.get("nonce").unwrap());
}

#[tokio::test]
async fn a50_response_type_and_client_id_are_the_same_in_the_object_and_beside_it() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let object = scene.signs(&scene.object(&request, |_| {}));
    let differs = request.clone().set("response_type", "id_token").add("request", &object);
    assert_eq!(Answer::read(&scene.first(&differs).await, &differs).error(), "invalid_request");
    let other = scene.app.client(ClientSpec::named("Other")).await;
    for id in [json!(other.client_id), json!(1), json!([scene.client.client_id])] {
        let object = scene.jar(&scene.object(&request, |claims| claims["client_id"] = id.clone()));
        scene.assert_refused("client_id", &object).await;
    }
}

#[tokio::test]
async fn a50_another_applications_key_signs_nothing() {
    let scene = Scene::new(Algorithm::Es256).await;
    let other = ClientKey::new(Algorithm::Es256);
    let jwks = other.jwks();
    scene.app.client(ClientSpec::named("Other").with(|new| new.metadata.jwks = Some(jwks))).await;
    let claims = scene.object(&scene.client.request(), |_| {});
    scene.assert_refused("its own kid", &other.signs(&claims)).await;
    let mut header = scene.key.header();
    scene.assert_refused("the kid of the right key", &other.signs_under(&header, &claims)).await;
    for (name, value) in
        [("jwk", other.jwk()), ("jku", json!("https://evil.example/jwks")), ("x5u", json!("https://e"))]
    {
        header[name] = value;
        scene.assert_refused(name, &other.signs_under(&header, &claims)).await;
    }
    let good = scene.jar(&claims);
    let changed = scene.jar(&scene.object(&scene.client.request(), |_| {}));
    let parts: Vec<_> = good.split('.').zip(changed.split('.')).collect();
    scene.assert_refused("other claims", &format!("{}.{}.{}", parts[0].0, parts[1].1, parts[2].0)).await;
}

#[tokio::test]
async fn a41_the_algorithm_is_the_keys_and_the_registrations() {
    let registered = RequestObjectAlgorithm::Signed(Algorithm::Ps256);
    let scene = Scene::with(Algorithm::Rs256, |spec| {
        spec.with(|new| new.metadata.request_object_signing_alg = Some(registered))
    });
    let scene = scene.await;
    let claims = scene.object(&scene.client.request(), |_| {});
    scene.assert_refused("RS256 where PS256 is registered", &scene.jar(&claims)).await;
    let scene = Scene::new(Algorithm::Rs256).await;
    let claims = scene.object(&scene.client.request(), |_| {});
    let public = SecretKey::new(Algorithm::Hs256, &scene.key.public_bytes()).unwrap();
    scene.assert_refused("the public key as a secret", &signed(&public, &json!({ "alg": "HS256" }), &claims)).await;
    let mut header = scene.key.header();
    header["alg"] = json!("ES256");
    scene.assert_refused("another algorithm's name", &scene.key.signs_under(&header, &claims)).await;
}

#[tokio::test]
async fn a50_an_object_holds_now_for_us_and_by_its_application() {
    let scene = Scene::new(Algorithm::Es256).await;
    let (request, now) = (scene.client.request(), scene.app.clock().now().seconds());
    for (name, value) in [
        ("exp", json!(now - 31)),
        ("exp", json!("tomorrow")),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("aud", json!("https://other.example")),
        ("aud", json!(["https://other.example"])),
        ("aud", json!([])),
        ("iss", json!("somebody")),
        ("iss", json!(1)),
    ] {
        let object = scene.jar(&scene.object(&request, |claims| claims[name] = value.clone()));
        scene.assert_refused(&format!("{name}: {value}"), &object).await;
        let mut claims = scene.object(&request, |claims| claims[name] = value.clone());
        claims["iat"] = if name == "iat" { value.clone() } else { claims["iat"].clone() };
        scene.assert_refused("unsigned", &unsigned(&claims, "none")).await;
    }
    for (name, value) in [
        ("exp", json!(now - 8)),
        ("nbf", json!(now + 8)),
        ("aud", json!([scene.app.issuer(), "https://other.example"])),
        ("aud", Value::Null),
        ("iss", Value::Null),
        ("exp", Value::Null),
        ("sub", json!("somebody")),
    ] {
        let object = scene.jar(&scene.object(&request, |claims| claims[name] = value.clone()));
        let page = scene.first(&alone(&scene.client, &object)).await;
        assert!(page.is_redirect(), "{name}: {value}: {page}");
    }
}

#[tokio::test]
async fn a50_a_client_assertion_is_no_request_object() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let id = scene.client.client_id.clone();
    let object = scene.jar(&scene.object(&request, |claims| claims["sub"] = json!(id)));
    scene.assert_refused("sub is client_id", &object).await;
    scene.assert_refused("an assertion", &scene.key.signs(&scene.app.statement(&scene.client))).await;
    for typ in ["client-authentication+jwt", "dpop+jwt", "at+jwt", "logout+jwt"] {
        let mut header = scene.key.header();
        header["typ"] = json!(typ);
        let claims = scene.object(&request, |_| {});
        scene.assert_refused(typ, &scene.key.signs_under(&header, &claims)).await;
    }
}

#[tokio::test]
async fn a49_neither_request_nor_request_uri_stands_in_an_object() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let inner = scene.jar(&scene.object(&request, |_| {}));
    for (name, value) in [
        ("request", inner.as_str()),
        ("request_uri", "https://rp.example/request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
    ] {
        let object = scene.jar(&scene.object(&request, |claims| claims[name] = json!(value)));
        scene.assert_refused(name, &object).await;
        let pushed = scene.client.push(&request.clone().only(&["client_id"]).add("request", &object)).send().await;
        assert_eq!((pushed.status.as_u16(), pushed.error()), (400, "invalid_request_object"), "{name}");
    }
}

#[tokio::test]
async fn request_and_request_uri_do_not_go_together() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let object = scene.jar(&scene.object(&request, |_| {}));
    let both = request.clone().add("request", &object).add("request_uri", "https://rp.example/request");
    assert_eq!(Answer::read(&scene.first(&both).await, &request).error(), "invalid_request");
    let pushed = scene.client.push(&request).send().await.body["request_uri"].as_str().unwrap().to_owned();
    let both = request.clone().add("request", &object).add("request_uri", &pushed);
    assert_eq!(Answer::read(&scene.first(&both).await, &request).error(), "invalid_request");
    let twice = request.clone().add("request", &object).add("request", &object);
    scene.first(&twice).await.assert_error("invalid_request");
}

#[tokio::test]
async fn a_refusal_goes_to_the_application_where_its_address_stands_beside_the_object_and_is_registered() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    for bad in ["x", "a.b.c", "", &unsigned(&json!([]), "none")] {
        let sent = request.clone().add("request", bad);
        let page = scene.first(&sent).await;
        if bad.is_empty() {
            assert!(!page.location().as_str().contains("error"), "an empty parameter counts as omitted: {page}");
            continue;
        }
        let answer = Answer::read(&page, &request);
        assert_eq!((answer.error(), answer.state.as_deref()), ("invalid_request_object", request.get("state")));
        assert_eq!(answer.iss.as_deref(), Some(scene.app.issuer()), "a20: who refuses");
        let evil = sent.set("redirect_uri", "https://evil.example/");
        scene.first(&evil).await.assert_error("invalid_request_object");
    }
}

#[tokio::test]
async fn a08_a_parameter_stands_once_in_the_object_and_beside_it() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let object = scene.signs(&scene.object(&request, |_| {}));
    let twice = request.clone().add("nonce", "again").add("request", &object);
    assert_eq!(Answer::read(&scene.first(&twice).await, &request).error(), "invalid_request");
}

#[tokio::test]
async fn a50_an_object_that_is_pushed_is_all_that_counts_of_the_push() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    // Of whatever type.
    let object = scene.signs(&scene.object(&request, |claims| _ = claims.as_object_mut().unwrap().remove("state")));
    let push = request.clone().set("state", "beside").set("scope", "openid email").add("request", &object);
    let pushed = scene.client.push(&push).send().await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let mut browser = scene.app.browser_of(&scene.alice);
    let page = browser.open(&scene.client.opening(pushed.body["request_uri"].as_str().unwrap())).await;
    let answer = browser.finish(page, &request).await;
    assert_eq!(answer.state, None);
    assert_eq!(scene.client.redeem(&answer).await.body["scope"], "openid");
    let late = scene.app.clock().now().seconds() - 60;
    let expired = scene.jar(&scene.object(&request, |claims| claims["exp"] = json!(late)));
    let refused = scene.client.push(&request.clone().only(&["client_id"]).add("request", &expired)).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request_object"));
}

#[tokio::test]
async fn a39_an_odd_object_is_refused_and_nothing_more() {
    let scene = Scene::new(Algorithm::Es256).await;
    let request = scene.client.request();
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    let mut nested = scene.object(&request, |claims| claims["claims"] = deep);
    let page = scene.first(&alone(&scene.client, &scene.jar(&nested))).await;
    assert!(page.is_redirect(), "deep, and not too deep: {page}");
    let header = scene.jar(&nested).split('.').next().unwrap().to_owned();
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let good = scene.jar(&scene.object(&request, |_| {}));
    let signature = good.rsplit('.').next().unwrap().to_owned();
    for odd in [
        format!("{}{}", "[".repeat(4000), "]".repeat(4000)),
        format!("{{\"a\":{}{}}}", "[".repeat(4000), "]".repeat(4000)),
        "{\"state\":\"a\",\"state\":\"b\"}".to_owned(),
        "{\"exp\":1e999}".to_owned(),
        "null".to_owned(),
        "\u{0}".to_owned(),
        String::new(),
    ] {
        scene.assert_refused(&odd, &format!("{header}.{}.{signature}", part(&odd))).await;
        scene.assert_refused(&odd, &format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&odd))).await;
    }
    nested["state"] = json!("\u{0}");
    scene.assert_refused("a NUL", &scene.jar(&nested)).await;
    nested["state"] = json!("x".repeat(20_000));
    scene.assert_refused("longer than 16 KiB", &scene.jar(&nested)).await;
    scene.assert_refused("five parts, and no encrypted one", "e30.AA.AA.AA.AA").await;
    scene.assert_refused("what is no base64url", "e30=.e30=.").await;
}

#[tokio::test]
async fn the_rules_hold_for_what_stands_in_an_object() {
    let scene = Scene::new(Algorithm::Es256).await;
    let mut browser = Browser::sign_in(&scene.app, &scene.alice).await;
    let request = scene.client.request();
    for (name, value, error) in [
        ("response_type", json!("none"), "unsupported_response_type"),
        ("scope", json!("unknown"), "invalid_scope"),
        ("max_age", json!("soon"), "invalid_request"),
        ("prompt", json!("none"), "consent_required"),
    ] {
        let object = scene.jar(&scene.object(&request, |claims| claims[name] = value.clone()));
        let page = browser.get(&alone(&scene.client, &object).url()).await;
        assert_eq!(Answer::read(&page, &request).error(), error, "{name}: {value}");
    }
    let evil = scene.jar(&scene.object(&request, |claims| claims["redirect_uri"] = json!("https://evil.example/")));
    scene.first(&alone(&scene.client, &evil)).await.assert_error("invalid_redirect_uri");
}

#[tokio::test]
async fn discovery_tells_what_objects_may_be_signed_with() {
    for required in [false, true] {
        let app = TestApp::with(|config| config.oidc.require_signed_request_object = required).await;
        let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        assert_eq!(metadata["request_parameter_supported"], true);
        assert_eq!(metadata["request_uri_parameter_supported"], true);
        assert_eq!(metadata["require_request_uri_registration"], true);
        assert_eq!(metadata["require_signed_request_object"], required);
        let algorithms = metadata["request_object_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&json!("RS256")) && algorithms.contains(&json!("HS256")));
        assert_eq!(algorithms.contains(&json!("none")), !required);
    }
}
