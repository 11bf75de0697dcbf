//! Refresh tokens as text.
//!
//! A token of ours names its grant and its generation, under a keyed hash: `vst_refresh_` and the base64url of 16, 4 and 32 bytes.
//! So a successor is made from its predecessor and the key, no token nor a hash of one is stored, and one of a generation that is
//! long gone is still known to be ours: only somebody who was given it can show it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_core::{Digest, GrantId, HashKey};

/// What a refresh token begins with, so that a scanner for leaked secrets knows it.
const PREFIX: &str = "vst_refresh_";
const ID_BYTES: usize = 16;
const HEAD_BYTES: usize = ID_BYTES + 4;
const BYTES: usize = HEAD_BYTES + 32;

/// What a text that was presented may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// A generation of a grant, by our own hand.
    Ours(GrantId, u32),
    /// It looks like one of ours and is none.
    Unsigned,
    /// Perhaps one that another system gave out: by this digest it would be known.
    Others(Digest),
}

/// Writes and reads refresh tokens.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    ours: HashKey,
    others: HashKey,
}

impl Tokens {
    pub(super) fn new(key: &HashKey) -> Self {
        Self { ours: key.for_purpose("refresh token"), others: key.for_purpose("imported refresh token") }
    }

    /// The token of one generation.
    pub(super) fn write(&self, grant: GrantId, generation: u32) -> String {
        let mut bytes = [0; BYTES];
        bytes[..ID_BYTES].copy_from_slice(grant.as_bytes());
        bytes[ID_BYTES..HEAD_BYTES].copy_from_slice(&generation.to_be_bytes());
        bytes[HEAD_BYTES..].copy_from_slice(self.proof(&grant, generation).as_bytes());
        let mut token = String::with_capacity(PREFIX.len() + (BYTES * 4).div_ceil(3));
        token.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut token);
        token
    }

    /// What a text is.
    pub(super) fn read(&self, text: &str) -> Presented {
        let Some(encoded) = text.strip_prefix(PREFIX) else { return Presented::Others(self.others.digest(text)) };
        self.read_ours(encoded).unwrap_or(Presented::Unsigned)
    }

    fn read_ours(&self, encoded: &str) -> Option<Presented> {
        let mut bytes = [0; BYTES];
        if URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? != BYTES {
            return None;
        }
        let (head, proof) = bytes.split_at(HEAD_BYTES);
        let (id, generation) = head.split_at(ID_BYTES);
        let grant = GrantId::from_bytes(id.try_into().ok()?);
        let generation = u32::from_be_bytes(generation.try_into().ok()?);
        // Digests are compared in constant time.
        let proved = Digest::from_slice(proof)? == self.proof(&grant, generation);
        proved.then_some(Presented::Ours(grant, generation))
    }

    /// The digest that an imported token is known by, from its SHA-256 checksum.
    pub(super) fn digest_of_checksum(&self, checksum: &[u8; 32]) -> Digest {
        self.others.digest_of_checksum(checksum)
    }

    /// The digest that an imported token is known by.
    pub(super) fn digest_of(&self, text: &str) -> Digest {
        self.others.digest(text)
    }

    fn proof(&self, grant: &GrantId, generation: u32) -> Digest {
        self.ours.digest(&format!("{grant} {generation}"))
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::Random;

    use super::*;

    fn tokens(key: u8) -> Tokens {
        Tokens::new(&HashKey::new(&[key; 32]))
    }

    #[test]
    fn a_token_is_read_back_and_no_two_generations_are_alike() {
        let (tokens, grant) = (tokens(1), GrantId::random(&Random::system()));
        for generation in [0, 1, 2, u32::MAX] {
            let token = tokens.write(grant, generation);
            assert!(token.starts_with("vst_refresh_") && token.len() == 82, "{token}");
            assert_eq!(tokens.read(&token), Presented::Ours(grant, generation));
        }
        assert_ne!(tokens.write(grant, 1), tokens.write(grant, 2));
    }

    #[test]
    fn a_token_that_was_changed_made_up_or_made_elsewhere_is_none_of_ours() {
        let (tokens, grant) = (tokens(1), GrantId::random(&Random::system()));
        let token = tokens.write(grant, 1);
        for at in PREFIX.len()..token.len() {
            let swapped = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{swapped}{}", &token[..at], &token[at + 1..]);
            assert_eq!(tokens.read(&changed), Presented::Unsigned, "character {at}");
        }
        let elsewhere = self::tokens(2).write(grant, 1);
        for odd in [elsewhere.as_str(), "vst_refresh_", "vst_refresh_AAAA", &format!("{token}A"), &format!("{token}=")]
        {
            assert_eq!(tokens.read(odd), Presented::Unsigned, "{odd}");
        }
    }

    #[test]
    fn any_other_text_may_be_a_token_of_another_system() {
        let tokens = tokens(1);
        for text in ["", "abc", "VST_REFRESH_x", "ü"] {
            assert_eq!(tokens.read(text), Presented::Others(tokens.digest_of(text)), "{text}");
        }
    }
}
