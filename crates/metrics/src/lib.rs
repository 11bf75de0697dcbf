//! What operators measure us by: instruments, and the board on which they are read.
//!
//! A room that has something to measure owns its instrument ([`Durations`], [`DurationsBy`], [`CountsBy`]) and hands out clones.
//! The server puts them on a [`Board`], together with what is only looked at when somebody reads: sizes of memories, lengths of
//! queues. Nothing is global, so that two providers in one process do not count for each other.
//!
//! No other crate names prometheus-client.

mod board;
mod instruments;

pub use board::{Board, Reading};
pub use instruments::{CountsBy, Durations, DurationsBy};
