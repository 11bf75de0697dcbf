//! Tokens in forms, which another site can neither read nor make up.

use subtle::ConstantTimeEq;
use vestibule_core::HashKey;

use crate::BrowserToken;

/// Makes and checks form tokens: a keyed hash of the browser's token, so that nothing needs to be stored, and a token of one
/// browser is worthless in another.
#[derive(Clone, Debug)]
pub struct CsrfKey(HashKey);

impl CsrfKey {
    /// From the provider's hash key.
    #[must_use]
    pub fn new(key: &HashKey) -> Self {
        Self(key.for_purpose("csrf"))
    }

    /// What a form of this browser carries: 43 characters of base64url.
    #[must_use]
    pub fn token_for(&self, browser: &BrowserToken) -> String {
        self.0.digest(browser.as_cookie_value()).to_key()
    }

    /// Whether a form carries what was given to this browser, in constant time.
    #[must_use]
    pub fn verify(&self, browser: &BrowserToken, presented: &str) -> bool {
        self.token_for(browser).as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::Random;

    use super::*;

    #[test]
    fn a15_a_form_token_of_another_browser_key_or_shape_is_refused() {
        let (key, random) = (CsrfKey::new(&HashKey::new(&[1; 32])), Random::system());
        let (browser, other) = (BrowserToken::new(&random), BrowserToken::new(&random));
        let token = key.token_for(&browser);
        assert!(key.verify(&browser, &token));
        assert!(!key.verify(&other, &token));
        assert!(!CsrfKey::new(&HashKey::new(&[2; 32])).verify(&browser, &token));
        for bad in ["", &token[1..], browser.as_cookie_value(), &format!("{token}=")] {
            assert!(!key.verify(&browser, bad));
        }
    }
}
