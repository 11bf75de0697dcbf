//! The normal forms of addresses and numbers.

use vestibule_core::NormalisedIdentifier;

use super::ContactKind;
use crate::rules::{self, Invalid};

/// How many digits a number has with its country (E.164 has at most fifteen; none is shorter than seven).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The longest number with what people write between the digits, in bytes.
const LONGEST: usize = 40;
/// The most digits of an extension.
const LONGEST_EXTENSION: usize = 11;

/// An address or a number: as typed, and in its normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) shown: String,
    pub(crate) key: String,
}

impl Address {
    pub(crate) fn new(kind: ContactKind, typed: &str) -> Result<Self, Invalid> {
        match kind {
            ContactKind::Email => rules::address(typed).map(|name| Self { shown: name.shown, key: name.key }),
            ContactKind::Phone => match phone_key(typed.trim()) {
                Some(key) => Ok(Self { shown: typed.trim().to_owned(), key }),
                None => Err(Invalid::new(
                    "phone_number",
                    "it is not a telephone number; write it as +1 425 555 1212, perhaps with ;ext=5678 at the end",
                )),
            },
        }
    }

    /// Whether it can lead to a person: an extension cannot be told to a telephone exchange by our side.
    pub(crate) fn can_lead(kind: ContactKind, key: &str) -> bool {
        kind == ContactKind::Email || !key.contains(';')
    }
}

/// `+` and the digits, with an extension as RFC 3966 writes it; nothing if it is no number. What people write between digits
/// does not count.
pub(crate) fn phone_key(text: &str) -> Option<String> {
    let (number, extension) = match text.split_once(";ext=") {
        Some((number, extension)) => (number, Some(extension)),
        None => (text, None),
    };
    let digits: String = number.strip_prefix('+')?.chars().filter(|c| !" -.()".contains(*c)).collect();
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = all_digits(&digits) && DIGITS.contains(&digits.len()) && number.len() <= LONGEST;
    match extension {
        _ if !is_number => None,
        None => Some(format!("+{digits}")),
        Some(more) if (1..=LONGEST_EXTENSION).contains(&more.len()) && all_digits(more) => {
            Some(format!("+{digits};ext={more}"))
        }
        Some(_) => None,
    }
}

/// The number that somebody may have typed to sign in, or may want as a username.
pub(crate) fn login_phone(typed: &str) -> Option<String> {
    let key = phone_key(NormalisedIdentifier::new(typed).ok()?.as_str())?;
    Address::can_lead(ContactKind::Phone, &key).then_some(key)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_its_digits_however_it_was_typed() {
        for typed in ["+14255551212", "+1 (425) 555-1212", "+1.425.555.1212"] {
            assert_eq!(phone_key(typed).as_deref(), Some("+14255551212"), "{typed}");
        }
        assert_eq!(phone_key("+1 425 555 1212;ext=5678").as_deref(), Some("+14255551212;ext=5678"));
        assert_eq!(login_phone(" ＋１ 425 555 1212 ").as_deref(), Some("+14255551212"));
    }

    #[test]
    fn what_is_no_number() {
        for wrong in [
            "",
            "+",
            "4255551212",
            "+1",
            "+123456",
            "+1234567890123456",
            "++14255551212",
            "+1 425 CALL ME",
            "+1425555121２",
        ] {
            assert_eq!(phone_key(wrong), None, "{wrong}");
        }
        assert_eq!(login_phone("+14255551212;ext=1"), None, "an extension leads to nobody");
    }

    proptest! {
        #[test]
        fn the_normal_form_of_a_number_is_its_own(digits in "[0-9]{7,15}", between in "[ .()-]{0,3}") {
            let typed: String = digits.chars().flat_map(|digit| [digit.to_string(), between.clone()]).collect();
            if let Some(key) = phone_key(&format!("+{typed}")) {
                prop_assert_eq!(phone_key(&key), Some(key.clone()));
                prop_assert_eq!(key, format!("+{digits}"));
            } else {
                prop_assert!(typed.len() >= LONGEST);
            }
        }

        #[test]
        fn the_normal_form_of_an_address_is_its_own_whatever_the_case(
            local in "[a-zA-Z0-9.+ßéÉÅK]{1,20}",
            domain in "[a-zA-Z0-9]{1,20}\\.[a-zA-Z]{2,3}",
        ) {
            let typed = format!("{local}@{domain}");
            let key = |typed: &str| Address::new(ContactKind::Email, typed).unwrap().key;
            prop_assert_eq!(key(&key(&typed)), key(&typed));
            prop_assert_eq!(key(&typed.to_uppercase()), key(&typed));
        }

        #[test]
        fn no_text_is_too_strange_to_be_looked_at(typed in "\\PC{0,60}") {
            let _ = (phone_key(&typed), login_phone(&typed), Address::new(ContactKind::Email, &typed));
        }
    }
}
