//! A person's names and attributes.

use askama::Template;

use crate::pages::{Fact, FieldGroup, Hidden, Input, Label, page, paths};

/// `form#profile`: the fields by their names, button `#save`.
#[derive(Clone, Debug, Template)]
#[template(path = "account/profile.html")]
pub struct Profile {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What was done just before.
    pub done: Option<Label>,
    /// What the person may change.
    pub groups: Vec<FieldGroup>,
    /// What they may only see.
    pub facts: Vec<Fact>,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl Profile {
    /// Whether there is anything to change.
    pub(crate) fn is_editable(&self) -> bool {
        self.groups.iter().any(|group| !group.fields.is_empty())
    }

    /// What stands in `#error`.
    pub(crate) fn problem(&self) -> Option<&str> {
        if let Some(error) = &self.error {
            return Some(error.as_str());
        }
        let fields = self.groups.iter().flat_map(|group| &group.fields);
        match fields.filter(|field| field.error.is_some()).count() {
            0 => None,
            1 => Some("Nothing was saved yet: one thing needs a change."),
            _ => Some("Nothing was saved yet: a few things need a change."),
        }
    }
}

page!(Profile);
