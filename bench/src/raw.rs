//! What the core itself does, with no server around: signatures and password hashes a second.
//!
//! By the libraries and parameters that the provider uses, in a loop of one thread on the provider's core. The hash reuses its
//! memory, as the provider's workers do; with fresh memory it would be slower, and the bar lower.

use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};

use crate::{
    failure::{Failure, While},
    limits::Rate,
    machine::Cores,
};

/// As long as what is signed of a token: its head and its claims.
const SIGNED: [u8; 512] = [b'a'; 512];

/// OWASP's recommendation for Argon2id, and the provider's default: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// What can be measured so, by the names that a description uses in `limit`.
pub(crate) const NAMES: [&str; 3] = ["es256", "rs256", "argon2"];

/// Measures one of [`NAMES`] for a while on the provider's core.
pub(crate) fn measure(name: &str, span: Duration, cores: Cores) -> Result<Rate, Failure> {
    let mut work = work(name)?;
    cores.on_the_servers(|| repeat(span, &mut work))?
}

type Work = Box<dyn FnMut() -> Result<(), Failure>>;

fn work(name: &str) -> Result<Work, Failure> {
    let random = SystemRandom::new();
    match name {
        "es256" => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).doing(|| "an ES256 key".to_owned())?;
            Ok(Box::new(move || key.sign(&random, &SIGNED).map(drop).doing(|| "an ES256 signature".to_owned())))
        }
        "rs256" => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).doing(|| "an RSA key".to_owned())?;
            let mut signature = vec![0; key.public_modulus_len()];
            Ok(Box::new(move || {
                key.sign(&RSA_PKCS1_SHA256, &random, &SIGNED, &mut signature).doing(|| "an RSA signature".to_owned())
            }))
        }
        "argon2" => {
            let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).doing(|| "Argon2's parameters".to_owned())?;
            let mut memory = vec![Block::default(); params.block_count()];
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            Ok(Box::new(move || {
                let mut hash = [0; 32];
                argon2
                    .hash_password_into_with_memory(b"a quiet harbour at dusk", &[7; 16], &mut hash, &mut memory)
                    .doing(|| "an Argon2 hash".to_owned())
            }))
        }
        other => Err(Failure::because(format!("{other} is not measured"))),
    }
}

fn repeat(span: Duration, work: &mut Work) -> Result<Rate, Failure> {
    let clock = || {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
    };
    // The first touches memory and fills caches.
    work()?;
    let (begun, processor) = (Instant::now(), clock());
    let mut count = 0_u32;
    while begun.elapsed() < span || count == 0 {
        work()?;
        count += 1;
    }
    Ok(Rate::of(f64::from(count), begun.elapsed(), clock().saturating_sub(processor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_can_be_measured() {
        for name in NAMES {
            let rate = repeat(Duration::from_millis(1), &mut work(name).unwrap()).unwrap();
            assert!(rate.per_second > 0.0 && rate.processor_us > 0.0, "{name}: {rate:?}");
        }
        assert!(work("hs256").is_err());
    }
}
