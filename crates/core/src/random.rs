//! Randomness, as a parameter.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The source of every unpredictable value: the operating system's generator, through aws-lc.
#[derive(Clone, Debug, Default)]
pub struct Random {
    system: SystemRandom,
}

impl Random {
    /// The operating system's generator.
    #[must_use]
    pub fn system() -> Self {
        Self { system: SystemRandom::new() }
    }

    /// Fills `buffer` with random bytes.
    ///
    /// # Panics
    /// Where the operating system has no randomness to give: nothing that this program does could be safe then.
    pub fn fill(&self, buffer: &mut [u8]) {
        self.system.fill(buffer).expect("the operating system's random generator answers");
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// 256 random bits in 43 characters of base64url: what codes, session ids and secrets are made of.
    #[must_use]
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_no_two_are_alike() {
        let random = Random::system();
        let (a, b) = (random.token(), random.token());
        assert_eq!(URL_SAFE_NO_PAD.decode(&a).map(|bytes| bytes.len()), Ok(32));
        assert_ne!(a, b);
    }
}
