//! Permissions: which there are, who holds which, and whether somebody may.

use poem::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_core::UserId;
use vestibule_users::{Entitled, Permission, PermissionName, PermissionQuery, Question, Reason};

use crate::{
    api::{
        call::{Call, Caller, Reply},
        moment,
        operation::{Needs, Operation},
        page::Page,
        problem::Problem,
        schema::{Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "Permissions";
const VIEW: Needs = Needs::Permission("vestibule.view_permission");
const ADD: Needs = Needs::Permission("vestibule.add_permission");
const DELETE: Needs = Needs::Permission("vestibule.delete_permission");
const CHECK: Needs = Needs::PermissionOrClient("vestibule.view_permission");

/// How many questions one check may hold.
const MOST_CHECKS: usize = 200;

pub(super) fn operations() -> Vec<Operation> {
    let app = || Schema::line(1, 100);
    vec![
        Operation::new(Method::GET, "/permissions", "list_permissions", VIEW, list)
            .about(TAG, "List permissions")
            .query("app", app().about("Only those of this app."))
            .query("codename", Schema::line(1, 100).about("Only those whose codename begins so."))
            .query("resource_type", Schema::line(1, 100).about("Only those for things of this type."))
            .lists(shape()),
        Operation::new(Method::POST, "/permissions", "register_permission", ADD, register)
            .about(TAG, "Register a permission")
            .more("One that is there already takes the new words.")
            .body(
                Schema::object([required("permission", name()), required("label", Schema::line(1, 255))])
                    .named("NewPermission"),
            )
            .creates(shape())
            .found_by(&[("permission", "permission")]),
        Operation::new(Method::POST, "/permissions/resource-types", "register_resource_type", ADD, register_type)
            .about(TAG, "Register a type of things")
            .more("Gives its four permissions: `add_…`, `change_…`, `delete_…` and `view_…`.")
            .body(
                Schema::object([
                    required("app", app()),
                    required("resource_type", Schema::line(1, 90)),
                    required("label", Schema::line(1, 200)),
                ])
                .named("NewResourceType"),
            )
            .creates(Schema::object([required("permissions", Schema::list(shape(), 4))]).named("ResourceType")),
        Operation::new(Method::POST, "/permissions/check", "check_permissions", CHECK, check)
            .about(TAG, "Ask what a user may do")
            .more(
                "For administrators, and for confidential clients that send their id and secret (Basic): those may ask \
                 about the permissions of their own apps. `results` holds the answers in the order of the questions.",
            )
            .body(check_shape())
            .answers(
                Schema::object([
                    required("user", Schema::uuid()),
                    required("results", Schema::list(Schema::boolean(), MOST_CHECKS)),
                ])
                .named("Checked"),
            ),
        Operation::new(Method::GET, "/permissions/{permission}", "get_permission", VIEW, show)
            .about(TAG, "Read a permission")
            .path("permission", name())
            .answers_tagged(shape()),
        Operation::new(Method::DELETE, "/permissions/{permission}", "remove_permission", DELETE, remove)
            .about(TAG, "Remove a permission")
            .more("It is taken from whoever holds it.")
            .path("permission", name())
            .conditional()
            .refuses([StatusCode::CONFLICT])
            .answers_nothing(),
        Operation::new(Method::GET, "/permissions/{permission}/holders", "list_holders", VIEW, holders)
            .about(TAG, "List who has a permission")
            .more("The active users who have it, everywhere or on one object.")
            .path("permission", name())
            .query("object", object().about("The object, as type:id."))
            .lists(holder_shape()),
        Operation::new(Method::GET, "/users/{user}/permissions/{permission}/reasons", "list_reasons", VIEW, reasons)
            .about(TAG, "Tell why a user has a permission")
            .path("user", Schema::uuid())
            .path("permission", name())
            .query("object", object().about("The object, as type:id."))
            .answers(Schema::object([required("reasons", Schema::list(reason_shape(), 100))]).named("Reasons")),
    ]
}

/// `app.codename`.
pub(super) fn name() -> Schema {
    Schema::line(3, 201)
}

/// `type:id`.
pub(super) fn object() -> Schema {
    Schema::line(3, 356)
}

fn shape() -> Schema {
    Schema::object([
        required("id", Schema::uuid()),
        required("permission", name().about("app.codename")),
        required("app", Schema::line(1, 100)),
        required("codename", Schema::line(1, 100)),
        required("label", Schema::line(1, 255)),
        required("resource_type", Schema::line(1, 100).or_null()),
        required("created_at", Schema::moment()),
    ])
    .named("Permission")
}

fn check_shape() -> Schema {
    let question = Schema::object([required("permission", name()), optional("object", object().or_null())]);
    Schema::object([
        required("user", Schema::uuid()),
        required("checks", Schema::list(question.named("Question"), MOST_CHECKS)),
    ])
    .named("Check")
}

fn holder_shape() -> Schema {
    Schema::object([
        required("id", Schema::uuid()),
        required("username", Schema::line(1, 255)),
        required("superuser", Schema::boolean().about("As a superuser.")),
        required("direct", Schema::boolean().about("It was given to them.")),
        required("by_group", Schema::boolean().about("By a group.")),
    ])
    .named("Holder")
}

fn reason_shape() -> Schema {
    Schema::object([
        required("kind", Schema::choice(["superuser", "direct", "group"])),
        required(
            "path",
            Schema::list(Schema::line(1, 150), 1000).about("The groups, from the user's own to the one that gives it."),
        ),
        required("object", object().or_null()),
    ])
    .named("Reason")
}

fn written(permission: &Permission) -> Value {
    json!({
        "id": permission.id.to_string(),
        "permission": permission.name.to_string(),
        "app": permission.name.app(),
        "codename": permission.name.codename(),
        "label": permission.label,
        "resource_type": permission.resource_type,
        "created_at": moment::write(permission.created_at),
    })
}

fn written_reason(reason: &Reason) -> Value {
    let (kind, path, object) = match reason {
        Reason::Superuser => ("superuser", &[][..], &None),
        Reason::Direct { object } => ("direct", &[][..], object),
        Reason::Groups { path, object } => ("group", path.as_slice(), object),
    };
    json!({ "kind": kind, "path": path, "object": object.as_ref().map(ToString::to_string) })
}

#[derive(Deserialize)]
struct NewBody {
    permission: String,
    label: String,
}

#[derive(Deserialize)]
struct TypeBody {
    app: String,
    resource_type: String,
    label: String,
}

#[derive(Deserialize)]
struct CheckBody {
    user: UserId,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    permission: String,
    object: Option<String>,
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let page = Page::<String>::of("permissions", &call)?;
    let query = PermissionQuery {
        app: call.text("app").map(str::to_owned),
        prefix: call.text("codename").map(str::to_owned),
        resource_type: call.text("resource_type").map(str::to_owned),
        after: page.after.as_deref().and_then(|name| name.parse().ok()),
        size: page.size as u64 + 1,
    };
    let permissions = state.access().permissions(&query).await.map_err(Problem::unavailable)?;
    Ok(page.answer(permissions, |permission| permission.name.to_string(), written))
}

async fn register(state: State, call: Call) -> Result<Reply, Problem> {
    let NewBody { permission, label } = call.read()?;
    let name: PermissionName = permission.parse().map_err(unprocessable)?;
    let register = state.access().register(name.app(), name.codename(), &label);
    let permission = state.recorded(event(&call, Kind::Created, &name), register).await?;
    Ok(Reply::created(location(&permission.name), written(&permission)))
}

async fn register_type(state: State, call: Call) -> Result<Reply, Problem> {
    let TypeBody { app, resource_type, label } = call.read()?;
    let permissions = state.access().register_resource_type(&app, &resource_type, &label).await?;
    for permission in &permissions {
        state.audit(event(&call, Kind::Created, &permission.name)).await;
    }
    let location = permissions.first().map(|first| location(&first.name)).unwrap_or_default();
    Ok(Reply::created(location, json!({ "permissions": permissions.iter().map(written).collect::<Vec<_>>() })))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&find(&state, &call).await?)))
}

async fn remove(state: State, call: Call) -> Result<Reply, Problem> {
    let permission = find(&state, &call).await?;
    call.precondition(&written(&permission))?;
    let deleted = event(&call, Kind::Deleted, &permission.name);
    if !state.recorded(deleted, state.access().remove_permission(&permission.name)).await? {
        return Err(Problem::not_found("permission"));
    }
    Ok(Reply::nothing())
}

async fn check(state: State, call: Call) -> Result<Reply, Problem> {
    let CheckBody { user, checks } = call.read()?;
    if let Caller::Client(client) = &call.caller {
        let apps = state.provider().clients().apps(&client.id).await.map_err(Problem::unavailable)?;
        let own =
            |check: &Check| check.permission.split_once('.').is_some_and(|(app, _)| apps.iter().any(|own| own == app));
        if let Some(other) = checks.iter().find(|check| !own(check)) {
            let detail = format!("{} is of no app that this client stands for", other.permission);
            return Err(Problem::forbidden(detail));
        }
    }
    let ask = |check: Check| Question { permission: check.permission, object: check.object };
    let questions: Vec<Question> = checks.into_iter().map(ask).collect();
    let results = state.access().check_many(user, &questions).await.map_err(Problem::unavailable)?;
    Ok(Reply::ok(json!({ "user": user.to_string(), "results": results })))
}

async fn holders(state: State, call: Call) -> Result<Reply, Problem> {
    let permission = find(&state, &call).await?;
    let page = Page::<UserId>::of(&format!("holders {}", permission.id), &call)?;
    let size = page.size as u64 + 1;
    let holders = state.access().who_has(&permission.name, call.text("object"), page.after, size).await?;
    let show = |holder: &Entitled| {
        json!({
            "id": holder.user.to_string(),
            "username": holder.username,
            "superuser": holder.superuser,
            "direct": holder.direct,
            "by_group": holder.by_group,
        })
    };
    Ok(page.answer(holders, |holder| holder.user, show))
}

async fn reasons(state: State, call: Call) -> Result<Reply, Problem> {
    let user = super::user_of(&state, &call).await?;
    let reasons = state.access().why(user.id, call.path("permission"), call.text("object")).await;
    let reasons: Vec<Value> = reasons.map_err(Problem::unavailable)?.iter().map(written_reason).collect();
    Ok(Reply::ok(json!({ "reasons": reasons })))
}

/// The permission that the path names.
async fn find(state: &State, call: &Call) -> Result<Permission, Problem> {
    let name: PermissionName = call.id("permission", "permission")?;
    let found = state.access().find_permission(&name).await.map_err(Problem::unavailable)?;
    found.ok_or_else(|| Problem::not_found("permission"))
}

fn location(name: &PermissionName) -> String {
    format!("/permissions/{}", super::encoded(&name.to_string()))
}

fn unprocessable(error: impl ToString) -> Problem {
    Problem::unprocessable(error.to_string())
}

fn event(call: &Call, kind: Kind, name: &PermissionName) -> Event {
    call.event(kind).object(ObjectType::Permission, name).details(Details::new().permission(&name.to_string()))
}
