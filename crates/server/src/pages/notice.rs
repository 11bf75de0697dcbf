//! The page that says that something is done, or what to do next.

use std::time::Duration;

use askama::Template;

use super::{Label, moment::wait_in_words, page};

/// `main` with an id of its own, and `#next`, the link that leads on where there is one.
#[derive(Clone, Debug, Template)]
#[template(path = "notice.html")]
pub struct Notice {
    /// The name of this identity provider.
    pub site: Label,
    /// The id of `main`, by which scripts tell one notice from another.
    pub id: &'static str,
    /// What happened, as a heading.
    pub title: Label,
    /// What that means, a paragraph each.
    pub words: Vec<Label>,
    /// What the link says, and where it leads: an address of ours.
    pub next: Option<(Label, String)>,
}

page!(Notice);

impl Notice {
    /// A notice in words of one's own, under `#notice`.
    #[must_use]
    pub fn new(site: Label, title: Label, words: Vec<Label>) -> Self {
        Self { site, id: "notice", title, words, next: None }
    }

    /// The same with a link that leads on.
    #[must_use]
    pub fn with_next(self, words: impl Into<Label>, address: impl Into<String>) -> Self {
        Self { next: Some((words.into(), address.into())), ..self }
    }

    /// `#recover-sent`: a link is on its way, if anybody was named; the same whoever was.
    #[must_use]
    pub fn recover_sent(site: Label, valid_for: Duration) -> Self {
        let valid = format!("The link in it works once, within {}.", wait_in_words(valid_for));
        Self::fixed(
            site,
            "recover-sent",
            "Check your mail",
            &[
                "If what you typed belongs to an account with an e-mail address, a message is on its way there.",
                &valid,
                "Nothing came? Look into the spam folder, and check that you typed it right.",
            ],
        )
    }

    /// `#reset-done`: the password is changed.
    #[must_use]
    pub fn reset_done(site: Label) -> Self {
        let words = ["You are signed out everywhere. Sign in with your new password to go on."];
        Self::fixed(site, "reset-done", "Your password is changed", &words).with_next("Sign in", "/login")
    }

    /// `#register-sent`: a link is on its way to the address that was typed; the same whether or not it is known.
    #[must_use]
    pub fn register_sent(site: Label, email: &Label, valid_for: Duration) -> Self {
        let sent = format!("We sent a message to {email}. Open the link in it to go on.");
        let valid = format!("It works once, within {}.", wait_in_words(valid_for));
        let missing = "Nothing came? Look into the spam folder, and check that the address is right.";
        Self::fixed(site, "register-sent", "Check your mail", &[&sent, &valid, missing])
    }

    /// `#email-verified`: the address is confirmed.
    #[must_use]
    pub fn email_verified(site: Label, email: &Label) -> Self {
        let words = [format!("{email} is yours.")];
        Self::fixed(site, "email-verified", "Your address is confirmed", &[&words[0]])
    }

    fn fixed(site: Label, id: &'static str, title: &str, words: &[&str]) -> Self {
        Self { site, id, title: title.into(), words: words.iter().map(|text| Label::from(*text)).collect(), next: None }
    }
}
