//! What else is worth knowing of an event.
//!
//! Each detail has a function of its own, so that it is plain what may stand here: names and numbers that an administrator may
//! read. Passwords, codes, tokens and links have none.

use serde_json::{Map, Value};
use vestibule_core::Timestamp;

use crate::{record::rfc3339, text::bounded};

/// The most entries that are kept of a list.
const LONGEST_LIST: usize = 100;

/// The details of an event: a small JSON object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details(Map<String, Value>);

impl Details {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Why, as a stable code of ours such as `wrong_password`.
    #[must_use]
    pub fn reason(self, code: &'static str) -> Self {
        self.with("reason", code)
    }

    /// The names of the fields that changed; not their values.
    #[must_use]
    pub fn changed<N: AsRef<str>>(self, fields: impl IntoIterator<Item = N>) -> Self {
        self.with_list("changed", fields)
    }

    /// What the thing is called, where its id does not tell.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.with("name", bounded(name))
    }

    /// The permission that was given or taken, as `app.codename`.
    #[must_use]
    pub fn permission(self, permission: &str) -> Self {
        self.with("permission", bounded(permission))
    }

    /// The single thing that the permission is for, as `type:id`.
    #[must_use]
    pub fn on(self, object: &str) -> Self {
        self.with("on", bounded(object))
    }

    /// The group that got a permission or a member.
    #[must_use]
    pub fn group(self, group: &str) -> Self {
        self.with("group", bounded(group))
    }

    /// The scopes that were allowed or withdrawn.
    #[must_use]
    pub fn scopes<S: AsRef<str>>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.with_list("scopes", scopes)
    }

    /// Which second factor, such as `totp`.
    #[must_use]
    pub fn factor(self, factor: &'static str) -> Self {
        self.with("factor", factor)
    }

    /// How many.
    #[must_use]
    pub fn count(self, count: u64) -> Self {
        self.with("count", count)
    }

    /// How many of which things.
    #[must_use]
    pub fn counts(self, counts: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        let counts: Map<String, Value> =
            counts.into_iter().take(LONGEST_LIST).map(|(what, count)| (what.to_owned(), count.into())).collect();
        self.with("counts", counts)
    }

    /// Until when.
    #[must_use]
    pub fn until(self, moment: Timestamp) -> Self {
        self.with("until", rfc3339(moment))
    }

    /// What the browser says of itself.
    #[must_use]
    pub fn user_agent(self, user_agent: &str) -> Self {
        self.with("user_agent", bounded(user_agent))
    }

    /// The system that something was brought from, such as `django`.
    #[must_use]
    pub fn origin(self, system: &'static str) -> Self {
        self.with("origin", system)
    }

    pub(crate) fn into_json(self) -> String {
        Value::Object(self.0).to_string()
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn with_list<T: AsRef<str>>(self, name: &str, list: impl IntoIterator<Item = T>) -> Self {
        let list: Vec<Value> =
            list.into_iter().take(LONGEST_LIST).map(|entry| bounded(entry.as_ref()).into()).collect();
        self.with(name, list)
    }
}
