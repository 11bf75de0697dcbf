//! Grants: what users and groups were given, everywhere or on single objects.

use poem::http::Method;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{HeldGroup, Holder, Permit};

use super::{groups::group_of, permissions, rights, user_of};
use crate::{
    api::{
        call::{Call, Reply},
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Schema, required},
    },
    state::State,
};

const TAG: &str = "Grants";
const VIEW: Needs = Needs::Permission("vestibule.view_permission");
const CHANGE: Needs = Needs::Permission("vestibule.change_permission");

pub(super) fn operations() -> Vec<Operation> {
    let object = || permissions::object().about("The object, as type:id; left out, everywhere.");
    let user = |operation: Operation| operation.path("user", Schema::uuid());
    let group = |operation: Operation| operation.path("group", Schema::uuid());
    let one = |operation: Operation| {
        operation.path("permission", permissions::name()).query("object", object()).answers_nothing()
    };
    vec![
        user(Operation::new(Method::GET, "/users/{user}/permissions", "list_user_grants", VIEW, list_of_user))
            .about(TAG, "List what a user was given")
            .more("Their own grants, without those of groups.")
            .lists(shape()),
        one(user(Operation::new(
            Method::PUT,
            "/users/{user}/permissions/{permission}",
            "grant_to_user",
            CHANGE,
            grant_to_user,
        )))
        .about(TAG, "Give a user a permission"),
        one(user(Operation::new(
            Method::DELETE,
            "/users/{user}/permissions/{permission}",
            "revoke_from_user",
            CHANGE,
            revoke_from_user,
        )))
        .about(TAG, "Take a permission from a user"),
        user(Operation::new(
            Method::GET,
            "/users/{user}/effective-permissions",
            "get_effective_permissions",
            VIEW,
            effective,
        ))
        .about(TAG, "Read what a user may do")
        .more("Their own grants and those of their groups, however deep; nothing where they are not active.")
        .answers(effective_shape()),
        group(Operation::new(Method::GET, "/groups/{group}/permissions", "list_group_grants", VIEW, list_of_group))
            .about(TAG, "List what a group was given")
            .lists(shape()),
        one(group(Operation::new(
            Method::PUT,
            "/groups/{group}/permissions/{permission}",
            "grant_to_group",
            CHANGE,
            grant_to_group,
        )))
        .about(TAG, "Give a group a permission"),
        one(group(Operation::new(
            Method::DELETE,
            "/groups/{group}/permissions/{permission}",
            "revoke_from_group",
            CHANGE,
            revoke_from_group,
        )))
        .about(TAG, "Take a permission from a group"),
    ]
}

fn shape() -> Schema {
    Schema::object([required("permission", permissions::name()), required("object", permissions::object().or_null())])
        .named("Grant")
}

fn effective_shape() -> Schema {
    const MANY: usize = 1_000_000;
    let group = Schema::object([required("name", Schema::line(1, 150)), required("direct", Schema::boolean())]);
    Schema::object([
        required("superuser", Schema::boolean()),
        required(
            "permissions",
            Schema::list(permissions::name(), MANY).about("What they may do everywhere, in order."),
        ),
        required("on_objects", Schema::list(shape(), MANY)),
        required("groups", Schema::list(group.named("HeldGroup"), MANY)),
    ])
    .named("EffectivePermissions")
}

fn written(permit: &Permit) -> Value {
    json!({ "permission": permit.permission.to_string(), "object": permit.object.as_ref().map(ToString::to_string) })
}

async fn list(state: &State, call: &Call, holder: Holder, name: String) -> Result<Reply, Problem> {
    let permits = state.access().granted(holder).await.map_err(Problem::unavailable)?;
    let key = |permit: &Permit| {
        let object = permit.object.as_ref().map(ToString::to_string);
        [permit.permission.to_string(), object.unwrap_or_default()]
    };
    page::of_all(&name, call, permits, false, key, written)
}

async fn list_of_user(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    list(&state, &call, Holder::User(user.id), format!("grants of user {}", user.id)).await
}

async fn list_of_group(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    list(&state, &call, Holder::Group(group.id), format!("grants of group {}", group.id)).await
}

async fn effective(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    let effective = state.access().effective(user.id).await.map_err(Problem::unavailable)?;
    let on_objects =
        effective.on_objects().map(|(permission, object)| json!({ "permission": permission, "object": object }));
    let group = |group: &HeldGroup| json!({ "name": group.name(), "direct": group.is_direct() });
    Ok(Reply::ok(json!({
        "superuser": effective.is_superuser(),
        "permissions": effective.everywhere().collect::<Vec<_>>(),
        "on_objects": on_objects.collect::<Vec<_>>(),
        "groups": effective.groups().iter().map(group).collect::<Vec<_>>(),
    })))
}

/// What is to be given or taken: the permission in the path, on the object in the query.
fn permit(call: &Call) -> Result<Permit, Problem> {
    let permission = call.id("permission", "permission")?;
    let object = call.text("object").map(str::parse).transpose();
    let object = object.map_err(|error: vestibule_users::NameError| Problem::invalid_parameter("object", error.why))?;
    Ok(Permit { permission, object })
}

async fn grant(state: &State, call: &Call, holder: Holder) -> Result<Reply, Problem> {
    let permit = permit(call)?;
    rights::may_give(state, call.actor()?, std::slice::from_ref(&permit)).await?;
    state.recorded(event(call, Kind::Granted, holder, &permit), state.access().grant(holder, &permit)).await?;
    Ok(Reply::nothing())
}

async fn revoke(state: &State, call: &Call, holder: Holder) -> Result<Reply, Problem> {
    let permit = permit(call)?;
    rights::may_give(state, call.actor()?, std::slice::from_ref(&permit)).await?;
    let revoked = event(call, Kind::Revoked, holder, &permit);
    match state.recorded(revoked, state.access().revoke(holder, &permit)).await? {
        true => Ok(Reply::nothing()),
        false => Err(Problem::not_found("grant")),
    }
}

/// What is recorded with the change; where nothing changed, neither is it.
fn event(call: &Call, kind: Kind, holder: Holder, permit: &Permit) -> Event {
    let details = Details::new().permission(&permit.permission.to_string());
    let details = match &permit.object {
        Some(object) => details.on(object.as_str()),
        None => details,
    };
    let event = call.event(kind).details(details);
    match holder {
        Holder::User(user) => event.subject(user).object(ObjectType::User, user),
        Holder::Group(group) => event.object(ObjectType::Group, group),
    }
}

async fn grant_to_user(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    grant(&state, &call, Holder::User(user.id)).await
}

async fn revoke_from_user(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    revoke(&state, &call, Holder::User(user.id)).await
}

async fn grant_to_group(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    grant(&state, &call, Holder::Group(group.id)).await
}

async fn revoke_from_group(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    revoke(&state, &call, Holder::Group(group.id)).await
}
