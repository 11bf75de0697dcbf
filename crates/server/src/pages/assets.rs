//! The files that the pages load, compiled in: the stylesheet, and the mark that stands in a browser's tab.

use std::sync::LazyLock;

/// A file that pages load.
pub struct Asset {
    /// Where it is served. The path changes with the content, so the answer may be cached for ever
    /// (`Cache-Control: public, max-age=31536000, immutable`).
    pub path: String,
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// What is served.
    pub bytes: &'static [u8],
}

static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("css", "text/css; charset=utf-8", include_bytes!("../../assets/vestibule.css")));

static MARK: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("svg", "image/svg+xml", include_bytes!("../../assets/mark.svg")));

/// The pages' stylesheet.
#[must_use]
pub fn stylesheet() -> &'static Asset {
    &STYLESHEET
}

/// The mark in a browser's tab.
#[must_use]
pub fn mark() -> &'static Asset {
    &MARK
}

impl Asset {
    fn new(extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { path: format!("/assets/vestibule-{:016x}.{extension}", fingerprint(bytes)), content_type, bytes }
    }
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
        let css = std::str::from_utf8(stylesheet().bytes).unwrap();
        for loading in ["url(", "@import", "@font-face", "://"] {
            assert!(!css.contains(loading), "{loading}");
        }
    }
}
