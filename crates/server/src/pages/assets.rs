//! The one file that the pages load: their stylesheet, compiled in.

use std::sync::LazyLock;

static BYTES: &[u8] = include_bytes!("../../assets/vestibule.css");

static PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/vestibule-{:016x}.css", FINGERPRINT));

const FINGERPRINT: u64 = fingerprint(include_bytes!("../../assets/vestibule.css"));

/// Where the stylesheet is served, and what is served there.
///
/// The path changes with the content, so the answer may be cached for ever
/// (`Cache-Control: public, max-age=31536000, immutable`).
#[must_use]
pub fn stylesheet() -> (&'static str, &'static [u8]) {
    (PATH.as_str(), BYTES)
}

/// FNV-1a. It only tells one version of the file from the next; nothing trusts it.
const fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_stylesheet_loads_nothing_itself() {
        let css = std::str::from_utf8(stylesheet().1).unwrap();
        for loading in ["url(", "@import", "@font-face", "://"] {
            assert!(!css.contains(loading), "{loading}");
        }
    }
}
