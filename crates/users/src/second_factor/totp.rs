//! Time-based one-time codes (RFC 6238): HMAC-SHA-1, six digits, thirty seconds, which is what authenticator apps do.

use aws_lc_rs::hmac;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use vestibule_core::Timestamp;
use zeroize::Zeroizing;

use super::base32;

/// The length of a seed: what RFC 4226 section 4 recommends.
pub(super) const SEED_BYTES: usize = 20;
/// How many digits a code has.
pub(super) const DIGITS: usize = 6;
/// How long a time step lasts, in seconds.
const STEP: i64 = 30;
/// How many steps a clock may be off, either way (RFC 6238 section 5.2 allows for one).
const DRIFT: i64 = 1;
/// What a URL holds as it is (RFC 3986 section 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The time step of a moment.
fn step_of(moment: Timestamp) -> i64 {
    moment.seconds().div_euclid(STEP)
}

/// The time step whose code this is, of those that are near `now`. Each is compared, and in constant time.
pub(super) fn step_of_code(seed: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let present = step_of(now);
    let (mut matched, mut found) = (0_i64, Choice::from(0));
    for step in present - DRIFT..=present + DRIFT {
        let equal = code_at(seed, step).as_bytes().ct_eq(code.as_bytes());
        matched.conditional_assign(&step, equal);
        found |= equal;
    }
    bool::from(found).then_some(matched)
}

/// The code of one time step (RFC 4226 section 5.3).
fn code_at(seed: &[u8], step: i64) -> Zeroizing<String> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0xf);
    let chosen = tag[offset..offset + 4].iter().fold(0_u32, |value, byte| (value << 8) | u32::from(*byte));
    Zeroizing::new(format!("{:0width$}", (chosen & 0x7fff_ffff) % 10_u32.pow(DIGITS as u32), width = DIGITS))
}

/// The URL that an authenticator app reads from a QR code.
pub(super) fn url(seed: &[u8], issuer: &str, account: &str) -> SecretString {
    let written = |text: &str| utf8_percent_encode(text, KEPT).to_string();
    // A colon divides issuer and account.
    let (issuer, account) = (written(&issuer.replace(':', " ")), written(&account.replace(':', " ")));
    let secret = base32::for_apps(seed);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        secret.as_str()
    )
    .into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const SEED: &[u8; SEED_BYTES] = b"12345678901234567890";

    /// RFC 6238 appendix B, the last six of its eight digits.
    #[test]
    fn the_vectors_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let moment = Timestamp::from_seconds(seconds);
            assert_eq!(code_at(SEED, step_of(moment)).as_str(), code);
            assert_eq!(step_of_code(SEED, code, moment), Some(step_of(moment)));
        }
    }

    #[test]
    fn a_code_is_good_for_its_step_and_one_on_either_side() {
        let moment = Timestamp::from_seconds(1_111_111_110);
        let code = code_at(SEED, step_of(moment));
        for (off, good) in [(-31, false), (-30, true), (0, true), (30, true), (59, true), (60, false)] {
            let now = Timestamp::from_seconds(moment.seconds() + off);
            assert_eq!(step_of_code(SEED, &code, now).is_some(), good, "{off} s off");
        }
        assert_eq!(step_of_code(SEED, "", moment), None);
    }

    #[test]
    fn the_url_names_issuer_and_account() {
        let url = url(SEED, "Ex & Co", "a:b@example.com");
        assert_eq!(
            url.expose_secret(),
            "otpauth://totp/Ex%20%26%20Co:a%20b%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Ex%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
