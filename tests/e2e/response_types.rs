//! Answers that hold tokens: who may have them, how they travel, and what ends them.

use vestibule_tests::{Answer, ClientSpec, JsonAnswer, TestApp};

use crate::{error_at_once, scene_of};

const EACH: [&str; 6] = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

fn for_all() -> ClientSpec {
    ClientSpec::default().for_response_types(&EACH)
}

#[tokio::test]
async fn a_deployment_can_switch_them_off_and_says_so() {
    let app = TestApp::with(|config| config.oidc.implicit = false).await;
    let client = app.client(for_all()).await;
    for front in &EACH[1..] {
        let error = error_at_once(&app, &client, |request| request.set("response_type", front)).await;
        assert_eq!(error, "unsupported_response_type", "{front}");
    }
    let said = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(said["response_types_supported"], serde_json::json!(["code"]));
    assert!(!said["grant_types_supported"].to_string().contains("implicit"));
}

#[tokio::test]
async fn a32_an_application_gets_what_it_registered_and_nothing_else() {
    let (app, _, client) = scene_of(ClientSpec::default().for_response_types(&["token id_token"])).await;
    for other in ["code", "id_token", "code id_token", "code token", "code id_token token"] {
        let error = error_at_once(&app, &client, |request| request.set("response_type", other)).await;
        assert_eq!(error, "unauthorized_client", "{other}");
    }
    let error = error_at_once(&app, &client, |request| request.set("response_type", "token")).await;
    assert_eq!(error, "unsupported_response_type");
}

#[tokio::test]
async fn tokens_are_never_answered_in_a_query_and_the_error_that_says_so_neither() {
    let (app, _, client) = scene_of(for_all()).await;
    for front in &EACH[1..] {
        let with =
            |mode| error_at_once(&app, &client, move |r| r.set("response_type", front).set("response_mode", mode));
        assert_eq!(with("query").await, "invalid_request", "{front}");
    }
}

#[tokio::test]
async fn no_response_type_without_a_code_needs_pkce_and_each_with_one_does() {
    let (app, alice, client) = scene_of(for_all()).await;
    for kind in EACH {
        let change = |request: vestibule_tests::AuthorizeRequest| request.without_pkce().set("response_type", kind);
        if kind.contains("code") {
            assert_eq!(error_at_once(&app, &client, change).await, "invalid_request", "{kind}");
        } else {
            assert_eq!(app.browser_of(&alice).authorize(&client, change).await.error, None, "{kind}");
        }
    }
}

#[tokio::test]
async fn an_application_whose_tokens_are_bound_to_a_key_gets_none_through_the_browser() {
    let (app, _, client) = scene_of(for_all().with(|new| new.metadata.dpop_bound_access_tokens = true)).await;
    for kind in ["id_token token", "code token", "code id_token token"] {
        let error = error_at_once(&app, &client, |request| request.set("response_type", kind)).await;
        assert_eq!(error, "unauthorized_client", "{kind}");
    }
    let free = app.client(for_all()).await;
    let jkt = "A".repeat(43);
    let error =
        error_at_once(&app, &free, |request| request.set("response_type", "code token").set("dpop_jkt", &jkt)).await;
    assert_eq!(error, "invalid_request");
}

#[tokio::test]
async fn an_id_token_is_not_given_without_openid() {
    let (app, _, client) = scene_of(for_all()).await;
    for kind in ["id_token", "code id_token"] {
        let without = |r: vestibule_tests::AuthorizeRequest| r.set("response_type", kind).set("scope", "profile");
        assert_eq!(error_at_once(&app, &client, without).await, "invalid_request", "{kind}");
    }
}

#[tokio::test]
async fn nobody_comes_back_without_a_code() {
    let (app, alice, client) = scene_of(for_all()).await;
    let mut browser = app.browser_of(&alice);
    let asked = |request: vestibule_tests::AuthorizeRequest| {
        request.set("response_type", "id_token token").set("scope", "openid offline_access").set("prompt", "consent")
    };
    let answer = browser.authorize(&client, asked).await;
    assert_eq!(answer.get("scope"), Some("openid"));
    assert_eq!(answer.get("refresh_token"), None);
}

#[tokio::test]
async fn a_token_from_the_browser_ends_with_the_session() {
    let (app, alice, client) = scene_of(for_all()).await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request.set("response_type", "id_token token")).await;
    assert_eq!(client.userinfo(answer.access_token()).await.status, 200);
    let page = browser.get("/logout").await;
    assert!(browser.click(&page, "logout", "sign-out").await.has("signed-out"));
    assert_eq!(client.userinfo(answer.access_token()).await.status, 401);
}

#[tokio::test]
async fn a_token_from_the_browser_is_revoked_by_its_application() {
    let (app, alice, client) = scene_of(for_all()).await;
    let answer =
        app.browser_of(&alice).authorize(&client, |request| request.set("response_type", "id_token token")).await;
    assert_eq!(client.revocation(answer.access_token()).send().await.status, 200);
    assert_eq!(client.userinfo(answer.access_token()).await.status, 401);
}

#[tokio::test]
async fn a_token_from_the_browser_is_for_the_one_api_that_was_named() {
    let (app, alice, client) = scene_of(for_all().for_scope("openid notes.read")).await;
    app.api("https://notes.example", &["notes.read"]).await;
    app.api("https://open.example", &[]).await;
    let named = |request: vestibule_tests::AuthorizeRequest| {
        request.set("response_type", "id_token token").add("resource", "https://notes.example")
    };
    let answer =
        app.browser_of(&alice).authorize(&client, |request| named(request.set("scope", "openid notes.read"))).await;
    assert_eq!(vestibule_tests::claims(answer.access_token())["aud"], "https://notes.example");
    let error = error_at_once(&app, &client, |r| named(r).add("resource", "https://open.example")).await;
    assert_eq!(error, "invalid_target");
}

#[tokio::test]
async fn what_the_person_refuses_is_told_in_the_mode_that_was_asked_for() {
    let (app, alice, client) = scene_of(for_all()).await;
    for (kind, mode) in [("id_token", None), ("code id_token", Some("form_post")), ("code", Some("fragment"))] {
        let mut browser = app.browser_of(&alice);
        let request = client.request().set("response_type", kind);
        let request = mode.map_or(request.clone(), |mode| request.set("response_mode", mode));
        let page = browser.open(&request.url()).await;
        let page = browser.try_to_sign_in(&page, &alice.username, &alice.password).await;
        let page = browser.follow(page).await;
        let page = browser.click(&page, "consent", "deny").await;
        assert_eq!(Answer::read(&page, &request).error(), "access_denied");
    }
}

#[tokio::test]
async fn the_page_that_posts_runs_one_script_and_is_kept_by_nobody() {
    let (app, alice, client) = scene_of(for_all()).await;
    let mut browser = app.browser_of(&alice);
    let request = client.request().set("response_mode", "form_post").set("state", "\"><script>alert(1)</script>");
    let page = browser.walk(&request.url()).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(policy.contains("form-action https:;") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.body.matches("<script").count(), 1, "{}", page.body);
    assert!(page.has("continue"), "a button for browsers without script");
    assert_eq!(Answer::read(&page, &request).state.as_deref(), request.get("state"));
}
