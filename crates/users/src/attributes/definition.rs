//! What an attribute is declared to be.

use serde::{Deserialize, Serialize};
use vestibule_core::Timestamp;

/// What an attribute holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// A text.
    #[default]
    Text,
    /// A whole number or a fraction.
    Number,
    /// Yes or no.
    Boolean,
    /// A day: `YYYY-MM-DD`.
    Date,
    /// One of the choices.
    Choice,
    /// Several texts; of the choices, where there are any.
    List,
}

impl AttributeKind {
    const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Boolean, Self::Date, Self::Choice, Self::List];

    /// As the table and the API have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::List => "list",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Who may do something with an attribute. Each includes those after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The user whose it is, and whoever administers them.
    User,
    /// Whoever administers users.
    #[default]
    Staff,
    /// Neither: only imports and the system itself.
    Nobody,
}

impl Audience {
    const ALL: [Self; 3] = [Self::User, Self::Staff, Self::Nobody];

    /// As the table and the API have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Staff => "staff",
            Self::Nobody => "nobody",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == text)
    }

    fn admits(self, editor: Editor) -> bool {
        match editor {
            Editor::User => self == Self::User,
            Editor::Staff => self != Self::Nobody,
            Editor::System => true,
        }
    }
}

/// On whose behalf something is written or looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Editor {
    /// The user themselves, as on their own pages and in self-registration. Whoever does not say gets no more than this.
    #[default]
    User,
    /// Somebody who administers users: superusers, commands, the administration API.
    Staff,
    /// The system itself, and imports.
    System,
}

/// What is declared of an attribute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declaration {
    /// What people read beside it.
    pub label: String,
    /// What it is for, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it holds.
    pub kind: AttributeKind,
    /// Whether everybody must have one. It applies from the next write of a person's attributes on, by whoever may edit it: a
    /// user who registers cannot be asked for what staff fill in.
    pub required: bool,
    /// Whether no two people have the same value; letters that differ only in case or width are the same.
    pub unique: bool,
    /// What the whole of a text, or of each text of a list, must look like: a regular expression, as Rust's `regex` has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The choices, in the order to be shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// Who may see it.
    pub visible_to: Audience,
    /// Who may edit it.
    pub editable_by: Audience,
    /// In which claim applications are told of it; then `scope` says when. Whoever holds the scope is told it, be it for the
    /// user to see or for staff only; what nobody may see has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The scope that carries the claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Where it stands among the others: small numbers come first.
    pub position: i32,
}

/// An attribute that is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its name, which never changes.
    pub name: String,
    /// What is declared of it.
    pub declaration: Declaration,
    /// Since when there is one.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when its scope carries its claim: what people allowed before did not include it. Nothing where no scope does, or has
    /// since before this was kept.
    pub carried_since: Option<Timestamp>,
}

impl Definition {
    /// Whether `editor` may see somebody's value.
    #[must_use]
    pub fn is_visible_to(&self, editor: Editor) -> bool {
        self.declaration.visible_to.admits(editor)
    }

    /// Whether `editor` may change somebody's value.
    #[must_use]
    pub fn is_editable_by(&self, editor: Editor) -> bool {
        self.declaration.editable_by.admits(editor)
    }
}
