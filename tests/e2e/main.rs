//! The end-to-end tests: a whole provider in this process, driven from outside through its pages and endpoints.
//!
//! A module is a feature; a test is named after the rule that it proves. `a08_…` names the case of the attack list, in
//! `docs/attacks.md`. They run on SQLite and the embedded store, and once more on PostgreSQL and Redis.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
// The metadata document that tests expect is one `json!` of very many members.
#![recursion_limit = "256"]

mod access_claims;
mod access_token;
mod account_chooser;
mod account_emails;
mod account_entry;
mod account_password;
mod account_profile;
mod account_second_factor;
mod account_sessions;
mod account_tokens;
mod api_access;
mod api_clients;
mod api_contract;
mod api_groups;
mod api_more;
mod api_rights;
mod api_users;
mod assertions;
mod attribute_claims;
mod backchannel_logout;
mod binding;
mod certificates;
mod claims_parameter;
mod client_auth;
mod client_credentials;
mod client_documents;
mod client_documents_kept;
mod code_flow;
mod codes;
mod conformance;
mod consent;
mod cookies;
mod corpus;
mod device;
mod discovery;
mod dpop;
mod dpop_aliases;
mod duplicates;
mod dynamic_registration;
mod encrypted_requests;
mod encryption;
mod errors;
mod exchange;
mod frontchannel_logout;
mod golden;
mod hints;
mod id_token;
mod introspection;
mod jose;
mod jwks;
mod jwks_uri;
mod jwt_bearer;
mod kept;
mod levels;
mod limits;
mod logout;
mod logs;
mod max_age;
mod metrics;
mod openidconnect_client;
mod pages;
mod pairwise;
mod par;
mod post_authorize;
mod prompt;
mod prompt_create;
mod races;
mod recovery;
mod redirect_uri;
mod refresh;
mod refresh_ends;
mod registration;
mod request_objects;
mod request_uri;
mod resource;
mod response_types;
mod revocation;
mod revocation_stream;
mod same_for_all;
mod session_management;
mod sessions;
mod setup;
mod sign_in;
mod signing;
mod software_statements;
mod token_revocation;
mod userinfo;

use std::time::{Duration, Instant};

use sea_orm::{DatabaseBackend, FromQueryResult as _, JsonValue, Statement};
use vestibule::cli::{Context, Output};
use vestibule_tests::{Answer, AuthorizeRequest, ClientSpec, Person, TestApp, ThirdParty};

/// A provider with alice, and an application of somebody else.
async fn scene() -> (TestApp, Person, ThirdParty) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    (app, alice, client)
}

/// A provider with alice, and an application like `spec`.
async fn scene_of(spec: ClientSpec) -> (TestApp, Person, ThirdParty) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    (app, alice, client)
}

/// What a query of the provider's database answers, a row a text.
async fn rows(app: &TestApp, query: &str) -> Vec<String> {
    let context = Context::new(app.config().clone(), Output::to(std::io::sink()));
    let database = context.database_as_it_is().await.expect("a database");
    let backend = if database.is_postgres() { DatabaseBackend::Postgres } else { DatabaseBackend::Sqlite };
    let statement = Statement::from_string(backend, query);
    let rows = JsonValue::find_by_statement(statement).all(database.reader()).await.expect("rows");
    rows.iter().map(ToString::to_string).collect()
}

/// The error that an authorization request of `client`, changed by `change`, is answered with at once. It gives back `state`
/// and names its issuer, as each answer must.
async fn error_at_once(
    app: &TestApp,
    client: &ThirdParty,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
) -> String {
    let request = change(client.request());
    let page = app.browser().get(&request.url()).await;
    let answer = Answer::read(&page, &request);
    assert_eq!(answer.state.as_deref(), request.get("state"), "{page}");
    assert_eq!(answer.iss.as_deref(), Some(app.issuer()), "{page}");
    answer.error().to_owned()
}

/// What a command in another process works with: the same database by connections of its own, and never the embedded store.
fn command(app: &TestApp) -> Context {
    let mut context = Context::new(app.config().clone(), Output::to(std::io::sink()));
    context.clock = app.clock().clone();
    context
}

/// Waits until it is so. What a command did is noticed within a second.
async fn within_a_second(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(1), "not within a second: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
