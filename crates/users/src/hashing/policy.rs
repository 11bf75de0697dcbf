//! How passwords are hashed today, and which stored hashes are let near a worker at all.

use std::{num::NonZero, thread, time::Duration};

use argon2::Params;

/// The largest memory that one hash may ask for, ours or imported: 128 MiB (Django's default is 100 MiB).
pub(super) const MOST_MEMORY_KIB: u32 = 128 * 1024;

/// The most work that one hash may ask for: memory × iterations, in KiB. 1 GiB takes about half a second.
///
/// Lanes are not part of the product, since they share the memory instead of adding to it; they have a bound of their own.
pub(super) const MOST_WORK_KIB: u64 = 1024 * 1024;

/// The most lanes (`p`) that one hash may ask for.
pub(super) const MOST_LANES: u32 = 16;

/// The most rounds of PBKDF2, counted for each run of its output. Two seconds of SHA-512; Django's default is 1.2 million.
pub(super) const MOST_ROUNDS: u64 = 5_000_000;

/// The highest cost of bcrypt. One more takes twice the time; this one takes about two seconds, and Django's 12 a quarter.
pub(super) const MOST_BCRYPT_COST: u32 = 15;

/// The most work that one scrypt hash may ask for: N × r × p. OWASP's recommendations are all below half of it.
const MOST_SCRYPT_WORK: u64 = 1 << 21;

/// The length of a new hash, in bytes.
pub(super) const OUTPUT_BYTES: usize = 32;

/// How passwords are hashed, and how much of the machine that may take.
///
/// Memory in use is at most `workers × memory_kib` while every stored hash was made under this policy, and at most
/// `workers × 128 MiB` whatever hashes were imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingPolicy {
    /// Threads that hash: the number of cores, unless told otherwise.
    pub workers: usize,
    /// How many requests may wait; one more is told to come back later.
    pub queue: usize,
    /// Argon2id memory `m`, in KiB.
    pub memory_kib: u32,
    /// Argon2id passes `t`.
    pub iterations: u32,
    /// Argon2id lanes `p`. They are computed one after the other.
    pub parallelism: u32,
    /// Whether Django's salted MD5 hashes count. They prove next to nothing: for the days of a move only.
    pub accept_md5: bool,
    /// After how long without work a worker gives its memory back.
    pub idle: Duration,
}

/// Why a policy cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingPolicyError {
    /// No worker, or no place to wait.
    #[error("password hashing needs at least one worker and a queue of at least one place")]
    Nobody,
    /// Argon2 does not allow the parameters (RFC 9106 section 3.1).
    #[error("Argon2 does not allow these parameters: {0}")]
    Parameters(argon2::Error),
    /// The parameters are beyond what a stored hash may ask for, so that a hash made under them could not be verified.
    #[error(
        "the Argon2 parameters ask for too much: memory is at most {MOST_MEMORY_KIB} KiB, \
         memory × iterations at most {MOST_WORK_KIB} KiB, parallelism at most {MOST_LANES}"
    )]
    TooMuch,
}

impl Default for HashingPolicy {
    /// The parameters that OWASP recommends for Argon2id, a worker a core, and room for about three seconds' worth of
    /// waiting requests.
    fn default() -> Self {
        let workers = thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            workers,
            queue: workers.saturating_mul(128),
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            accept_md5: false,
            idle: Duration::from_secs(1),
        }
    }
}

impl HashingPolicy {
    /// The parameters for Argon2, once the policy is found to be one that can be followed.
    pub(super) fn params(&self) -> Result<Params, HashingPolicyError> {
        if self.workers == 0 || self.queue == 0 {
            return Err(HashingPolicyError::Nobody);
        }
        if !is_bearable(self.memory_kib, self.iterations, self.parallelism) {
            return Err(HashingPolicyError::TooMuch);
        }
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(OUTPUT_BYTES))
            .map_err(HashingPolicyError::Parameters)
    }
}

/// Whether a hash with these parameters stays within the bounds of this module.
pub(super) fn is_bearable(memory_kib: u32, iterations: u32, lanes: u32) -> bool {
    memory_kib <= MOST_MEMORY_KIB
        && u64::from(memory_kib) * u64::from(iterations) <= MOST_WORK_KIB
        && lanes <= MOST_LANES
}

/// Whether a scrypt hash with these parameters stays within the bounds of this module.
pub(super) fn is_bearable_scrypt(log_n: u32, r: u32, p: u32) -> bool {
    let times_r = |n: u64| n.saturating_mul(u64::from(r));
    log_n < 32
        && times_r(128 << log_n) <= u64::from(MOST_MEMORY_KIB) * 1024
        && times_r(1 << log_n).saturating_mul(u64::from(p)) <= MOST_SCRYPT_WORK
        && p <= MOST_LANES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_owasp_recommends() {
        let params = HashingPolicy::default().params().unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19_456, 2, 1));
    }

    #[test]
    fn a_policy_that_cannot_be_followed_is_refused() {
        let policy = HashingPolicy::default();
        let refused = |policy: HashingPolicy| policy.params().unwrap_err();
        assert_eq!(refused(HashingPolicy { workers: 0, ..policy }), HashingPolicyError::Nobody);
        assert_eq!(refused(HashingPolicy { queue: 0, ..policy }), HashingPolicyError::Nobody);
        assert_eq!(refused(HashingPolicy { memory_kib: 1 << 20, ..policy }), HashingPolicyError::TooMuch);
        assert_eq!(refused(HashingPolicy { iterations: 60, ..policy }), HashingPolicyError::TooMuch);
        assert!(matches!(refused(HashingPolicy { iterations: 0, ..policy }), HashingPolicyError::Parameters(_)));
    }
}
