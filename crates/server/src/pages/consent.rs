//! The page that asks a person what an app may have.

use askama::Template;

use super::{App, Hidden, Label, Person, page};

/// `form#consent`: `#allow` sends [`ALLOW`](super::action::ALLOW), `#deny` sends [`DENY`](super::action::DENY), `#another`
/// sends [`SWITCH`](super::action::SWITCH).
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub struct Consent {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Who is asked.
    pub person: Person,
    /// Who asks.
    pub app: App,
    /// What is asked for, each in words.
    pub scopes: Vec<ScopeLine>,
}

page!(Consent);

/// One scope in words that a person understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeLine {
    /// The scope itself; it stands in the page as `data-scope`.
    pub scope: Label,
    /// What allowing it means, in a few words.
    pub title: Label,
    /// More of it, where there is more to say.
    pub detail: Option<Label>,
}

/// The scopes of OpenID Connect Core sections 5.4 and 11, and our own two: scope, title, detail.
const STANDARD: &[(&str, &str, &str)] = &[
    ("openid", "Know that it is you", "An identifier of your account, and when you last signed in."),
    ("profile", "See your name and profile", "Such as your names, username, picture, gender, birthday and language."),
    ("email", "See your e-mail address", "The address, and whether it has been confirmed."),
    ("address", "See your postal address", "Street, town, postcode and country."),
    ("phone", "See your phone number", "The number, and whether it has been confirmed."),
    ("groups", "See which groups you are in", "Only those that mean something to this application."),
    ("permissions", "See what you may do in it", "The permissions that you have in this application."),
    (
        "offline_access",
        "Keep this access when you are signed out",
        "Until you withdraw it, change your password, or the application stays away for long.",
    ),
];

impl ScopeLine {
    /// A scope of OpenID Connect itself, or one of our own two; `None` for any other.
    #[must_use]
    pub fn standard(scope: &str) -> Option<Self> {
        let (scope, title, detail) = STANDARD.iter().find(|(name, ..)| *name == scope)?;
        Some(Self { scope: Label::from(*scope), title: Label::from(*title), detail: Some(Label::from(*detail)) })
    }

    /// A scope of a registered API, with the description that the API gave it.
    ///
    /// Without one the page can only name the scope, and says so.
    #[must_use]
    pub fn of_api(scope: &str, api: &str, description: Option<&str>) -> Self {
        let described = description.map(Label::from).filter(|description| !description.is_empty());
        let title = described.unwrap_or_else(|| Label::from(format!("Use “{scope}”")));
        Self { scope: Label::from(scope), title, detail: Some(Label::from(format!("In {api}"))) }
    }

    /// A scope that brings nothing but what administrators keep of people, by the names that they gave it.
    #[must_use]
    pub fn of_attributes(scope: &str, labels: &[&str]) -> Self {
        let title = Label::from(format!("See what is kept about you as {}", listed(labels)));
        Self { scope: Label::from(scope), title, detail: None }
    }

    /// The same line, where the scope brings something of what administrators keep as well.
    #[must_use]
    pub fn and_attributes(self, labels: &[&str]) -> Self {
        if labels.is_empty() {
            return self;
        }
        let more = format!("Also what is kept about you as {}.", listed(labels));
        let detail = self.detail.map_or(more.clone(), |detail| match detail.as_str().ends_with('.') {
            true => format!("{detail} {more}"),
            false => format!("{detail}. {more}"),
        });
        Self { detail: Some(Label::from(detail)), ..self }
    }
}

/// `“Department”`, `“Department” and “Badge”`, `“Department”, “Badge” and “Shoe size”`.
fn listed(labels: &[&str]) -> String {
    let quoted: Vec<String> = labels.iter().map(|label| format!("“{label}”")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_scope_has_words_of_its_own() {
        for scope in vestibule_oidc::STANDARD_SCOPES {
            let line = ScopeLine::standard(scope).unwrap();
            assert!(line.title.as_str().contains(' ') && line.detail.is_some(), "{scope}");
        }
        assert_eq!(ScopeLine::standard("notes.read"), None);
    }

    #[test]
    fn a_scope_of_an_api_is_shown_as_the_api_describes_it() {
        let line = ScopeLine::of_api("notes.read", "Notes", Some("Read your notes"));
        assert_eq!((line.title.as_str(), line.scope.as_str()), ("Read your notes", "notes.read"));
        let bare = ScopeLine::of_api("notes.read", "Notes", Some(" "));
        assert_eq!(bare.title.as_str(), "Use “notes.read”");
    }

    #[test]
    fn attributes_are_called_what_administrators_call_them() {
        let line = ScopeLine::of_attributes("work", &["Department", "Badge", "Shoe size"]);
        assert_eq!(line.title.as_str(), "See what is kept about you as “Department”, “Badge” and “Shoe size”");
        let line = ScopeLine::standard("phone").unwrap().and_attributes(&["Extension"]);
        let detail = "The number, and whether it has been confirmed. Also what is kept about you as “Extension”.";
        assert_eq!(line.detail.unwrap().as_str(), detail);
        let line = ScopeLine::of_api("notes.read", "Notes", None).and_attributes(&["Desk", "Floor"]);
        assert_eq!(line.detail.unwrap().as_str(), "In Notes. Also what is kept about you as “Desk” and “Floor”.");
    }
}
