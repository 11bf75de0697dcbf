//! Tokens that are bound to a client certificate (RFC 8705 section 3).

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use vestibule_jose::x5t_s256;

use crate::{
    alone,
    api::{Api, Call},
    provider::Provider,
};

const OWN: &[u8] = b"the holder's certificate, in DER";

fn bound(provider: &Provider) -> String {
    provider.token(json!({ "cnf": { "x5t#S256": x5t_s256(OWN) } }))
}

#[tokio::test]
async fn a38_a_bound_token_is_good_with_its_certificate_only() {
    let (provider, api) = alone().await;
    let token = bound(&provider);
    assert_eq!(api.call(Call::get("/who").bearer(&token).certificate(OWN)).await.status, 200);
    for answer in
        [api.get("/who", &token).await, api.call(Call::get("/who").bearer(&token).certificate(b"other")).await]
    {
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_token"));
    }
}

#[tokio::test]
async fn a38_a_header_counts_from_a_trusted_proxy_alone() {
    let provider = Provider::start().await;
    let header = "x-client-cert".parse().unwrap();
    let api = Api::new(provider.guard().certificate_header(header, ["10.0.0.0/8".parse().unwrap()]).build().unwrap());
    let (token, value) = (bound(&provider), format!(":{}:", STANDARD.encode(OWN)));
    let call = |peer: &str| Call::get("/who").bearer(&token).header("x-client-cert", &value).from(peer);
    assert_eq!(api.call(call("10.1.2.3")).await.status, 200);
    assert_eq!(api.call(call("192.0.2.1")).await.status, 401);
    assert_eq!(api.call(call("10.1.2.3").header("x-client-cert", &value)).await.status, 401, "twice");
    let metadata = api.guard.metadata();
    assert_eq!(metadata.document()["tls_client_certificate_bound_access_tokens"], true);
}

#[tokio::test]
async fn a_binding_of_an_unknown_kind_is_refused() {
    let (provider, api) = alone().await;
    for cnf in [json!({ "kid": "x" }), json!({ "jkt": 1 }), json!([])] {
        api.refuses(&provider.token(json!({ "cnf": cnf }))).await;
    }
}
