//! APIs (resource servers): the audiences of access tokens, and the scopes that each owns.

use std::time::Duration;

use poem::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_audit::{Event, Kind, ObjectType};
use vestibule_core::ClientId;
use vestibule_oidc::client::{Api, ApiError, NewApi};
use vestibule_tokens::SigningAlgorithm;

use super::{contains, encoded, merged, order, patch};
use crate::{
    api::{
        call::{Call, Reply},
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Form, Member, Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "APIs";
const VIEW: Needs = Needs::Permission("vestibule.view_api");
const ADD: Needs = Needs::Permission("vestibule.add_api");
const CHANGE: Needs = Needs::Permission("vestibule.change_api");
const DELETE: Needs = Needs::Permission("vestibule.delete_api");

pub(super) fn operations() -> Vec<Operation> {
    let id = || identifier().about("The identifier, percent-encoded.");
    let new = [required("identifier", identifier())].into_iter().chain(members());
    vec![
        Operation::new(Method::GET, "/apis", "list_apis", VIEW, list)
            .about(TAG, "List APIs")
            .query("identifier", Schema::line(1, 200).about("Only those with this in their identifier."))
            .query("scope", Schema::text(Form::Visible, 1, 200).about("Only the one that owns this scope."))
            .query("sort", Schema::choice(["identifier", "-identifier"]))
            .lists(shape()),
        Operation::new(Method::POST, "/apis", "create_api", ADD, create)
            .about(TAG, "Register an API")
            .body(Schema::object(new).named("NewApi"))
            .creates(shape())
            .found_by(&[("api", "identifier")]),
        Operation::new(Method::GET, "/apis/{api}", "get_api", VIEW, show)
            .about(TAG, "Read an API")
            .path("api", id())
            .answers_tagged(shape()),
        Operation::new(Method::PATCH, "/apis/{api}", "change_api", CHANGE, change)
            .about(TAG, "Change an API")
            .more("`scopes` and `clients` are put in place of those before.")
            .path("api", id())
            .conditional()
            .merge_patch(patch(members(), &["scopes", "clients"]).named("ApiPatch"))
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(shape()),
        Operation::new(Method::DELETE, "/apis/{api}", "delete_api", DELETE, delete)
            .about(TAG, "Delete an API")
            .path("api", id())
            .conditional()
            .refuses([StatusCode::CONFLICT])
            .answers_nothing(),
    ]
}

fn identifier() -> Schema {
    Schema::text(Form::Visible, 3, 500)
}

fn members() -> Vec<Member> {
    let scope = Schema::object([
        required("scope", Schema::text(Form::Visible, 1, 200)),
        optional("description", Schema::line(1, 500).or_null().about("What it allows, as people are told.")),
    ]);
    vec![
        optional("name", Schema::line(1, 200).or_null().about("The name that people are shown.")),
        optional("scopes", Schema::list(scope.named("ApiScope"), 500)),
        optional(
            "access_token_alg",
            Schema::choice(SigningAlgorithm::ALL.map(SigningAlgorithm::name))
                .or_null()
                .about("What its access tokens are signed with; null as configured."),
        ),
        optional(
            "access_token_lifetime",
            Schema::integer(10, 86_400).or_null().about("How long they live, in seconds; null as configured."),
        ),
        optional(
            "opaque",
            Schema::boolean().about("Whether only this provider can read them, so that the API asks it what they say."),
        ),
        optional(
            "clients",
            Schema::list(Schema::text(Form::Visible, 1, 200), 100).about(
                "The confidential clients that this API is: they may ask about its tokens and hear of their revocation.",
            ),
        ),
    ]
}

fn shape() -> Schema {
    let said = members().into_iter().map(|member| Member { required: true, ..member });
    Schema::object([required("identifier", identifier())].into_iter().chain(said)).named("Api")
}

fn written(api: &Api) -> Value {
    let scopes = api.scopes.iter().map(|scope| json!({ "scope": scope.scope, "description": scope.description }));
    json!({
        "identifier": api.identifier,
        "name": api.name,
        "scopes": scopes.collect::<Vec<_>>(),
        "access_token_alg": api.access_token_alg.map(|algorithm| algorithm.to_string()),
        "access_token_lifetime": api.access_token_lifetime.map(|lifetime| lifetime.as_secs()),
        "opaque": api.opaque,
        "clients": api.clients,
    })
}

/// A body, after its schema was checked.
#[derive(Deserialize)]
struct Body {
    identifier: String,
    name: Option<String>,
    #[serde(default)]
    scopes: Vec<Scope>,
    access_token_alg: Option<String>,
    access_token_lifetime: Option<f64>,
    #[serde(default)]
    opaque: bool,
    #[serde(default)]
    clients: Vec<ClientId>,
}

#[derive(Deserialize)]
struct Scope {
    scope: String,
    description: Option<String>,
}

fn read(document: Value) -> Result<NewApi, Problem> {
    let body: Body = serde_json::from_value(document).map_err(|error| Problem::unprocessable(error.to_string()))?;
    let algorithm = body.access_token_alg.as_deref().map(str::parse).transpose();
    Ok(NewApi {
        identifier: body.identifier,
        name: body.name,
        scopes: body.scopes.into_iter().map(|scope| (scope.scope, scope.description)).collect(),
        access_token_alg: algorithm.map_err(|_| Problem::unprocessable("access_token_alg is not known"))?,
        access_token_lifetime: body.access_token_lifetime.map(Duration::from_secs_f64),
        opaque: body.opaque,
        clients: body.clients,
    })
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let mut apis = state.provider().apis().list().await.map_err(Problem::unavailable)?;
    if let Some(part) = call.text("identifier") {
        apis.retain(|api| contains(&api.identifier, part));
    }
    if let Some(scope) = call.text("scope") {
        apis.retain(|api| api.scopes.iter().any(|own| own.scope == scope));
    }
    let (_, descending) = order(call.text("sort"), "identifier");
    page::of_all("apis", &call, apis, descending, |api| [api.identifier.clone(), String::new()], written)
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let new = read(call.body.clone())?;
    let created = event(&call, Kind::Created, &new.identifier);
    let api = state.recorded(created, state.provider().apis().create(new, state.provider().issuer())).await?;
    Ok(Reply::created(format!("/apis/{}", encoded(&api.identifier)), written(&api)))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&find(&state, &call).await?)))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let before = find(&state, &call).await?;
    not_own(&state, &before)?;
    let present = written(&before);
    call.precondition(&present)?;
    let new = read(merged(present, &call.body))?;
    let update = state.provider().apis().update(new, state.provider().issuer(), Some(&before));
    match state.recorded(event(&call, Kind::Updated, &before.identifier), update).await {
        Err(ApiError::Changed(_)) if call.is_conditional() => Err(Problem::precondition_failed()),
        after => Ok(Reply::ok(written(&after?))),
    }
}

async fn delete(state: State, call: Call) -> Result<Reply, Problem> {
    let api = find(&state, &call).await?;
    not_own(&state, &api)?;
    call.precondition(&written(&api))?;
    let deleted = event(&call, Kind::Deleted, &api.identifier);
    state.recorded(deleted, state.provider().apis().delete(&api.identifier)).await?;
    Ok(Reply::nothing())
}

async fn find(state: &State, call: &Call) -> Result<Api, Problem> {
    let found = state.provider().apis().read(call.path("api")).await.map_err(Problem::unavailable)?;
    found.ok_or_else(|| Problem::not_found("API"))
}

fn event(call: &Call, kind: Kind, identifier: &str) -> Event {
    call.event(kind).object(ObjectType::Api, identifier)
}

/// The administration API itself is not to be changed: its scopes are our permissions.
fn not_own(state: &State, api: &Api) -> Result<(), Problem> {
    if api.identifier == state.api_identifier() {
        return Err(Problem::conflict("this is the administration API itself, which stays as it is"));
    }
    Ok(())
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Taken(_) | ApiError::ScopeTaken { .. } | ApiError::Changed(_) => {
                Self::conflict(error.to_string())
            }
            ApiError::Identifier(_)
            | ApiError::OwnAudience(_)
            | ApiError::ScopeSyntax(_)
            | ApiError::Algorithm { .. }
            | ApiError::Lifetime
            | ApiError::NoSuchClient(_)
            | ApiError::PublicClient(_)
            | ApiError::TooManyClients => Self::unprocessable(error.to_string()),
            ApiError::NoSuchApi(_) => Self::not_found("API"),
            ApiError::Unavailable(error) => Self::unavailable(error),
        }
    }
}
