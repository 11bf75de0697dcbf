//! The stream of revocations that APIs listen to (docs/revocations.md).

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::timeout;
use vestibule_core::ClientId;
use vestibule_tests::{ClientSpec, Person, TestApp, ThirdParty, Tokens};

use crate::{command, metrics, refresh};

pub(crate) const NOTES: &str = "https://notes.example";

/// Somebody who listens.
pub(crate) struct Listener {
    response: Response,
    unread: String,
    last_id: Option<String>,
}

/// What is heard.
#[derive(Debug, PartialEq)]
enum Heard {
    Entry(Value),
    Ready,
}

impl Listener {
    pub(crate) async fn of(client: &ThirdParty, app: &TestApp, last_id: Option<&str>) -> Self {
        let mut request = app.wire().get("/oauth2/revocations");
        request = request.basic_auth(&client.client_id, client.secret.as_deref());
        if let Some(id) = last_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: String::new(), last_id: None }
    }

    /// The next thing that is heard; nothing once the stream has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            while let Some((block, rest)) =
                self.unread.split_once("\n\n").map(|(one, rest)| (one.to_owned(), rest.to_owned()))
            {
                self.unread = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                self.last_id = field("id").map(str::to_owned).or(self.last_id.take());
                match field("event") {
                    Some("revocation") => {
                        return Some(Heard::Entry(serde_json::from_str(field("data").unwrap()).unwrap()));
                    }
                    Some("ready") => return Some(Heard::Ready),
                    _ => {}
                }
            }
            self.unread.push_str(std::str::from_utf8(&self.response.chunk().await.ok()??).unwrap());
        }
    }

    /// All that is heard until the log is known.
    pub(crate) async fn until_ready(&mut self) -> Vec<Value> {
        let mut entries = Vec::new();
        loop {
            match timeout(Duration::from_secs(5), self.next()).await.expect("something is heard") {
                Some(Heard::Entry(entry)) => entries.push(entry),
                Some(Heard::Ready) => return entries,
                None => panic!("the stream has ended"),
            }
        }
    }

    /// Waits for an entry of that kind about that value.
    pub(crate) async fn hears(&mut self, kind: &str, value: &str) -> Value {
        let wanted = hash(kind, value);
        let found = async {
            loop {
                match self.next().await.expect("the stream goes on") {
                    Heard::Entry(entry) if entry["hash"] == wanted => return entry,
                    _ => {}
                }
            }
        };
        timeout(Duration::from_secs(3), found).await.unwrap_or_else(|_| panic!("nothing of the {kind} {value}"))
    }
}

fn hash(kind: &str, value: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("{kind}:{value}").as_bytes()))
}

/// A provider with alice, an application of hers and an API.
async fn begun() -> (TestApp, Person, ThirdParty, ThirdParty) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(refresh::confidential()).await);
    let api = app.client(ClientSpec::named("Notes API")).await;
    app.api_of(&api, NOTES, &["notes.read"]).await;
    (app, alice, client, api)
}

async fn tokens(app: &TestApp, alice: &Person, client: &ThirdParty) -> Tokens {
    // What is minted a millisecond after a moment is not hit by an entry about it.
    app.clock().advance(Duration::from_millis(2));
    let answer = app.browser_of(alice).authorize(client, |request| request).await;
    client.redeem(&answer).await
}

fn claim(tokens: &Tokens, name: &str) -> String {
    tokens.access_claims()[name].as_str().unwrap().to_owned()
}

/// Each thing that ends tokens is in the log: a listener hears of it, and introspection says so.
#[tokio::test]
async fn whatever_ends_tokens_is_heard_by_what_stands_in_them() {
    let (app, alice, client, api) = begun().await;
    let mut listener = Listener::of(&api, &app, None).await;
    listener.until_ready().await;
    let provider = app.provider();
    let dead = async |tokens: &Tokens, what: &str| {
        assert_eq!(client.introspect(&tokens.access_token).await["active"], false, "{what}");
    };

    let given_back = tokens(&app, &alice, &client).await;
    client.revocation(&given_back.access_token).send().await;
    let entry = listener.hears("token", &claim(&given_back, "jti")).await;
    assert_eq!((&entry["kind"], entry.get("issued_before")), (&"token".into(), None));
    dead(&given_back, "revocation").await;

    let grant = tokens(&app, &alice, &client).await;
    client.revocation(&grant.refresh_token).send().await;
    listener.hears("grant", &claim(&grant, "grant_id")).await;
    dead(&grant, "revocation of a refresh token").await;

    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let session = client.redeem(&answer).await;
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    listener.hears("session", &claim(&session, "sid")).await;
    dead(&session, "logout").await;

    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let replayed = client.redeem(&answer).await;
    client.exchange(&answer).send().await;
    listener.hears("grant", &claim(&replayed, "grant_id")).await;
    dead(&replayed, "a replayed code").await;

    let consented = tokens(&app, &alice, &client).await;
    provider.withdraw(alice.id, &client.id()).await.unwrap();
    let entry = listener.hears("consent", &format!("{} {}", alice.id, client.client_id)).await;
    assert!(entry["issued_before"].is_i64());
    dead(&consented, "a withdrawn consent").await;

    let root = app.superuser().await;
    let of_person = tokens(&app, &alice, &client).await;
    let path = format!("/api/v1/users/{}/password", alice.id);
    let changed = root.send(reqwest::Method::PUT, &path, |request| {
        request.json(&serde_json::json!({ "password": "another horse battery 7" }))
    });
    assert!(changed.await.status.is_success(), "a new password");
    listener.hears("user", &alice.id.to_string()).await;
    dead(&of_person, "a new password").await;

    let id: ClientId = client.id();
    let of_client = app.client(ClientSpec::named("Other")).await;
    let deleted = root.delete(&format!("/api/v1/clients/{}", of_client.client_id)).await;
    assert_eq!(deleted.status, 204);
    listener.hears("client", &of_client.client_id).await;
    assert!(provider.clients().find(&id).await.unwrap().is_some());

    let root_path = format!("/api/v1/users/{}", alice.id);
    assert!(root.patch(&root_path, &serde_json::json!({ "active": false })).await.status.is_success());
    listener.hears("user", &alice.id.to_string()).await;
}

#[tokio::test]
async fn what_another_process_revokes_is_heard_as_well() {
    let (app, alice, _, api) = begun().await;
    let mut listener = Listener::of(&api, &app, None).await;
    listener.until_ready().await;
    let context = command(&app);
    let database = context.database().await.unwrap();
    context.revoke_user(&database, alice.id).await.unwrap();
    listener.hears("user", &alice.id.to_string()).await;
}

#[tokio::test]
async fn who_comes_first_hears_what_is_alive_and_who_comes_back_what_was_added() {
    let (app, alice, client, api) = begun().await;
    let first = tokens(&app, &alice, &client).await;
    client.revocation(&first.access_token).send().await;
    let mut listener = Listener::of(&api, &app, None).await;
    let known = listener.until_ready().await;
    assert!(known.iter().any(|entry| entry["hash"] == hash("token", &claim(&first, "jti"))));
    // Rows settle ten seconds after they were read from the table.
    tokio::time::sleep(Duration::from_millis(900)).await;
    app.clock().advance(Duration::from_secs(11));
    tokio::time::sleep(Duration::from_millis(900)).await;
    let second = tokens(&app, &alice, &client).await;
    client.revocation(&second.access_token).send().await;
    listener.hears("token", &claim(&second, "jti")).await;
    let id = listener.last_id.clone().unwrap();
    drop(listener);
    let third = tokens(&app, &alice, &client).await;
    client.revocation(&third.access_token).send().await;
    let missed = Listener::of(&api, &app, Some(&id)).await.until_ready().await;
    let has = |tokens: &Tokens| missed.iter().any(|entry| entry["hash"] == hash("token", &claim(tokens, "jti")));
    assert!(has(&third), "what came meanwhile");
    assert!(!has(&first), "and not what was known long since");
    let anew = Listener::of(&api, &app, Some("nonsense")).await.until_ready().await;
    assert!(anew.len() > missed.len());
}

#[tokio::test]
async fn nothing_that_is_heard_names_anybody() {
    let (app, alice, client, api) = begun().await;
    app.provider().revoke_user(alice.id).await.unwrap();
    app.provider().revoke_client(&client.id()).await.unwrap();
    let entries = Listener::of(&api, &app, None).await.until_ready().await;
    assert_eq!(entries.len(), 2);
    for entry in entries {
        let text = entry.to_string();
        assert!(!text.contains(&alice.id.to_string()) && !text.contains(&client.client_id), "{text}");
        let members: Vec<_> = entry.as_object().unwrap().keys().cloned().collect();
        assert!(
            members.iter().all(|member| ["kind", "hash", "issued_before", "expires_at"].contains(&member.as_str()))
        );
    }
}

#[tokio::test]
async fn a35_a46_only_clients_of_an_api_listen() {
    let (app, _, client, api) = begun().await;
    let ask = async |id: &str, secret: Option<&str>| {
        app.wire().get("/oauth2/revocations").basic_auth(id, secret).send().await.unwrap().status().as_u16()
    };
    assert_eq!(app.wire().get("/oauth2/revocations").send().await.unwrap().status(), 401);
    assert_eq!(ask(&api.client_id, Some("wrong")).await, 401);
    assert_eq!(ask(&client.client_id, client.secret.as_deref()).await, 403, "it is the client of no API");
    let form = [("client_id", api.client_id.as_str()), ("client_secret", api.secret.as_deref().unwrap())];
    let posted = app.wire().post("/oauth2/revocations").form(&form).send().await.unwrap();
    assert_eq!(posted.status(), 200, "by POST where the secret stands in a form");
}

#[tokio::test]
async fn one_client_has_a_quarter_of_all_streams() {
    let app = TestApp::with(|config| config.tokens.revocation_streams = 4).await;
    let api = app.client(ClientSpec::named("Notes API")).await;
    app.api_of(&api, NOTES, &["notes.read"]).await;
    let listener = Listener::of(&api, &app, None).await;
    let ask = async || {
        let request = app.wire().get("/oauth2/revocations").basic_auth(&api.client_id, api.secret.as_deref());
        request.send().await.unwrap()
    };
    let refused = ask().await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(listener);
    let has_room = async || ask().await.status() == 200;
    crate::within_a_second("there is room again", has_room).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_server_and_does_not_hold_it_up() {
    let (app, _, _, api) = begun().await;
    let mut listener = Listener::of(&api, &app, None).await;
    listener.until_ready().await;
    let begun = std::time::Instant::now();
    app.shutdown().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(listener.next().await, None);
}

/// What one replica revokes, another knows within half a second: at once by the bus where they share one, and by looking at the
/// table where they do not, be it that Redis is down.
#[tokio::test]
async fn another_replica_knows_within_a_second_with_and_without_the_bus() {
    let (app, alice, client, api) = begun().await;
    let together = app.replica(|_| {}).await;
    let apart = app.replica(|config| config.redis.prefix = format!("{}apart:", config.redis.prefix)).await;
    for replica in [&together, &apart] {
        let mut listener = Listener::of(&api, replica, None).await;
        listener.until_ready().await;
        let before = metrics::number(replica, "vestibule_revocation_lag_seconds_count").await;
        let tokens = tokens(&app, &alice, &client).await;
        assert!(replica.provider().tokens().verify_access_token(&tokens.access_token).is_ok());
        let begun = std::time::Instant::now();
        client.revocation(&tokens.access_token).send().await;
        listener.hears("token", &claim(&tokens, "jti")).await;
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert!(replica.provider().tokens().verify_access_token(&tokens.access_token).is_err());
        assert!(metrics::number(replica, "vestibule_revocation_lag_seconds_count").await > before);
        let slow = metrics::number(replica, "vestibule_revocation_lag_seconds_bucket{le=\"1\"}").await;
        assert_eq!(slow, metrics::number(replica, "vestibule_revocation_lag_seconds_count").await, "none took longer");
    }
}
