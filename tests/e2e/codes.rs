//! Authorization codes at the token endpoint: redeemed once, by the application they were given to, in time, with what the
//! authorization request began with.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use tokio::task::JoinSet;
use vestibule::cli::{Context, Output};
use vestibule_tests::{Answer, Browser, ClientSpec, JsonAnswer, Person, TestApp, ThirdParty, Tokens};

/// A provider, somebody with an account, an application, and the answer that it got.
async fn answered() -> (TestApp, Person, ThirdParty, Answer) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    (app, alice, client, answer)
}

fn assert_refused(answer: &JsonAnswer) {
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_grant"), "{}", answer.body);
    assert!(answer.body.get("access_token").is_none() && answer.body.get("id_token").is_none(), "{}", answer.body);
}

async fn is_alive(client: &ThirdParty, tokens: &Tokens) -> bool {
    let answer = client.userinfo(&tokens.access_token).await;
    assert!(answer.status == 200 || answer.error() == "invalid_token", "{} {}", answer.status, answer.body);
    answer.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a21_of_fifty_parallel_redemptions_one_succeeds_and_its_token_is_dead_afterwards() {
    let (_app, _, client, answer) = answered().await;
    let mut redemptions = JoinSet::new();
    for _ in 0..50 {
        let request = client.exchange(&answer);
        redemptions.spawn(async move { request.send().await });
    }
    let (good, bad): (Vec<_>, Vec<_>) =
        redemptions.join_all().await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (1, 49));
    bad.iter().for_each(assert_refused);
    let tokens = good.into_iter().next().unwrap().tokens();
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a21_a_replay_by_the_same_application_revokes_what_the_code_gave() {
    let (_app, _, client, answer) = answered().await;
    let tokens = client.redeem(&answer).await;
    assert!(is_alive(&client, &tokens).await);
    assert_refused(&client.exchange(&answer).send().await);
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a21_a_replay_30_seconds_later_revokes_too_and_so_does_one_after_the_code_would_have_expired() {
    for later in [30, 300] {
        let (app, _, client, answer) = answered().await;
        let tokens = client.redeem(&answer).await;
        app.clock().advance(Duration::from_secs(later));
        assert!(is_alive(&client, &tokens).await);
        assert_refused(&client.exchange(&answer).send().await);
        assert!(!is_alive(&client, &tokens).await, "{later} s later");
    }
}

#[tokio::test]
async fn a21_a_replay_spares_what_another_code_of_the_same_person_gave() {
    let (app, alice, client, answer) = answered().await;
    client.redeem(&answer).await;
    let second = app.browser_of(&alice).authorize(&client, |request| request).await;
    let tokens = client.redeem(&second).await;
    assert_refused(&client.exchange(&answer).send().await);
    assert!(is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a21_replays_again_and_again_do_not_grow_the_log_of_revocations() {
    let (app, _, client, answer) = answered().await;
    client.redeem(&answer).await;
    for _ in 0..5 {
        app.clock().advance(Duration::from_secs(1));
        assert_refused(&client.exchange(&answer).send().await);
    }
    let context = Context::new(app.config().clone(), Output::to(std::io::sink()));
    let database = context.database_as_it_is().await.expect("a database");
    let backend = if database.is_postgres() { DatabaseBackend::Postgres } else { DatabaseBackend::Sqlite };
    let count = Statement::from_string(backend, "SELECT COUNT(*) AS n FROM revocations");
    let row = database.reader().query_one_raw(count).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "n").unwrap(), 1);
}

#[tokio::test]
async fn a22_another_applications_try_leaves_the_code_alone() {
    let (app, _, client, answer) = answered().await;
    let other = app.client(ClientSpec::named("Other")).await;
    assert_refused(&other.exchange(&answer).send().await);
    let tokens = client.redeem(&answer).await;
    assert!(is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a22_another_applications_replay_revokes_nothing() {
    let (app, _, client, answer) = answered().await;
    let other = app.client(ClientSpec::named("Other")).await;
    let tokens = client.redeem(&answer).await;
    assert_refused(&other.exchange(&answer).send().await);
    assert!(is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a22_a_public_application_cannot_redeem_another_ones_code_by_naming_it() {
    let (app, _, client, answer) = answered().await;
    let public = app.client(ClientSpec::public()).await;
    assert_refused(&public.exchange(&answer).send().await);
    let without_secret = client.exchange(&answer).without_basic().set("client_id", &client.client_id);
    let refused = without_secret.send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"));
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a22_a_replay_without_the_applications_secret_revokes_nothing() {
    let (_app, _, client, answer) = answered().await;
    let tokens = client.redeem(&answer).await;
    let refused = client.exchange(&answer).basic(&client.client_id, "guessed").send().await;
    assert_eq!(refused.error(), "invalid_client");
    assert!(is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a23_no_other_value_of_the_same_store_is_a_code() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let form = page.form("consent");
    let mut values = ["request", "csrf_token", "session"].map(|name| form.get(name).unwrap().to_owned()).to_vec();
    values.extend(["vestibule_session", "vestibule_browser"].map(|name| browser.cookie(name).unwrap().to_owned()));
    let answer = browser.finish(page, &request).await;
    for value in values {
        for code in [value.clone(), format!("vst_code_{value}")] {
            assert_refused(&client.exchange(&answer).set("code", &code).send().await);
        }
    }
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a23_a_code_is_no_session_and_no_waiting_request() {
    let (app, _, client, answer) = answered().await;
    let code = answer.code().to_owned();
    let bare = code.trim_start_matches("vst_code_").to_owned();
    for value in [&code, &bare] {
        let mut browser = app.browser();
        browser.plant("vestibule_session", value);
        let silent = browser.authorize(&client, |request| request.set("prompt", "none")).await;
        assert_eq!(silent.error(), "login_required");
        browser.get(&format!("/consent?request={value}")).await.assert_error("expired");
    }
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a24_a_verifier_left_out_or_empty_is_refused() {
    for verifier in [None, Some("")] {
        let (_app, _, client, answer) = answered().await;
        let request = client.exchange(&answer).without("code_verifier");
        let request = verifier.map_or(request.clone(), |verifier| request.add("code_verifier", verifier));
        assert_refused(&request.send().await);
    }
}

#[tokio::test]
async fn a24_a_verifier_that_is_too_short_or_too_long_or_the_challenge_itself_is_refused() {
    let challenge = |answer: &Answer| answer.request.get("code_challenge").unwrap().to_owned();
    let wrong: [fn(&Answer, String) -> String; 4] = [
        |answer, _| answer.request.verifier[..42].to_owned(),
        |answer, _| format!("{}{}", answer.request.verifier, "a".repeat(128)),
        |_, challenge| challenge,
        |answer, _| format!("{} ", answer.request.verifier),
    ];
    for verifier in wrong {
        let (_app, _, client, answer) = answered().await;
        let verifier = verifier(&answer, challenge(&answer));
        assert_refused(&client.exchange(&answer).set("code_verifier", &verifier).send().await);
    }
}

#[tokio::test]
async fn a25_a_verifier_without_a_challenge_before_it_is_refused() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::without_pkce()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request.without_pkce()).await;
    let verifier = answer.request.verifier.clone();
    assert_refused(&client.exchange(&answer).set("code_verifier", &verifier).send().await);
    assert_refused(&client.exchange(&answer).send().await);
}

#[tokio::test]
async fn a26_one_wrong_verifier_spends_the_code() {
    let (_app, _, client, answer) = answered().await;
    assert_refused(&client.exchange(&answer).set("code_verifier", &"a".repeat(43)).send().await);
    assert_refused(&client.exchange(&answer).send().await);
}

#[tokio::test]
async fn a27_the_nonce_comes_back_unchanged_however_long() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    for nonce in ["n", "ä \"<&>\\ %00 🦀 +/=", &"Nonce-0123456789".repeat(250)] {
        let answer = browser.authorize(&client, |request| request.set("nonce", nonce)).await;
        assert_eq!(client.redeem(&answer).await.id_claims()["nonce"], *nonce);
    }
}

#[tokio::test]
async fn a27_a_code_injected_into_another_session_fails_by_its_challenge() {
    let (app, _, client, stolen) = answered().await;
    let mallory = app.user("mallory").await;
    let own = app.browser_of(&mallory).authorize(&client, |request| request).await;
    assert_refused(&client.exchange(&own).set("code", stolen.code()).send().await);
}

#[tokio::test]
async fn a28_a_code_is_good_for_60_seconds() {
    let (app, _, client, answer) = answered().await;
    app.clock().advance(Duration::from_secs(61));
    assert_refused(&client.exchange(&answer).send().await);
    let (app, _, client, answer) = answered().await;
    app.clock().advance(Duration::from_secs(50));
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a28_a_code_is_dead_after_its_session_was_signed_out() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let page = browser.get("/logout").await;
    assert!(browser.click(&page, "logout", "sign-out").await.has("signed-out"));
    assert_refused(&client.exchange(&answer).send().await);
}

#[tokio::test]
async fn a28_a_code_is_dead_after_its_person_was_deactivated_or_deleted() {
    let (app, alice, client, answer) = answered().await;
    app.provider().users().deactivate(alice.id).await.unwrap();
    assert_refused(&client.exchange(&answer).send().await);
    let (app, alice, client, answer) = answered().await;
    app.provider().users().delete(alice.id).await.unwrap();
    assert_refused(&client.exchange(&answer).send().await);
}

#[tokio::test]
async fn a28_a_code_stays_dead_when_its_person_is_activated_again() {
    let (app, alice, client, answer) = answered().await;
    app.provider().users().deactivate(alice.id).await.unwrap();
    app.provider().revoke_user(alice.id).await.unwrap();
    app.provider().users().activate(alice.id).await.unwrap();
    assert_refused(&client.exchange(&answer).send().await);
}

#[tokio::test]
async fn a28_a_code_is_dead_after_its_application_was_deleted() {
    let (app, _, client, answer) = answered().await;
    app.provider().clients().delete(&client.id()).await.unwrap();
    let refused = client.exchange(&answer).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"));
}

#[tokio::test]
async fn a07_a_redirect_uri_that_is_left_out_or_differs_at_the_token_endpoint_is_refused() {
    for other in
        [None, Some("https://rp.example/cb/"), Some("https://rp.example/CB"), Some("https://rp.example/cb?x=1")]
    {
        let (_app, _, client, answer) = answered().await;
        let request = client.exchange(&answer).without("redirect_uri");
        let request = other.map_or(request.clone(), |uri| request.add("redirect_uri", uri));
        assert_refused(&request.send().await);
    }
}

#[tokio::test]
async fn a07_another_registered_redirect_uri_than_the_requests_is_refused() {
    let app = TestApp::start().await;
    let spec = ClientSpec::default().at(&["https://rp.example/cb", "https://rp.example/other"]);
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert_refused(&client.exchange(&answer).set("redirect_uri", "https://rp.example/other").send().await);
}

#[tokio::test]
async fn a_redirect_uri_that_the_request_did_not_name_need_not_be_named_at_the_token_endpoint() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    for named in [None, Some("https://rp.example/cb")] {
        let unnamed =
            |request: vestibule_tests::AuthorizeRequest| request.set("scope", "profile").without("redirect_uri");
        let answer = browser.authorize(&client, unnamed).await;
        let request = client.exchange(&answer);
        let request = named.map_or(request.clone(), |uri| request.add("redirect_uri", uri));
        assert_eq!(request.send().await.tokens().id_token, "", "openid was not asked for");
    }
}

#[tokio::test]
async fn a_code_that_is_missing_empty_or_never_was_one_is_refused() {
    let (_app, _, client, answer) = answered().await;
    for (code, error) in [("", "invalid_request"), ("vst_code_", "invalid_grant"), ("x", "invalid_grant")] {
        assert_eq!(client.exchange(&answer).set("code", code).send().await.error(), error, "{code:?}");
    }
    assert_eq!(client.exchange(&answer).without("code").send().await.error(), "invalid_request");
    let other_case = answer.code().to_uppercase();
    assert_refused(&client.exchange(&answer).set("code", &other_case).send().await);
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a33_a_scope_named_at_the_token_endpoint_raises_nothing() {
    let (_app, alice, client, answer) = answered().await;
    let tokens = client.exchange(&answer).add("scope", "openid profile email").send().await.tokens();
    assert_eq!(tokens.body["scope"], "openid");
    let told = client.userinfo(&tokens.access_token).await.body;
    assert_eq!(told, serde_json::json!({ "sub": alice.id.to_string() }));
}
