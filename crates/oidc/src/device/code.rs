//! User codes: short enough to be typed from one screen into another.

use vestibule_core::Random;

/// Consonants that nobody takes for another, and no vowels, so that no word comes out (RFC 8628 section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A user code: eight of twenty consonants, 34 bits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct UserCode(String);

impl UserCode {
    pub(super) fn random(random: &Random) -> Self {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            // 240 is a multiple of 20: each letter is as likely as any other.
            let [byte] = random.bytes::<1>();
            if byte < 240 {
                code.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
            }
        }
        Self(code)
    }

    /// From what somebody typed: in whatever case, with or without the dash or blanks. `None` for what none of ours can be.
    #[must_use]
    pub(crate) fn typed(text: &str) -> Option<Self> {
        let mut code = String::with_capacity(LENGTH);
        for letter in
            text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.' | '_'))
        {
            let letter = letter.to_ascii_uppercase();
            if code.len() == LENGTH || !letter.is_ascii() || !LETTERS.contains(&(letter as u8)) {
                return None;
            }
            code.push(letter);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    pub(super) fn plain(&self) -> &str {
        &self.0
    }
}

/// As it is shown: two halves with a dash.
impl std::fmt::Display for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl std::fmt::Debug for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = UserCode::random(&Random::system());
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.as_bytes()[4]), (9, b'-'));
        for typed in [
            shown.clone(),
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!(" {shown}\t"),
            shown.replace('-', "–"),
        ] {
            assert_eq!(UserCode::typed(&typed).as_ref(), Some(&code), "{typed:?}");
        }
    }

    #[test]
    fn what_no_code_can_be_is_refused_before_it_is_looked_up() {
        for odd in ["", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "ABCD-EFGH", "BCDF-GHJ1", "BCDF-GHJÖ", "ＢＣＤＦＧＨＪＫ"]
        {
            assert_eq!(UserCode::typed(odd), None, "{odd}");
        }
    }

    #[test]
    fn every_letter_comes_up() {
        let random = Random::system();
        let all: String = (0..200).map(|_| UserCode::random(&random).0).collect();
        assert!(LETTERS.iter().all(|letter| all.as_bytes().contains(letter)));
    }
}
