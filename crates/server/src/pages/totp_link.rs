//! What an authenticator app needs to know, in the three forms in which a page hands it over.

use std::fmt;

use qrcode::{Color, EcLevel, QrCode};
use url::Url;

/// The blank border that readers need around a code, in modules (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// The `otpauth://totp/…` link of an authenticator's secret: as a link for phones, as a QR code, and the secret for typing.
///
/// The page draws the code from numbers, so no markup passes through here. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct TotpLink {
    link: Url,
    secret: String,
    size: usize,
    path: String,
}

impl TotpLink {
    /// The link, or `None` for a text that is no such link with a secret in base32, or is too long for a QR code.
    #[must_use]
    pub fn parse(link: &str) -> Option<Self> {
        let link =
            Url::parse(link).ok().filter(|link| link.scheme() == "otpauth" && link.host_str() == Some("totp"))?;
        let secret = link.query_pairs().find(|(name, _)| name == "secret")?.1.into_owned();
        let base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
        if secret.is_empty() || !secret.bytes().all(base32) {
            return None;
        }
        let code = QrCode::with_error_correction_level(link.as_str(), EcLevel::M).ok()?;
        Some(Self { size: code.width() + 2 * QUIET_ZONE, path: path_of(&code), link, secret })
    }

    /// The link itself.
    pub(crate) fn href(&self) -> &str {
        self.link.as_str()
    }

    /// The secret in groups of four, as people type it.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        // Base32 is ASCII, so four bytes are four letters.
        (0..self.secret.len()).step_by(4).map(|at| &self.secret[at..self.secret.len().min(at + 4)])
    }

    /// The width and height of the code's drawing.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The dark modules as the `d` of an SVG path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Debug for TotpLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpLink")
    }
}

/// One bar for each run of dark modules.
fn path_of(code: &QrCode) -> String {
    let (width, modules) = (code.width(), code.to_colors());
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                let n = run.len();
                path.push_str(&format!("M{} {}h{n}v1h-{n}z", x + QUIET_ZONE, y + QUIET_ZONE));
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "otpauth://totp/Vestibule:alice?secret=JBSWY3DPEHPK3PXPJB&issuer=Vestibule";

    #[test]
    fn the_secret_is_told_in_groups_of_four() {
        let link = TotpLink::parse(LINK).unwrap();
        assert_eq!(link.groups().collect::<Vec<_>>(), ["JBSW", "Y3DP", "EHPK", "3PXP", "JB"]);
        assert_eq!(link.href(), LINK);
    }

    #[test]
    fn only_links_of_authenticators_become_links() {
        for bad in [
            "javascript:alert(1)",
            "https://totp/a?secret=JBSWY3DP",
            "otpauth://hotp/a?secret=JBSWY3DP",
            "otpauth://totp/a",
            "otpauth://totp/a?secret=",
            "otpauth://totp/a?secret=not+base32",
            "",
        ] {
            assert!(TotpLink::parse(bad).is_none(), "{bad}");
        }
        let long = format!("{LINK}&x={}", "a".repeat(5000));
        assert!(TotpLink::parse(&long).is_none());
    }

    #[test]
    fn the_drawing_has_every_dark_module_and_no_other() {
        let link = TotpLink::parse(LINK).unwrap();
        let code = QrCode::with_error_correction_level(LINK, EcLevel::M).unwrap();
        assert_eq!(link.size(), code.width() + 8);
        let mut drawn = std::collections::BTreeSet::new();
        for bar in link.path().split('M').skip(1) {
            let (from, rest) = bar.split_once('h').unwrap();
            let (x, y) = from.split_once(' ').unwrap();
            let length: usize = rest.split('v').next().unwrap().parse().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            drawn.extend((x..x + length).map(|x| (y - QUIET_ZONE, x - QUIET_ZONE)));
        }
        let width = code.width();
        let dark = (0..width * width).filter(|at| code.to_colors()[*at] == Color::Dark);
        assert_eq!(drawn, dark.map(|at| (at / width, at % width)).collect());
    }

    #[test]
    fn nothing_of_the_secret_is_in_what_a_log_would_show() {
        assert_eq!(format!("{:?}", TotpLink::parse(LINK)), "Some(TotpLink)");
    }
}
