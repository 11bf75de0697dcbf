//! Tokens that are bound to a key (RFC 9449 section 7).

use serde_json::{Value, json};
use vestibule_guard::Algorithm;
use vestibule_jose::{EncodedHeader, PrivateKey, sha256, sign};

use crate::{
    API, alone,
    api::{Answer, Api, Call},
    provider::{Provider, new_key},
    with,
};

struct Holder {
    key: PrivateKey,
    token: String,
    now: i64,
}

impl Holder {
    /// Whoever holds the key of a new token.
    fn of(provider: &Provider) -> Self {
        let key = new_key(Algorithm::Es256);
        let token = provider.token(json!({ "cnf": { "jkt": key.public().thumbprint() } }));
        Self { key, token, now: provider.clock.now().seconds() }
    }

    /// A proof for `GET /who`, with these claims changed.
    fn proof(&self, changes: Value) -> String {
        let mut jwk = self.key.public().jwk().to_json();
        jwk.as_object_mut().unwrap().retain(|name, _| !["kid", "use", "alg"].contains(&name.as_str()));
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let claims = json!({
            "jti": "one", "htm": "GET", "htu": format!("{API}/who"), "iat": self.now, "ath": sha256(self.token.as_bytes()),
        });
        sign(&self.key, &EncodedHeader::from_json(&header), &with(claims, changes)).unwrap()
    }

    async fn ask(&self, api: &Api, changes: Value) -> Answer {
        api.call(Call::get("/who").dpop(&self.token, &self.proof(changes))).await
    }
}

fn told(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

#[tokio::test]
async fn a_token_is_good_from_the_holder_of_its_key() {
    let (provider, api) = alone().await;
    let holder = Holder::of(&provider);
    assert_eq!(holder.ask(&api, json!({})).await.body, "alice");
    let post = holder.proof(json!({ "jti": "two", "htm": "POST" }));
    assert_eq!(api.call(Call::get("/who").method("POST").dpop(&holder.token, &post)).await.status, 200);
}

#[tokio::test]
async fn a37_a_bound_token_is_no_bearer_token() {
    let (provider, api) = alone().await;
    let holder = Holder::of(&provider);
    api.refuses(&holder.token).await;
    let with_proof = Call::get("/who").bearer(&holder.token).header("dpop", &holder.proof(json!({})));
    assert_eq!(told(&api.call(with_proof).await), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn a37_a_proof_is_needed_and_one_only() {
    let (provider, api) = alone().await;
    let holder = Holder::of(&provider);
    let scheme = format!("DPoP {}", holder.token);
    let missing = api.call(Call::get("/who").header("authorization", &scheme)).await;
    assert_eq!(told(&missing), (401, "invalid_dpop_proof".to_owned()));
    assert!(missing.challenge("DPoP").contains("algs=\"ES256 PS256 EdDSA\""), "{missing:?}");
    let proof = holder.proof(json!({}));
    let twice = Call::get("/who").dpop(&holder.token, &proof).header("dpop", &proof);
    assert_eq!(told(&api.call(twice).await), (401, "invalid_dpop_proof".to_owned()));
}

#[tokio::test]
async fn a37_a_proof_is_spent_by_its_use() {
    let (provider, api) = alone().await;
    let holder = Holder::of(&provider);
    assert_eq!(holder.ask(&api, json!({})).await.status, 200);
    assert_eq!(told(&holder.ask(&api, json!({})).await), (401, "invalid_dpop_proof".to_owned()));
    assert_eq!(holder.ask(&api, json!({ "jti": "two" })).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a37_of_fifty_who_send_one_proof_one_is_admitted() {
    let (provider, api) = alone().await;
    let (holder, api) = (Holder::of(&provider), std::sync::Arc::new(api));
    let proof = holder.proof(json!({}));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (api, token, proof) = (api.clone(), holder.token.clone(), proof.clone());
            tokio::spawn(async move { api.call(Call::get("/who").dpop(&token, &proof)).await.status })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(task.await.unwrap() == 200);
    }
    assert_eq!(admitted, 1);
}

#[tokio::test]
async fn a37_another_key_is_refused_and_leaves_the_holders_proof_alone() {
    let (provider, api) = alone().await;
    let (holder, thief) = (Holder::of(&provider), Holder::of(&provider));
    let stolen = Holder { token: holder.token.clone(), ..thief };
    assert_eq!(told(&stolen.ask(&api, json!({})).await), (401, "invalid_token".to_owned()));
    assert_eq!(holder.ask(&api, json!({})).await.status, 200);
}

#[tokio::test]
async fn a37_a_token_that_is_bound_to_no_key_is_none_for_the_dpop_scheme() {
    let (provider, api) = alone().await;
    let holder = Holder { token: provider.token(json!({})), ..Holder::of(&provider) };
    assert_eq!(told(&holder.ask(&api, json!({})).await), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn a37_a_proof_for_something_else_is_refused() {
    let (provider, api) = alone().await;
    let holder = Holder::of(&provider);
    for changes in [
        json!({ "htm": "POST" }),
        json!({ "htu": format!("{API}/all") }),
        json!({ "htu": "https://other.example/who" }),
        json!({ "ath": null }),
        json!({ "ath": sha256(b"another") }),
        json!({ "iat": holder.now - 200 }),
        json!({ "iat": holder.now + 200 }),
        json!({ "jti": null }),
    ] {
        assert_eq!(told(&holder.ask(&api, changes.clone()).await), (401, "invalid_dpop_proof".to_owned()), "{changes}");
    }
}

#[tokio::test]
async fn a_nonce_is_asked_for_given_out_and_taken() {
    let provider = Provider::start().await;
    let api = Api::new(provider.guard().require_nonces().build().unwrap());
    let holder = Holder::of(&provider);
    let refused = holder.ask(&api, json!({})).await;
    assert_eq!(told(&refused), (401, "use_dpop_nonce".to_owned()));
    assert!(refused.challenge("DPoP").contains("error=\"use_dpop_nonce\""), "{refused:?}");
    let nonce = refused.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let taken = holder.ask(&api, json!({ "nonce": nonce })).await;
    assert_eq!((taken.status.as_u16(), taken.headers.contains_key("dpop-nonce")), (200, true));
    let made_up = holder.ask(&api, json!({ "jti": "two", "nonce": "made up" })).await;
    assert_eq!(told(&made_up), (401, "use_dpop_nonce".to_owned()));
}

#[tokio::test]
async fn an_api_can_take_bound_tokens_only() {
    let provider = Provider::start().await;
    let api = Api::new(provider.guard().require_dpop().build().unwrap());
    let bearer = api.get("/who", &provider.token(json!({}))).await;
    assert_eq!(told(&bearer), (401, "invalid_token".to_owned()));
    assert_eq!(bearer.challenge("Bearer"), "");
    assert!(bearer.challenge("DPoP").contains("error=\"invalid_token\""), "{bearer:?}");
    assert_eq!(Holder::of(&provider).ask(&api, json!({})).await.status, 200);
}

#[tokio::test]
async fn a_path_that_a_proxy_takes_away_stands_in_the_proof() {
    let provider = Provider::start().await;
    let api = Api::new(provider.guard().public_url("https://www.example/api/").build().unwrap());
    let holder = Holder::of(&provider);
    assert_eq!(holder.ask(&api, json!({ "htu": "https://www.example/api/who" })).await.status, 200);
    assert_eq!(holder.ask(&api, json!({ "jti": "two", "htu": "https://www.example/who" })).await.status, 401);
}
