//! A text with variables: `${name}` inserts one as it is, `${name|encoded}` percent-encoded.
//!
//! `${connection}` is the number of the connection, and `${fresh}` a text that no operation has had before.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::script::{Names, Values};
use crate::failure::Failure;

/// All but what RFC 3986 section 2.3 calls unreserved.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text in parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Variable { index: usize, encoded: bool },
}

impl Template {
    /// Reads a text with variables.
    pub(super) fn parse(text: &str, names: &mut Names) -> Result<Self, Failure> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (inside, behind) =
                after.split_once('}').ok_or_else(|| Failure::because(format!("{text:?}: a ${{ is not closed")))?;
            let (name, encoded) = match inside.split_once('|') {
                None => (inside, false),
                Some((name, "encoded")) => (name, true),
                Some((_, other)) => return Err(Failure::because(format!("{text:?}: `{other}` is not `encoded`"))),
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Variable { index: names.used(name), encoded });
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    /// The same, for a value of a form: all of it is encoded.
    pub(super) fn parse_encoded(text: &str, names: &mut Names) -> Result<Self, Failure> {
        let mut template = Self::parse(text, names)?;
        for part in &mut template.0 {
            match part {
                Part::Text(text) => *text = encode(text),
                Part::Variable { encoded, .. } => *encoded = true,
            }
        }
        Ok(template)
    }

    /// A text without variables.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// This and then another.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Writes it with what the variables hold.
    pub(crate) fn write(&self, values: &Values, into: &mut Vec<u8>) {
        for part in &self.0 {
            match part {
                Part::Text(text) => into.extend_from_slice(text.as_bytes()),
                Part::Variable { index, encoded: false } => into.extend_from_slice(values.get(*index).as_bytes()),
                Part::Variable { index, encoded: true } => {
                    let pieces = utf8_percent_encode(values.get(*index), ENCODED);
                    pieces.for_each(|piece| into.extend_from_slice(piece.as_bytes()));
                }
            }
        }
    }
}

/// `text`, percent-encoded.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, encoded: bool) -> Result<String, Failure> {
        let mut names = Names::default();
        let template =
            if encoded { Template::parse_encoded(text, &mut names)? } else { Template::parse(text, &mut names)? };
        let mut values = Values::new(&names, 7);
        values.set(names.used("a"), "x y".to_owned());
        let mut into = Vec::new();
        template.write(&values, &mut into);
        Ok(String::from_utf8(into).unwrap())
    }

    #[test]
    fn variables_are_inserted_as_they_are_or_encoded() {
        assert_eq!(written("/p?q=${a|encoded}&r=${a}", false).unwrap(), "/p?q=x%20y&r=x y");
        assert_eq!(written("plain", false).unwrap(), "plain");
        assert_eq!(written("${a}${a}", false).unwrap(), "x yx y");
        assert_eq!(written("user${connection}", false).unwrap(), "user7");
    }

    #[test]
    fn in_a_form_everything_is_encoded() {
        assert_eq!(written("a&b=${a}", true).unwrap(), "a%26b%3Dx%20y");
    }

    #[test]
    fn what_is_half_written_is_refused() {
        assert!(written("${a", false).is_err());
        assert!(written("${a|upper}", false).is_err());
    }
}
