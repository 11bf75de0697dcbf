//! `kill -9` in the middle of a storm of refreshes, and a new start: nobody is left with neither an old nor a new token that
//! works.

use std::{
    collections::HashSet,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;
use tokio::task::JoinSet;
use vestibule_core::{Clock, HashKey, Random};
use vestibule_database::Database;
use vestibule_oidc::{Grants, ImportedGrant, ImportedToken, RefreshPolicy};
use vestibule_tokens::{KeyFile, Secrets, open_vault};

use crate::place::Place;

const CLIENTS: usize = 24;
const KILLS: usize = 3;

/// A provider in a process of its own. Dropping it kills it.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Serving {
    /// Starts it, and waits until it answers.
    async fn start(place: &Place, http: &Client, url: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.arg("serve").current_dir(place.path());
        let serving = Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started"));
        let begun = Instant::now();
        while http.get(format!("{url}/health/ready")).send().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        serving
    }

    /// `kill -9`: the process has no say in it.
    fn kill(mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

/// An application, and the refresh token that it holds.
#[derive(Clone)]
struct Holder {
    http: Client,
    url: String,
    client_id: String,
    secret: Option<String>,
    token: String,
}

impl Holder {
    /// One refresh; nothing where no answer came.
    async fn refresh(&self) -> Option<(u16, Value)> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &self.token), ("client_id", &self.client_id)];
        let secret = self.secret.as_deref().map(|secret| ("client_secret", secret));
        let form: Vec<_> = form.into_iter().chain(secret).collect();
        let answer = self.http.post(format!("{}/oauth2/token", self.url)).form(&form).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    /// Refreshes until the provider is gone. What was given in an answer that came whole is held from then on.
    async fn storm(mut self) -> (Self, usize) {
        let mut refreshed = 0;
        while let Some((status, body)) = self.refresh().await {
            assert_eq!(status, 200, "{body}");
            self.token = body["refresh_token"].as_str().expect("a refresh token").to_owned();
            refreshed += 1;
        }
        (self, refreshed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_a_storm_of_refreshes_leaves_everyone_with_a_token_that_works() {
    let place = Place::new();
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    place.configure(&format!("[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://localhost:{port}\"\n"));
    let (http, url) = (Client::new(), format!("http://127.0.0.1:{port}"));
    let mut holders = holders(&place, &http, &url).await;
    let mut seen = HashSet::new();
    for round in 0..KILLS {
        let serving = Serving::start(&place, &http, &url).await;
        let mut storm = JoinSet::new();
        for holder in holders {
            storm.spawn(holder.storm());
        }
        tokio::time::sleep(Duration::from_millis(700 + 300 * round as u64)).await;
        serving.kill();
        let ended = storm.join_all().await;
        let refreshed: usize = ended.iter().map(|(_, refreshed)| refreshed).sum();
        assert!(refreshed > CLIENTS, "a storm: {refreshed} refreshes");
        holders = ended.into_iter().map(|(holder, _)| holder).collect();
    }
    let _serving = Serving::start(&place, &http, &url).await;
    for holder in &holders {
        let (status, body) = holder.refresh().await.expect("an answer");
        assert_eq!(status, 200, "{body}");
        let token = body["refresh_token"].as_str().expect("a refresh token");
        assert!(seen.insert(token.to_owned()), "each holds a token of its own");
    }
}

/// Applications of both kinds, each with a grant that came from another system.
async fn holders(place: &Place, http: &Client, url: &str) -> Vec<Holder> {
    let user = place.json(&["users", "create", "alice", "--email", "alice@example.com", "--json"]);
    let create = |more: &[&str]| {
        let mut arguments = vec!["clients", "create", "--name", "Storm", "--redirect-uri", "https://rp.example/cb"];
        arguments.extend(["--grant-type", "authorization_code refresh_token", "--json"]);
        arguments.extend(more);
        place.json(&arguments)
    };
    let kinds = [create(&[]), create(&["--public"])];
    let (clock, random) = (Clock::system(), Random::system());
    let database = format!("sqlite://{}", place.path().join("data/vestibule.db").display());
    let database = Database::connect(&database, 1).await.expect("the database");
    let keys = KeyFile::at(&place.path().join("keys"), None);
    let vault = open_vault(&database, &keys, &clock, &random).await.expect("the vault");
    let secrets = Secrets::open(&database, &vault, &clock, &random).await.expect("the secrets");
    let grants = grants(&database, secrets.hash_key(), &clock);
    let transaction = database.begin().await.expect("a transaction");
    let mut holders = Vec::new();
    for number in 0..CLIENTS {
        let kind = &kinds[number % kinds.len()];
        let text = |name: &str| kind[name].as_str().map(str::to_owned);
        let (client_id, token) = (text("client_id").expect("an id"), format!("from elsewhere {number}"));
        let imported = ImportedGrant {
            client: client_id.as_str().into(),
            user: user["id"].as_str().expect("an id").parse().expect("a user's id"),
            scope: "openid".parse().expect("a scope"),
            authenticated_at: clock.now(),
            expires_at: None,
            token: ImportedToken::Plain(token.clone()),
        };
        grants.insert_in(&transaction, imported, &random).await.expect("a grant");
        let (http, url, secret) = (http.clone(), url.to_owned(), text("client_secret"));
        holders.push(Holder { http, url, client_id, secret, token });
    }
    transaction.commit().await.expect("committed");
    database.close().await;
    holders
}

fn grants(database: &Database, key: &HashKey, clock: &Clock) -> Grants {
    let day = Duration::from_secs(86_400);
    let policy = RefreshPolicy { retry: Duration::from_secs(60), idle: day, absolute: day };
    Grants::new(database.clone(), key, policy, clock.clone())
}
