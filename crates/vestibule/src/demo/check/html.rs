//! As much of HTML as it takes to fill in a form: tags, attributes, character references.
//!
//! It reads the pages of the provider and of the sample app, which are well formed; what it cannot read it leaves out.

/// A start tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// The name, in lower case.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    closing: bool,
}

impl Tag {
    /// The value of an attribute; empty where it stands without one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A form as the page has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// Where it is sent, as the page writes it.
    pub(super) action: String,
    /// Whether it is sent by POST.
    pub(super) is_post: bool,
    /// All that stands between its tags.
    tags: Vec<Tag>,
}

impl Form {
    /// The form of `html` with this `id`.
    pub(super) fn find(html: &str, id: &str) -> Option<Self> {
        let mut tags = tags(html).into_iter();
        let form = tags.find(|tag| tag.name == "form" && !tag.closing && tag.get("id") == Some(id))?;
        Some(Self {
            action: form.get("action").unwrap_or_default().to_owned(),
            is_post: form.get("method").is_some_and(|method| method.eq_ignore_ascii_case("post")),
            tags: tags.take_while(|tag| tag.name != "form").filter(|tag| !tag.closing).collect(),
        })
    }

    /// The names and values of the inputs that nobody sees.
    pub(super) fn hidden(&self) -> Vec<(String, String)> {
        let inputs = self.tags.iter().filter(|tag| tag.name == "input" && tag.get("type") == Some("hidden"));
        inputs
            .filter_map(|tag| Some((tag.get("name")?.to_owned(), tag.get("value").unwrap_or_default().to_owned())))
            .collect()
    }

    /// Whether there is a field to type into with this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.tags.iter().any(|tag| tag.name == "input" && tag.get("name") == Some(name))
    }

    /// What pressing the button with this `id` adds to the form: its name and value, if it has a name. `None` where there is
    /// no such button.
    pub(super) fn button(&self, id: &str) -> Option<Option<(String, String)>> {
        let button = self.tags.iter().find(|tag| tag.name == "button" && tag.get("id") == Some(id))?;
        let name = button.get("name").filter(|name| !name.is_empty());
        Some(name.map(|name| (name.to_owned(), button.get("value").unwrap_or_default().to_owned())))
    }
}

/// The first tag with this `id`.
pub(super) fn by_id(html: &str, id: &str) -> Option<Tag> {
    tags(html).into_iter().find(|tag| tag.get("id") == Some(id))
}

/// All tags, comments left out.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
        } else if let Some((tag, after)) = tag(rest) {
            tags.push(tag);
            rest = after;
        }
    }
    tags
}

/// The tag that begins after a `<`, and what follows it.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let (closing, text) = text.strip_prefix('/').map_or((false, text), |text| (true, text));
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
    let (name, mut rest) = text.split_at(end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return Some((Tag { name: name.to_ascii_lowercase(), attributes, closing }, after));
        }
        let (attribute, after) = attribute(rest)?;
        attributes.push(attribute);
        rest = after;
    }
}

/// An attribute with its value in double quotes, single ones or none, and what follows it.
fn attribute(text: &str) -> Option<((String, String), &str)> {
    let end = text.find(|c: char| c.is_ascii_whitespace() || "=>/".contains(c)).filter(|end| *end > 0)?;
    let (name, rest) = text.split_at(end);
    let name = name.to_ascii_lowercase();
    let Some(value) = rest.trim_start().strip_prefix('=') else { return Some(((name, String::new()), rest)) };
    let value = value.trim_start();
    let quote = value.chars().next().filter(|quote| "\"'".contains(*quote));
    let (value, rest) = match quote {
        Some(quote) => value[1..].split_once(quote)?,
        None => value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>')?),
    };
    Some(((name, unescaped(value)), rest))
}

/// Character references resolved: numbers, and the five names that pages cannot do without.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(';').and_then(|(name, after)| Some((reference(name)?, after))) {
            Some((character, after)) => {
                plain.push(character);
                plain.push_str(after);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        name => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><!-- <form id="login" action="/trap"> --><main id=error data-error='a&amp;b'>
        <form id="search"><input type="hidden" name="other" value="1"></form>
        <FORM method="POST" ID="login" action="/login?a=1&amp;b=2">
          <input type="hidden" name="csrf" value="&#34;x&#x27;&lt;&gt;&quot;"><input type=hidden name=request value=abc>
          <input name="username" value="" required autofocus><input name="password" type="password">
          <button id="sign-in" type="submit">Sign in</button>
          <button id="cancel" name="action" value="cancel">Cancel</button>
        </FORM><form id="later"><input type="hidden" name="late" value="1"></form>"#;

    fn login() -> Form {
        Form::find(PAGE, "login").unwrap()
    }

    #[test]
    fn a_form_is_found_by_its_id_and_not_in_a_comment() {
        assert_eq!(login().action, "/login?a=1&b=2");
        assert!(login().is_post);
        assert!(!Form::find(PAGE, "search").unwrap().is_post);
        assert_eq!(Form::find(PAGE, "consent"), None);
    }

    #[test]
    fn hidden_inputs_are_those_of_this_form_with_references_resolved() {
        let expected = [("csrf", "\"x'<>\""), ("request", "abc")];
        assert_eq!(login().hidden(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn a_button_is_pressed_by_its_id() {
        assert_eq!(login().button("sign-in"), Some(None));
        assert_eq!(login().button("cancel"), Some(Some(("action".into(), "cancel".into()))));
        assert_eq!(login().button("allow"), None);
    }

    #[test]
    fn fields_and_marks_are_found() {
        assert!(login().has_field("username") && login().has_field("password") && !login().has_field("late"));
        assert_eq!(by_id(PAGE, "error").unwrap().get("data-error"), Some("a&b"));
    }

    #[test]
    fn broken_markup_ends_without_a_form() {
        for broken in ["<form id=\"login", "<form id=\"login\"", "<", "< form id=login>", "<form =x id=login>", "<!--"]
        {
            assert_eq!(Form::find(broken, "login"), None, "{broken}");
        }
    }
}
