//! What is told of a user, and what can be said of one.

use serde_json::{Map, Value, json};
use vestibule_users::{Contact, ContactKind, Editor, User};

use crate::{
    api::{
        moment,
        problem::Problem,
        resources::patch as patch_of,
        schema::{Form, Member, Schema, optional, required},
    },
    state::State,
};

/// The most attributes that one user has.
const MOST_ATTRIBUTES: usize = 200;

/// A user in a list: what stands in their own row.
pub(super) fn summary() -> Schema {
    Schema::object(summary_members()).named("UserSummary")
}

/// A user with everything that is known.
pub(super) fn whole() -> Schema {
    let more = [
        required("emails", Schema::list(contact(), 100)),
        required("phones", Schema::list(contact(), 100)),
        required("attributes", attributes(false)),
        required(
            "groups",
            Schema::list(Schema::line(1, 150), 1_000_000).about("The groups that they were put into, by name."),
        ),
        required("second_factor", Schema::boolean().about("Whether they have set one up.")),
    ];
    Schema::object(summary_members().into_iter().chain(more)).named("User")
}

/// A user to be created.
pub(super) fn new() -> Schema {
    let password = optional("password", Schema::line(1, 1024));
    Schema::object(said().into_iter().chain([password])).named("NewUser")
}

/// What is to be different.
pub(super) fn patch() -> Schema {
    let lasting =
        ["username", "email_verified", "active", "staff", "superuser", "claims", "attributes", "require_second_factor"];
    let members = said().into_iter().map(|member| match member.name {
        "claims" => Member { schema: claims(true), ..member },
        "attributes" => Member { schema: attributes(true), ..member },
        _ => member,
    });
    patch_of(members, &lasting).named("UserPatch")
}

fn said() -> Vec<Member> {
    vec![
        required("username", Schema::line(1, 255)),
        optional("email", Schema::line(3, 254).or_null().about("The primary address; null takes all away.")),
        optional("email_verified", Schema::boolean()),
        optional("active", Schema::boolean().about("Whether they may sign in.")),
        optional(
            "staff",
            Schema::boolean().about("Whether they may enter the administration. For superusers to change."),
        ),
        optional("superuser", Schema::boolean().about("Whether they may do everything. For superusers to change.")),
        optional("claims", claims(false)),
        optional("attributes", attributes(false)),
        optional("require_second_factor", Schema::boolean()),
    ]
}

fn summary_members() -> Vec<Member> {
    vec![
        required("id", Schema::uuid().about("The `sub` of everything that applications are told.")),
        required("username", Schema::line(1, 255)),
        required("email", Schema::line(1, 320).or_null()),
        required("email_verified", Schema::boolean()),
        required("active", Schema::boolean()),
        required("staff", Schema::boolean()),
        required("superuser", Schema::boolean()),
        required("claims", claims(false)),
        required("require_second_factor", Schema::boolean()),
        required(
            "password_hasher",
            Schema::line(1, 100).or_null().about("By what the password is hashed; null without one."),
        ),
        required("created_at", Schema::moment()),
        required("updated_at", Schema::moment()),
        required("last_sign_in", Schema::moment().or_null()),
    ]
}

/// The claims of OpenID Connect Core 5.1; in a patch, null takes one away.
fn claims(patch: bool) -> Schema {
    let may_go = |schema: Schema| if patch { schema.or_null() } else { schema };
    let line = |name| optional(name, may_go(Schema::line(1, 255)));
    let url = |name| optional(name, may_go(Schema::line(1, 2048)));
    let lines = |name| optional(name, may_go(Schema::text(Form::Lines, 1, 1024)));
    let address = Schema::object([
        lines("formatted"),
        lines("street_address"),
        line("locality"),
        line("region"),
        line("postal_code"),
        line("country"),
    ]);
    let address = address.named(if patch { "AddressPatch" } else { "Address" });
    Schema::object([
        line("name"),
        line("given_name"),
        line("family_name"),
        line("middle_name"),
        line("nickname"),
        url("profile"),
        url("picture"),
        url("website"),
        line("gender"),
        line("birthdate"),
        line("zoneinfo"),
        line("locale"),
        line("phone_number"),
        optional("phone_number_verified", may_go(Schema::boolean())),
        optional("address", may_go(address)),
    ])
    .named(if patch { "ClaimsPatch" } else { "Claims" })
}

fn attributes(patch: bool) -> Schema {
    let text = || Schema::text(Form::Lines, 1, 4096);
    let value = Schema::either([text(), Schema::number(), Schema::boolean(), Schema::list(text(), 100)]);
    let value = if patch { value.or_null() } else { value };
    Schema::map(value, MOST_ATTRIBUTES).about("The attributes that are declared, by name.")
}

fn contact() -> Schema {
    Schema::object([
        required("value", Schema::line(1, 320)),
        required("verified", Schema::boolean()),
        required("primary", Schema::boolean()),
        required("shared", Schema::boolean().about("Whether others have it too, so that nobody signs in by it.")),
    ])
    .named("Contact")
}

pub(super) fn written_contact(contact: &Contact) -> Value {
    json!({
        "value": contact.value,
        "verified": contact.verified,
        "primary": contact.primary,
        "shared": contact.shared,
    })
}

pub(super) fn contact_shape() -> Schema {
    contact()
}

/// As in a list.
pub(super) fn written(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "active": user.active,
        "staff": user.staff,
        "superuser": user.superuser,
        "claims": user.claims,
        "require_second_factor": user.require_second_factor,
        "password_hasher": user.password_hasher,
        "created_at": moment::write(user.created_at),
        "updated_at": moment::write(user.updated_at),
        "last_sign_in": user.last_sign_in.map(moment::write),
    })
}

/// With everything that is known.
pub(super) async fn whole_of(state: &State, user: &User) -> Result<Value, Problem> {
    let contacts = state.provider().users().contacts(user.id).await.map_err(Problem::unavailable)?;
    let attributes = state.attributes().shown(user.id, Editor::Staff).await.map_err(Problem::unavailable)?;
    let groups = state.access().groups_of(user.id).await.map_err(Problem::unavailable)?;
    let factor = state.provider().second_factors().status(user.id).await.map_err(Problem::unavailable)?;
    let of_kind = |kind: ContactKind| {
        let of_kind = contacts.iter().filter(|contact| contact.kind == kind);
        of_kind.map(written_contact).collect::<Vec<_>>()
    };
    let mut document = written(user);
    let more = json!({
        "emails": of_kind(ContactKind::Email),
        "phones": of_kind(ContactKind::Phone),
        "attributes": attributes,
        "groups": groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(),
        "second_factor": factor.enrolled_at.is_some(),
    });
    let more: Map<String, Value> = more.as_object().cloned().unwrap_or_default();
    for (name, value) in more {
        document[name] = value;
    }
    Ok(document)
}
