//! django-allauth's addresses and social accounts.

use serde_json::Value;

use super::users::Named;
use crate::django::{
    problem::{Problem, Weight},
    site::{Contact, ContactKind, SocialAccount, User},
    value::{Fields, Record, Reference},
};

/// What was read of them so far, each with whose it is.
#[derive(Default)]
pub(super) struct Accounts {
    addresses: Vec<(Reference, Origin, Contact)>,
    social: Vec<(Reference, Origin, SocialAccount)>,
}

/// Where a problem would be told of.
struct Origin {
    model: String,
    pk: Option<String>,
}

impl Accounts {
    pub(super) fn take_address(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let origin = Origin { model: record.model.clone(), pk: record.pk.clone() };
        let mut fields = Fields::new(record, problems);
        let (value, verified, primary) = (fields.line("email"), fields.flag("verified"), fields.flag("primary"));
        let user = fields.take("user").as_ref().and_then(Reference::read);
        let (Some(value), Some(user)) = (value, user) else {
            fields.problem(Weight::LeftOut, "email", "it has no address, or belongs to nobody");
            return;
        };
        let (verified, primary) = (verified.unwrap_or(false), primary.unwrap_or(false));
        self.addresses.push((
            user,
            origin,
            Contact { kind: ContactKind::Email, value, verified, primary, leads: true },
        ));
    }

    pub(super) fn take_social_account(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let origin = Origin { model: record.model.clone(), pk: record.pk.clone() };
        let mut fields = Fields::new(record, problems);
        let (provider, uid) = (fields.line("provider"), fields.line("uid"));
        let user = fields.take("user").as_ref().and_then(Reference::read);
        let (Some(provider), Some(uid), Some(user)) = (provider, uid, user) else {
            fields.problem(Weight::LeftOut, "uid", "it has no provider, no uid, or belongs to nobody");
            return;
        };
        let details = details(fields.take("extra_data"));
        let joined = fields.moment("date_joined");
        self.social.push((user, origin, SocialAccount { provider, uid, details, joined }));
    }

    /// Gives everybody their own.
    pub(super) fn finish(self, users: &mut [User], named: &Named, problems: &mut Vec<Problem>) {
        let mut nobody = |origin: &Origin, owner: &Reference| {
            let why = format!("the user {} is not in the source", owner.shown());
            let problem = Problem::of_row(Weight::LeftOut, &origin.model, origin.pk.as_deref(), None, why);
            problems.push(problem.in_field("user"));
        };
        for (owner, origin, contact) in self.addresses {
            match named.find(&owner).and_then(|place| users.get_mut(place)) {
                Some(user) => add(&mut user.contacts, contact),
                None => nobody(&origin, &owner),
            }
        }
        for (owner, origin, account) in self.social {
            match named.find(&owner).and_then(|place| users.get_mut(place)) {
                Some(user) => user.social_accounts.push(account),
                None => nobody(&origin, &owner),
            }
        }
        for user in users {
            // There, rows have no order.
            user.contacts.sort_by(|one, other| (!one.primary, &one.value).cmp(&(!other.primary, &other.value)));
            user.social_accounts.sort_by(|one, other| (&one.provider, &one.uid).cmp(&(&other.provider, &other.uid)));
        }
    }
}

/// An address that the user has already is told more of; whichever django-allauth calls primary takes the place of the user's own.
fn add(contacts: &mut Vec<Contact>, contact: Contact) {
    if contact.primary {
        contacts.iter_mut().for_each(|other| other.primary = false);
    }
    match contacts.iter_mut().find(|known| known.value.eq_ignore_ascii_case(&contact.value)) {
        Some(known) => {
            known.verified |= contact.verified;
            known.primary |= contact.primary;
        }
        None => contacts.push(contact),
    }
}

/// An object; before django-allauth 65 it was JSON in a text.
fn details(value: Option<Value>) -> Value {
    match value {
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::Null),
        Some(other) => other,
        None => Value::Null,
    }
}
