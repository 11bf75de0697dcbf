//! Signing out, and having signed out (OpenID Connect RP-Initiated Logout 1.0).

use askama::Template;

use super::{App, Hidden, Label, Person, WebAddress, page};

/// `form#logout`: `#sign-out` sends [`SIGN_OUT`](super::action::SIGN_OUT), `#stay` sends [`STAY`](super::action::STAY).
///
/// A form that comes without `action` means signing out, as the page's main button does.
#[derive(Clone, Debug, Template)]
#[template(path = "logout.html")]
pub struct Logout {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// The app that asks, where it is known.
    pub app: Option<App>,
    /// Who is signed in.
    pub person: Person,
    /// Who is signed in at the same browser besides: they are signed out too.
    pub others: Vec<Person>,
}

/// `#signed-out`: it is done.
#[derive(Clone, Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut {
    /// The name of this identity provider.
    pub site: Label,
    /// The app to go back to, by its name and address.
    pub back: Option<(Label, WebAddress)>,
}

page!(Logout);
page!(SignedOut);
