//! Scopes (RFC 6749 section 3.3).

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A set of scope values. Order does not matter and doubles are one, so it is kept, compared and printed sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(BTreeSet<String>);

/// A scope that RFC 6749 does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope consists of printable ASCII without the blank, \" and \\")]
pub struct ScopeSyntaxError;

impl ScopeSet {
    /// Whether `scope` is in the set.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether each scope of this set is in `other` too.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The scopes that `keep` says yes to.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// The scopes, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeSyntaxError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split(' ').filter(|scope| !scope.is_empty()).map(checked).collect::<Result<_, _>>().map(Self)
    }
}

/// One scope-token: `1*( %x21 / %x23-5B / %x5D-7E )`.
fn checked(scope: &str) -> Result<String, ScopeSyntaxError> {
    let allowed = |byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    if scope.bytes().all(allowed) { Ok(scope.to_owned()) } else { Err(ScopeSyntaxError) }
}

impl TryFrom<String> for ScopeSet {
    type Error = ScopeSyntaxError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ScopeSet> for String {
    fn from(scopes: ScopeSet) -> Self {
        scopes.to_string()
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    /// From scopes that are known to be well formed; what is not is left out.
    fn from_iter<I: IntoIterator<Item = &'a str>>(scopes: I) -> Self {
        Self(scopes.into_iter().filter(|scope| !scope.is_empty()).filter_map(|scope| checked(scope).ok()).collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_doubles_and_blanks_do_not_matter() {
        let scopes: ScopeSet = "profile  openid profile".parse().expect("well formed");
        assert_eq!(scopes.to_string(), "openid profile");
        assert_eq!(scopes, "openid profile".parse().expect("well formed"));
    }

    #[test]
    fn a_scope_outside_the_grammar_is_refused() {
        for bad in ["open\"id", "open\\id", "open\nid", "öpenid", "a\tb", "a\u{7f}"] {
            assert_eq!(bad.parse::<ScopeSet>(), Err(ScopeSyntaxError), "{bad:?}");
        }
    }

    #[test]
    fn what_is_asked_for_beyond_what_is_known() {
        let asked: ScopeSet = "openid email phone".parse().expect("well formed");
        let known: ScopeSet = "openid email".parse().expect("well formed");
        assert_eq!(asked.difference(&known).to_string(), "phone");
        assert!(known.is_subset(&asked));
    }
}
