//! Users, of whichever model.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::{attributes, permissions::Permissions};
use crate::django::{
    Choice,
    problem::{Problem, Weight},
    secret::Password,
    site::{Attribute, Contact, ContactKind, User},
    value::{Fields, Record, Reference},
};

/// A user whose groups and permissions are still references, and whose other fields still are as they came.
pub(super) struct Draft {
    user: User,
    groups: Vec<Reference>,
    permissions: Vec<Reference>,
    extra: Map<String, Value>,
    /// Whether the model says who is active.
    says_active: bool,
}

/// Reads a user; nothing where it has no name to go by.
pub(super) fn draft(record: Record, choice: &Choice, problems: &mut Vec<Problem>) -> Option<Draft> {
    let mut fields = Fields::new(record, problems);
    let email = email(&mut fields, choice);
    let Some(username) = username(&mut fields, choice, email.as_deref()) else {
        let field = choice.username_field.as_deref().unwrap_or("username");
        fields.problem(
            Weight::Blocks,
            field,
            "there is no username; name the field that holds it with --username-field",
        );
        return None;
    };
    fields.call(&username);
    let says_active = fields.has("is_active") || fields.has("active");
    let active = if fields.has("is_active") { fields.flag("is_active") } else { peeked_flag(&fields, "active") };
    let (given_name, family_name) = (fields.line("first_name"), fields.line("last_name"));
    let user = User {
        pk: fields.pk(),
        password: password(&mut fields),
        // Where it is said and is not true, it is not: null is no permission to come in.
        active: active.unwrap_or(!says_active),
        staff: fields.flag("is_staff").unwrap_or(false),
        superuser: fields.flag("is_superuser").unwrap_or(false),
        name: full_name(&fields, given_name.as_deref(), family_name.as_deref()),
        given_name,
        family_name,
        joined: fields.moment("date_joined"),
        last_sign_in: fields.moment("last_login"),
        groups: BTreeSet::new(),
        permissions: BTreeSet::new(),
        attributes: Default::default(),
        contacts: email.map(Contact::of_user).into_iter().collect(),
        social_accounts: Vec::new(),
        refresh_tokens: Vec::new(),
        username,
    };
    let (groups, permissions) = (references(&mut fields, "groups"), references(&mut fields, "user_permissions"));
    Some(Draft { user, groups, permissions, extra: fields.rest(), says_active })
}

impl Contact {
    /// The address in the user's own row. Django never asks whether it is theirs.
    fn of_user(value: String) -> Self {
        Self { kind: ContactKind::Email, value, verified: false, primary: true, leads: true }
    }
}

fn email(fields: &mut Fields<'_>, choice: &Choice) -> Option<String> {
    // Where it is what people sign in with, it is read twice.
    let field = choice.email_field();
    if choice.username_field.as_deref() == Some(field) {
        return fields.peek(field).and_then(Value::as_str).map(|text| text.trim().to_owned()).filter(|t| !t.is_empty());
    }
    fields.line(field)
}

/// The field that was named; else `username`, else the address, else a key that somebody could type.
fn username(fields: &mut Fields<'_>, choice: &Choice, email: Option<&str>) -> Option<String> {
    let not_blank = |text: &String| !text.trim().is_empty();
    if let Some(field) = &choice.username_field {
        return fields.text(field).filter(not_blank);
    }
    let typed = fields.text("username").filter(not_blank).or_else(|| email.map(str::to_owned));
    typed.or_else(|| fields.pk().filter(|pk| pk.parse::<i64>().is_err() && uuid_parts(pk) != Some(5)))
}

/// How many parts a text has that looks like a UUID.
fn uuid_parts(text: &str) -> Option<usize> {
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    (text.len() == 36 && text.split('-').all(hex)).then(|| text.split('-').count())
}

fn password(fields: &mut Fields<'_>) -> Password {
    let column = fields.text("password").unwrap_or_default();
    match Password::read(&column) {
        Ok(password) => {
            if password.algorithm() == "md5" {
                let why =
                    "its hash is MD5, which verifies only where the configuration allows it; else they recover it";
                fields.problem(Weight::Differs, "password", why);
            }
            password
        }
        Err(_) => {
            let why = "its hash is of no kind that Django 5 has, and stays behind; they set a new password by recovery";
            fields.problem(Weight::LeftOut, "password", why);
            Password::Unusable
        }
    }
}

/// A flag that stays where it is: it is an attribute too.
fn peeked_flag(fields: &Fields<'_>, field: &str) -> Option<bool> {
    fields.peek(field).and_then(crate::django::value::flag)
}

fn full_name(fields: &Fields<'_>, given: Option<&str>, family: Option<&str>) -> Option<String> {
    let both: Vec<&str> = [given, family].into_iter().flatten().collect();
    if !both.is_empty() {
        return Some(both.join(" "));
    }
    let own = ["full_name", "name"].into_iter().find_map(|field| fields.peek(field)?.as_str());
    own.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

pub(super) fn references(fields: &mut Fields<'_>, field: &str) -> Vec<Reference> {
    match fields.take(field) {
        None => Vec::new(),
        Some(Value::Array(items)) => {
            let found: Vec<Reference> = items.iter().filter_map(Reference::read).collect();
            if found.len() < items.len() {
                fields.problem(Weight::Blocks, field, "it refers to what is no key; correct it at the source");
            }
            found
        }
        Some(_) => {
            fields.problem(Weight::Blocks, field, "it is not a list of keys; correct it at the source");
            Vec::new()
        }
    }
}

/// Looks up groups and permissions, and makes attributes of what else there is.
pub(super) fn finish(
    model: &str,
    drafts: Vec<Draft>,
    known: &mut Permissions,
    problems: &mut Vec<Problem>,
) -> (Vec<User>, Vec<Attribute>) {
    if drafts.iter().any(|draft| !draft.says_active) {
        let why = "the model has no `is_active`, so everybody comes as active";
        problems.push(Problem::of_model(Weight::Differs, model, why).in_field("is_active"));
    }
    let attributes = attributes::declare(model, drafts.iter().map(|draft| &draft.extra), problems);
    let users = drafts.into_iter().map(|draft| {
        let Draft { mut user, groups, permissions, extra, .. } = draft;
        for (references, field) in [(groups, "groups"), (permissions, "user_permissions")] {
            for reference in references {
                let found = match field {
                    "groups" => known.group(&reference).map(|name| user.groups.insert(name)),
                    _ => known.permission(&reference).map(|id| user.permissions.insert(id)),
                };
                if found.is_none() {
                    let why = format!("{} is not in the source; dump it too", reference.shown());
                    let (pk, name) = (user.pk.as_deref(), Some(user.username.as_str()));
                    problems.push(Problem::of_row(Weight::Blocks, model, pk, name, why).in_field(field));
                }
            }
        }
        user.attributes = attributes::values(model, &attributes, extra, &user, problems);
        user
    });
    (users.collect(), attributes)
}

/// Who is meant by a reference to a user.
pub(super) struct Named {
    by_key: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
}

impl Named {
    pub(super) fn new(users: &[User]) -> Self {
        let mut named = Self { by_key: HashMap::new(), by_name: HashMap::new(), by_email: HashMap::new() };
        for (place, user) in users.iter().enumerate() {
            named.by_key.extend(user.pk.clone().map(|pk| (pk, place)));
            named.by_name.insert(user.username.clone(), place);
            // A model may have usernames and yet be signed in to by address, which then is unique.
            named.by_email.extend(user.contacts.first().map(|contact| (contact.value.clone(), place)));
        }
        named
    }

    /// Where the user is in the list.
    pub(super) fn find(&self, reference: &Reference) -> Option<usize> {
        match reference {
            Reference::Key(key) => self.by_key.get(key).copied(),
            Reference::Natural(parts) => match parts.as_slice() {
                [name] => self.by_name.get(name).or_else(|| self.by_email.get(name)).copied(),
                _ => None,
            },
        }
    }
}
