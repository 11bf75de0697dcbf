//! The mails themselves: one type a mail, its words in two templates, text and HTML, compiled into the program.
//!
//! Mail goes to people who did not always ask for it, and often because a stranger did. So nothing stands in it that a
//! stranger can choose: no name that was typed into a form, and nothing that a browser says of itself. Links are made by the
//! caller from the configured public URL. There is nothing to be loaded from anywhere, and the HTML has its looks with it.

mod account;
mod links;
mod notices;
#[cfg(test)]
mod tests;
mod words;

use std::net::IpAddr;

use askama::Template;
use vestibule_core::Timestamp;

pub use account::{AlreadyRegistered, RegistrationVerification};
pub use links::{EmailVerification, PasswordRecovery};
pub use notices::{EmailChanged, PasswordChanged, SecondFactorChanged, SignInLocked};

/// A mail that can be sent.
pub trait Mail: Send + Sync {
    /// Puts it into words; `site` is what the provider is called.
    fn compose(&self, site: &str) -> Message;
}

/// A mail in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The subject line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

impl Message {
    /// Whether a word of somebody else's has something long in common with this mail, such as its link.
    pub(crate) fn holds(&self, word: &str) -> bool {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let parts = word.split(|c: char| !is_part(c)).filter(|part| part.len() >= 16);
        let mut long_parts = parts.peekable();
        long_parts.peek().is_some() && long_parts.any(|part| self.text.contains(part) || self.html.contains(part))
    }
}

/// A message may hold a link that opens an account, so that it shows its subject only.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// When something happened, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// From which address, where it is known.
    pub address: Option<IpAddr>,
}

impl Happened {
    fn when(&self) -> String {
        words::moment(self.at)
    }

    fn html(&self) -> String {
        HappenedHtml { happened: self }.render().unwrap_or_default()
    }

    fn text(&self) -> String {
        let from = self.address.map(|address| format!("\nFrom: {address}")).unwrap_or_default();
        format!("When: {}{from}", self.when())
    }
}

#[derive(Template)]
#[template(path = "parts/happened.html")]
struct HappenedHtml<'a> {
    happened: &'a Happened,
}

/// A link that looks like a button, with the address beneath for those who trust no button.
#[derive(Template)]
#[template(path = "parts/button.html")]
struct Button<'a> {
    link: &'a str,
    words: &'a str,
}

fn button(link: &str, words: &str) -> String {
    Button { link, words }.render().unwrap_or_default()
}

/// Says which templates and which subject a mail has.
macro_rules! mail {
    ($mail:ident, $text:literal, $html:literal, |$view:ident, $site:ident| $subject:expr) => {
        const _: () = {
            #[derive(askama::Template)]
            #[template(path = $text)]
            struct Text<'a> {
                mail: &'a $mail,
                site: &'a str,
            }

            #[derive(askama::Template)]
            #[template(path = $html)]
            struct Html<'a> {
                mail: &'a $mail,
                site: &'a str,
            }

            impl $crate::mails::Mail for $mail {
                fn compose(&self, site: &str) -> $crate::mails::Message {
                    use askama::Template as _;
                    let ($view, $site) = (self, site);
                    $crate::mails::Message {
                        subject: $subject,
                        text: Text { mail: self, site }.render().unwrap_or_default(),
                        html: Html { mail: self, site }.render().unwrap_or_default(),
                    }
                }
            }
        };
    };
}
use mail;
