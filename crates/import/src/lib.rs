//! The way over from other systems.
//!
//! [`django`] reads a Django site. A system is read into a model of its own first, whole, with every row that cannot come and
//! why; only what was looked at as a whole is written.

pub mod django;
