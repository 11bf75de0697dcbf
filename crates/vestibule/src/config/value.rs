//! The kinds of value that a setting can have: how each is read, how it is written, and what to say when it is wrong.

use std::path::PathBuf;

use super::Given;

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What is expected, in words and with an example. It completes "expected …".
    const EXPECTED: &'static str;

    /// Makes sense of what was given. The error completes "expected …".
    fn read(given: &Given) -> Result<Self, String>;

    /// The value in the form in which it is written; `None` for a setting that is not set. Secrets are hidden.
    fn written(&self) -> Option<Given>;

    /// The value of a setting that is not set, for a type that has one.
    fn unset() -> Option<Self> {
        None
    }
}

/// `EXPECTED` as an error, for values of the wrong type.
pub(super) fn expected<T: Value>() -> String {
    T::EXPECTED.to_owned()
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(given: &Given) -> Result<Self, String> {
        T::read(given).map(Some)
    }

    fn written(&self) -> Option<Given> {
        self.as_ref().and_then(T::written)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(given: &Given) -> Result<Self, String> {
        given.boolean().ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Boolean(*self))
    }
}

macro_rules! whole_number {
    ($($number:ty),*) => {$(
        impl Value for $number {
            const EXPECTED: &'static str = "a whole number, such as 64";

            fn read(given: &Given) -> Result<Self, String> {
                given.integer().and_then(|number| number.try_into().ok()).ok_or_else(expected::<Self>)
            }

            fn written(&self) -> Option<Given> {
                i64::try_from(*self).ok().map(Given::Integer)
            }
        }
    )*};
}
whole_number!(u8, u16, u32, usize);

impl Value for String {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(given: &Given) -> Result<Self, String> {
        match given.text() {
            Some(text) if text.chars().any(char::is_control) => Err("a text without control characters".to_owned()),
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => Err(expected::<Self>()),
        }
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.clone()))
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";

    fn read(given: &Given) -> Result<Self, String> {
        given.text().filter(|path| !path.is_empty()).map(Self::from).ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.display().to_string()))
    }
}
