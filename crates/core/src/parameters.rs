//! Request parameters as RFC 6749 section 3.1 wants them: in order, doubles noticed, empty values as if omitted.

use std::{borrow::Cow, collections::HashSet};

use percent_encoding::percent_decode;
use serde::{Deserialize, Serialize};

/// The parameters of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(Vec<(String, String)>);

/// A parameter that must stand once stood twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} stands more than once")]
pub struct Duplicate(
    /// The parameter's name.
    pub String,
);

/// The input is not `application/x-www-form-urlencoded` UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters are not form-urlencoded UTF-8 text")]
pub struct Malformed;

impl Parameters {
    /// Parses a query string or a form body.
    ///
    /// # Errors
    /// Names or values that are not UTF-8, or that hold a NUL.
    pub fn parse(input: &[u8]) -> Result<Self, Malformed> {
        input
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let mut halves = pair.splitn(2, |byte| *byte == b'=');
                let name = decode(halves.next().unwrap_or_default())?;
                let value = decode(halves.next().unwrap_or_default())?;
                Ok((name, value))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The parameters followed by those of `other`.
    #[must_use]
    pub fn chain(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The parameters without those of these names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The parameters with `name` once, in place of whatever stood there.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut parameters = self.without(&[name]);
        parameters.0.push((name.to_owned(), value.to_owned()));
        parameters
    }

    /// The one value of `name`. A parameter without a value counts as omitted.
    ///
    /// # Errors
    /// [`Duplicate`] where it stands more than once, with whatever values.
    pub fn single(&self, name: &str) -> Result<Option<&str>, Duplicate> {
        let mut found = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let first = found.next();
        if found.next().is_some() {
            return Err(Duplicate(name.to_owned()));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// The value of `name` once [`Parameters::first_duplicate`] has shown that there is at most one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whether `name` stands at all, if only without a value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Each value of a parameter that may stand several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The first parameter that stands more than once, those named in `repeatable` apart.
    #[must_use]
    pub fn first_duplicate(&self, repeatable: &[&str]) -> Option<Duplicate> {
        // A set, since a body may hold tens of thousands of names and comparing each with each would take seconds.
        let mut seen = HashSet::new();
        self.0.iter().find_map(|(name, _)| {
            let again = !seen.insert(name.as_str());
            (again && !repeatable.contains(&name.as_str())).then(|| Duplicate(name.clone()))
        })
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn decode(text: &[u8]) -> Result<String, Malformed> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<_>>().into()
    } else {
        text.into()
    };
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| Malformed)?;
    if decoded.contains('\0') { Err(Malformed) } else { Ok(decoded.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(input: &str) -> Parameters {
        Parameters::parse(input.as_bytes()).expect("well formed")
    }

    #[test]
    fn plus_and_percent_are_decoded() {
        assert_eq!(parsed("scope=openid+email&state=%C3%BC%2B").get("scope"), Some("openid email"));
        assert_eq!(parsed("state=%C3%BC%2B").get("state"), Some("ü+"));
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_omitted() {
        assert_eq!(parsed("state=&nonce").single("state"), Ok(None));
        assert_eq!(parsed("state=&nonce").single("nonce"), Ok(None));
        assert!(parsed("state=").has("state"));
    }

    #[test]
    fn a_double_is_noticed_whatever_its_values() {
        assert_eq!(parsed("a=1&a=1").single("a"), Err(Duplicate("a".into())));
        assert_eq!(parsed("a=&a=1").single("a"), Err(Duplicate("a".into())));
        assert_eq!(parsed("b=1&a=1&resource=x&resource=y").first_duplicate(&["resource"]), None);
        assert_eq!(parsed("b=1&a=1&b=2").first_duplicate(&[]), Some(Duplicate("b".into())));
    }

    #[test]
    fn a_parameter_is_taken_out_or_replaced_wherever_it_stands() {
        assert_eq!(parsed("a=1&b=2&a=3").without(&["a"]), parsed("b=2"));
        assert_eq!(parsed("a=1&b=2&a=3").with("a", "4"), parsed("b=2&a=4"));
        assert_eq!(parsed("b=2").with("a", "4"), parsed("b=2&a=4"));
    }

    /// Comparing each with each would keep this test busy for an hour.
    #[test]
    fn a39_a_million_parameters_cost_a_million_steps() {
        let many: Parameters = (0..1_000_000).map(|n| (n.to_string(), "")).collect();
        assert_eq!(many.first_duplicate(&[]), None);
    }

    #[test]
    fn what_is_not_text_is_refused() {
        for bad in ["a=%ff", "%c3=1", "a=b%00c"] {
            assert_eq!(Parameters::parse(bad.as_bytes()), Err(Malformed), "{bad}");
        }
    }
}
