//! What is asked of a provider, as data: rows of steps, with what an answer gives to the next step.
//!
//! docs/benchmark.md tells how to write one; `vestibule.json` beside this file is ours. [`Description`] is the file as it is
//! read, [`script`] what the generator runs, [`template`] a text with variables in it.

mod read;
pub(crate) mod script;
mod template;

use std::collections::BTreeMap;

pub(crate) use read::{Description, Row};
pub(crate) use script::{Names, Script};

/// The rows for Vestibule itself.
pub(crate) const VESTIBULE: &str = include_str!("vestibule.json");

/// The rows of the ceilings.
pub(crate) const CEILINGS: &str = include_str!("ceilings.json");

/// What is done again and again in a soak, with the sequences of [`VESTIBULE`].
pub(crate) const SOAK: &str = include_str!("soak.json");

/// What an operation is made of, for its limit: how many of each thing whose rate is measured.
pub(crate) type Limit = BTreeMap<String, f64>;
