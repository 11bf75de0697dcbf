//! As much of HTML as it takes to fill in the provider's forms.
//!
//! Its pages are well formed and escape `<`, `>` and quotes in values, so that a tag ends at the first `>`.

use url::Url;

/// A form of a page, filled in and ready to be sent.
#[derive(Clone, Debug)]
pub struct Form {
    /// Where it is sent.
    pub action: Url,
    /// The fields: those that nobody sees, and what was filled in.
    pub fields: Vec<(String, String)>,
    buttons: Vec<Tag>,
}

impl Form {
    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The form with a field filled in, in place of what stood there.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut form = self.without(name);
        form.fields.push((name.to_owned(), value.to_owned()));
        form
    }

    /// The form without a field.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| field != name);
        self
    }

    /// The form as the button with this id sends it.
    ///
    /// # Panics
    /// Where there is no such button.
    #[must_use]
    pub fn press(self, id: &str) -> Self {
        let button = self.buttons.iter().find(|button| button.get("id") == Some(id));
        let button = button.unwrap_or_else(|| panic!("the form has no button #{id}"));
        match (button.get("name").map(str::to_owned), button.get("value").map(str::to_owned)) {
            (Some(name), value) => self.with(&name, &value.unwrap_or_default()),
            (None, _) => self,
        }
    }

    /// Whether there is a button with this id.
    #[must_use]
    pub fn has_button(&self, id: &str) -> bool {
        self.buttons.iter().any(|button| button.get("id") == Some(id))
    }

    pub(crate) fn find(html: &str, id: &str, page: &Url) -> Option<Self> {
        let mut tags = tags(html).into_iter();
        let form = tags.find(|tag| tag.name == "form" && tag.get("id") == Some(id))?;
        Some(Self::read(&form, tags, page))
    }

    pub(crate) fn all(html: &str, page: &Url) -> Vec<Self> {
        let tags = tags(html);
        let forms = tags.iter().enumerate().filter(|(_, tag)| tag.name == "form");
        forms.map(|(at, form)| Self::read(form, tags[at + 1..].iter().cloned(), page)).collect()
    }

    fn read(form: &Tag, tags: impl Iterator<Item = Tag>, page: &Url) -> Self {
        assert_eq!(form.get("method"), Some("post"), "form #{:?} is not sent by POST", form.get("id"));
        let inside: Vec<Tag> = tags.take_while(|tag| tag.name != "/form").collect();
        let hidden = inside.iter().filter(|tag| tag.name == "input" && tag.get("type") == Some("hidden"));
        let field = |tag: &Tag| {
            (tag.get("name").unwrap_or_default().to_owned(), tag.get("value").unwrap_or_default().to_owned())
        };
        Self {
            action: page.join(form.get("action").unwrap_or_default()).expect("a form has an address"),
            fields: hidden.map(field).collect(),
            buttons: inside.iter().filter(|tag| tag.name == "button").cloned().collect(),
        }
    }
}

/// A tag: its name (with a slash, where it ends something) and its attributes.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute; empty where it stands without one.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All tags of a page.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    html.split('<').skip(1).filter_map(|piece| tag(piece.split('>').next()?)).collect()
}

fn tag(text: &str) -> Option<Tag> {
    let (name, mut rest) = text.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((text, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return Some(Tag { name: name.to_ascii_lowercase(), attributes });
        }
        let end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(value) => value.split_once('"')?,
            None => ("", after),
        };
        attributes.push((key.to_ascii_lowercase(), unescaped(value)));
        rest = after;
    }
}

/// What an escaped value says: the references that templates write.
pub(crate) fn unescaped(text: &str) -> String {
    let plain = [("&#34;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&quot;", "\"")];
    let more = [("&#60;", "<"), ("&#62;", ">"), ("&lt;", "<"), ("&gt;", ">"), ("&#38;", "&"), ("&amp;", "&")];
    plain.iter().chain(&more).fold(text.to_owned(), |text, (reference, plain)| text.replace(reference, plain))
}
