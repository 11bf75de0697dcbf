//! scrypt's function (RFC 7914) in the memory that a worker has anyway.
//!
//! The field's crate allocates for itself, and the C library keeps what it freed, several buffers a thread: then neither the
//! bound of the pool nor that it gives memory back would hold. So the three loops of the RFC stand here, over the blocks of
//! Argon2. The tests hold them against the RFC's vectors and against that crate. It only ever verifies; we make no such hash.

use std::num::NonZeroU32;

use argon2::Block;
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA256};

/// 64 bytes, as the words that Salsa20 works on.
type Words = [u32; 16];

/// How many of them one block of memory holds.
const WORDS_A_BLOCK: usize = Block::SIZE / 64;

/// What scrypt is asked for. N is two to the power of `log_n`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) log_n: u32,
    pub(super) r: usize,
    pub(super) p: usize,
}

impl Cost {
    /// How many blocks of memory it works in.
    pub(super) fn blocks(self) -> usize {
        ((2 * self.r) << self.log_n).div_ceil(WORDS_A_BLOCK)
    }
}

/// Section 6. `memory` is at least [`Cost::blocks`] long, whatever it holds.
pub(super) fn scrypt(password: &[u8], salt: &[u8], cost: Cost, memory: &mut [Block], output: &mut [u8]) {
    let mut bytes = vec![0; cost.p * cost.r * 128];
    pbkdf2::derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, salt, password, &mut bytes);
    for lane in bytes.chunks_exact_mut(cost.r * 128) {
        let mut state: Vec<Words> = lane.chunks_exact(64).map(words).collect();
        mix(&mut state, cost.log_n, memory);
        for (bytes, word) in lane.chunks_exact_mut(4).zip(state.iter().flatten()) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
    }
    pbkdf2::derive(PBKDF2_HMAC_SHA256, NonZeroU32::MIN, &bytes, password, output);
}

fn words(bytes: &[u8]) -> Words {
    let mut words = [0; 16];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(4)) {
        *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    }
    words
}

/// scryptROMix, section 5.
fn mix(state: &mut Vec<Words>, log_n: u32, memory: &mut [Block]) {
    let (n, mut mixed) = (1_usize << log_n, state.clone());
    for row in 0..n {
        for (column, words) in state.iter().enumerate() {
            let (block, place) = cell(row * state.len() + column);
            for (long, pair) in memory[block].as_mut()[place].iter_mut().zip(words.chunks_exact(2)) {
                *long = u64::from(pair[0]) | u64::from(pair[1]) << 32;
            }
        }
        block_mix(state, &mut mixed);
    }
    for _ in 0..n {
        let last = state[state.len() - 1];
        let row = last[0] as usize & (n - 1);
        let width = state.len();
        for (column, words) in state.iter_mut().enumerate() {
            let (block, place) = cell(row * width + column);
            for (long, pair) in memory[block].as_ref()[place].iter().zip(words.chunks_exact_mut(2)) {
                pair[0] ^= *long as u32;
                pair[1] ^= (*long >> 32) as u32;
            }
        }
        block_mix(state, &mut mixed);
    }
}

/// Where the memory keeps the words with that number.
fn cell(number: usize) -> (usize, std::ops::Range<usize>) {
    let place = number % WORDS_A_BLOCK * 8;
    (number / WORDS_A_BLOCK, place..place + 8)
}

/// scryptBlockMix, section 4: the results with even numbers first, then those with odd ones.
fn block_mix(state: &mut Vec<Words>, mixed: &mut Vec<Words>) {
    let r = state.len() / 2;
    let mut x = state[2 * r - 1];
    for (number, words) in state.iter().enumerate() {
        for (x, word) in x.iter_mut().zip(words) {
            *x ^= word;
        }
        salsa(&mut x);
        mixed[number / 2 + number % 2 * r] = x;
    }
    std::mem::swap(state, mixed);
}

/// Salsa20/8, section 3.
fn salsa(words: &mut Words) {
    let mut x = *words;
    for _ in 0..4 {
        for [a, b, c, d] in [[0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11]] {
            quarter(&mut x, a, b, c, d);
        }
        for [a, b, c, d] in [[0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14]] {
            quarter(&mut x, a, b, c, d);
        }
    }
    for (word, x) in words.iter_mut().zip(x) {
        *word = word.wrapping_add(x);
    }
}

#[inline(always)]
fn quarter(x: &mut Words, a: usize, b: usize, c: usize, d: usize) {
    x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
    x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
    x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
    x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn run(password: &str, salt: &str, log_n: u32, r: usize, p: usize) -> Vec<u8> {
        let cost = Cost { log_n, r, p };
        // What it works in holds something else before.
        let mut memory = vec![Block::new(); cost.blocks() + 3];
        memory.iter_mut().for_each(|block| block.as_mut().fill(u64::MAX));
        let mut output = vec![0; 64];
        scrypt(password.as_bytes(), salt.as_bytes(), cost, &mut memory, &mut output);
        output
    }

    /// RFC 7914 section 12.
    #[test]
    fn the_vectors_of_the_rfc_come_out() {
        let begins = |output: Vec<u8>, hex: &str| assert_eq!(super::super::text::hex(&output[..16]), hex);
        begins(run("", "", 4, 1, 1), "77d6576238657b203b19ca42c18a0497");
        begins(run("password", "NaCl", 10, 8, 16), "fdbabe1c9d3472007856e7190d01e9fe");
        begins(run("pleaseletmein", "SodiumChloride", 14, 8, 1), "7023bdcb3afd7348461c06cd81fd38eb");
    }

    proptest! {
        #[test]
        fn it_is_what_the_fields_crate_computes(
            password in ".{0,80}", salt in ".{0,40}", log_n in 1..7_u8, r in 1..20_u32, p in 1..4_u32,
        ) {
            let mut expected = vec![0; 64];
            let params = ::scrypt::Params::new(log_n, r, p).unwrap();
            ::scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut expected).unwrap();
            prop_assert_eq!(run(&password, &salt, log_n.into(), r as usize, p as usize), expected);
        }
    }
}
