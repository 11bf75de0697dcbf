//! What somebody typed as a code, and the recovery codes that are drawn.

use secrecy::SecretString;
use vestibule_core::Random;
use zeroize::Zeroizing;

use super::{base32, totp};

/// How many recovery codes there are in a set.
pub(super) const CODES: usize = 10;
/// The random bits of a recovery code, in bytes.
const CODE_BYTES: usize = 10;
/// Its length in characters of base 32.
const CODE_LENGTH: usize = CODE_BYTES * 8 / 5;
/// How a recovery code is divided for people.
const GROUP: usize = 4;
/// The longest text that is looked at.
const LONGEST_TYPED: usize = 64;

/// What somebody typed, as far as it can be a code at all.
pub(super) enum Typed {
    Totp(Zeroizing<String>),
    /// In its normal form.
    Recovery(Zeroizing<String>),
}

impl Typed {
    /// Blanks and hyphens do not count, nor does case.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST_TYPED {
            return None;
        }
        let text: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
        if text.len() == totp::DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Totp(text));
        }
        let meant: Zeroizing<String> = Zeroizing::new(text.chars().map_while(base32::meant).collect());
        (meant.len() == CODE_LENGTH && text.chars().count() == CODE_LENGTH).then_some(Self::Recovery(meant))
    }
}

/// A recovery code: in its normal form, and as it is shown.
pub(super) fn draw(random: &Random) -> (Zeroizing<String>, SecretString) {
    let bytes: Zeroizing<[u8; CODE_BYTES]> = Zeroizing::new(random.bytes());
    let code = base32::for_people(&*bytes);
    let mut shown = String::with_capacity(CODE_LENGTH + CODE_LENGTH / GROUP);
    for (index, character) in code.chars().enumerate() {
        if index > 0 && index % GROUP == 0 {
            shown.push('-');
        }
        shown.push(character);
    }
    (code, shown.into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn recovery(text: &str) -> Option<String> {
        match Typed::read(text)? {
            Typed::Recovery(code) => Some(code.to_string()),
            Typed::Totp(_) => None,
        }
    }

    #[test]
    fn a_recovery_code_is_read_as_it_may_be_typed() {
        let (code, shown) = draw(&Random::system());
        let shown = shown.expose_secret();
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3), "four groups of four");
        for typed in [shown.to_owned(), shown.to_lowercase(), shown.replace('-', " "), format!(" {}\n", *code)] {
            assert_eq!(recovery(&typed).as_deref(), Some(code.as_str()), "{typed:?}");
        }
        assert_eq!(recovery("oil0-0000-0000-0000").as_deref(), Some("0110000000000000"));
    }

    #[test]
    fn six_digits_are_a_code_of_an_app_and_other_texts_are_none() {
        assert!(matches!(Typed::read(" 123 456 "), Some(Typed::Totp(code)) if code.as_str() == "123456"));
        for text in ["", "12345", "1234567", "１２３４５６", "abcdef", "0000-0000-0000-000u", "0000-0000-0000-00000"]
        {
            assert!(Typed::read(text).is_none(), "{text:?}");
        }
        assert!(Typed::read(&format!("{}123456", " ".repeat(60))).is_none(), "too long to be looked at");
    }
}
