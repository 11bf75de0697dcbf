//! By which `sub` an application knows a person (OpenID Connect Core section 8): by the same as all others, or by one that means
//! nothing to applications of another sector.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_core::UserId;

/// What a pairwise subject is sealed for.
const PURPOSE: &[u8] = b"pairwise subject";
/// The id of a person, and as much of the sector's hash.
const HALF: usize = 16;
/// What a sealed one has as base64url: two halves and a tag of sixteen bytes.
const LENGTH: usize = 64;

/// Those to whom a person is one and the same (section 8.1): the applications of one host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sector(String);

impl Sector {
    /// The sector of a host, as URLs have it: in small letters.
    #[must_use]
    pub fn of_host(host: &str) -> Self {
        Self(host.to_owned())
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0
    }

    fn mark(&self) -> [u8; HALF] {
        let mut mark = [0; HALF];
        mark.copy_from_slice(&digest(&SHA256, self.0.as_bytes()).as_ref()[..HALF]);
        mark
    }
}

/// Makes pairwise subjects, and knows whose they are.
///
/// One is the person's id and the sector's hash, sealed by AES-256-GCM-SIV (RFC 8452) under a secret of the provider that does
/// nothing else. Sealing is deterministic, so that it stays the same for ever and no row is written for it; what it is sealed from
/// is the person, so that any replica finds them again, from memory. Nobody else can tell whose it is, nor that two are the same
/// person's.
pub struct PairwiseSubjects(LessSafeKey);

impl PairwiseSubjects {
    /// From 32 random bytes, which may never change.
    ///
    /// # Panics
    /// Never: AES-256 takes any 32 bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, key).expect("AES-256 takes any 32 bytes")))
    }

    /// By what the applications of a sector know a person.
    ///
    /// # Panics
    /// Never: 32 bytes can be sealed.
    #[must_use]
    pub fn of(&self, user: UserId, sector: &Sector) -> String {
        let mut sealed = [user.as_bytes().as_slice(), &sector.mark()].concat();
        self.0.seal_in_place_append_tag(nonce(), Aad::from(PURPOSE), &mut sealed).expect("32 bytes can be sealed");
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Whose it is; nobody's where we did not make it.
    #[must_use]
    pub fn person(&self, subject: &str) -> Option<UserId> {
        if subject.len() != LENGTH {
            return None;
        }
        let mut sealed = URL_SAFE_NO_PAD.decode(subject).ok()?;
        let opened = self.0.open_in_place(nonce(), Aad::from(PURPOSE), &mut sealed).ok()?;
        Some(UserId::from_bytes(opened.get(..HALF)?.try_into().ok()?))
    }
}

/// Always the same: that two seals of the same are the same is the purpose, and this cipher stands it.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

impl std::fmt::Debug for PairwiseSubjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PairwiseSubjects(..)")
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::Random;

    use super::*;

    #[test]
    fn a_person_is_the_same_in_a_sector_and_another_in_the_next() {
        let (subjects, random) = (PairwiseSubjects::new(&[7; 32]), Random::system());
        let (alice, bob) = (UserId::random(&random), UserId::random(&random));
        let (here, there) = (Sector::of_host("rp.example"), Sector::of_host("other.example"));
        let known_as = subjects.of(alice, &here);
        assert_eq!(known_as, PairwiseSubjects::new(&[7; 32]).of(alice, &here), "also after a restart");
        assert_eq!(known_as.len(), LENGTH);
        for other in
            [subjects.of(alice, &there), subjects.of(bob, &here), PairwiseSubjects::new(&[8; 32]).of(alice, &here)]
        {
            assert_ne!(known_as, other);
            assert_ne!(known_as[..20], other[..20], "no part of it says who it is");
        }
        assert!(!known_as.contains(&alice.to_string()));
    }

    #[test]
    fn only_we_know_whose_it_is() {
        let (subjects, alice) = (PairwiseSubjects::new(&[7; 32]), UserId::random(&Random::system()));
        let known_as = subjects.of(alice, &Sector::of_host("rp.example"));
        assert_eq!(subjects.person(&known_as), Some(alice));
        assert_eq!(PairwiseSubjects::new(&[8; 32]).person(&known_as), None);
        for at in 0..known_as.len() {
            let swapped = if known_as.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{swapped}{}", &known_as[..at], &known_as[at + 1..]);
            assert_eq!(subjects.person(&changed), None, "character {at}");
        }
        for odd in ["", "alice", &alice.to_string(), &"A".repeat(LENGTH), &"A".repeat(65)] {
            assert_eq!(subjects.person(odd), None, "{odd}");
        }
    }
}
