//! The page at `/`, for whoever wonders what answers here.

use askama::Template;

use super::{Choice, Hidden, Label, Person, page, paths};

/// Says what this place is, and whether somebody is signed in at this browser; then `#account` leads to what is theirs. Whoever is
/// signed in besides is a button of `form#accounts` that sends its value as `account`: `#account-2`, `#account-3` and so on.
#[derive(Clone, Debug, Template)]
#[template(path = "home.html")]
pub struct Home {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the sign-out form (`form#logout`) is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Who is signed in.
    pub person: Option<Person>,
    /// Where an account is chosen.
    pub choose: String,
    /// Who is signed in besides.
    pub others: Vec<Choice>,
}

page!(Home);
