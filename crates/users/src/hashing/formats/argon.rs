//! One Argon2 hash: made, read from its PHC string (before which Django writes `argon2`), compared.

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use subtle::ConstantTimeEq;

use super::{MALFORMED, TOO_MUCH, Why};
use crate::hashing::{
    HashingError,
    memory::Memory,
    policy::{OUTPUT_BYTES, is_bearable},
};

/// The length of a new salt, in bytes (RFC 9106 section 3.1 recommends 16).
pub(in crate::hashing) const SALT_BYTES: usize = 16;

/// A stored hash that was read and found bearable.
#[derive(Debug)]
pub(in crate::hashing) struct Hash {
    argon2: Argon2<'static>,
    salt: Salt,
    output: Output,
    /// Whether today's policy would make the same kind of hash.
    pub(super) up_to_date: bool,
}

impl Hash {
    /// Reads a PHC string of Argon2id, Argon2i or Argon2d, and holds it against `today`'s parameters.
    ///
    /// A hash of another cost than today's is out of date, be its cost lower or higher: the site's setting is how long a
    /// sign-in shall take and how much memory it may use, and whoever's takes as long as everyone's is told apart from nobody.
    pub(in crate::hashing) fn phc(phc: &str, today: &Params) -> Result<Self, Why> {
        let hash = PasswordHash::new(phc).map_err(|_| "it is not a PHC string")?;
        let algorithm =
            Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| "its algorithm is not one that is known here")?;
        // A hash without a version is of the first one: the field came with the second.
        let version = Version::try_from(hash.version.unwrap_or(Version::V0x10.into()))
            .map_err(|_| "its version of Argon2 is not known")?;
        let params = Params::try_from(&hash).map_err(|_| "Argon2 does not allow its parameters")?;
        if !is_bearable(params.m_cost(), params.t_cost(), params.p_cost()) {
            return Err(TOO_MUCH);
        }
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
            return Err("it lacks its salt or its hash");
        };
        let up_to_date = algorithm == Algorithm::Argon2id
            && version == Version::V0x13
            && (params.m_cost(), params.t_cost(), params.p_cost()) == (today.m_cost(), today.t_cost(), today.p_cost())
            && output.len() >= OUTPUT_BYTES
            && salt.len() >= SALT_BYTES;
        Ok(Self { argon2: Argon2::new(algorithm, version, params), salt, output, up_to_date })
    }

    /// Reads one with Django's name before it. It is written otherwise than ours, so that it is never up to date.
    pub(super) fn django(text: &str, today: &Params) -> Result<Self, Why> {
        let phc = text.strip_prefix("argon2").ok_or(MALFORMED)?;
        Ok(Self { up_to_date: false, ..Self::phc(phc, today)? })
    }

    /// Whether `password` is the one that was hashed. The answer takes the same time either way.
    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, HashingError> {
        let mut computed = [0; Output::MAX_LENGTH];
        let computed = &mut computed[..self.output.len()];
        compute(&self.argon2, password, &self.salt, computed, memory)?;
        Ok(self.output.as_bytes().ct_eq(computed).into())
    }
}

/// A new Argon2id hash, as a PHC string.
pub(in crate::hashing) fn hash(
    params: &Params,
    salt: [u8; SALT_BYTES],
    password: &[u8],
    memory: &mut Memory,
) -> Result<String, HashingError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut output = [0; OUTPUT_BYTES];
    compute(&argon2, password, &salt, &mut output, memory)?;
    phc(params, &salt, &output)
}

/// A hash of which nobody knows the password: `output` was drawn at random.
pub(in crate::hashing) fn decoy(
    params: &Params,
    salt: [u8; SALT_BYTES],
    output: [u8; OUTPUT_BYTES],
) -> Result<String, HashingError> {
    phc(params, &salt, &output)
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Result<String, HashingError> {
    let written = || -> Option<String> {
        Some(
            PasswordHash {
                algorithm: ARGON2ID_IDENT,
                version: Some(Version::V0x13.into()),
                params: ParamsString::try_from(params).ok()?,
                salt: Some(Salt::new(salt).ok()?),
                hash: Some(Output::new(output).ok()?),
            }
            .to_string(),
        )
    };
    written().ok_or(HashingError::Failed("its parameters do not fit a PHC string"))
}

fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Memory,
) -> Result<(), HashingError> {
    let blocks =
        memory.blocks(argon2.params().block_count()).ok_or(HashingError::Failed("the system has no memory left"))?;
    argon2
        .hash_password_into_with_memory(password, salt, output, blocks)
        .map_err(|_| HashingError::Failed("Argon2 refused the password or the salt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Params {
        Params::new(64, 1, 1, Some(OUTPUT_BYTES)).unwrap()
    }

    fn why(phc: &str) -> String {
        Hash::phc(phc, &today()).unwrap_err().to_owned()
    }

    /// From the test vectors of the reference implementation in C.
    const REFERENCE: &str = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

    #[test]
    fn a_hash_of_the_reference_implementation_is_verified() {
        let (stored, mut memory) = (Hash::phc(REFERENCE, &today()).unwrap(), Memory::default());
        assert!(stored.matches(b"password", &mut memory).unwrap());
        assert!(!stored.matches(b"passwore", &mut memory).unwrap());
        assert!(!stored.up_to_date, "it was made with other parameters than today's");
    }

    #[test]
    fn memory_that_held_another_hash_changes_nothing() {
        let mut memory = Memory::default();
        let fresh = hash(&today(), [1; 16], b"one", &mut memory).unwrap();
        hash(&today(), [2; 16], b"two", &mut memory).unwrap();
        assert_eq!(hash(&today(), [1; 16], b"one", &mut memory).unwrap(), fresh);
        assert!(Hash::phc(&fresh, &today()).unwrap().up_to_date);
    }

    #[test]
    fn a_hash_that_would_take_too_much_is_refused_unverified() {
        let with =
            |params: &str| format!("$argon2id$v=19${params}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
        for params in ["m=262144,t=1,p=1", "m=65536,t=17,p=1", "m=1024,t=1,p=64"] {
            assert!(why(&with(params)).contains("too much memory or time"), "{params}");
        }
        assert!(Hash::phc(&with("m=102400,t=2,p=8"), &today()).is_ok(), "Django's own parameters are bearable");
    }

    #[test]
    fn what_is_no_argon2_hash_is_refused_in_words() {
        assert!(why("").contains("not a PHC string"));
        assert!(why("!unusable").contains("not a PHC string"));
        assert!(why("$scrypt$ln=16$c29tZXNhbHQ").contains("algorithm"));
        assert!(why("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ").contains("lacks"));
        assert!(why("$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q").contains("version"));
    }
}
