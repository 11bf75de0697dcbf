//! The client credentials grant: an application acts for itself.

use vestibule_oidc::client::AccessTokenFormat;
use vestibule_tests::{ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest};

const NOTES: &str = "https://notes.example";
const MAIL: &str = "https://mail.example";

/// A provider with two APIs, and an application that may use them for itself.
async fn begun() -> (TestApp, ThirdParty) {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read", "notes:write"]).await;
    app.api(MAIL, &["mail:send", "mail:read"]).await;
    let client = app.client(for_itself("openid email notes:read notes:write mail:send")).await;
    (app, client)
}

fn for_itself(scope: &str) -> ClientSpec {
    ClientSpec::default().for_grants(&["client_credentials"]).at(&[]).for_scope(scope)
}

fn asks(client: &ThirdParty) -> TokenRequest {
    client.asks("client_credentials")
}

fn assert_refused(answer: &JsonAnswer, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{}", answer.body);
}

#[tokio::test]
async fn an_application_gets_a_token_of_its_own_and_nothing_else() {
    let (app, client) = begun().await;
    let tokens = asks(&client).set("scope", "notes:read").send().await.tokens();
    assert_eq!((tokens.id_token.as_str(), tokens.refresh_token.as_str()), ("", ""));
    assert_eq!((&tokens.body["token_type"], &tokens.body["scope"]), (&"Bearer".into(), &"notes:read".into()));
    let claims = tokens.access_claims();
    assert_eq!(
        (&claims["sub"], &claims["client_id"]),
        (&client.client_id.as_str().into(), &client.client_id.as_str().into())
    );
    assert_eq!((&claims["aud"], &claims["iss"]), (&NOTES.into(), &app.issuer().into()));
    for of_a_person in ["sid", "auth_time", "acr", "amr", "grant_id", "cnf"] {
        assert!(claims.get(of_a_person).is_none(), "{of_a_person}");
    }
}

#[tokio::test]
async fn its_token_opens_no_userinfo_and_no_administration() {
    let (app, client) = begun().await;
    let token = asks(&client).set("scope", "notes:read").send().await.tokens().access_token;
    assert_eq!(client.userinfo(&token).await.status, 403);
    let admin = app.client(for_itself("vestibule.view_user")).await;
    let token = asks(&admin).send().await.tokens().access_token;
    let answer = JsonAnswer::of(app.wire().get("/api/v1/users").bearer_auth(&token)).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn without_a_scope_it_gets_all_that_it_is_registered_for_at_the_api_that_it_names() {
    let (app, client) = begun().await;
    let tokens = asks(&client).set("resource", NOTES).send().await.tokens();
    assert_eq!(
        (&tokens.body["scope"], &tokens.access_claims()["aud"]),
        (&"notes:read notes:write".into(), &NOTES.into())
    );
    let tokens = asks(&client).set("audience", MAIL).send().await.tokens();
    assert_eq!((&tokens.body["scope"], &tokens.access_claims()["aud"]), (&"mail:send".into(), &MAIL.into()));
    assert_refused(&asks(&client).send().await, "invalid_scope");
    let simple = app.client(for_itself("openid notes:read")).await;
    assert_eq!(asks(&simple).send().await.tokens().access_claims()["aud"], NOTES);
    let none = app.client(for_itself("openid")).await;
    let tokens = asks(&none).send().await.tokens();
    assert_eq!((tokens.body.get("scope"), &tokens.access_claims()["aud"]), (None, &app.issuer().into()));
}

#[tokio::test]
async fn a33_it_gets_no_scope_that_it_is_not_registered_for_and_none_about_a_person() {
    let (_app, client) = begun().await;
    for scope in ["mail:read", "notes:read mail:read", "unknown", "openid", "no\"te", "vestibule.view_user"] {
        assert_refused(&asks(&client).set("scope", scope).send().await, "invalid_scope");
    }
    let tokens = asks(&client).set("scope", "openid notes:read").send().await.tokens();
    assert_eq!((&tokens.body["scope"], tokens.id_token.as_str()), (&"notes:read".into(), ""));
    assert_refused(&asks(&client).set("scope", "notes:read mail:send").send().await, "invalid_scope");
    let narrowed = asks(&client).set("scope", "notes:read mail:send").set("resource", MAIL).send().await.tokens();
    assert_eq!(narrowed.body["scope"], "mail:send");
}

#[tokio::test]
async fn a_resource_must_be_known_and_for_this_application() {
    let (app, client) = begun().await;
    app.api("urn:example:other", &["other"]).await;
    for resource in
        ["urn:example:other", "urn:example:unknown", "notes", "https://notes.example/", "https://notes.example#x"]
    {
        assert_refused(&asks(&client).set("resource", resource).send().await, "invalid_target");
    }
    assert_refused(&asks(&client).add("resource", NOTES).add("resource", MAIL).send().await, "invalid_target");
    let twice = asks(&client).add("resource", NOTES).add("resource", NOTES).add("audience", NOTES).send().await;
    assert_eq!(twice.tokens().access_claims()["aud"], NOTES);
}

#[tokio::test]
async fn a_public_application_and_one_that_did_not_register_the_grant_cannot_use_it() {
    let app = TestApp::start().await;
    let other = app.client(ClientSpec::default()).await;
    assert_refused(&asks(&other).send().await, "unauthorized_client");
    let public = app.client(ClientSpec::public()).await;
    assert_refused(&asks(&public).send().await, "unauthorized_client");
    let refused = app.provider().clients().create(vestibule_oidc::client::NewClient {
        auth_method: Some(vestibule_oidc::client::AuthMethod::None),
        metadata: vestibule_oidc::client::ClientMetadata {
            grant_types: vec!["client_credentials".to_owned()],
            response_types: Vec::new(),
            ..Default::default()
        },
        ..vestibule_oidc::client::NewClient::named("Public", Vec::new())
    });
    assert!(refused.await.is_err_and(|error| error.to_string().contains("client_credentials")));
    let wrong = app.client(for_itself("openid")).await;
    assert_eq!(asks(&wrong).basic(&wrong.client_id, "vst_secret_x").send().await.status, 401);
}

#[tokio::test]
async fn an_application_that_is_deleted_has_no_token_left() {
    let (app, client) = begun().await;
    let token = asks(&client).set("scope", "notes:read").send().await.tokens().access_token;
    assert!(app.provider().tokens().verify_access_token(&token).is_ok());
    app.provider().revoke_client(&client.id()).await.unwrap();
    app.provider().clients().delete(&client.id()).await.unwrap();
    assert!(app.provider().tokens().verify_access_token(&token).is_err());
    assert_eq!(asks(&client).send().await.status, 401);
}

#[tokio::test]
async fn its_tokens_are_opaque_where_the_api_or_the_application_wants_it() {
    let (app, _) = begun().await;
    let spec = for_itself("notes:read").with(|new| new.metadata.access_token_format = Some(AccessTokenFormat::Opaque));
    let client = app.client(spec).await;
    let token = asks(&client).send().await.tokens().access_token;
    assert!(token.starts_with("vst_at_"), "{token}");
    let read = app.provider().tokens().verify_access_token(&token).unwrap();
    assert_eq!((read.audience(), read.scope.to_string().as_str(), read.user), (NOTES, "notes:read", None));
}
