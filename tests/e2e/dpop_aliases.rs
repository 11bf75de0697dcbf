//! DPoP (RFC 9449) where certificates are asked for: the same endpoints have a second address there (RFC 8705 section 5), and a
//! proof for it is good at it and nowhere else.

use reqwest::{
    RequestBuilder,
    header::{AUTHORIZATION, HOST, HeaderMap},
};
use serde_json::json;
use vestibule_tests::{Certificate, ClientSpec, DpopKey, DpopProof, JsonAnswer, TestApp, ThirdParty, Tokens, Wire};

/// Somebody's tokens, bound to a key, at a provider that asks for certificates at a second listener.
struct Scene {
    app: TestApp,
    client: ThirdParty,
    key: DpopKey,
    tokens: Tokens,
    /// What `mtls_endpoint_aliases` says.
    aliases: serde_json::Value,
    /// The way to the second listener.
    mutual: Wire,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::with_mutual_tls(|_| {}).await;
        let alice = app.user_with("alice", |new| (new.staff, new.superuser) = (true, true)).await;
        let client = app.client(ClientSpec::first_party().for_scope("openid vestibule.view_user")).await;
        let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        let aliases = metadata["mtls_endpoint_aliases"].clone();
        let mutual = app.wire().holding(&Certificate::self_signed("app"));
        let (key, mut browser) = (app.dpop_key(), app.browser_of(&alice));
        let code = browser.authorize(&client, |request| request.set("scope", "openid vestibule.view_user")).await;
        let proof = key.for_token_endpoint().claim("htu", aliases["token_endpoint"].clone());
        let request = client.exchange(&code).by_way_of(mutual.clone());
        let tokens = JsonAnswer::of(request.build().header("DPoP", proof.sign())).await.tokens();
        Self { app, client, key, tokens, aliases, mutual }
    }

    /// A proof for userinfo at this address.
    fn proof(&self, htu: &str) -> DpopProof {
        self.key.for_userinfo(&self.tokens.access_token).claim("htu", json!(htu))
    }

    fn alias(&self) -> &str {
        self.aliases["userinfo_endpoint"].as_str().unwrap()
    }

    fn own(&self) -> String {
        format!("{}/oauth2/userinfo", self.app.issuer())
    }

    fn asks(&self, wire: &Wire, path: &str, proof: &DpopProof) -> RequestBuilder {
        let request = wire.get(path).header(AUTHORIZATION, format!("DPoP {}", self.tokens.access_token));
        request.header("DPoP", proof.sign())
    }

    /// Userinfo, by one of the two ways.
    async fn userinfo(&self, wire: &Wire, proof: &DpopProof) -> (u16, String) {
        told(&JsonAnswer::of(self.asks(wire, "/oauth2/userinfo", proof)).await)
    }
}

fn told(answer: &JsonAnswer) -> (u16, String) {
    (answer.status.as_u16(), answer.error().to_owned())
}

fn taken() -> (u16, String) {
    (200, String::new())
}

fn refused() -> (u16, String) {
    (401, "invalid_dpop_proof".to_owned())
}

#[tokio::test]
async fn a_proof_for_the_alias_is_taken_at_it() {
    let scene = Scene::new().await;
    assert_eq!(scene.tokens.access_claims()["cnf"]["jkt"], scene.key.jkt(), "at the token endpoint");
    assert_ne!(scene.alias(), scene.own());
    assert_eq!(scene.userinfo(&scene.mutual, &scene.proof(scene.alias())).await, taken());
    let push = scene.client.push(&scene.client.request()).by_way_of(scene.mutual.clone());
    let htu = scene.aliases["pushed_authorization_request_endpoint"].clone();
    let proof = scene.key.proof("POST", "/oauth2/par").claim("htu", htu);
    let pushed = JsonAnswer::of(push.build().header("DPoP", proof.sign())).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let users = scene.alias().replace("/oauth2/userinfo", "/api/v1/users");
    let listed = JsonAnswer::of(scene.asks(&scene.mutual, "/api/v1/users", &scene.proof(&users))).await;
    assert_eq!(listed.status, 200, "{}", listed.body);
}

#[tokio::test]
async fn the_issuers_own_address_is_taken_at_both_listeners() {
    let scene = Scene::new().await;
    for wire in [scene.app.wire(), &scene.mutual] {
        assert_eq!(scene.userinfo(wire, &scene.proof(&scene.own())).await, taken());
    }
}

#[tokio::test]
async fn a37_a_proof_for_the_alias_is_refused_where_no_certificates_are_asked_for() {
    let scene = Scene::new().await;
    let proof = scene.proof(scene.alias());
    assert_eq!(scene.userinfo(scene.app.wire(), &proof).await, refused());
    let code = scene.client.asks("refresh_token").set("refresh_token", "none");
    let proof = scene.key.for_token_endpoint().claim("htu", scene.aliases["token_endpoint"].clone());
    let answer = JsonAnswer::of(code.build().header("DPoP", proof.sign())).await;
    assert_eq!(told(&answer), (400, "invalid_dpop_proof".to_owned()));
}

#[tokio::test]
async fn a37_what_a_request_says_of_its_host_changes_no_address() {
    let scene = Scene::new().await;
    let alias_host = scene.alias().trim_start_matches("https://").trim_end_matches("/oauth2/userinfo");
    for (wire, host, htu) in [
        (scene.app.wire(), alias_host, scene.alias()),
        (scene.app.wire(), "evil.example", "https://evil.example/oauth2/userinfo"),
        (&scene.mutual, "evil.example", "https://evil.example/oauth2/userinfo"),
    ] {
        let mut headers = HeaderMap::new();
        for name in [HOST.as_str(), "x-forwarded-host"] {
            headers.insert(name.parse::<reqwest::header::HeaderName>().unwrap(), host.parse().unwrap());
        }
        let request = scene.asks(wire, "/oauth2/userinfo", &scene.proof(htu)).headers(headers);
        assert_eq!(JsonAnswer::of(request).await.status, 401, "{htu}");
    }
    assert_eq!(scene.userinfo(&scene.mutual, &scene.proof(scene.alias())).await, taken());
}

#[tokio::test]
async fn a37_at_the_alias_another_path_or_port_is_refused() {
    let scene = Scene::new().await;
    let token_endpoint = scene.aliases["token_endpoint"].as_str().unwrap();
    let other_port = "https://localhost:1/oauth2/userinfo".to_owned();
    let in_the_clear = scene.alias().replace("https://", "http://");
    for htu in [token_endpoint.to_owned(), format!("{}/oauth2/token", scene.app.issuer()), other_port, in_the_clear] {
        assert_eq!(scene.userinfo(&scene.mutual, &scene.proof(&htu)).await, refused(), "{htu}");
    }
}

#[tokio::test]
async fn a37_a_proof_that_was_taken_at_one_listener_is_spent_at_the_other() {
    let scene = Scene::new().await;
    let proof = scene.proof(&scene.own());
    assert_eq!(scene.userinfo(&scene.mutual, &proof).await, taken());
    assert_eq!(scene.userinfo(scene.app.wire(), &proof).await, refused());
}
