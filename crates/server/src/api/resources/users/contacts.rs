//! A user's e-mail addresses and telephone numbers.

use poem::http::{Method, StatusCode};
use serde::Deserialize;
use vestibule_audit::{Details, Event, Kind};
use vestibule_users::{Contact, ContactError, ContactKind, NewContact, User};

use super::{CHANGE, event, shape};
use crate::{
    api::{
        call::{Call, Reply},
        operation::Operation,
        problem::Problem,
        resources::{encoded, rights, user_of},
        schema::{Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "Contacts";
const KINDS: [&str; 2] = ["email", "phone"];

pub(super) fn operations() -> Vec<Operation> {
    let value = || Schema::line(1, 320);
    let one = |operation: Operation| {
        operation.path("user", Schema::uuid()).path("kind", Schema::choice(KINDS)).path("value", value())
    };
    vec![
        Operation::new(Method::POST, "/users/{user}/contacts", "add_contact", CHANGE, add)
            .about(TAG, "Add an address or a number")
            .path("user", Schema::uuid())
            .body(
                Schema::object([
                    required("kind", Schema::choice(KINDS)),
                    required("value", value()),
                    optional("verified", Schema::boolean().about("Whether the user was shown to hold it.")),
                ])
                .named("NewContact"),
            )
            .creates(shape::contact_shape())
            .found_by(&[("kind", "$request.body#/kind"), ("value", "value")]),
        one(Operation::new(Method::PATCH, "/users/{user}/contacts/{kind}/{value}", "change_contact", CHANGE, change))
            .about(TAG, "Mark an address or a number")
            .more("`verified` says that the user was shown to hold it, `primary` that applications are told of it.")
            .merge_patch(
                Schema::object([optional("verified", Schema::mark()), optional("primary", Schema::mark())])
                    .named("ContactPatch"),
            )
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers(shape::contact_shape()),
        one(Operation::new(Method::DELETE, "/users/{user}/contacts/{kind}/{value}", "remove_contact", CHANGE, remove))
            .about(TAG, "Take an address or a number away")
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_nothing(),
    ]
}

#[derive(Deserialize)]
struct Body {
    kind: String,
    value: String,
    #[serde(default)]
    verified: bool,
}

#[derive(Deserialize)]
struct Marks {
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    primary: bool,
}

fn kind(name: &str) -> ContactKind {
    if name == ContactKind::Phone.as_str() { ContactKind::Phone } else { ContactKind::Email }
}

async fn add(state: State, call: Call) -> Result<Reply, Problem> {
    let user = open(&state, &call).await?;
    let Body { kind: name, value, verified } = call.read()?;
    let new = NewContact { kind: kind(&name), value, verified };
    let contact = state.recorded(changed(&call, &user), state.provider().users().add_contact(user.id, new)).await?;
    let location = format!("/users/{}/contacts/{name}/{}", user.id, encoded(&contact.value));
    Ok(Reply::created(location, shape::written_contact(&contact)))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let user = open(&state, &call).await?;
    let Marks { verified, primary } = call.read()?;
    let (kind, value) = (kind(call.path("kind")), call.path("value"));
    let users = state.provider().users();
    let mut contact: Option<Contact> = None;
    if verified {
        let verify = users.verify_contact(user.id, kind, value);
        contact = Some(state.recorded(changed(&call, &user), verify).await?);
    }
    if primary {
        let make_primary = users.make_primary(user.id, kind, value);
        contact = Some(state.recorded(changed(&call, &user), make_primary).await?);
    }
    match contact {
        Some(contact) => Ok(Reply::ok(shape::written_contact(&contact))),
        None => {
            let contacts = users.contacts(user.id).await.map_err(Problem::unavailable)?;
            let found = contacts.iter().find(|contact| contact.kind == kind && contact.value == value);
            found.map(|found| Reply::ok(shape::written_contact(found))).ok_or_else(|| Problem::not_found("contact"))
        }
    }
}

async fn remove(state: State, call: Call) -> Result<Reply, Problem> {
    let user = open(&state, &call).await?;
    let kind = kind(call.path("kind"));
    let remove = state.provider().users().remove_contact(user.id, kind, call.path("value"));
    state.recorded(changed(&call, &user), remove).await?;
    Ok(Reply::nothing())
}

async fn open(state: &State, call: &Call) -> Result<User, Problem> {
    let user = user_of(state, call).await?;
    rights::may_take_over(state, call.actor()?, &user).await?;
    Ok(user)
}

fn changed(call: &Call, user: &User) -> Event {
    event(call, Kind::Updated, user, Details::new().changed(["contacts"]))
}

impl From<ContactError> for Problem {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::NoSuchUser(_) => Self::not_found("user"),
            ContactError::NoSuchContact => Self::not_found("contact"),
            ContactError::Unavailable(error) => Self::unavailable(error),
            ContactError::Invalid { .. } | ContactError::TooMany => Self::unprocessable(error.to_string()),
            other => Self::conflict(other.to_string()),
        }
    }
}
