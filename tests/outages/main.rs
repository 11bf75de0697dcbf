//! Redis is killed and started again while everybody goes on: nobody loses a token, nobody is let in who should not be, and what is
//! answered from memory is answered all the while.

mod redis;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use redis::Redis;
use tokio::task::JoinSet;
use vestibule_tests::{Browser, ClientSpec, TestApp, ThirdParty, Tokens};

const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

/// A provider with a Redis of its own.
async fn provider(redis: &Redis) -> TestApp {
    let url = redis.url();
    TestApp::with(|config| config.redis.url = Some(url.into())).await
}

/// What an application that loses nothing does: where the answer is not a success, it comes again with the token that it has.
struct Refreshing {
    client: ThirdParty,
    token: String,
    done: usize,
    put_off: usize,
}

impl Refreshing {
    async fn once(&mut self) -> bool {
        let answer = self.client.asks("refresh_token").set("refresh_token", &self.token).send().await;
        match answer.status.as_u16() {
            200 => {
                answer.tokens().refresh_token.clone_into(&mut self.token);
                self.done += 1;
                true
            }
            503 => {
                assert_eq!(answer.error(), "temporarily_unavailable", "{}", answer.body);
                self.put_off += 1;
                false
            }
            other => panic!("{other}: {}", answer.body),
        }
    }

    async fn until(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::Relaxed) {
            self.once().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self
    }
}

async fn tokens(app: &TestApp, browser: &mut Browser, scope: &str) -> (ThirdParty, Tokens) {
    let client = app.client(ClientSpec::default().for_grants(&GRANTS)).await;
    let answer = browser.authorize(&client, |request| request.set("scope", scope)).await;
    let tokens = client.redeem(&answer).await;
    (client, tokens)
}

async fn soon(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "not within ten seconds: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_killed_and_started_during_load_loses_nothing() {
    let mut redis = Redis::start();
    let app = provider(&redis).await;
    let other = app.replica(|_| {}).await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut refreshing = JoinSet::new();
    for number in 0..8 {
        let scope = if number % 2 == 0 { "openid" } else { "openid offline_access" };
        let (client, tokens) = tokens(&app, &mut browser, scope).await;
        let one = Refreshing { client, token: tokens.refresh_token, done: 0, put_off: 0 };
        refreshing.spawn(one.until(Arc::clone(&stop)));
    }
    let (client, kept) = tokens(&app, &mut browser, "openid").await;
    let (doomed, void) = tokens(&app, &mut browser, "openid").await;
    let asking = {
        let there = other.known_client(&client.client_id, client.secret.as_deref(), &client.redirect_uri);
        let (stop, answered, token) = (Arc::clone(&stop), Arc::clone(&answered), kept.access_token.clone());
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                assert_eq!(there.introspect(&token).await["active"], true, "from memory, whatever Redis does");
                answered.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    tokio::time::sleep(Duration::from_millis(700)).await;
    redis.kill();
    let before = answered.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(answered.load(Ordering::Relaxed) > before + 20, "introspection went on");

    // While nothing can be published, the other replica hears of what was revoked from the database.
    assert_eq!(doomed.revocation(&void.access_token).send().await.status, 200);
    let there = other.known_client(&doomed.client_id, doomed.secret.as_deref(), "");
    let begun = Instant::now();
    soon("the other replica knows", async || there.introspect(&void.access_token).await["active"] == false).await;
    println!("heard of through the database after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(2));

    redis.again();
    // Each replica tries its connections once a second.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    stop.store(true, Ordering::Relaxed);
    asking.await.expect("introspection never failed");
    for mut one in refreshing.join_all().await {
        assert!(one.done > 10, "{} refreshes, {} put off", one.done, one.put_off);
        soon("it refreshes again", async || one.once().await).await;
    }
    // The session of the browser is there, and new ones begin.
    let (_, again) = tokens(&app, &mut browser, "openid").await;
    assert_eq!(again.id_claims()["sub"], alice.id.to_string());
    let bob = app.user("bob").await;
    Browser::sign_in(&other, &bob).await;
}
