//! Fields of a form that are not known in advance: attributes that administrators declared.

use super::Label;

/// One field, by whatever declares it.
#[derive(Clone, Debug)]
pub struct Field {
    /// The name under which it is sent; in the page its id is `field-` and this. Letters, digits, `_`, `-` and `.` only.
    pub name: String,
    /// What it is called.
    pub label: Label,
    /// What to type, where the label does not say it.
    pub hint: Option<Label>,
    /// Whether it must be filled in.
    pub required: bool,
    /// How it is filled in, and with what now.
    pub input: Input,
    /// What is wrong with what was typed.
    pub error: Option<Label>,
}

/// How a field is filled in.
///
/// The values are what the person typed and will edit, so unlike a [`Label`] they stand in the field as they are; they cannot
/// leave it.
#[derive(Clone, Debug)]
pub enum Input {
    /// A line of text.
    Text {
        /// What stands in it.
        value: String,
        /// HTML's `autocomplete`, such as `given-name`, where there is one for it.
        autocomplete: Option<&'static str>,
    },
    /// A number.
    Number {
        /// What stands in it: what was typed may be no number.
        value: String,
    },
    /// Yes or no. A tick is sent as `true`; without one nothing is sent.
    Boolean {
        /// Whether it is ticked.
        value: bool,
    },
    /// A date, `2026-12-31`.
    Date {
        /// What stands in it.
        value: String,
    },
    /// One of several; where it is not required, none of them too, sent as the empty text.
    Choice {
        /// What is sent, and what is shown, for each.
        options: Vec<(String, Label)>,
        /// What is chosen now.
        chosen: String,
    },
    /// Several texts, one a line.
    List {
        /// The lines.
        lines: Vec<String>,
    },
}

impl Field {
    pub(crate) fn id(&self) -> String {
        format!("field-{}", self.name)
    }

    /// What belongs to the field for those who hear the page.
    pub(crate) fn described_by(&self) -> Option<String> {
        let id = self.id();
        match (&self.error, self.has_hint()) {
            (Some(_), true) => Some(format!("{id}-error {id}-hint")),
            (Some(_), false) => Some(format!("{id}-error")),
            (None, true) => Some(format!("{id}-hint")),
            (None, false) => None,
        }
    }

    /// A list always says how it is typed.
    pub(crate) fn has_hint(&self) -> bool {
        self.hint.is_some() || matches!(self.input, Input::List { .. })
    }
}

/// Fields that belong together, under a heading.
#[derive(Clone, Debug)]
pub struct FieldGroup {
    /// What they have in common.
    pub title: Label,
    /// The fields.
    pub fields: Vec<Field>,
}

/// Something known about a person that they see and cannot change.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is called.
    pub label: Label,
    /// What it is.
    pub value: Label,
}
