//! Which levels make no sense together.

use std::collections::BTreeSet;

use super::{Level, Need};

/// Why levels are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelsError {
    /// There is none.
    #[error("there is no level: name at least one, such as \"1 any\"")]
    Empty,
    /// A name that `acr_values` could not carry, or a list in the environment.
    #[error(
        "{0:?} cannot be the name of a level: it has no spaces, commas, quotes or control characters, and is at most 200 characters long"
    )]
    Name(String),
    /// Two have one name.
    #[error("two levels are called {0:?}")]
    Twice(String),
    /// Nobody signs in by both.
    #[error("the level {0:?} needs a password and a certificate: whoever signs in comes by one of them")]
    TwoWays(String),
    /// Whoever reaches it has reached a higher one.
    #[error(
        "nobody would ever be told the level {lower:?}: whoever reaches it reaches {higher:?} too, which stands above it and needs no more"
    )]
    NeverTold {
        /// The one that is never told.
        lower: String,
        /// The one that is told in its place.
        higher: String,
    },
}

/// The longest name.
const LONGEST: usize = 200;

pub(super) fn check(levels: &[Level]) -> Result<(), LevelsError> {
    if levels.is_empty() {
        return Err(LevelsError::Empty);
    }
    let mut names = BTreeSet::new();
    for level in levels {
        if !is_name(&level.name) {
            return Err(LevelsError::Name(level.name.clone()));
        }
        if !names.insert(&level.name) {
            return Err(LevelsError::Twice(level.name.clone()));
        }
        if level.needs.contains(&Need::Password) && level.needs.contains(&Need::Certificate) {
            return Err(LevelsError::TwoWays(level.name.clone()));
        }
    }
    for (position, lower) in levels.iter().enumerate() {
        if let Some(higher) = levels[position + 1..].iter().find(|higher| higher.follows_from(lower)) {
            return Err(LevelsError::NeverTold { lower: lower.name.clone(), higher: higher.name.clone() });
        }
    }
    Ok(())
}

/// Graphic ASCII, as RFC 9470 section 3 can quote it.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b',');
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(allowed)
}
