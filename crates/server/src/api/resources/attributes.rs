//! Attributes: what else is to be known of users, declared as data.

use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{Declaration, Definition, DefinitionError};

use super::{merged, patch};
use crate::{
    api::{
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Form, Member, Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "Attributes";
const VIEW: Needs = Needs::Permission("vestibule.view_attribute");
const ADD: Needs = Needs::Permission("vestibule.add_attribute");
const CHANGE: Needs = Needs::Permission("vestibule.change_attribute");
const DELETE: Needs = Needs::Permission("vestibule.delete_attribute");

const KINDS: [&str; 6] = ["text", "number", "boolean", "date", "choice", "list"];
const AUDIENCES: [&str; 3] = ["user", "staff", "nobody"];

pub(super) fn operations() -> Vec<Operation> {
    let new = [required("name", name())].into_iter().chain(said());
    let lasting = ["label", "kind", "required", "unique", "visible_to", "editable_by", "position"];
    vec![
        Operation::new(Method::GET, "/attributes", "list_attributes", VIEW, list)
            .about(TAG, "List the declared attributes")
            .query("kind", Schema::choice(KINDS))
            .lists(shape()),
        Operation::new(Method::POST, "/attributes", "create_attribute", ADD, create)
            .about(TAG, "Declare an attribute")
            .body(Schema::object(new).named("NewAttribute"))
            .creates(shape())
            .found_by(&[("attribute", "name")]),
        Operation::new(Method::GET, "/attributes/{attribute}", "get_attribute", VIEW, show)
            .about(TAG, "Read an attribute")
            .path("attribute", name())
            .answers_tagged(shape()),
        Operation::new(Method::PATCH, "/attributes/{attribute}", "change_attribute", CHANGE, change)
            .about(TAG, "Change what is declared of an attribute")
            .more("Values that users have must still be right.")
            .path("attribute", name())
            .conditional()
            .merge_patch(patch(said(), &lasting).named("AttributePatch"))
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(shape()),
        Operation::new(Method::DELETE, "/attributes/{attribute}", "delete_attribute", DELETE, delete)
            .about(TAG, "Remove an attribute")
            .more("Everybody's values go with it.")
            .path("attribute", name())
            .conditional()
            .answers_nothing(),
    ]
}

fn name() -> Schema {
    Schema::text(Form::Word, 1, 64)
}

fn said() -> Vec<Member> {
    let line = || Schema::line(1, 255);
    let audience = || Schema::choice(AUDIENCES);
    vec![
        required("label", line().about("What people read beside it.")),
        optional("description", Schema::text(Form::Lines, 1, 1024)),
        required("kind", Schema::choice(KINDS)),
        optional("required", Schema::boolean().about("Whether everybody must have one.")),
        optional("unique", Schema::boolean().about("Whether no two users have the same value.")),
        optional(
            "pattern",
            Schema::line(1, 1000).about("What the whole of a text must look like: a regular expression."),
        ),
        optional("choices", Schema::list(line(), 200)),
        optional("visible_to", audience().about("Who may see it.")),
        optional("editable_by", audience().about("Who may edit it.")),
        optional("claim", Schema::line(1, 64).about("In which claim applications are told of it, with `scope`.")),
        optional("scope", Schema::text(Form::Visible, 1, 64)),
        optional("position", Schema::integer(-2_147_483_648, 2_147_483_647).about("Small numbers come first.")),
    ]
}

fn shape() -> Schema {
    const SPARSE: [&str; 5] = ["description", "pattern", "choices", "claim", "scope"];
    let said = said().into_iter().map(|member| Member { required: !SPARSE.contains(&member.name), ..member });
    let ours =
        [required("name", name()), required("created_at", Schema::moment()), required("updated_at", Schema::moment())];
    Schema::object(ours.into_iter().chain(said)).named("Attribute")
}

fn written(definition: &Definition) -> Value {
    let mut document = serde_json::to_value(&definition.declaration).unwrap_or_default();
    document["name"] = json!(definition.name);
    document["created_at"] = json!(moment::write(definition.created_at));
    document["updated_at"] = json!(moment::write(definition.updated_at));
    document
}

fn read(mut document: Value) -> Result<Declaration, Problem> {
    if let Some(members) = document.as_object_mut() {
        for ours in ["name", "created_at", "updated_at"] {
            members.remove(ours);
        }
    }
    serde_json::from_value(document).map_err(|error| Problem::unprocessable(error.to_string()))
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let mut all = state.attributes().list().await.map_err(Problem::unavailable)?;
    if let Some(kind) = call.text("kind") {
        all.retain(|definition| definition.declaration.kind.as_str() == kind);
    }
    let key = |definition: &Definition| {
        let position = i64::from(definition.declaration.position) + 2_147_483_648;
        [format!("{position:010}"), definition.name.clone()]
    };
    page::of_all("attributes", &call, all, false, key, written)
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let name = call.body["name"].as_str().unwrap_or_default().to_owned();
    let define = state.attributes().define(&name, read(call.body.clone())?);
    let definition = state.recorded(event(&call, Kind::Created, &name, Details::new()), define).await?;
    Ok(Reply::created(format!("/attributes/{name}"), written(&definition)))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&find(&state, &call).await?)))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let before = find(&state, &call).await?;
    let present = written(&before);
    call.precondition(&present)?;
    let declaration = read(merged(present, &call.body))?;
    let updated = event(&call, Kind::Updated, &before.name, Details::new().changed(call.members().keys()));
    let definition = state.recorded(updated, state.attributes().change(&before.name, declaration)).await?;
    Ok(Reply::ok(written(&definition)))
}

async fn delete(state: State, call: Call) -> Result<Reply, Problem> {
    let definition = find(&state, &call).await?;
    call.precondition(&written(&definition))?;
    let deleted = event(&call, Kind::Deleted, &definition.name, Details::new());
    state.recorded(deleted, state.attributes().remove(&definition.name)).await?;
    Ok(Reply::nothing())
}

async fn find(state: &State, call: &Call) -> Result<Definition, Problem> {
    let found = state.attributes().get(call.path("attribute")).await.map_err(Problem::unavailable)?;
    found.ok_or_else(|| Problem::not_found("attribute"))
}

fn event(call: &Call, kind: Kind, name: &str, details: Details) -> Event {
    call.event(kind).object(ObjectType::Attribute, name).details(details)
}

impl From<DefinitionError> for Problem {
    fn from(error: DefinitionError) -> Self {
        let words = error.to_string();
        match error {
            DefinitionError::NoSuchAttribute(_) => Self::not_found("attribute"),
            DefinitionError::Unavailable(error) => Self::unavailable(error),
            DefinitionError::Invalid { .. } => Self::unprocessable(words),
            _ => Self::conflict(words),
        }
    }
}
