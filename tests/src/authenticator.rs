//! An authenticator app, as it would run on somebody's phone: RFC 6238 with what such apps take for granted.

use aws_lc_rs::hmac;
use url::Url;
use vestibule_core::Clock;

use crate::Page;

const BASE_32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An app that has scanned a secret.
#[derive(Clone, Debug)]
pub struct Authenticator {
    seed: Vec<u8>,
}

impl Authenticator {
    /// Scans what a page shows that sets a second factor up.
    ///
    /// # Panics
    /// Where the page shows none.
    #[must_use]
    pub fn scan(page: &Page) -> Self {
        let link = page.attribute("open-app", "href").unwrap_or_else(|| panic!("nothing to scan: {page}"));
        let link = Url::parse(&link).expect("a link for apps");
        let secret = link.query_pairs().find(|(name, _)| name == "secret").expect("a secret").1.into_owned();
        Self { seed: from_base_32(&secret) }
    }

    /// The six digits that it shows now.
    #[must_use]
    pub fn code(&self, clock: &Clock) -> String {
        let step = clock.now().seconds().div_euclid(30);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.seed);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 0xf);
        let number = tag[offset..offset + 4].iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

fn from_base_32(text: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars() {
        let value = BASE_32.find(letter).expect("a letter of base 32");
        bits = (bits << 5) | u32::try_from(value).expect("five bits");
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).expect("eight bits"));
        }
    }
    bytes
}
