//! Client certificates: applications that prove themselves by one, and tokens that are bound to one.

use std::net::IpAddr;

use rcgen::SanType;
use serde_json::json;
use vestibule::config::{Config, WayToAuthenticate};
use vestibule_jose::Algorithm;
use vestibule_oidc::client::{AuthMethod, CertificateName, ClientsError, MetadataError};
use vestibule_tests::{
    Authority, Browser, Certificate, ClientKey, ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest,
};

use crate::assertions::{NOTES, asks, for_itself};

const FORWARDED: &str = "client-cert";

/// Behind a proxy on this machine that forwards certificates.
fn behind_a_proxy(config: &mut Config) {
    config.http.trusted_proxies = IpAddr::from([127, 0, 0, 1]).into();
    config.http.mtls_forwarded_header = Some(FORWARDED.to_owned());
}

async fn behind() -> TestApp {
    let app = TestApp::with(behind_a_proxy).await;
    app.api(NOTES, &["notes:read"]).await;
    app
}

/// At a listener that asks for certificates.
async fn mutual() -> TestApp {
    let app = TestApp::with_mutual_tls(|_| {}).await;
    app.api(NOTES, &["notes:read"]).await;
    app
}

fn named(name: CertificateName) -> ClientSpec {
    for_itself(AuthMethod::TlsClientAuth).with(|new| new.metadata.certificate_name = name)
}

fn of_subject(subject: &str) -> ClientSpec {
    named(CertificateName { subject_dn: Some(subject.to_owned()), ..CertificateName::default() })
}

fn of_dns(name: &str) -> ClientSpec {
    named(CertificateName { san_dns: Some(name.to_owned()), ..CertificateName::default() })
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

/// Asks for a token, with a certificate that the proxy forwards.
async fn forwarded(client: &ThirdParty, certificate: &Certificate) -> JsonAnswer {
    let request = client.asks("client_credentials").build().header(FORWARDED, certificate.forwarded());
    JsonAnswer::of(request).await
}

/// Asks for a token over TLS, with the certificate in the handshake.
async fn shaking(app: &TestApp, client: &ThirdParty, certificate: &Certificate) -> JsonAnswer {
    client.asks("client_credentials").by_way_of(app.wire().holding(certificate)).send().await
}

#[track_caller]
fn assert_proved(answer: &JsonAnswer) {
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
}

#[track_caller]
fn assert_refused(answer: &JsonAnswer) {
    assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"), "{}", answer.body);
}

#[tokio::test]
async fn an_application_proves_itself_by_a_certificate_of_the_authority_under_its_name() {
    let app = mutual().await;
    let certificate = app.authority().client("billing", vec![dns("billing.example.com")]);
    for spec in [of_subject("CN=billing,O=Example"), of_dns("billing.example.com"), of_dns("BILLING.example.com")] {
        let client = app.client(spec).await;
        assert_eq!(client.secret, None);
        assert_proved(&shaking(&app, &client, &certificate).await);
        assert_refused(&client.asks("client_credentials").send().await);
    }
    for spec in [of_subject("CN=billing"), of_subject("CN=other,O=Example"), of_dns("example.com")] {
        let client = app.client(spec).await;
        assert_refused(&shaking(&app, &client, &certificate).await);
    }
}

#[tokio::test]
async fn a38_a_certificate_that_no_authority_signed_names_nobody() {
    let app = mutual().await;
    let client = app.client(of_subject("CN=billing,O=Example")).await;
    for forged in [Certificate::self_signed("billing"), Authority::new().client("billing", Vec::new())] {
        assert_refused(&shaking(&app, &client, &forged).await);
    }
}

#[tokio::test]
async fn each_kind_of_name_is_held_against_the_certificate() {
    let (app, authority) = (behind().await, Authority::new());
    let email = |address: &str| SanType::Rfc822Name(address.try_into().unwrap());
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let ip = |ip: &str| SanType::IpAddress(ip.parse().unwrap());
    let none = CertificateName::default;
    let cases = [
        (CertificateName { san_dns: Some("a.example".into()), ..none() }, dns("a.example"), dns("*.example")),
        (CertificateName { san_uri: Some("spiffe://x/a".into()), ..none() }, uri("spiffe://x/a"), uri("spiffe://x/ab")),
        (CertificateName { san_ip: Some("2001:db8::1".into()), ..none() }, ip("2001:db8:0::1"), ip("2001:db8::2")),
        (CertificateName { san_ip: Some("192.0.2.7".into()), ..none() }, ip("192.0.2.7"), dns("192.0.2.7")),
        (
            CertificateName { san_email: Some("a@Example.org".into()), ..none() },
            email("a@example.org"),
            email("A@example.org"),
        ),
    ];
    for (name, right, wrong) in cases {
        let client = app.client(named(name.clone())).await;
        assert_proved(&forwarded(&client, &authority.client("x", vec![dns("y.example"), right])).await);
        assert_refused(&forwarded(&client, &authority.client("x", vec![wrong])).await);
        assert_refused(&forwarded(&client, &authority.client("x", Vec::new())).await);
    }
}

#[tokio::test]
async fn a38_a_header_counts_from_a_trusted_proxy_alone_and_once() {
    let app = TestApp::with(|config| {
        behind_a_proxy(config);
        config.http.trusted_proxies = IpAddr::from([192, 0, 2, 1]).into();
    })
    .await;
    app.api(NOTES, &["notes:read"]).await;
    let certificate = Authority::new().client("billing", Vec::new());
    let client = app.client(of_subject("CN=billing,O=Example")).await;
    assert_refused(&forwarded(&client, &certificate).await);
    let app = behind().await;
    let client = app.client(of_subject("CN=billing,O=Example")).await;
    let other = Certificate::self_signed("other").forwarded();
    let twice = client.asks("client_credentials").build();
    let twice = twice.header(FORWARDED, certificate.forwarded()).header(FORWARDED, other);
    assert_refused(&JsonAnswer::of(twice).await);
    for odd in ["", "::", "MIIB", "(null)"] {
        assert_refused(&JsonAnswer::of(client.asks("client_credentials").build().header(FORWARDED, odd)).await);
    }
    assert_proved(&forwarded(&client, &certificate).await);
}

#[tokio::test]
async fn an_application_proves_itself_by_a_certificate_that_it_registered() {
    let (app, key) = (mutual().await, ClientKey::new(Algorithm::Es256));
    let (own, other) = (Certificate::self_signed("app"), Certificate::self_signed("app"));
    let jwks = own.jwks(&key.jwk());
    let spec = for_itself(AuthMethod::SelfSignedTlsClientAuth).with(|new| new.metadata.jwks = Some(jwks));
    let client = app.client(spec).await;
    assert_proved(&shaking(&app, &client, &own).await);
    assert_refused(&shaking(&app, &client, &other).await);
    assert_refused(&shaking(&app, &client, &app.authority().client("app", Vec::new())).await);
    assert_refused(&client.asks("client_credentials").send().await);
    // Its key, which stands beside, is not its way to prove itself.
    assert_refused(&asks(&client, &key.signs(&app.statement(&client))).send().await);
}

#[tokio::test]
async fn certificates_at_a_jwks_uri_are_fetched_again_when_one_is_new() {
    let app = TestApp::with(|config| {
        behind_a_proxy(config);
        config.fetch.allow_private_networks = true;
    })
    .await;
    app.api(NOTES, &["notes:read"]).await;
    let (key, first, second) =
        (ClientKey::new(Algorithm::Es256).jwk(), Certificate::self_signed("a"), Certificate::self_signed("a"));
    let site = vestibule_tests::KeySite::start(&first.jwks(&key)).await;
    let url = site.url();
    let spec = for_itself(AuthMethod::SelfSignedTlsClientAuth).with(|new| new.metadata.jwks_uri = Some(url));
    let client = app.client(spec).await;
    assert_proved(&forwarded(&client, &first).await);
    assert_refused(&forwarded(&client, &second).await);
    site.publish(&second.jwks(&key));
    assert_proved(&forwarded(&client, &second).await);
    assert_refused(&forwarded(&client, &first).await);
}

#[tokio::test]
async fn a45_a_certificate_does_not_stand_in_for_what_an_application_registered() {
    let app = mutual().await;
    let certificate = app.authority().client("billing", Vec::new());
    let client = app.client(for_itself(AuthMethod::ClientSecretBasic)).await;
    let bare = client.asks("client_credentials").without_basic().set("client_id", &client.client_id);
    assert_refused(&bare.by_way_of(app.wire().holding(&certificate)).send().await);
    // Beside what it registered it is no second method: it may be there to bind tokens to.
    let way = app.wire().holding(&certificate);
    assert_proved(&client.asks("client_credentials").by_way_of(way.clone()).send().await);
    let with_certificate = app.client(of_subject("CN=billing,O=Example")).await;
    let secret = with_certificate.asks("client_credentials").set("client_secret", "x");
    assert_refused(&secret.by_way_of(way.clone()).send().await);
    let basic = with_certificate.asks("client_credentials").without("client_id");
    assert_refused(&basic.basic(&with_certificate.client_id, "x").by_way_of(way).send().await);
}

/// An application of people whose tokens are bound to its certificate.
fn bound() -> ClientSpec {
    ClientSpec::first_party().with(|new| new.metadata.tls_client_certificate_bound_access_tokens = true)
}

async fn userinfo(app: &TestApp, token: &str, certificate: Option<&Certificate>) -> JsonAnswer {
    let wire = certificate.map_or_else(|| app.wire().clone(), |certificate| app.wire().holding(certificate));
    JsonAnswer::of(wire.get("/oauth2/userinfo").bearer_auth(token)).await
}

/// A code's redemption, by whoever holds the certificate.
async fn redeemed(app: &TestApp, client: &ThirdParty, browser: &mut Browser, by: Option<&Certificate>) -> JsonAnswer {
    let answer = browser.authorize(client, |request| request).await;
    let request: TokenRequest = client.exchange(&answer);
    match by {
        Some(certificate) => request.by_way_of(app.wire().holding(certificate)).send().await,
        None => request.send().await,
    }
}

#[tokio::test]
async fn a38_a_token_that_is_bound_to_a_certificate_is_used_with_it_alone() {
    let app = mutual().await;
    let (alice, client) = (app.user("alice").await, app.client(bound()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let (own, other) = (Certificate::self_signed("app"), Certificate::self_signed("app"));
    let tokens = redeemed(&app, &client, &mut browser, Some(&own)).await.tokens();
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.access_claims()["cnf"], json!({ "x5t#S256": own.thumbprint() }));
    assert_eq!(userinfo(&app, &tokens.access_token, Some(&own)).await.status, 200);
    for stolen in [None, Some(&other), Some(&app.authority().client("app", Vec::new()))] {
        let refused = userinfo(&app, &tokens.access_token, stolen).await;
        assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_token"));
    }
}

#[tokio::test]
async fn an_application_that_wants_bound_tokens_gets_no_other() {
    let app = mutual().await;
    let (alice, client) = (app.user("alice").await, app.client(bound()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let refused = redeemed(&app, &client, &mut browser, None).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_grant"));
    let plain = app.client(ClientSpec::first_party()).await;
    let tokens = redeemed(&app, &plain, &mut browser, Some(&Certificate::self_signed("app"))).await.tokens();
    assert!(tokens.access_claims().get("cnf").is_none(), "who does not want them gets plain ones");
    assert_eq!(userinfo(&app, &tokens.access_token, None).await.status, 200);
}

#[tokio::test]
async fn a38_a_forged_header_does_not_open_a_bound_token() {
    let app = TestApp::with_mutual_tls(|config| config.http.mtls_forwarded_header = Some(FORWARDED.to_owned())).await;
    let (alice, client) = (app.user("alice").await, app.client(bound()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let own = Certificate::self_signed("app");
    let tokens = redeemed(&app, &client, &mut browser, Some(&own)).await.tokens();
    let forged = app.wire().get("/oauth2/userinfo").bearer_auth(&tokens.access_token);
    assert_eq!(JsonAnswer::of(forged.header(FORWARDED, own.forwarded())).await.status, 401);
}

#[tokio::test]
async fn a38_a_certificate_of_its_holders_own_signs_no_person_in() {
    let app = TestApp::with_mutual_tls(|config| {
        config.authentication.ways =
            [WayToAuthenticate::Password, WayToAuthenticate::Certificate].into_iter().collect();
    })
    .await;
    app.user("alice").await;
    let names = || vec![SanType::Rfc822Name("alice@example.com".try_into().unwrap())];
    let signed_in = async |certificate: &Certificate| {
        let answer = app.wire().holding(certificate).get("/login").send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let genuine = app.authority().client("alice", names());
    assert!(!signed_in(&genuine).await.contains("refused"), "the authority's word counts");
    for forged in [Authority::new().client("alice", names()), Certificate::self_signed("alice")] {
        assert!(signed_in(&forged).await.contains("certificate=refused"));
    }
}

#[tokio::test]
async fn discovery_says_where_certificates_are_asked_for_and_only_there() {
    let methods = |document: &serde_json::Value| {
        let listed = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
        listed.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let document = async |app: &TestApp| JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    let app = mutual().await;
    let told = document(&app).await;
    assert_eq!(told["mtls_endpoint_aliases"]["token_endpoint"], format!("{}/oauth2/token", app.issuer()));
    assert_eq!(told["tls_client_certificate_bound_access_tokens"], true);
    for method in ["private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"] {
        assert!(methods(&told).contains(&method.to_owned()), "{method}");
    }
    let app = TestApp::start().await;
    let told = document(&app).await;
    assert!(told.get("mtls_endpoint_aliases").is_none());
    assert_eq!(told["tls_client_certificate_bound_access_tokens"], false);
    assert!(methods(&told).iter().all(|method| !method.contains("tls")), "{told}");
    let algorithms = told["token_endpoint_auth_signing_alg_values_supported"].as_array().unwrap();
    for algorithm in ["ES256", "PS256", "RS256", "EdDSA", "HS256"] {
        assert!(algorithms.contains(&json!(algorithm)), "{algorithm}");
    }
    assert!(!algorithms.contains(&json!("none")));
}

#[tokio::test]
async fn without_a_way_for_certificates_nobody_registers_for_one() {
    let app = TestApp::start().await;
    let wants_bound = vestibule_oidc::client::NewClient::from_document(
        r#"{"client_name": "App", "redirect_uris": ["https://rp.example/cb"], "tls_client_certificate_bound_access_tokens": true}"#,
    );
    let by_certificate = vestibule_oidc::client::NewClient::from_document(
        r#"{"client_name": "App", "redirect_uris": ["https://rp.example/cb"],
            "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "app.example.com"}"#,
    );
    for new in [wants_bound, by_certificate] {
        let refused = app.provider().clients().create(new.unwrap()).await.err().unwrap();
        assert!(matches!(&refused, ClientsError::Metadata(MetadataError::Unsupported { .. })), "{refused}");
        assert!(refused.to_string().contains("http.mtls.listen"), "{refused}");
    }
}
