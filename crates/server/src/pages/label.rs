//! Text that others chose, made safe to show.

use std::fmt;

/// The most characters that a label shows; a longer text could push the buttons off the page.
const LONGEST: usize = 200;

/// A short text by somebody else, such as the name of an app, on one line and without what could deceive the eye.
///
/// Escaping keeps such a text from becoming markup. It does not keep it from reordering the sentence around it, from hiding
/// half of itself or from starting a line of its own, so that is done here, where no template can forget it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing is left to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        let visible: String = text.chars().filter(|c| !is_deceptive(*c)).map(blank_to_space).collect();
        let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => Self(format!("{}…", line[..end].trim_end())),
            None => Self(line),
        }
    }
}

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Line breaks and other control characters separate words, so they become a space.
fn blank_to_space(c: char) -> char {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
}

/// Characters that cannot be seen but change what is: the bidirectional controls (Unicode UAX #9), blanks of no width, tags.
///
/// The joiners U+200C and U+200D stay, since Persian and many emoji are misspelt without them.
fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_line_without_blanks_around() {
        assert_eq!(Label::from(" a\r\nb\t\tc\u{2028}d\0").as_str(), "a b c d");
    }

    #[test]
    fn what_reorders_or_hides_text_is_left_out() {
        assert_eq!(Label::from("bank\u{202e}moc.live\u{2066}\u{200b}\u{feff}\u{e0041}").as_str(), "bankmoc.live");
    }

    #[test]
    fn names_in_any_script_stay_as_they_are() {
        for name in ["Zoë Müller", "山田太郎", "مریم می\u{200c}رود", "👩\u{200d}💻", "שָׁלוֹם"]
        {
            assert_eq!(Label::from(name).as_str(), name);
        }
    }

    #[test]
    fn a_label_has_an_end() {
        let label = Label::from("n".repeat(5000));
        assert_eq!(label.as_str().chars().count(), LONGEST + 1);
        assert!(label.as_str().ends_with('…'));
    }
}
