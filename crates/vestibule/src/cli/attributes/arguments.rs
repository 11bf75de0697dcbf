//! The arguments that describe an attribute.

use clap::{ArgAction, Args, ValueEnum};
use vestibule_users::{AttributeKind, Audience, Declaration};

/// What an attribute holds.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Kinds {
    /// A text
    Text,
    /// A whole number or a fraction
    Number,
    /// true or false
    Boolean,
    /// A day, YYYY-MM-DD
    Date,
    /// One of the choices
    Choice,
    /// Several texts; of the choices, where there are any
    List,
}

/// Who may do something.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Who {
    /// The user, and staff
    User,
    /// Whoever administers users
    Staff,
    /// Imports and the system itself only
    Nobody,
}

/// What is said of an attribute; in a change, what is not said stays.
#[derive(Debug, Args)]
pub(in crate::cli) struct Declared {
    /// What people read beside it [default: the name]
    #[arg(long)]
    label: Option<String>,
    /// What it is for, in a sentence; an empty one takes it away
    #[arg(long)]
    description: Option<String>,
    /// Everybody must have one, from the next write of their attributes on
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    required: Option<bool>,
    /// No two people have the same value
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    unique: Option<bool>,
    /// What the whole of a text must look like, a regular expression; an empty one takes it away
    #[arg(long, value_name = "REGEX")]
    pattern: Option<String>,
    /// A choice (several times for several); in a change, all of them
    #[arg(long = "choice", value_name = "TEXT")]
    choices: Vec<String>,
    /// Who may see it [default: staff]
    #[arg(long, value_name = "WHO")]
    visible_to: Option<Who>,
    /// Who may edit it [default: staff]
    #[arg(long, value_name = "WHO")]
    editable_by: Option<Who>,
    /// The claim in which applications are told of it; an empty one takes it away
    #[arg(long)]
    claim: Option<String>,
    /// The scope that carries the claim [default: the attribute's name, where there is a claim]
    #[arg(long)]
    scope: Option<String>,
    /// Where it stands among the others: small numbers come first
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    position: Option<i32>,
}

impl Declared {
    /// Of a new attribute.
    pub(super) fn new_declaration(&self, name: &str, kind: Kinds) -> Declaration {
        let mut declaration =
            self.changed(Declaration { label: name.to_owned(), ..Declaration::default() }, Some(kind));
        if declaration.claim.is_some() && declaration.scope.is_none() {
            declaration.scope = Some(name.to_owned());
        }
        declaration
    }

    /// What is said here, in place of what was.
    pub(super) fn changed(&self, was: Declaration, kind: Option<Kinds>) -> Declaration {
        let claim = or_none(&self.claim, was.claim);
        Declaration {
            label: self.label.clone().unwrap_or(was.label),
            description: or_none(&self.description, was.description),
            kind: kind.map_or(was.kind, AttributeKind::from),
            required: self.required.unwrap_or(was.required),
            unique: self.unique.unwrap_or(was.unique),
            pattern: or_none(&self.pattern, was.pattern),
            choices: if self.choices.is_empty() { was.choices } else { self.choices.clone() },
            visible_to: self.visible_to.map_or(was.visible_to, Audience::from),
            editable_by: self.editable_by.map_or(was.editable_by, Audience::from),
            // Without a claim there is nothing to carry.
            scope: claim.as_ref().and(or_none(&self.scope, was.scope)).or_else(|| self.scope.clone()),
            claim,
            position: self.position.unwrap_or(was.position),
        }
    }
}

/// What is said, where an empty text takes away; else what was.
fn or_none(said: &Option<String>, was: Option<String>) -> Option<String> {
    match said {
        Some(text) => (!text.is_empty()).then(|| text.clone()),
        None => was,
    }
}

impl From<Kinds> for AttributeKind {
    fn from(kind: Kinds) -> Self {
        match kind {
            Kinds::Text => Self::Text,
            Kinds::Number => Self::Number,
            Kinds::Boolean => Self::Boolean,
            Kinds::Date => Self::Date,
            Kinds::Choice => Self::Choice,
            Kinds::List => Self::List,
        }
    }
}

impl From<Who> for Audience {
    fn from(who: Who) -> Self {
        match who {
            Who::User => Self::User,
            Who::Staff => Self::Staff,
            Who::Nobody => Self::Nobody,
        }
    }
}
