//! RSA keys of a broken generator (CVE-2017-15361, "ROCA"): its primes are powers of 65537 modulo many small primes, and so are
//! its moduli. Such a key can be factored, and whoever does so signs in its owner's name.

/// The small primes that tell: by all of them, a good modulus looks like a bad one about once in 2^27.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether a modulus has the fingerprint.
pub(super) fn is_weak(modulus: &[u8]) -> bool {
    PRIMES.into_iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        std::iter::successors(Some(1), |power| Some(power * 65_537 % prime))
            .take(prime as usize)
            .any(|power| power == rest)
    })
}
