//! The way over from other systems.
