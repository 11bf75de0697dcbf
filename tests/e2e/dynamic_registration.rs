//! Applications that register themselves (RFC 7591) and look after themselves (RFC 7592).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule::config::{GrantType, RegistrationMode};
use vestibule_tests::{Browser, JsonAnswer, TestApp, ThirdParty};

use crate::rows;

const CALLBACK: &str = "https://app.example/cb";

async fn provider(mode: RegistrationMode) -> TestApp {
    TestApp::with(|config| config.registration.mode = mode).await
}

/// What an application sends: right in every part, with `more` in it.
fn document(more: Value) -> Value {
    let mut document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK] });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document
}

pub(crate) async fn register(app: &TestApp, token: Option<&str>, document: &Value) -> JsonAnswer {
    let request = app.wire().post("/oauth2/register").json(document);
    JsonAnswer::of(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

/// One that is registered while anybody may.
async fn registered(app: &TestApp, more: Value) -> JsonAnswer {
    let answer = register(app, None, &document(more)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

pub(crate) async fn manage(app: &TestApp, method: Method, of: &Value, token: &str, body: Option<&Value>) -> JsonAnswer {
    let request = app.wire().request(method, of["registration_client_uri"].as_str().unwrap()).bearer_auth(token);
    JsonAnswer::of(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

pub(crate) fn token(of: &Value) -> &str {
    of["registration_access_token"].as_str().unwrap()
}

fn third_party(app: &TestApp, of: &Value) -> ThirdParty {
    app.known_client(of["client_id"].as_str().unwrap(), of["client_secret"].as_str(), CALLBACK)
}

pub(crate) async fn invitation(app: &TestApp, uses: u32) -> String {
    app.provider().initial_access_tokens().create("a portal", uses, Duration::from_secs(3600)).await.unwrap().1
}

#[tokio::test]
async fn where_nobody_registers_there_is_no_endpoint_and_discovery_names_none() {
    let app = TestApp::start().await;
    assert_eq!(register(&app, None, &document(json!({}))).await.status, 404);
    let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(metadata.get("registration_endpoint"), None);
    let open = provider(RegistrationMode::Open).await;
    let metadata = JsonAnswer::of(open.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(metadata["registration_endpoint"], format!("{}/oauth2/register", open.issuer()));
}

#[tokio::test]
async fn an_application_that_registers_itself_signs_people_in() {
    let app = provider(RegistrationMode::Open).await;
    let alice = app.user("alice").await;
    let answer = registered(&app, json!({ "contacts": ["dev@app.example"], "unknown": { "member": 1 } })).await;
    assert!(answer.header("cache-control").unwrap().contains("no-store"));
    let told = &answer.body;
    assert_eq!((&told["client_name"], &told["redirect_uris"]), (&json!("Notes"), &json!([CALLBACK])));
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!((&told["client_secret_expires_at"], &told["require_pkce"]), (&json!(0), &json!(false)));
    assert_eq!((&told["grant_types"], &told["response_types"]), (&json!(["authorization_code"]), &json!(["code"])));
    assert_eq!((&told["contacts"], told.get("unknown")), (&json!(["dev@app.example"]), None));
    let issued = told["client_id_issued_at"].as_i64().unwrap();
    assert_eq!(issued, app.clock().now().seconds());
    let client = third_party(&app, told);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answer = browser.authorize(&client, |request| request.without_pkce().set("scope", "openid email")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(client.userinfo(&tokens.access_token).await.body["sub"], alice.id.to_string());
}

#[tokio::test]
async fn a_public_one_has_no_secret_and_must_use_pkce() {
    let app = provider(RegistrationMode::Open).await;
    let told = registered(&app, json!({ "token_endpoint_auth_method": "none" })).await.body;
    assert_eq!((told.get("client_secret"), &told["require_pkce"]), (None, &json!(true)));
    assert_eq!(told.get("client_secret_expires_at"), None);
    let strict = TestApp::with(|config| {
        config.registration.mode = RegistrationMode::Open;
        config.registration.require_pkce = true;
    });
    assert_eq!(registered(&strict.await, json!({})).await.body["require_pkce"], true);
}

#[tokio::test]
async fn a52_what_an_application_may_not_say_is_refused_in_words() {
    let app = provider(RegistrationMode::Open).await;
    for (more, code, word) in [
        (json!({ "redirect_uris": [] }), "invalid_redirect_uri", "redirect_uris"),
        (json!({ "redirect_uris": ["https://app.example/cb#fragment"] }), "invalid_redirect_uri", "fragment"),
        (json!({ "redirect_uris": ["http://app.example/cb"] }), "invalid_redirect_uri", "https"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri", "scheme"),
        (json!({ "redirect_uris": "https://app.example/cb" }), "invalid_client_metadata", ""),
        (json!({ "first_party": true }), "invalid_client_metadata", "administrator"),
        (json!({ "apps": ["billing"] }), "invalid_client_metadata", "administrator"),
        (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata", "client_credentials"),
        (json!({ "response_types": ["id_token"] }), "invalid_client_metadata", "implicit"),
        (json!({ "token_endpoint_auth_method": "magic" }), "invalid_client_metadata", "client_secret_basic"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "invalid_client_metadata", "jwks"),
        (json!({ "id_token_signed_response_alg": "none" }), "invalid_client_metadata", ""),
        (json!({ "logo_uri": "http://app.example/logo.png" }), "invalid_client_metadata", "logo_uri"),
        (json!({ "jwks_uri": "http://127.0.0.1/keys", "jwks": { "keys": [] } }), "invalid_client_metadata", "jwks"),
        (json!({ "client_name": "x".repeat(201) }), "invalid_client_metadata", "client_name"),
    ] {
        let refused = register(&app, None, &document(more.clone())).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, code), "{more}: {}", refused.body);
        let words = refused.body["error_description"].as_str().unwrap();
        assert!(words.contains(word), "{more}: {words}");
    }
    for (kind, body) in
        [("text/plain", "{}"), ("application/json", "[]"), ("application/json", "{"), ("application/json", "")]
    {
        let request = app.wire().post("/oauth2/register").header("content-type", kind).body(body);
        let refused = JsonAnswer::of(request).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_client_metadata"), "{kind} {body}");
    }
    assert!(rows(&app, "SELECT id FROM clients").await.is_empty());
}

#[tokio::test]
async fn scopes_beyond_the_policy_are_left_out() {
    let app = provider(RegistrationMode::Open).await;
    app.api("https://api.example", &["orders"]).await;
    let told = registered(&app, json!({ "scope": "openid email orders vestibule.view_user groups" })).await.body;
    assert_eq!(told["scope"], "email openid");
    let told = registered(&app, json!({})).await.body;
    assert_eq!(told["scope"], "address email offline_access openid phone profile");
}

#[tokio::test]
async fn with_a_token_as_many_register_as_it_is_for() {
    let app = provider(RegistrationMode::Token).await;
    for wrong in [None, Some("vst_initial_x"), Some("")] {
        let refused = register(&app, wrong, &document(json!({}))).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_token"), "{wrong:?}");
        assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer "));
    }
    let token = invitation(&app, 2).await;
    // What is refused costs nothing.
    let refused = register(&app, Some(&token), &document(json!({ "redirect_uris": [] }))).await;
    assert_eq!(refused.error(), "invalid_redirect_uri");
    for expected in [201, 201, 401] {
        assert_eq!(register(&app, Some(&token), &document(json!({}))).await.status, expected);
    }
    let late = invitation(&app, 1).await;
    app.clock().advance(Duration::from_secs(3601));
    assert_eq!(register(&app, Some(&late), &document(json!({}))).await.status, 401);
}

#[tokio::test]
async fn of_fifty_who_have_the_same_token_for_one_application_one_registers_it() {
    let app = provider(RegistrationMode::Token).await;
    let token = invitation(&app, 1).await;
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let request = app.wire().post("/oauth2/register").json(&document(json!({}))).bearer_auth(&token);
        callers.spawn(JsonAnswer::of(request));
    }
    let statuses: Vec<u16> = callers.join_all().await.into_iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 401].contains(status)), "{statuses:?}");
    assert_eq!(rows(&app, "SELECT id FROM clients").await.len(), 1);
}

#[tokio::test]
async fn a52_it_reads_changes_and_deletes_what_it_registered_and_everything_is_looked_at_again() {
    let app = provider(RegistrationMode::Open).await;
    let told = registered(&app, json!({})).await.body;
    let read = manage(&app, Method::GET, &told, token(&told), None).await;
    assert_eq!((read.status.as_u16(), &read.body["client_name"]), (200, &json!("Notes")));
    assert_eq!(
        (&read.body["registration_access_token"], read.body.get("client_secret")),
        (&told["registration_access_token"], None)
    );
    let wanted = document(
        json!({ "client_id": told["client_id"], "client_secret": told["client_secret"], "client_name": "Minutes" }),
    );
    let changed = manage(&app, Method::PUT, &told, token(&told), Some(&wanted)).await;
    assert_eq!((changed.status.as_u16(), &changed.body["client_name"]), (200, &json!("Minutes")), "{}", changed.body);
    // What is left out is forgotten, and everything is looked at again.
    let worse = document(json!({ "client_id": told["client_id"], "first_party": true }));
    assert_eq!(manage(&app, Method::PUT, &told, token(&told), Some(&worse)).await.error(), "invalid_client_metadata");
    let deleted = manage(&app, Method::DELETE, &told, token(&told), None).await;
    assert_eq!(deleted.status, 204);
    let gone = manage(&app, Method::GET, &told, token(&told), None).await;
    assert_eq!((gone.status.as_u16(), gone.error()), (401, "invalid_token"));
    let kinds = rows(&app, "SELECT kind FROM audit_events WHERE object_type = 'client' ORDER BY id").await;
    assert_eq!(kinds.len(), 3, "{kinds:?}");
}

#[tokio::test]
async fn a53_nobody_looks_after_another_application() {
    let app = provider(RegistrationMode::Open).await;
    let (ours, theirs) = (registered(&app, json!({})).await.body, registered(&app, json!({})).await.body);
    let made_here = app.client(vestibule_tests::ClientSpec::default()).await;
    let here =
        json!({ "registration_client_uri": format!("{}/oauth2/register/{}", app.issuer(), made_here.client_id) });
    let nobody = json!({ "registration_client_uri": format!("{}/oauth2/register/nobody", app.issuer()) });
    for (of, with) in
        [(&theirs, token(&ours)), (&ours, ""), (&here, token(&ours)), (&nobody, token(&ours)), (&here, "")]
    {
        for method in [Method::GET, Method::DELETE] {
            let refused = manage(&app, method, of, with, None).await;
            assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_token"), "{of}");
        }
    }
    // Nor does it say that it is another, or has another secret.
    for more in [
        json!({}),
        json!({ "client_id": theirs["client_id"] }),
        json!({ "client_id": ours["client_id"], "client_secret": "x" }),
    ] {
        let refused = manage(&app, Method::PUT, &ours, token(&ours), Some(&document(more))).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_client_metadata"));
    }
    assert_eq!(rows(&app, "SELECT id FROM clients").await.len(), 3);
}

#[tokio::test]
async fn too_many_from_one_address_wait() {
    let app = TestApp::with(|config| {
        config.registration.mode = RegistrationMode::Open;
        config.registration.hourly_limit = 2;
    })
    .await;
    for _ in 0..2 {
        registered(&app, json!({})).await;
    }
    let refused = register(&app, None, &document(json!({}))).await;
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    app.clock().advance(Duration::from_secs(3600));
    registered(&app, json!({})).await;
}

#[tokio::test]
async fn one_that_nobody_ever_allowed_anything_is_forgotten() {
    let app = provider(RegistrationMode::Open).await;
    let alice = app.user("alice").await;
    let (used, _unused) = (registered(&app, json!({})).await.body, registered(&app, json!({})).await.body);
    let made_here = app.client(vestibule_tests::ClientSpec::default()).await;
    let client = third_party(&app, &used);
    Browser::sign_in(&app, &alice).await.authorize(&client, |request| request).await;
    app.provider().forget_unused().await.unwrap();
    assert_eq!(rows(&app, "SELECT id FROM clients").await.len(), 3);
    app.clock().advance(Duration::from_secs(31 * 86_400));
    app.provider().forget_unused().await.unwrap();
    let left = rows(&app, "SELECT id FROM clients").await.concat();
    assert!(left.contains(&client.client_id) && left.contains(&made_here.client_id), "{left}");
    assert_eq!(rows(&app, "SELECT id FROM clients").await.len(), 2);
}

#[tokio::test]
async fn the_tokens_are_kept_as_hashes_alone() {
    let app = provider(RegistrationMode::Open).await;
    let initial = invitation(&app, 5).await;
    let told = register(&app, Some(&initial), &document(json!({}))).await.body;
    let kept =
        [rows(&app, "SELECT * FROM clients").await, rows(&app, "SELECT * FROM initial_access_tokens").await].concat();
    for secret in [initial.as_str(), token(&told), told["client_secret"].as_str().unwrap()] {
        assert!(!kept.concat().contains(secret));
    }
    assert!(kept.concat().contains("\"self_registered\":\"token\""), "{kept:?}");
}

#[tokio::test]
async fn a09_a_strangers_error_leads_nowhere_without_a_click() {
    let app = provider(RegistrationMode::Open).await;
    let invited = register(&app, Some(&invitation(&app, 1).await), &document(json!({}))).await.body;
    let stranger = registered(&app, json!({})).await.body;
    let wrong = |of: &Value| third_party(&app, of).request().without_pkce().set("response_type", "token");
    let page = app.browser().get(&wrong(&stranger).url()).await;
    assert!(!page.is_redirect() && page.has("app-error"), "{page}");
    let link = page.attribute("next", "href").unwrap();
    assert!(link.starts_with(CALLBACK) && link.contains("error=unsupported_response_type"), "{link}");
    let page = app.browser().get(&wrong(&stranger).set("response_mode", "form_post").url()).await;
    assert!(
        page.has("form-post-form") && !page.header("content-security-policy").unwrap().contains("script-src"),
        "{page}"
    );
    // Where nobody is to be asked, and where somebody here let it in, the answer goes at once.
    assert!(app.browser().get(&wrong(&stranger).set("prompt", "none").url()).await.is_redirect());
    assert!(app.browser().get(&wrong(&invited).url()).await.is_redirect());
}

#[tokio::test]
async fn one_in_use_of_which_nobody_is_asked_is_not_forgotten() {
    let app = TestApp::with(|config| {
        config.registration.mode = RegistrationMode::Open;
        config.registration.grant_types =
            [GrantType::AuthorizationCode, GrantType::ClientCredentials].into_iter().collect();
    })
    .await;
    let robot = registered(&app, json!({ "grant_types": ["client_credentials"], "redirect_uris": [] })).await.body;
    let ours = registered(&app, json!({})).await.body;
    let unused = registered(&app, json!({})).await.body;
    let path = format!("/api/v1/clients/{}", ours["client_id"].as_str().unwrap());
    assert_eq!(app.superuser().await.patch(&path, &json!({ "first_party": true })).await.status, 200);
    app.clock().advance(Duration::from_secs(31 * 86_400));
    app.provider().forget_unused().await.unwrap();
    let left = rows(&app, "SELECT id FROM clients").await.concat();
    for (of, stays) in [(&robot, true), (&ours, true), (&unused, false)] {
        assert_eq!(left.contains(of["client_id"].as_str().unwrap()), stays, "{of}: {left}");
    }
}

#[tokio::test]
async fn a_change_never_loosens_what_an_administrator_demands() {
    let app = provider(RegistrationMode::Open).await;
    let told = registered(&app, json!({})).await.body;
    let path = format!("/api/v1/clients/{}", told["client_id"].as_str().unwrap());
    let demanded =
        json!({ "require_pkce": true, "require_pushed_authorization_requests": true, "subject_type": "pairwise" });
    assert_eq!(app.superuser().await.patch(&path, &demanded).await.status, 200);
    let looser = json!({
        "client_id": told["client_id"], "require_pkce": false, "require_pushed_authorization_requests": false,
    });
    let changed = manage(&app, Method::PUT, &told, token(&told), Some(&document(looser))).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    for member in ["require_pkce", "require_pushed_authorization_requests"] {
        assert_eq!(changed.body[member], true, "{member}");
    }
    assert_eq!(changed.body["subject_type"], "pairwise", "people that it knows by a name of its own stay so");
}
