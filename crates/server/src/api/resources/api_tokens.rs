//! API tokens of users. A token acts for its user, so making one is giving what it opens.

use std::{collections::BTreeSet, time::Duration};

use poem::http::Method;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_users::{ApiToken, ApiTokenError};

use super::{permissions, rights, user_of};
use crate::{
    api::{
        actor::Actor,
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Member, Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "API tokens";
const VIEW: Needs = Needs::Permission("vestibule.view_apitoken");
const ADD: Needs = Needs::Permission("vestibule.add_apitoken");
const DELETE: Needs = Needs::Permission("vestibule.delete_apitoken");

pub(super) fn operations() -> Vec<Operation> {
    let user = |operation: Operation| operation.path("user", Schema::uuid());
    let token = |operation: Operation| operation.path("token", Schema::uuid());
    vec![
        user(Operation::new(Method::GET, "/users/{user}/api-tokens", "list_api_tokens", VIEW, list))
            .about(TAG, "List a user's API tokens")
            .lists(shape()),
        user(Operation::new(Method::POST, "/users/{user}/api-tokens", "create_api_token", ADD, create))
            .about(TAG, "Make an API token")
            .more("The token is told once, here.")
            .body(
                Schema::object([
                    required("name", Schema::line(1, 100)),
                    optional(
                        "scopes",
                        scopes().or_null().about("What it is limited to; null: whatever its user may do."),
                    ),
                    optional(
                        "expires_in",
                        Schema::integer(1, 315_360_000).or_null().about("For how many seconds it is good."),
                    ),
                ])
                .named("NewApiToken"),
            )
            .creates(
                Schema::object(members().into_iter().chain([required("token", Schema::line(20, 200))]))
                    .named("CreatedApiToken"),
            )
            .found_by(&[("token", "id")]),
        token(user(Operation::new(Method::GET, "/users/{user}/api-tokens/{token}", "get_api_token", VIEW, show)))
            .about(TAG, "Read one of a user's API tokens")
            .answers_tagged(shape()),
        token(user(Operation::new(
            Method::DELETE,
            "/users/{user}/api-tokens/{token}",
            "revoke_api_token",
            DELETE,
            revoke,
        )))
        .about(TAG, "Revoke an API token")
        .conditional()
        .answers_nothing(),
    ]
}

fn scopes() -> Schema {
    Schema::list(permissions::name(), 200)
}

fn members() -> Vec<Member> {
    vec![
        required("id", Schema::uuid()),
        required("user", Schema::uuid()),
        required("name", Schema::line(1, 100)),
        required("hint", Schema::line(1, 20).about("Its last characters.")),
        required("scopes", scopes().or_null()),
        required("created_at", Schema::moment()),
        required("expires_at", Schema::moment().or_null()),
        required("last_used_at", Schema::moment().or_null()),
    ]
}

fn shape() -> Schema {
    Schema::object(members()).named("ApiToken")
}

fn written(token: &ApiToken) -> Value {
    json!({
        "id": token.id.to_string(),
        "user": token.user.to_string(),
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": moment::write(token.created_at),
        "expires_at": token.expires_at.map(moment::write),
        "last_used_at": token.last_used_at.map(moment::write),
    })
}

#[derive(Deserialize)]
struct Body {
    name: String,
    scopes: Option<BTreeSet<String>>,
    expires_in: Option<f64>,
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    let tokens = state.api_tokens().list(user.id).await.map_err(Problem::unavailable)?;
    let key = |token: &ApiToken| [moment::write(token.created_at), token.id.to_string()];
    page::of_all(&format!("api tokens {}", user.id), &call, tokens, true, key, written)
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    let actor = call.actor()?;
    rights::may_take_over(&state, actor, &user).await?;
    let Body { name, scopes, expires_in } = call.read()?;
    may_open(actor, scopes.as_ref())?;
    let expires_in = expires_in.map(Duration::from_secs_f64);
    let (token, text) = state.api_tokens().create(user.id, &name, scopes, expires_in).await?;
    let event = call.event(Kind::ApiTokenCreated).subject(user.id).object(ObjectType::ApiToken, token.id);
    state.audit(event.details(Details::new().name(&token.name))).await;
    let mut document = written(&token);
    document["token"] = json!(text.expose_secret());
    Ok(Reply::created(format!("/users/{}/api-tokens/{}", user.id, token.id), document))
}

/// A token that is limited makes none that opens more.
fn may_open(actor: &Actor, scopes: Option<&BTreeSet<String>>) -> Result<(), Problem> {
    let Some(scopes) = scopes else {
        return if actor.is_unlimited() {
            Ok(())
        } else {
            Err(Problem::forbidden("your token is limited, so name scopes that it has"))
        };
    };
    match scopes.iter().find(|scope| !actor.names(scope)) {
        Some(scope) => Err(Problem::forbidden(format!("the scope {scope} is none that your token names"))),
        None => Ok(()),
    }
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&find(&state, &call).await?)))
}

async fn revoke(state: State, call: Call) -> Result<Reply, Problem> {
    let token = find(&state, &call).await?;
    call.precondition(&written(&token))?;
    let event = call.event(Kind::ApiTokenRevoked).subject(token.user).object(ObjectType::ApiToken, token.id);
    let event = event.details(Details::new().name(&token.name));
    state.recorded(event, state.api_tokens().revoke(token.user, token.id)).await?;
    Ok(Reply::nothing())
}

async fn find(state: &State, call: &Call) -> Result<ApiToken, Problem> {
    let user = user_of(state, call).await?;
    let tokens = state.api_tokens().list(user.id).await.map_err(Problem::unavailable)?;
    let found = tokens.into_iter().find(|token| token.id.to_string() == call.path("token"));
    found.ok_or_else(|| Problem::not_found("API token"))
}

impl From<ApiTokenError> for Problem {
    fn from(error: ApiTokenError) -> Self {
        match error {
            ApiTokenError::NoSuchUser(_) => Self::not_found("user"),
            ApiTokenError::NoSuchToken => Self::not_found("API token"),
            ApiTokenError::TooMany => Self::conflict(error.to_string()),
            ApiTokenError::Invalid { .. } => Self::unprocessable(error.to_string()),
            ApiTokenError::Unavailable(error) => Self::unavailable(error),
        }
    }
}
