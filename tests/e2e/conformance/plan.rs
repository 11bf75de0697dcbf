//! What the plans of the response types share: one module, for each type and mode of a plan.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, JsonAnswer, Person, TestApp, ThirdParty, Tokens};

use crate::jose;

/// The response types of the implicit plans.
pub(super) const IMPLICIT: &[&str] = &["id_token", "id_token token"];
/// That of the basic plan.
pub(super) const BASIC: &[&str] = &["code"];
/// Those of the hybrid plans.
pub(super) const HYBRID: &[&str] = &["code id_token", "code token", "code id_token token"];

/// An application that is registered for one response type, alice at a browser, and what all its requests have in common.
pub(super) struct Plan {
    pub(super) app: TestApp,
    pub(super) alice: Person,
    pub(super) client: ThirdParty,
    pub(super) browser: Browser,
    response_type: &'static str,
    mode: Option<&'static str>,
}

/// All that one authorization gave.
pub(super) struct Given {
    pub(super) answer: Answer,
    pub(super) tokens: Option<Tokens>,
}

impl Given {
    /// Each ID token, the one from the authorization endpoint first.
    pub(super) fn id_tokens(&self) -> Vec<&str> {
        let second = self.tokens.as_ref().map(|tokens| tokens.id_token.as_str());
        self.answer.get("id_token").into_iter().chain(second).collect()
    }

    pub(super) fn claims(&self) -> Value {
        vestibule_tests::claims(self.id_tokens()[0])
    }

    /// Each access token, the one from the authorization endpoint first.
    pub(super) fn access_tokens(&self) -> Vec<&str> {
        let second = self.tokens.as_ref().map(|tokens| tokens.access_token.as_str());
        self.answer.get("access_token").into_iter().chain(second).collect()
    }
}

impl Plan {
    pub(super) async fn new(response_type: &'static str, mode: Option<&'static str>) -> Self {
        let app = TestApp::start().await;
        let spec = ClientSpec::without_pkce().for_response_types(&[response_type]);
        let (alice, client) = (app.user("alice").await, app.client(spec).await);
        let browser = app.browser_of(&alice);
        Self { app, alice, client, browser, response_type, mode }
    }

    /// A request that is right in every part. The suite sends no challenge.
    pub(super) fn request(&self) -> AuthorizeRequest {
        let request = self.client.request().without_pkce().set("response_type", self.response_type);
        match self.mode {
            Some(mode) => request.set("response_mode", mode),
            None => request,
        }
    }

    /// Walks through an authorization, redeems the code where one came, and checks what must hold of every one.
    pub(super) async fn run(&mut self, change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest) -> Given {
        let request = change(self.request());
        let page = self.browser.walk(&request.url()).await;
        let answer = Answer::read(&page, &request);
        let tokens = match answer.code {
            Some(_) => Some(self.client.redeem(&answer).await),
            None => None,
        };
        let given = Given { answer, tokens };
        self.check(&given).await;
        given
    }

    /// What the suite checks of every answer (4.0.1).
    async fn check(&self, given: &Given) {
        let Given { answer, tokens } = given;
        assert_eq!((&answer.error, answer.iss.as_deref()), (&None, Some(self.app.issuer())));
        assert_eq!(answer.state.as_deref(), answer.request.get("state"));
        let words: Vec<&str> = self.response_type.split(' ').collect();
        for (word, name) in [("code", "code"), ("id_token", "id_token"), ("token", "access_token")] {
            assert_eq!(answer.get(name).is_some(), words.contains(&word), "{name} in {}", self.response_type);
        }
        assert_eq!(answer.get("token_type"), words.contains(&"token").then_some("Bearer"));
        assert_eq!(answer.get("expires_in").is_some(), words.contains(&"token"));
        assert_eq!(answer.get("refresh_token"), None);
        let keys = jose::keys(&self.app).await;
        for token in given.id_tokens() {
            assert!(jose::is_signed(token, &keys));
            let claims = vestibule_tests::claims(token);
            assert_eq!(claims["iss"], self.app.issuer());
            assert_eq!(claims["aud"], self.client.client_id.as_str());
            assert_eq!(claims["sub"], self.alice.id.to_string());
            assert_eq!(claims.get("nonce").and_then(Value::as_str), answer.request.get("nonce"));
        }
        if let Some(token) = answer.get("id_token") {
            let claims = answer.id_claims();
            let hash_of = |name: &str| answer.get(name).map(|text| jose::at_hash(text, token, &keys));
            for (claim, of) in [("at_hash", "access_token"), ("c_hash", "code"), ("s_hash", "state")] {
                assert_eq!(claims.get(claim).and_then(Value::as_str), hash_of(of).as_deref(), "{claim}");
            }
        }
        if let Some(tokens) = tokens {
            assert_eq!(tokens.id_claims()["at_hash"], jose::at_hash(&tokens.access_token, &tokens.id_token, &keys));
        }
        for token in given.access_tokens() {
            let told = self.client.userinfo(token).await;
            assert_eq!((told.status.as_u16(), &told.body["sub"]), (200, &self.alice.id.to_string().into()));
        }
    }

    /// The error that a request is answered with, without a page before it.
    async fn refused(&mut self, change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest) -> String {
        let request = change(self.request());
        let answer = Answer::read(&self.browser.open(&request.url()).await, &request);
        assert_eq!(answer.iss.as_deref(), Some(self.app.issuer()));
        assert_eq!(answer.state.as_deref(), request.get("state"));
        answer.error().to_owned()
    }

    /// Lets alice be somebody of whom this is known.
    async fn person_is(&self, claims: Value) {
        let root = self.app.superuser().await;
        let changed = root.patch(&format!("/api/v1/users/{}", self.alice.id), &json!({ "claims": claims })).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }

    /// Where the claims of scopes are told: at userinfo, or in the ID token where nothing leads there.
    async fn told(&self, given: &Given) -> Value {
        match given.access_tokens().first() {
            Some(token) => self.client.userinfo(token).await.body,
            None => given.claims(),
        }
    }
}

pub(super) async fn oidcc_server(mut plan: Plan) {
    plan.run(|request| request).await;
}

pub(super) async fn oidcc_response_type_missing(mut plan: Plan) {
    let request = plan.request().without("response_type");
    let answer = Answer::read(&plan.browser.open(&request.url()).await, &request);
    assert_eq!(answer.error(), "invalid_request");
}

pub(super) async fn oidcc_idtoken_signature(mut plan: Plan) {
    let given = plan.run(|request| request).await;
    for token in given.id_tokens() {
        assert_eq!(vestibule_tests::header(token)["alg"], "RS256");
    }
}

pub(super) async fn oidcc_userinfo_get(mut plan: Plan) {
    plan.run(|request| request).await;
}

pub(super) async fn oidcc_userinfo_post_header(mut plan: Plan) {
    let given = plan.run(|request| request).await;
    for token in given.access_tokens() {
        let answer = JsonAnswer::of(plan.app.wire().post("/oauth2/userinfo").bearer_auth(token)).await;
        assert_eq!(answer.body["sub"], plan.alice.id.to_string());
    }
}

pub(super) async fn oidcc_userinfo_post_body(mut plan: Plan) {
    let given = plan.run(|request| request).await;
    for token in given.access_tokens() {
        let post = plan.app.wire().post("/oauth2/userinfo").form(&[("access_token", token)]);
        assert_eq!(JsonAnswer::of(post).await.body["sub"], plan.alice.id.to_string());
    }
}

pub(super) async fn oidcc_ensure_request_without_nonce_fails(mut plan: Plan) {
    if plan.response_type.contains("id_token") {
        assert_eq!(plan.refused(|request| request.without("nonce")).await, "invalid_request");
        assert_eq!(plan.refused(|request| request.set("nonce", "")).await, "invalid_request");
    } else {
        plan.run(|request| request.without("nonce")).await;
    }
}

pub(super) async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(mut plan: Plan) {
    let given = plan.run(|request| request.without("nonce")).await;
    assert!(given.claims().get("nonce").is_none());
}

pub(super) async fn oidcc_scope_profile(mut plan: Plan) {
    let given = plan.run(|request| request.set("scope", "openid profile")).await;
    assert_eq!(plan.told(&given).await["preferred_username"], plan.alice.username);
}

pub(super) async fn oidcc_scope_email(mut plan: Plan) {
    let given = plan.run(|request| request.set("scope", "openid email")).await;
    let told = plan.told(&given).await;
    assert!(told["email"].is_string() && told["email_verified"].is_boolean(), "{told}");
}

pub(super) async fn oidcc_scope_all(mut plan: Plan) {
    let given = plan.run(|request| request.set("scope", "openid profile email address phone")).await;
    let told = plan.told(&given).await;
    assert!(told["email"].is_string() && told["updated_at"].is_number(), "{told}");
    if !given.access_tokens().is_empty() {
        assert!(given.claims().get("email").is_none(), "told at userinfo, and not in the ID token");
    }
}

pub(super) async fn oidcc_alternate_happy_flow(mut plan: Plan) {
    let reversed: Vec<&str> = plan.response_type.split(' ').rev().collect();
    let given = plan
        .run(|mut request| {
            request.parameters.reverse();
            request.set("scope", "phone address email profile openid").set("response_type", &reversed.join(" "))
        })
        .await;
    assert_eq!(plan.told(&given).await["sub"], plan.alice.id.to_string());
}

pub(super) async fn oidcc_display_page(mut plan: Plan) {
    plan.run(|request| request.set("display", "page")).await;
}

pub(super) async fn oidcc_display_popup(mut plan: Plan) {
    plan.run(|request| request.set("display", "popup")).await;
}

pub(super) async fn oidcc_prompt_login(mut plan: Plan) {
    let first = plan.run(|request| request).await.claims();
    plan.app.clock().advance(Duration::from_secs(2));
    let second = plan.run(|request| request.set("prompt", "login")).await.claims();
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
    assert_eq!(second["sub"], first["sub"]);
}

pub(super) async fn oidcc_prompt_none_not_logged_in(mut plan: Plan) {
    assert_eq!(plan.refused(|request| request.set("prompt", "none")).await, "login_required");
}

pub(super) async fn oidcc_prompt_none_logged_in(mut plan: Plan) {
    let first = plan.run(|request| request).await.claims();
    plan.app.clock().advance(Duration::from_secs(2));
    let silent = plan.request().set("prompt", "none");
    let answer = Answer::read(&plan.browser.open(&silent.url()).await, &silent);
    assert_eq!(answer.error, None);
    let second = plan.run(|request| request.set("prompt", "none")).await.claims();
    assert_eq!((&second["auth_time"], &second["sub"]), (&first["auth_time"], &first["sub"]));
}

pub(super) async fn oidcc_max_age_1(mut plan: Plan) {
    let first = plan.run(|request| request).await.claims();
    plan.app.clock().advance(Duration::from_secs(2));
    let second = plan.run(|request| request.set("max_age", "1")).await.claims();
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

pub(super) async fn oidcc_max_age_10000(mut plan: Plan) {
    let first = plan.run(|request| request.set("max_age", "15000")).await.claims();
    plan.app.clock().advance(Duration::from_secs(2));
    let second = plan.run(|request| request.set("max_age", "10000").set("prompt", "none")).await.claims();
    assert_eq!(second["auth_time"], first["auth_time"]);
}

pub(super) async fn oidcc_ensure_request_with_unknown_parameter_succeeds(mut plan: Plan) {
    plan.run(|request| request.set("extra", "foobar")).await;
}

pub(super) async fn oidcc_id_token_hint(mut plan: Plan) {
    let first = plan.run(|request| request).await;
    let hint = first.id_tokens()[0].to_owned();
    let second = plan.run(|request| request.set("prompt", "none").set("id_token_hint", &hint)).await.claims();
    assert_eq!(second["sub"], first.claims()["sub"]);
}

pub(super) async fn oidcc_login_hint(mut plan: Plan) {
    plan.run(|request| request.set("login_hint", "buffy@idp.example")).await;
}

pub(super) async fn oidcc_ui_locales(mut plan: Plan) {
    plan.run(|request| request.set("ui_locales", "se")).await;
}

pub(super) async fn oidcc_claims_locales(mut plan: Plan) {
    plan.run(|request| request.set("claims_locales", "se")).await;
}

pub(super) async fn oidcc_ensure_request_with_acr_values_succeeds(mut plan: Plan) {
    let given = plan.run(|request| request.set("acr_values", "1 2")).await;
    assert_eq!(given.claims()["acr"], "1");
}

pub(super) async fn oidcc_codereuse(mut plan: Plan) {
    let given = plan.run(|request| request).await;
    assert_eq!(plan.client.exchange(&given.answer).send().await.error(), "invalid_grant");
    for token in given.access_tokens() {
        assert_eq!(plan.client.userinfo(token).await.status, 401, "each token of the code's grant is over");
    }
}

pub(super) async fn oidcc_claims_essential(mut plan: Plan) {
    plan.person_is(json!({ "name": "Alice Liddell" })).await;
    let wanted = json!({ "name": { "essential": true } });
    // Where nothing leads to userinfo, the ID token is asked for it.
    let place = if plan.response_type == "id_token" { "id_token" } else { "userinfo" };
    let claims = json!({ place: wanted }).to_string();
    let given = plan.run(|request| request.set("claims", &claims)).await;
    assert_eq!(plan.told(&given).await["name"], "Alice Liddell");
}

pub(super) async fn oidcc_scope_address(mut plan: Plan) {
    plan.person_is(json!({ "address": { "formatted": "1 Looking Glass Lane", "country": "GB" } })).await;
    let given = plan.run(|request| request.set("scope", "openid address")).await;
    assert_eq!(plan.told(&given).await["address"]["formatted"], "1 Looking Glass Lane");
}

pub(super) async fn oidcc_scope_phone(mut plan: Plan) {
    plan.person_is(json!({ "phone_number": "+351 21 555 0134" })).await;
    let given = plan.run(|request| request.set("scope", "openid phone")).await;
    let told = plan.told(&given).await;
    assert!(told["phone_number"].is_string() && told["phone_number_verified"].is_boolean(), "{told}");
}

pub(super) async fn oidcc_codereuse_30seconds(mut plan: Plan) {
    let given = plan.run(|request| request).await;
    plan.app.clock().advance(Duration::from_secs(30));
    assert_eq!(plan.client.exchange(&given.answer).send().await.error(), "invalid_grant");
}

pub(super) async fn oidcc_server_client_secret_post(mut plan: Plan) {
    let request = plan.request();
    let answer = Answer::read(&plan.browser.walk(&request.url()).await, &request);
    let given = plan.client.exchange(&answer).by_post().send().await;
    assert_eq!(given.status, 200, "{}", given.body);
}

pub(super) async fn oidcc_ensure_request_with_valid_pkce_succeeds(mut plan: Plan) {
    let request = plan.client.request().set("response_type", plan.response_type);
    let answer = Answer::read(&plan.browser.walk(&request.url()).await, &request);
    let exchange = plan.client.exchange(&answer);
    assert!(exchange.parameters.iter().any(|(name, _)| name == "code_verifier"));
    assert_eq!(exchange.send().await.status, 200);
}

pub(super) async fn oidcc_refresh_token(mut plan: Plan) {
    let given = plan.run(|request| request.set("scope", "openid offline_access").set("prompt", "consent")).await;
    let (first, claims) = (given.tokens.as_ref().unwrap(), given.claims());
    let refresh = first.body["refresh_token"].as_str().unwrap();
    assert!(refresh.len() >= 32 && refresh.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{refresh}");
    plan.app.clock().advance(Duration::from_secs(2));
    let next = plan.client.asks("refresh_token").set("refresh_token", refresh).send().await;
    assert_eq!(next.header("cache-control"), Some("no-store"));
    let next = next.tokens();
    assert_ne!(next.access_token, first.access_token);
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(next.id_claims()[same], claims[same], "{same}");
    }
    assert!(next.id_claims()["iat"].as_i64() >= claims["iat"].as_i64());
    assert_eq!(plan.client.userinfo(&next.access_token).await.status, 200);
    // Another application cannot use it.
    let other = plan.app.client(ClientSpec::named("Second").for_grants(&["authorization_code", "refresh_token"])).await;
    let refresh = next.body["refresh_token"].as_str().unwrap();
    let refused = other.asks("refresh_token").set("refresh_token", refresh).send().await;
    assert_eq!(refused.error(), "invalid_grant");
}

pub(super) async fn oidcc_ensure_registered_redirect_uri(mut plan: Plan) {
    let request = plan.request().set("redirect_uri", "https://rp.example/other");
    plan.browser.open(&request.url()).await.assert_error("invalid_redirect_uri");
}

pub(super) async fn oidcc_ensure_post_request_succeeds(mut plan: Plan) {
    let request = plan.request();
    let page = plan.browser.post_cross_site("/oauth2/authorize", &request.parameters).await;
    let page = plan.browser.follow(page).await;
    assert_eq!(plan.browser.finish(page, &request).await.error, None);
}

/// A test of each module, for the plan that `$plan` makes of one response type after the other.
macro_rules! modules {
    ($types:expr, $mode:expr; $($module:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $module() {
                for response_type in $types {
                    super::plan::$module(super::plan::Plan::new(response_type, $mode).await).await;
                }
            }
        )+
    };
}
pub(super) use modules;
