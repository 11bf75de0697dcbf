//! Base 32, in two alphabets: that of authenticator apps, and one for people.

use zeroize::Zeroizing;

/// RFC 4648 section 6.
const OF_APPS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Without the letters that look like digits (I, L, O), and without U.
const OF_PEOPLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// As authenticator apps take a secret; without padding.
pub(super) fn for_apps(bytes: &[u8]) -> Zeroizing<String> {
    encode(bytes, OF_APPS)
}

/// As people read and type it.
pub(super) fn for_people(bytes: &[u8]) -> Zeroizing<String> {
    encode(bytes, OF_PEOPLE)
}

/// What a person meant by a character, where it can be one of ours.
pub(super) fn meant(typed: char) -> Option<char> {
    let meant = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    OF_PEOPLE.iter().any(|known| char::from(*known) == meant).then_some(meant)
}

/// Whole groups of five bits; the last one is filled up with zeros.
fn encode(bytes: &[u8], alphabet: &[u8; 32]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(alphabet[(bits >> count) as usize & 31]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(char::from(alphabet[(bits << (5 - count)) as usize & 31]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 section 10.
    #[test]
    fn the_vectors_of_rfc_4648() {
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(for_apps(text.as_bytes()).as_str(), encoded);
        }
    }

    #[test]
    fn what_looks_alike_is_meant_alike() {
        for (typed, means) in [('o', Some('0')), ('l', Some('1')), ('I', Some('1')), ('z', Some('Z')), ('u', None)] {
            assert_eq!(meant(typed), means);
        }
    }
}
