//! Why the store of what expires could not do its work.

use std::path::PathBuf;

/// Why the store of what expires could not do its work. No message shows a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not answer, or answered with an error. What was asked for may still have happened.
    #[error("the store of sessions at {place} is not available: {reason}")]
    Unavailable {
        /// The file, or the host and port.
        place: String,
        /// In words.
        reason: String,
    },
    /// Another process holds the file of the embedded engine.
    #[error("another process holds {}; stop it, or configure redis.url to run several", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file of the embedded engine cannot be read.
    #[error("{} is damaged or no file of ours; remove it (people will have to sign in again)", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file of the embedded engine is of another version of this program.
    #[error("{} has format {found}, and this version knows format {known}; remove it (people will have to sign in again)", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The format that is known here.
        known: i64,
    },
    /// The URL of Redis cannot be used.
    #[error("the URL of Redis cannot be used: {reason}")]
    BadUrl {
        /// In words.
        reason: String,
    },
    /// The Redis server is older than 7.0.
    #[error("the Redis server at {place} has version {version}, and 7.0 or later is needed")]
    TooOld {
        /// The host and port.
        place: String,
        /// The version that it told.
        version: String,
    },
    /// The store was closed.
    #[error("the store of sessions is closed")]
    Closed,
}
