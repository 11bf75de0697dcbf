//! The page for whoever forgot the password.

use askama::Template;

use super::{Hidden, Label, page};

/// `form#recover`: `identifier`, button `#send`. Whoever is named gets the same answer, [`Notice::recover_sent`].
///
/// [`Notice::recover_sent`]: super::Notice::recover_sent
#[derive(Clone, Debug, Template)]
#[template(path = "recover.html")]
pub struct Recover {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What the field asks for: “Username or e-mail”, “E-mail”, …
    pub identifier_label: Label,
    /// What was typed before.
    pub identifier: Label,
    /// Why it was not taken, which never depends on whether the account exists.
    pub error: Option<Label>,
}

page!(Recover);
