//! A guarded API, and a provider that a test tells what to say: also what a right one never says.
//!
//! What a real provider makes of this is in the e2e tests (`tests/e2e/resource_server.rs`).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod api;
mod certificates;
mod introspection;
mod jwt;
mod keys;
mod proofs;
mod provider;
mod stream;

use api::Api;
use provider::Provider;
use serde_json::{Value, json};
use vestibule_guard::Clock;

/// The API's identifier, and where it is reached.
const API: &str = "https://api.example";

/// A provider, and an API that verifies its JWTs by itself.
async fn alone() -> (Provider, Api) {
    let provider = Provider::start().await;
    let api = Api::new(provider.guard().build().unwrap());
    (provider, api)
}

/// A provider, and an API that has a client there and follows its stream.
async fn in_touch() -> (Provider, Api) {
    let provider = Provider::start().await;
    let api = Api::new(provider.guard().client("api", "a secret".to_owned()).build().unwrap());
    api.guard.ready().await.unwrap();
    (provider, api)
}

/// Claims that are good at the API for ten minutes.
fn claims(provider: &Provider, clock: &Clock) -> Value {
    let now = clock.now().seconds();
    json!({
        "iss": provider.issuer, "aud": API, "sub": "alice", "client_id": "app", "jti": "one", "sid": "a session",
        "iat": now, "exp": now + 600, "scope": "notes:read",
    })
}

/// With these members changed; `null` takes one away.
fn with(mut object: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}
