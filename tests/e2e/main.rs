//! The end-to-end tests: a whole provider in this process, driven from outside through its pages and endpoints.
//!
//! A module is a feature; a test is named after the rule that it proves. `a08_…` names the case of the attack list, in
//! `docs/attacks.md`. They run on SQLite and the embedded store, and once more on PostgreSQL and Redis.

mod code_flow;
