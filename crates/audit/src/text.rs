//! Text from outside, made fit to be kept.

/// The most characters that are kept of a text.
const LONGEST: usize = 256;

/// Cuts a text to a length that does no harm. Zero characters, which PostgreSQL keeps in no text, are replaced.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(bounded(&"ä".repeat(1000)), "ä".repeat(LONGEST));
        assert_eq!(bounded("a\0b"), "a\u{fffd}b");
    }
}
