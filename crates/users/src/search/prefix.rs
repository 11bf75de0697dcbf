//! What begins with a text, as a range.

use vestibule_core::nfkc_casefold;

/// The normal form of a beginning, if anything is left of it.
pub(super) fn normal(prefix: &str) -> Option<String> {
    let prefix = nfkc_casefold(prefix.trim_start()).replace('\0', "");
    (!prefix.is_empty()).then_some(prefix)
}

/// The first text after all that begin with `prefix`, by the order of bytes; nothing if there is none.
pub(super) fn next(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Characters are ordered as their bytes are; the surrogates between are none.
        if let Some(following) = (u32::from(last) + 1..=0x10_FFFF).find_map(char::from_u32) {
            characters.push(following);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::next;

    proptest! {
        #[test]
        fn what_begins_so_lies_between_the_prefix_and_the_next(prefix in "\\PC{1,8}", rest in "\\PC{0,8}") {
            let text = format!("{prefix}{rest}");
            let end = next(&prefix);
            prop_assert!(text.as_bytes() >= prefix.as_bytes());
            prop_assert!(end.is_none_or(|end| text.as_bytes() < end.as_bytes()));
        }
    }

    #[test]
    fn the_last_character_has_no_next() {
        assert_eq!(next("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(next("\u{10ffff}"), None);
        assert_eq!(next("\u{d7ff}").as_deref(), Some("\u{e000}"));
    }
}
