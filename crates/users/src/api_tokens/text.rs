//! How an API token is written: `vst_`, 256 random bits in 43 characters of base64url, and a checksum in 6 characters.
//!
//! The prefix lets a scanner find a token that somebody published; the checksum (CRC-32 of all before it, in base 62) lets it,
//! and this program, tell a token from other text without asking anyone. The checksum guards against nothing else.

use secrecy::SecretString;
use vestibule_core::Random;

const PREFIX: &str = "vst_";
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX.len() + SECRET + CHECKSUM;
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new token.
pub(super) fn draw(random: &Random) -> SecretString {
    let body = format!("{PREFIX}{}", random.token());
    let checksum = checksum(&body);
    format!("{body}{checksum}").into()
}

/// Whether a text looks like a token to the last character.
pub(super) fn is_token(text: &str) -> bool {
    text.len() == LENGTH
        && text.is_ascii()
        && text.starts_with(PREFIX)
        && text.split_at_checked(LENGTH - CHECKSUM).is_some_and(|(body, sum)| checksum(body) == sum)
}

/// What is shown of a token later. The checksum is no secret, and is of no help without the rest.
pub(super) fn hint(text: &str) -> String {
    text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = BASE_62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_token_is_recognised_and_a_token_with_a_slip_is_not() {
        let token = draw(&Random::system());
        let token = token.expose_secret();
        assert!(is_token(token) && token.starts_with("vst_") && token.len() == 53, "{token}");
        for index in 0..token.len() {
            let mut slip = token.to_owned().into_bytes();
            slip[index] = if slip[index] == b'x' { b'y' } else { b'x' };
            assert!(!is_token(std::str::from_utf8(&slip).unwrap()), "character {index}");
        }
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in ["", "vst_", "vst_é", &"é".repeat(26), &"x".repeat(1 << 20), &"vst_".repeat(13)] {
            assert!(!is_token(text));
        }
    }

    /// CRC-32 of `123456789` is 0xCBF43926, of which the digits in base 62 were computed apart.
    #[test]
    fn the_checksum_is_the_usual_crc_32() {
        let value = checksum("123456789")
            .bytes()
            .fold(0_u64, |value, digit| value * 62 + BASE_62.iter().position(|known| *known == digit).unwrap() as u64);
        assert_eq!(value, 0xCBF4_3926);
    }
}
