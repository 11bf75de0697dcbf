//! In which parts a list comes.

use super::{Query, SortBy, prefix::normal};

/// Which part of the list. Where many usernames or addresses begin with the text that is looked for, they lie together in the
/// order, far from its beginning: so they come first, by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The list has one part.
    Whole,
    /// Those found by what the list is sorted by.
    First,
    /// The others.
    Rest,
}

/// In which parts a list comes.
pub(super) fn parts(query: &Query) -> &'static [Part] {
    let looks = query.search.as_deref().and_then(normal).is_some();
    if looks && matches!(query.sort, SortBy::Username | SortBy::Email) {
        &[Part::First, Part::Rest]
    } else {
        &[Part::Whole]
    }
}
