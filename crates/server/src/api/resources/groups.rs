//! Groups: what they are called, who and which groups are in them, and what they give.
//!
//! Whoever puts somebody into a group gives them all that the group gives, so they must hold it themselves; and whoever takes
//! somebody out, or changes or deletes the group, could as well have given it.

use poem::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_core::{GroupId, UserId};
use vestibule_users::{
    AccessError, Group, GroupChanges, GroupCursor, GroupQuery, GroupSort, Member as Person, NewGroup,
};

use super::{order, patch, rights};
use crate::{
    api::{
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page::{self, Page},
        problem::Problem,
        schema::{Form, Member, Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "Groups";
const VIEW: Needs = Needs::Permission("vestibule.view_group");
const ADD: Needs = Needs::Permission("vestibule.add_group");
const CHANGE: Needs = Needs::Permission("vestibule.change_group");
const DELETE: Needs = Needs::Permission("vestibule.delete_group");

pub(super) fn operations() -> Vec<Operation> {
    [groups(), members(), nested()].concat()
}

fn groups() -> Vec<Operation> {
    let id = Schema::uuid;
    vec![
        Operation::new(Method::GET, "/groups", "list_groups", VIEW, list)
            .about(TAG, "List groups")
            .query("name", Schema::line(1, 150).about("Only those whose name begins so."))
            .query("sort", Schema::choice(["name", "-name", "created_at", "-created_at"]))
            .lists(shape()),
        Operation::new(Method::POST, "/groups", "create_group", ADD, create)
            .about(TAG, "Make a group")
            .body(Schema::object(said()).named("NewGroup"))
            .creates(shape())
            .found_by(&[("group", "id")]),
        Operation::new(Method::GET, "/groups/{group}", "get_group", VIEW, show)
            .about(TAG, "Read a group")
            .path("group", id())
            .answers_tagged(shape()),
        Operation::new(Method::PATCH, "/groups/{group}", "change_group", CHANGE, change)
            .about(TAG, "Change a group")
            .path("group", id())
            .conditional()
            .merge_patch(patch(said(), &["name", "description", "require_second_factor"]).named("GroupPatch"))
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(shape()),
        Operation::new(Method::DELETE, "/groups/{group}", "delete_group", DELETE, delete)
            .about(TAG, "Delete a group")
            .more("Its members stay, and lose what it gave them.")
            .path("group", id())
            .conditional()
            .answers_nothing(),
    ]
}

fn members() -> Vec<Operation> {
    let id = Schema::uuid;
    vec![
        Operation::new(Method::GET, "/groups/{group}/members", "list_members", VIEW, list_members)
            .about(TAG, "List the users in a group")
            .more("Those who were put into it themselves; who is in it by another group is not listed.")
            .path("group", id())
            .lists(member_shape()),
        Operation::new(Method::PUT, "/groups/{group}/members/{user}", "add_member", CHANGE, add_member)
            .about(TAG, "Put a user into a group")
            .path("group", id())
            .path("user", id())
            .answers_nothing(),
        Operation::new(Method::DELETE, "/groups/{group}/members/{user}", "remove_member", CHANGE, remove_member)
            .about(TAG, "Take a user out of a group")
            .path("group", id())
            .path("user", id())
            .answers_nothing(),
    ]
}

fn nested() -> Vec<Operation> {
    let id = Schema::uuid;
    vec![
        Operation::new(Method::GET, "/groups/{group}/groups", "list_nested_groups", VIEW, list_nested)
            .about(TAG, "List the groups in a group")
            .path("group", id())
            .lists(shape()),
        Operation::new(Method::PUT, "/groups/{group}/groups/{member}", "nest_group", CHANGE, nest)
            .about(TAG, "Put a group into another")
            .more("Whoever is in the inner group then has all that the outer one gives. A circle is refused.")
            .path("group", id())
            .path("member", id())
            .refuses([StatusCode::CONFLICT])
            .answers_nothing(),
        Operation::new(Method::DELETE, "/groups/{group}/groups/{member}", "unnest_group", CHANGE, unnest)
            .about(TAG, "Take a group out of another")
            .path("group", id())
            .path("member", id())
            .answers_nothing(),
    ]
}

fn said() -> Vec<Member> {
    vec![
        required("name", Schema::line(1, 150)),
        optional("description", Schema::text(Form::Lines, 0, 1000)),
        optional(
            "require_second_factor",
            Schema::boolean().about("Whether its members must sign in with two factors."),
        ),
    ]
}

fn shape() -> Schema {
    let ours = [
        required("id", Schema::uuid()),
        required("created_at", Schema::moment()),
        required("updated_at", Schema::moment()),
    ];
    Schema::object(ours.into_iter().chain(said().into_iter().map(|member| Member { required: true, ..member })))
        .named("Group")
}

fn member_shape() -> Schema {
    Schema::object([
        required("id", Schema::uuid()),
        required("username", Schema::line(1, 255)),
        required("added_at", Schema::moment()),
    ])
    .named("Member")
}

fn written(group: &Group) -> Value {
    json!({
        "id": group.id.to_string(),
        "name": group.name,
        "description": group.description,
        "require_second_factor": group.require_second_factor,
        "created_at": moment::write(group.created_at),
        "updated_at": moment::write(group.updated_at),
    })
}

fn written_member(person: &Person) -> Value {
    json!({
        "id": person.user.to_string(),
        "username": person.username,
        "added_at": moment::write(person.added_at),
    })
}

/// A body, after its schema was checked.
#[derive(Deserialize)]
struct Body {
    name: Option<String>,
    description: Option<String>,
    require_second_factor: Option<bool>,
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let page = Page::<GroupCursor>::of("groups", &call)?;
    let (field, descending) = order(call.text("sort"), "name");
    let query = GroupQuery {
        prefix: call.text("name").map(str::to_owned),
        sort: if field == "name" { GroupSort::Name } else { GroupSort::CreatedAt },
        descending,
        after: page.after.clone(),
        size: page.size as u64 + 1,
    };
    let groups = state.access().groups(&query).await.map_err(Problem::unavailable)?;
    Ok(page.answer(groups, GroupCursor::of, written))
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let body: Body = call.read()?;
    let new = NewGroup {
        name: body.name.unwrap_or_default(),
        description: body.description.unwrap_or_default(),
        require_second_factor: body.require_second_factor.unwrap_or(false),
    };
    let group = state.access().create_group(&new).await?;
    state.audit(event(&call, Kind::Created, &group)).await;
    Ok(Reply::created(format!("/groups/{}", group.id), written(&group)))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&group_of(&state, &call).await?)))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    call.precondition(&written(&group))?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    let Body { name, description, require_second_factor } = call.read()?;
    let read_at = call.is_conditional().then_some(group.updated_at);
    let changes = GroupChanges { name, description, require_second_factor, read_at };
    let called = changes.name.as_deref().unwrap_or(&group.name);
    let details = Details::new().name(called).changed(call.members().keys());
    let event = call.event(Kind::Updated).object(ObjectType::Group, group.id).details(details);
    let group = state.recorded(event, state.access().change_group(group.id, &changes)).await?;
    Ok(Reply::ok(written(&group)))
}

async fn delete(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    call.precondition(&written(&group))?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    state.recorded(event(&call, Kind::Deleted, &group), state.access().delete_group(group.id)).await?;
    Ok(Reply::nothing())
}

async fn list_members(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let page = Page::<UserId>::of(&format!("members {}", group.id), &call)?;
    let members = state.access().members(group.id, page.after, page.size as u64 + 1).await;
    Ok(page.answer(members.map_err(Problem::unavailable)?, |person| person.user, written_member))
}

async fn add_member(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let user = super::user_of(&state, &call).await?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    let added = of_member(call.event(Kind::MemberAdded).subject(user.id), &group, Details::new());
    state.recorded(added, state.access().add_user(group.id, user.id)).await?;
    Ok(Reply::nothing())
}

async fn remove_member(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let user: UserId = call.id("user", "user")?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    let removed = of_member(call.event(Kind::MemberRemoved).subject(user), &group, Details::new());
    if !state.recorded(removed, state.access().remove_user(group.id, user)).await? {
        return Err(Problem::not_found("member"));
    }
    Ok(Reply::nothing())
}

async fn list_nested(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let groups = state.access().groups_in(group.id).await.map_err(Problem::unavailable)?;
    let key = |group: &Group| [group.name.to_lowercase(), group.id.to_string()];
    page::of_all(&format!("nested {}", group.id), &call, groups, false, key, written)
}

async fn nest(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let member = find(&state, call.id("member", "group")?).await?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    let added = of_member(call.event(Kind::MemberAdded), &group, Details::new().name(&member.name));
    state.recorded(added, state.access().nest(group.id, member.id)).await?;
    Ok(Reply::nothing())
}

async fn unnest(state: State, call: Call) -> Result<Reply, Problem> {
    let group = group_of(&state, &call).await?;
    let member: GroupId = call.id("member", "group")?;
    rights::may_give_group(&state, call.actor()?, group.id).await?;
    let removed = of_member(call.event(Kind::MemberRemoved), &group, Details::new().name(&member.to_string()));
    if !state.recorded(removed, state.access().unnest(group.id, member)).await? {
        return Err(Problem::not_found("group in that group"));
    }
    Ok(Reply::nothing())
}

/// The group that the path names.
pub(super) async fn group_of(state: &State, call: &Call) -> Result<Group, Problem> {
    find(state, call.id("group", "group")?).await
}

async fn find(state: &State, id: GroupId) -> Result<Group, Problem> {
    state.access().group(id).await.map_err(Problem::unavailable)?.ok_or_else(|| Problem::not_found("group"))
}

fn event(call: &Call, kind: Kind, group: &Group) -> Event {
    call.event(kind).object(ObjectType::Group, group.id).details(Details::new().name(&group.name))
}

fn of_member(event: Event, group: &Group, details: Details) -> Event {
    event.object(ObjectType::Group, group.id).details(details.group(&group.name))
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NoSuchGroup(_) => Self::not_found("group"),
            AccessError::NoSuchUser(_) => Self::not_found("user"),
            AccessError::NoSuchPermission(_) => Self::not_found("permission"),
            AccessError::Gone => Self::not_found("thing"),
            AccessError::Changed(_) => Self::precondition_failed(),
            AccessError::NameTaken(_) | AccessError::Cycle { .. } | AccessError::BuiltIn => {
                Self::conflict(error.to_string())
            }
            AccessError::Invalid { .. } => Self::unprocessable(error.to_string()),
            AccessError::Unavailable(error) => Self::unavailable(error),
        }
    }
}
