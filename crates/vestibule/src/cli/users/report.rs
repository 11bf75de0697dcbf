//! A person in the words of a report.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use vestibule_users::{Contact, ContactKind, Holder, User};

use crate::cli::{
    Failure,
    desk::Desk,
    time::{readable, rfc3339},
};

/// The app whose permissions are our own administration's.
const OWN_APP: &str = "vestibule.";

/// The headings of the list.
pub(super) const HEADINGS: [&str; 5] = ["username", "email", "state", "last sign-in", "id"];

/// A line of the list.
pub(super) fn row(user: &User) -> Vec<String> {
    vec![
        user.username.clone(),
        user.email.clone().unwrap_or_default(),
        state(user),
        user.last_sign_in.map_or_else(|| "never".to_owned(), readable),
        user.id.to_string(),
    ]
}

fn state(user: &User) -> String {
    let marks = [(!user.active, "inactive"), (user.superuser, "superuser"), (user.staff, "staff")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
    if marks.is_empty() { "active".to_owned() } else { marks.join(", ") }
}

/// What stands in the user's own row, for programs.
pub(super) fn document(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "active": user.active,
        "staff": user.staff,
        "superuser": user.superuser,
        "claims": user.claims,
        "require_second_factor": user.require_second_factor,
        "password_hasher": user.password_hasher,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "last_sign_in": user.last_sign_in.map(rfc3339),
    })
}

/// A user with all that belongs to them.
pub(super) struct Whole {
    user: User,
    contacts: Vec<Contact>,
    groups: Vec<String>,
    permissions: BTreeSet<String>,
    attributes: Map<String, Value>,
    second_factor: bool,
}

impl Desk {
    /// All that belongs to a user.
    pub(super) async fn whole(&self, user: User) -> Result<Whole, Failure> {
        let id = user.id;
        let groups = self.access.groups_of(id).await.map_err(Failure::of)?;
        Ok(Whole {
            contacts: self.users.contacts(id).await.map_err(Failure::of)?,
            permissions: self.permissions_of(&user, &groups).await?,
            groups: groups.into_iter().map(|group| group.name).collect(),
            attributes: self.attributes.of(id).await.map_err(Failure::of)?,
            second_factor: self.users.second_factor(id).await.map_err(Failure::of)?.enrolled_at.is_some(),
            user,
        })
    }

    /// What a user may do everywhere. A superuser may do all that applications registered, as Django's `get_all_permissions`
    /// has it; of our own administration, what they were given is told, as it is of everybody.
    async fn permissions_of(
        &self,
        user: &User,
        groups: &[vestibule_users::Group],
    ) -> Result<BTreeSet<String>, Failure> {
        let effective = self.access.effective(user.id).await.map_err(Failure::of)?;
        let mut permissions: BTreeSet<String> = effective.everywhere().map(str::to_owned).collect();
        if effective.is_superuser() {
            let mut given = self.access.granted(Holder::User(user.id)).await.map_err(Failure::of)?;
            for group in groups {
                given.extend(self.access.group_effective(group.id).await.map_err(Failure::of)?);
            }
            given.retain(|permit| permit.object.is_none());
            let given: BTreeSet<String> = given.into_iter().map(|permit| permit.permission.to_string()).collect();
            permissions.retain(|name| !name.starts_with(OWN_APP) || given.contains(name));
        }
        Ok(permissions)
    }
}

impl Whole {
    /// Everything, for programs.
    pub(super) fn document(&self) -> Value {
        let contacts = |kind: ContactKind| {
            let document = |contact: &Contact| {
                json!({
                    "value": contact.value,
                    "verified": contact.verified,
                    "primary": contact.primary,
                    "shared": contact.shared,
                })
            };
            self.contacts.iter().filter(|contact| contact.kind == kind).map(document).collect::<Vec<_>>()
        };
        let mut document = document(&self.user);
        document["groups"] = json!(self.groups);
        document["permissions"] = json!(self.permissions);
        document["attributes"] = json!(self.attributes);
        document["emails"] = json!(contacts(ContactKind::Email));
        document["phones"] = json!(contacts(ContactKind::Phone));
        document["second_factor"] = json!(self.second_factor);
        document
    }

    /// Everything, for people.
    pub(super) fn lines(&self) -> String {
        let user = &self.user;
        let moment = |moment: Option<_>| moment.map_or_else(|| "never".to_owned(), readable);
        let second_factor = match (self.second_factor, user.require_second_factor) {
            (true, true) => "set up, and required",
            (true, false) => "set up",
            (false, true) => "none, though required",
            (false, false) => "none",
        };
        let mut lines = vec![
            ("Username", user.username.clone()),
            ("Id", user.id.to_string()),
            ("E-mail", self.contacts_in_words(ContactKind::Email)),
            ("Telephone", self.contacts_in_words(ContactKind::Phone)),
            ("State", state(user)),
            ("Password", user.password_hasher.clone().unwrap_or_else(|| "none".to_owned())),
            ("Second factor", second_factor.to_owned()),
            ("Created", readable(user.created_at)),
            ("Changed", readable(user.updated_at)),
            ("Last sign-in", moment(user.last_sign_in)),
        ];
        let more = [
            ("Groups", self.groups.join(", ")),
            ("Permissions", self.permissions.iter().cloned().collect::<Vec<_>>().join(", ")),
            ("Attributes", in_json(&json!(self.attributes))),
            ("Claims", in_json(&json!(user.claims))),
        ];
        lines.extend(more.into_iter().filter(|(_, value)| !value.is_empty()));
        lines.into_iter().map(|(name, value)| format!("{name:<13} {value}\n")).collect()
    }

    fn contacts_in_words(&self, kind: ContactKind) -> String {
        let word = |contact: &Contact| {
            format!("{} ({})", contact.value, if contact.verified { "verified" } else { "not verified" })
        };
        let words: Vec<_> = self.contacts.iter().filter(|contact| contact.kind == kind).map(word).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    }
}

/// An object in one line; nothing where it is empty.
fn in_json(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => value.to_string(),
        _ => String::new(),
    }
}
