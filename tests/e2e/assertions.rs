//! Applications that prove themselves by statements that they sign: `private_key_jwt` and `client_secret_jwt`.

use serde_json::{Value, json};
use vestibule_jose::{Algorithm, SecretKey};
use vestibule_oidc::client::{AuthMethod, ClientsError, NewClient};
use vestibule_tests::{
    ASSERTION_TYPE, ClientKey, ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest, signed, unsigned,
};

pub(crate) const NOTES: &str = "https://notes.example";

/// An application that acts for itself and registers `jwks`.
pub(crate) fn with_keys(jwks: Value) -> ClientSpec {
    for_itself(AuthMethod::PrivateKeyJwt).with(|new| new.metadata.jwks = Some(jwks))
}

pub(crate) fn for_itself(method: AuthMethod) -> ClientSpec {
    let spec = ClientSpec::default().for_grants(&["client_credentials"]).at(&[]).for_scope("notes:read");
    spec.with(|new| new.auth_method = Some(method))
}

pub(crate) async fn provider() -> TestApp {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read"]).await;
    app
}

/// A provider, an application that signs, and its key.
async fn begun() -> (TestApp, ThirdParty, ClientKey) {
    let (app, key) = (provider().await, ClientKey::new(Algorithm::Es256));
    let client = app.client(with_keys(key.jwks())).await;
    (app, client, key)
}

pub(crate) fn asks(client: &ThirdParty, assertion: &str) -> TokenRequest {
    client.asks("client_credentials").by_assertion(assertion)
}

/// Status and error.
fn told(answer: &JsonAnswer) -> (u16, &str) {
    (answer.status.as_u16(), answer.error())
}

async fn assert_proved(client: &ThirdParty, assertion: &str) {
    let answer = asks(client, assertion).send().await;
    assert_eq!(told(&answer), (200, ""), "{}", answer.body);
}

async fn assert_refused(client: &ThirdParty, assertion: &str, why: &str) {
    let answer = asks(client, assertion).send().await;
    assert_eq!(told(&answer), (401, "invalid_client"), "{why}: {}", answer.body);
    assert_eq!(answer.body["error_description"], "the client did not prove itself", "{why}");
}

/// The statement with members changed; `null` takes one away.
fn changed(statement: &Value, changes: Value) -> Value {
    let mut statement = statement.clone();
    for (name, value) in changes.as_object().unwrap() {
        statement[name] = value.clone();
    }
    statement.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    statement
}

#[tokio::test]
async fn an_application_proves_itself_by_a_key_of_its_own() {
    let app = provider().await;
    for algorithm in [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256] {
        let key = ClientKey::new(algorithm);
        let client = app.client(with_keys(key.jwks())).await;
        assert_eq!(client.secret, None, "it needs none, and has none that could be stolen");
        assert_proved(&client, &key.signs(&app.statement(&client))).await;
        let with_id = asks(&client, &key.signs(&app.statement(&client))).set("client_id", &client.client_id);
        assert_eq!(told(&with_id.send().await), (200, ""), "{algorithm}");
    }
}

#[tokio::test]
async fn it_may_leave_out_what_it_need_not_say() {
    let (app, client, key) = begun().await;
    let bare = changed(&app.statement(&client), json!({ "iat": null }));
    assert_proved(&client, &key.signs_under(&json!({ "alg": "ES256" }), &bare)).await;
    for typ in ["JWT", "jwt", "application/client-authentication+jwt"] {
        let header = json!({ "alg": "ES256", "typ": typ });
        assert_proved(&client, &key.signs_under(&header, &app.statement(&client))).await;
    }
}

#[tokio::test]
async fn a43_a_statement_is_by_the_application_about_itself_for_a_short_time_and_once() {
    let (app, client, key) = begun().await;
    let now = app.clock().now().seconds();
    let wrong = [
        json!({ "iss": null }),
        json!({ "sub": null }),
        json!({ "iss": "somebody" }),
        json!({ "iss": app.issuer() }),
        json!({ "iss": [client.client_id] }),
        json!({ "exp": null }),
        json!({ "exp": now - 31 }),
        json!({ "exp": now.to_string() }),
        json!({ "exp": now + 2 * 3600 }),
        json!({ "exp": i64::MAX }),
        json!({ "iat": now + 120 }),
        json!({ "nbf": now + 120 }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "jti": 1 }),
    ];
    for changes in wrong {
        let statement = changed(&app.statement(&client), changes.clone());
        assert_refused(&client, &key.signs(&statement), &changes.to_string()).await;
    }
    for changes in [json!({ "iat": now + 5, "nbf": now + 5 }), json!({ "exp": now - 5 }), json!({ "exp": now + 3600 })]
    {
        assert_proved(&client, &key.signs(&changed(&app.statement(&client), changes))).await;
    }
}

#[tokio::test]
async fn a43_a_statement_is_for_us_and_for_nobody_else_beside() {
    let (app, client, key) = begun().await;
    let (issuer, token) = (app.issuer(), format!("{}/oauth2/token", app.issuer()));
    for aud in [json!(issuer), json!(token), json!([issuer]), json!([issuer, token]), json!([token, issuer])] {
        assert_proved(&client, &key.signs(&changed(&app.statement(&client), json!({ "aud": aud })))).await;
    }
    let other = "https://as.example";
    let wrong = [
        json!(null),
        json!(""),
        json!([]),
        json!(other),
        json!([other]),
        json!([issuer, other]),
        json!([token, format!("{other}/token")]),
        json!(format!("{issuer}/")),
        json!(format!("{issuer}/oauth2/authorize")),
        json!(format!("{issuer}/oauth2/introspect")),
        json!(client.client_id),
        json!({ "iss": issuer }),
        json!([[issuer]]),
    ];
    for aud in wrong {
        let statement = changed(&app.statement(&client), json!({ "aud": aud }));
        assert_refused(&client, &key.signs(&statement), &format!("aud {aud}")).await;
    }
}

#[tokio::test]
async fn a43_where_an_operator_wants_it_only_the_issuer_is_an_audience() {
    let app = TestApp::with(|config| config.oidc.strict_assertion_audience = true).await;
    app.api(NOTES, &["notes:read"]).await;
    let key = ClientKey::new(Algorithm::Es256);
    let client = app.client(with_keys(key.jwks())).await;
    let issuer = app.issuer();
    for aud in [json!(format!("{issuer}/oauth2/token")), json!([issuer]), json!([issuer, issuer])] {
        let statement = changed(&app.statement(&client), json!({ "aud": aud }));
        assert_refused(&client, &key.signs(&statement), &aud.to_string()).await;
    }
    assert_proved(&client, &key.signs(&app.statement(&client))).await;
}

#[tokio::test]
async fn a44_a_statement_is_good_once() {
    let (app, client, key) = begun().await;
    let assertion = key.signs(&app.statement(&client));
    assert_proved(&client, &assertion).await;
    assert_refused(&client, &assertion, "again").await;
    let jti = app.statement(&client)["jti"].clone();
    assert_proved(&client, &key.signs(&changed(&app.statement(&client), json!({ "jti": jti })))).await;
    let resigned =
        key.signs(&changed(&app.statement(&client), json!({ "jti": jti, "exp": app.clock().now().seconds() + 90 })));
    assert_refused(&client, &resigned, "another statement with the same jti").await;
    let other = app.client(with_keys(key.jwks())).await;
    assert_proved(&other, &key.signs(&changed(&app.statement(&other), json!({ "jti": jti })))).await;
}

#[tokio::test]
async fn a44_of_fifty_parallel_callers_with_one_statement_one_is_believed() {
    let (app, client, key) = begun().await;
    let request = asks(&client, &key.signs(&app.statement(&client)));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = request.clone();
        calls.spawn(async move { request.send().await.status.as_u16() });
    }
    let answers = calls.join_all().await;
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 49, "{answers:?}");
}

#[tokio::test]
async fn a44_a_statement_that_was_refused_is_not_used_up() {
    let (app, client, key) = begun().await;
    let statement = app.statement(&client);
    assert_refused(&client, &ClientKey::new(Algorithm::Es256).signs(&statement), "a stranger's signature").await;
    assert_proved(&client, &key.signs(&statement)).await;
}

#[tokio::test]
async fn a40_a41_the_algorithm_is_the_keys_and_there_is_always_a_signature() {
    let (app, client, key) = begun().await;
    let right = key.signs(&app.statement(&client));
    for alg in ["none", "None", "nOnE", ""] {
        let header = json!({ "alg": alg, "typ": "JWT" });
        assert_refused(&client, &unsigned(&app.statement(&client), alg), alg).await;
        assert_refused(&client, &key.signs_under(&header, &app.statement(&client)), alg).await;
    }
    let (signed_part, _) = right.rsplit_once('.').unwrap();
    assert_refused(&client, &format!("{signed_part}."), "an empty signature").await;
    let zeros = "A".repeat(86);
    assert_refused(&client, &format!("{signed_part}.{zeros}"), "r and s of zero").await;
    // The public key as the secret of an HMAC.
    let mut bytes = key.public_bytes();
    bytes.resize(bytes.len().max(64), 0);
    let secret = SecretKey::new(Algorithm::Hs256, &bytes).unwrap();
    let header = json!({ "alg": "HS256", "kid": key.header()["kid"] });
    assert_refused(&client, &signed(&secret, &header, &app.statement(&client)), "HS256").await;
    assert_proved(&client, &right).await;
}

#[tokio::test]
async fn a42_a_key_comes_from_the_registration_and_from_nowhere_else() {
    let (app, client, key) = begun().await;
    let thief = ClientKey::new(Algorithm::Es256);
    let statement = || app.statement(&client);
    let header = |more: Value| changed(&thief.header(), more);
    let kid = key.header()["kid"].clone();
    let tricks = [
        json!({}),
        json!({ "kid": kid }),
        json!({ "kid": null }),
        json!({ "jwk": thief.jwk() }),
        json!({ "jku": "https://thief.example/keys", "kid": kid }),
        json!({ "x5u": "https://thief.example/cert", "x5c": ["AA=="] }),
        json!({ "kid": "../../../../dev/null" }),
        json!({ "kid": "' OR '1'='1" }),
        json!({ "crit": ["exp"] }),
    ];
    for trick in tricks {
        assert_refused(&client, &thief.signs_under(&header(trick.clone()), &statement()), &trick.to_string()).await;
    }
    let critical = changed(&key.header(), json!({ "crit": ["b64"], "b64": true }));
    assert_refused(&client, &key.signs_under(&critical, &statement()), "crit").await;
    for typ in ["at+jwt", "dpop+jwt", "logout+jwt", "oauth-authz-req+jwt"] {
        let other = changed(&key.header(), json!({ "typ": typ }));
        assert_refused(&client, &key.signs_under(&other, &statement()), typ).await;
    }
    assert_proved(&client, &key.signs(&statement())).await;
}

#[tokio::test]
async fn a43_another_applications_key_proves_nothing() {
    let (app, client, key) = begun().await;
    let other_key = ClientKey::new(Algorithm::Es256);
    let other = app.client(with_keys(other_key.jwks())).await;
    assert_refused(&client, &other_key.signs(&app.statement(&client)), "the other's key").await;
    assert_refused(&other, &key.signs(&app.statement(&other)), "and the other way round").await;
    let mixed = changed(&app.statement(&client), json!({ "iss": other.client_id }));
    assert_refused(&client, &key.signs(&mixed), "by one about another").await;
    let stranger = changed(&app.statement(&client), json!({ "iss": "nobody", "sub": "nobody" }));
    assert_refused(&client, &key.signs(&stranger), "an unknown application").await;
}

#[tokio::test]
async fn the_registered_algorithm_is_the_only_one() {
    let (app, es, ed) = (provider().await, ClientKey::new(Algorithm::Es256), ClientKey::new(Algorithm::EdDsa));
    let both = json!({ "keys": [es.jwk(), ed.jwk()] });
    let pinned = with_keys(both).with(|new| new.metadata.token_endpoint_auth_signing_alg = Some(Algorithm::EdDsa));
    let client = app.client(pinned).await;
    assert_refused(&client, &es.signs(&app.statement(&client)), "ES256").await;
    assert_proved(&client, &ed.signs(&app.statement(&client))).await;
}

#[tokio::test]
async fn a45_an_application_with_a_key_cannot_be_had_for_less() {
    let (app, client, key) = begun().await;
    let bare = client.asks("client_credentials");
    for request in [
        bare.clone(),
        bare.clone().set("client_secret", ""),
        bare.clone().set("client_secret", "x"),
        bare.clone().without("client_id").basic(&client.client_id, ""),
        bare.clone().set("client_assertion_type", ASSERTION_TYPE),
        bare.clone().set("client_assertion_type", ASSERTION_TYPE).set("client_assertion", ""),
        asks(&client, &key.signs(&app.statement(&client))).without("client_assertion_type"),
        asks(&client, &key.signs(&app.statement(&client)))
            .set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        asks(&client, &key.signs(&app.statement(&client))).set("client_id", "another"),
    ] {
        assert_eq!(told(&request.send().await), (401, "invalid_client"), "{:?}", request.parameters);
    }
    let assertion = key.signs(&app.statement(&client));
    for two in
        [asks(&client, &assertion).basic(&client.client_id, "x"), asks(&client, &assertion).set("client_secret", "x")]
    {
        assert_eq!(told(&two.send().await), (400, "invalid_request"));
    }
    let in_url = app.wire().post(&format!("/oauth2/token?client_assertion={assertion}")).form(&bare.parameters);
    assert_eq!(told(&JsonAnswer::of(in_url).await), (400, "invalid_request"), "and never in the URL");
    assert_proved(&client, &assertion).await;
}

#[tokio::test]
async fn a45_an_application_with_a_secret_is_not_believed_for_a_statement() {
    let app = provider().await;
    for method in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost] {
        let client = app.client(for_itself(method)).await;
        let secret = client.secret.clone().unwrap();
        let key = SecretKey::new(Algorithm::Hs256, secret.as_bytes()).unwrap();
        let header = json!({ "alg": "HS256" });
        assert_refused(&client, &signed(&key, &header, &app.statement(&client)), method.as_str()).await;
    }
    let any = app.client(for_itself(AuthMethod::ClientSecretBasic).with(|new| new.auth_method = None)).await;
    let key = SecretKey::new(Algorithm::Hs256, any.secret.clone().unwrap().as_bytes()).unwrap();
    assert_refused(&any, &signed(&key, &json!({ "alg": "HS256" }), &app.statement(&any)), "no method").await;
}

#[tokio::test]
async fn an_application_proves_itself_by_a_statement_under_its_secret() {
    let app = provider().await;
    let client = app.client(for_itself(AuthMethod::ClientSecretJwt)).await;
    let secret = client.secret.clone().unwrap();
    for algorithm in Algorithm::SYMMETRIC {
        let key = SecretKey::new(algorithm, secret.as_bytes()).unwrap();
        let header = json!({ "alg": algorithm.name(), "typ": "JWT" });
        let assertion = signed(&key, &header, &app.statement(&client));
        assert_proved(&client, &assertion).await;
        assert_refused(&client, &assertion, "again").await;
    }
    let wrong = SecretKey::new(Algorithm::Hs256, &[b'x'; 64]).unwrap();
    assert_refused(&client, &signed(&wrong, &json!({ "alg": "HS256" }), &app.statement(&client)), "wrong").await;
    let plain = client.asks("client_credentials");
    assert_eq!(told(&plain.send().await), (401, "invalid_client"), "the secret itself is not its method");
    assert_eq!(told(&plain.by_post().send().await), (401, "invalid_client"));
}

#[tokio::test]
async fn a_new_secret_signs_and_the_old_one_does_not() {
    let app = provider().await;
    let client = app.client(for_itself(AuthMethod::ClientSecretJwt)).await;
    let old = client.secret.clone().unwrap();
    let new = app.provider().clients().rotate_secret(&client.id()).await.unwrap();
    let by = |secret: &str| {
        let key = SecretKey::new(Algorithm::Hs512, secret.as_bytes()).unwrap();
        signed(&key, &json!({ "alg": "HS512" }), &app.statement(&client))
    };
    assert_refused(&client, &by(&old), "the old secret").await;
    assert_proved(&client, &by(&new)).await;
}

#[tokio::test]
async fn only_a_secret_that_hmacs_need_can_be_read_back() {
    let app = provider().await;
    let basic = app.client(for_itself(AuthMethod::ClientSecretBasic)).await;
    let signing = app.client(for_itself(AuthMethod::ClientSecretJwt)).await;
    let sealed = crate::rows(&app, "SELECT id FROM clients WHERE secret_sealed IS NOT NULL").await;
    assert_eq!(sealed.len(), 1, "{sealed:?}");
    assert!(sealed[0].contains(&signing.client_id), "{sealed:?}");
    let secret = signing.secret.clone().unwrap();
    let dump = crate::rows(&app, "SELECT id, secret_digest, secret_sealed, metadata FROM clients").await;
    assert!(dump.iter().all(|row| !row.contains(&secret)), "nowhere in clear");
    let _ = basic;
}

#[tokio::test]
async fn a45_a_client_with_a_better_method_has_no_secret() {
    let (app, key) = (provider().await, ClientKey::new(Algorithm::Es256));
    let client = app.client(for_itself(AuthMethod::ClientSecretBasic)).await;
    let (clients, id) = (app.provider().clients(), client.id());
    let becoming = |method: AuthMethod, jwks: Option<Value>| {
        let mut new = NewClient::named("Notes", Vec::new());
        new.auth_method = Some(method);
        new.metadata.grant_types = vec!["client_credentials".to_owned()];
        new.metadata.fit_response_types();
        new.metadata.scope = "notes:read".parse().unwrap();
        new.metadata.jwks = jwks;
        clients.update(&id, new, None)
    };
    let kept_as_a_hash = becoming(AuthMethod::ClientSecretJwt, None).await;
    assert!(matches!(kept_as_a_hash, Err(ClientsError::OnlyAHash(_))));
    becoming(AuthMethod::PrivateKeyJwt, Some(key.jwks())).await.unwrap();
    let with_secret = client.asks("client_credentials");
    assert_eq!(told(&with_secret.send().await), (401, "invalid_client"));
    assert_proved(&client, &key.signs(&app.statement(&client))).await;
    assert!(matches!(clients.rotate_secret(&client.id()).await, Err(ClientsError::NoSecret(_))));
    becoming(AuthMethod::ClientSecretBasic, None).await.unwrap();
    assert_eq!(told(&with_secret.send().await), (401, "invalid_client"), "the old secret stays dead");
    let secret = clients.rotate_secret(&client.id()).await.unwrap();
    assert_eq!(told(&with_secret.basic(&client.client_id, &secret).send().await), (200, ""));
}
