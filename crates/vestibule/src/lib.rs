//! The program: its commands, its configuration, and the wiring of all the other crates.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
mod fetch;
mod mail;
pub mod rotation;
pub mod telemetry;
