//! The parts that stored hashes are written in.

use base64::{
    Engine,
    alphabet::{self, Alphabet},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// With padding or without, and whatever the last bits are: what systems wrote, not what they should have.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// Exactly `N` fields between dollars.
pub(super) fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}

/// A decimal number without a sign.
pub(super) fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The value of `name` among `a=1,b=2`.
pub(super) fn parameter(parameters: &str, name: &str) -> Option<u32> {
    parameters.split(',').find_map(|one| number(one.strip_prefix(name)?.strip_prefix('=')?))
}

/// Base64; also as passlib adapts it, with a dot for the plus.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    decode(&alphabet::STANDARD, &text.replace('.', "+"))
}

/// Base64 in the order of bcrypt.
pub(super) fn bcrypt_base64(text: &str) -> Option<Vec<u8>> {
    decode(&alphabet::BCRYPT, text)
}

fn decode(alphabet: &Alphabet, text: &str) -> Option<Vec<u8>> {
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()
}

/// Whether a text is so many hexadecimal digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The bytes that hexadecimal digits stand for.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).map(|value| value as u8)).collect::<Option<_>>()?;
    Some(digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
