//! Usernames and e-mail addresses have one normal form, for the unique index and for looking up alike.

use std::fmt;

use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

/// The longest identifier, in characters.
const LONGEST: usize = 254;

/// An identifier in its normal form: NFKC_Casefold (Unicode 3.13), so that `Bob`, `bob`, `ＢＯＢ` and `bo\u{200b}b` are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NormalisedIdentifier(String);

/// Why a text cannot be an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing is left of it.
    #[error("it is empty")]
    Empty,
    /// It has more than 254 characters.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    /// It holds a control character.
    #[error("it holds a control character")]
    Control,
}

impl NormalisedIdentifier {
    /// The normal form of what a person typed. Blanks around it do not count.
    ///
    /// # Errors
    /// An empty, too long or unprintable text.
    pub fn new(typed: &str) -> Result<Self, IdentifierError> {
        let typed = typed.trim();
        if typed.chars().count() > LONGEST {
            return Err(IdentifierError::TooLong);
        }
        if typed.chars().any(char::is_control) {
            return Err(IdentifierError::Control);
        }
        let folded = nfkc_casefold(typed);
        if folded.is_empty() { Err(IdentifierError::Empty) } else { Ok(Self(folded)) }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NormalisedIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// NFKC_Casefold (Unicode 3.13) of any text, as its definition unrolls it: fold and compose until nothing changes, leaving out
/// what is ignorable. What identifies a person goes through [`NormalisedIdentifier`] instead.
#[must_use]
pub fn nfkc_casefold(text: &str) -> String {
    const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfd();
    const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
    const CASE: CaseMapperBorrowed<'static> = CaseMapperBorrowed::new();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();

    let mut current = NFD.normalize(text).into_owned();
    loop {
        let kept: String = current.chars().filter(|c| !ignorable.contains(*c)).collect();
        let next = NFKC.normalize(&CASE.fold_string(&kept)).into_owned();
        if next == current {
            return next;
        }
        current = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        NormalisedIdentifier::new(text).expect("an identifier").0
    }

    #[test]
    fn look_alikes_have_one_normal_form() {
        for (one, other) in [
            ("Bob", "bob"),
            ("Straße", "STRASSE"),
            ("\u{212a}elvin", "kelvin"),
            ("bo\u{200b}b", "bob"),
            ("ＢＯＢ", "bob"),
            ("e\u{301}va", "Éva"),
            (" bob ", "bob"),
            ("ﬁona", "fiona"),
        ] {
            assert_eq!(normal(one), normal(other), "{one:?} and {other:?}");
        }
    }

    #[test]
    fn letters_that_are_others_stay_others() {
        assert_ne!(normal("\u{131}d"), normal("id"), "the dotless i is a letter of its own");
        assert_ne!(normal("bob+1@example.com"), normal("bob@example.com"));
    }

    #[test]
    fn what_cannot_be_an_identifier() {
        assert_eq!(NormalisedIdentifier::new("  "), Err(IdentifierError::Empty));
        assert_eq!(NormalisedIdentifier::new("\u{200b}"), Err(IdentifierError::Empty));
        assert_eq!(NormalisedIdentifier::new("a\nb"), Err(IdentifierError::Control));
        assert_eq!(NormalisedIdentifier::new(&"a".repeat(255)), Err(IdentifierError::TooLong));
    }
}
