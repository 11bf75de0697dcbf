//! scrypt (RFC 7914): in PHC strings, and as Django writes it.
//!
//! ```text
//! $scrypt$ln=17,r=8,p=1$salt$hash      PHC; ln is the logarithm of N
//! scrypt$16384$salt$8$5$hash           Django; N, the salt as text, r, p
//! ```

use subtle::ConstantTimeEq;

use super::{
    MALFORMED, TOO_MUCH, Why, output,
    romix::{self, Cost},
    text::{base64, fields, number, parameter},
};
use crate::hashing::{HashingError, memory::Memory, policy::is_bearable_scrypt};

/// A hash that was read.
#[derive(Debug)]
pub(in crate::hashing) struct Hash {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Hash {
    pub(super) fn phc(text: &str) -> Result<Self, Why> {
        let [_, _, cost, salt, hash] = fields(text).ok_or(MALFORMED)?;
        let cost = (parameter(cost, "ln"), parameter(cost, "r"), parameter(cost, "p"));
        let (Some(log_n), Some(r), Some(p)) = cost else {
            return Err(MALFORMED);
        };
        Self::new(log_n, r, p, base64(salt), base64(hash))
    }

    pub(super) fn django(text: &str) -> Result<Self, Why> {
        let [_, n, salt, r, p, hash] = fields(text).ok_or(MALFORMED)?;
        let (Some(n), Some(r), Some(p)) = (number(n), number(r), number(p)) else {
            return Err(MALFORMED);
        };
        if !n.is_power_of_two() {
            return Err(MALFORMED);
        }
        Self::new(n.ilog2(), r, p, Some(salt.as_bytes().to_vec()), base64(hash))
    }

    fn new(log_n: u32, r: u32, p: u32, salt: Option<Vec<u8>>, hash: Option<Vec<u8>>) -> Result<Self, Why> {
        let (Some(salt), Some(hash)) = (salt, hash) else {
            return Err(MALFORMED);
        };
        if log_n == 0 || r == 0 || p == 0 {
            return Err(MALFORMED);
        }
        if !is_bearable_scrypt(log_n, r, p) {
            return Err(TOO_MUCH);
        }
        Ok(Self { cost: Cost { log_n, r: r as usize, p: p as usize }, salt, output: output(hash)? })
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, HashingError> {
        let blocks = memory.blocks(self.cost.blocks()).ok_or(HashingError::Failed("the system has no memory left"))?;
        let mut computed = vec![0; self.output.len()];
        romix::scrypt(password, &self.salt, self.cost, blocks, &mut computed);
        Ok(self.output.ct_eq(&computed).into())
    }
}
