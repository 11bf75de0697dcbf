//! Tokens that a guard asks the provider about: opaque ones, and all of them where permissions count; and how soon it hears that one
//! is void.

use std::time::Instant;

use vestibule_guard::require_permission;
use vestibule_users::{Holder, Permit};

use super::*;

/// A provider with the notes, the client that they ask as, and an API that is guarded with its name and secret.
struct Introspected {
    app: TestApp,
    notes: ThirdParty,
    api: Api,
}

impl Introspected {
    async fn begun(change: impl FnOnce(&mut NewApi)) -> Self {
        let app = TestApp::start().await;
        let notes = app.client(ClientSpec::named("Notes API").for_grants(&["client_credentials"])).await;
        let mut new = NewApi {
            identifier: NOTES.to_owned(),
            scopes: vec![("notes:read".to_owned(), None)],
            clients: vec![notes.id()],
            ..NewApi::default()
        };
        change(&mut new);
        app.provider().apis().create(new, app.issuer()).await.expect("an API");
        let guard = guard(&app).client(&notes.client_id, notes.secret.clone().expect("a secret"));
        let guard = guard.build().expect("a guard");
        let routes = Route::new()
            .at("/who", get(who))
            .at("/invoice", get(who).with(require_permission("billing.view_invoice")))
            .with(guard.clone());
        Self { app, notes, api: Api(routes.map_to_response().boxed()) }
    }

    async fn token(&self, browser: &mut Browser, client: &ThirdParty) -> String {
        tokens(browser, client, "notes:read").await.access_token
    }

    /// Until the guard refuses a token, and in what time.
    async fn until_refused(&self, token: &str) -> Duration {
        let begun = Instant::now();
        while self.api.get("/who", token).await.status != 401 {
            assert!(begun.elapsed() < Duration::from_secs(2), "it never hears that the token is void");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begun.elapsed()
    }
}

#[tokio::test]
async fn an_opaque_token_is_asked_about_and_refused_once_it_is_revoked() {
    let scene = Introspected::begun(|api| api.opaque = true).await;
    let client = scene.app.client(ClientSpec::default().for_scope("notes:read")).await;
    let alice = scene.app.user("alice").await;
    let token = scene.token(&mut scene.app.browser_of(&alice), &client).await;
    assert!(!token.contains('.'), "opaque: {token}");
    assert_eq!(scene.api.get("/who", &token).await.body, alice.id.to_string());
    assert_eq!(scene.api.get("/who", &token).await.status, 200);
    assert_eq!(client.revocation(&token).send().await.status, 200);
    scene.until_refused(&token).await;
    // Whatever looks like one of ours and is not is refused, too.
    scene.api.refuses(&format!("{}x", &token[..token.len() - 1])).await;
}

#[tokio::test]
async fn a_jwt_that_is_verified_here_is_refused_once_its_person_signs_out_everywhere() {
    let scene = Introspected::begun(|_| {}).await;
    let client = scene.app.client(ClientSpec::default().for_scope("notes:read")).await;
    let alice = scene.app.user("alice").await;
    let token = scene.token(&mut scene.app.browser_of(&alice), &client).await;
    assert_eq!(scene.api.get("/who", &token).await.status, 200);
    let root = scene.app.superuser().await;
    let ended = root.delete(&format!("/api/v1/users/{}/sessions", alice.id)).await;
    assert!(ended.status.is_success(), "{} {}", ended.status, ended.body);
    scene.until_refused(&token).await;
}

#[tokio::test]
async fn a_permission_opens_a_route_to_who_holds_it_and_closes_it_again() {
    let scene = Introspected::begun(|_| {}).await;
    let (provider, alice) = (scene.app.provider(), scene.app.user("alice").await);
    provider.clients().set_apps(&scene.notes.id(), vec!["billing".into()]).await.unwrap();
    let access = provider.access();
    access.register("billing", "view_invoice", "May see invoices").await.unwrap();
    let client = scene.app.client(ClientSpec::default().for_scope("notes:read")).await;
    let token = scene.token(&mut scene.app.browser_of(&alice), &client).await;
    let refused = scene.api.get("/invoice", &token).await;
    assert_eq!(refused.told(), (403, "insufficient_scope".to_owned()), "{refused:?}");
    let permit = Permit::everywhere("billing.view_invoice".parse().unwrap());
    access.grant(Holder::User(alice.id), &permit).await.unwrap();
    // What a guard was told of permissions it believes for a minute.
    scene.app.clock().advance(Duration::from_secs(61));
    assert_eq!(scene.api.get("/invoice", &token).await.status, 200);
    access.revoke(Holder::User(alice.id), &permit).await.unwrap();
    scene.app.clock().advance(Duration::from_secs(61));
    assert_eq!(scene.api.get("/invoice", &token).await.status, 403);
}

#[tokio::test]
async fn an_api_whose_client_may_not_ask_about_it_lets_nobody_in() {
    let scene = Introspected::begun(|api| (api.opaque, api.clients) = (true, Vec::new())).await;
    let client = scene.app.client(ClientSpec::default().for_scope("notes:read")).await;
    let alice = scene.app.user("alice").await;
    let token = scene.token(&mut scene.app.browser_of(&alice), &client).await;
    let answer = scene.api.get("/who", &token).await;
    assert_ne!(answer.status, 200, "{answer:?}");
}
