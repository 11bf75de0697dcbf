//! What can be wrong with a key-encryption key, said so that an operator knows what to do.

use std::{io, path::PathBuf};

/// Why the key-encryption key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The database needs a key, and there is none.
    #[error(
        "the database holds secrets sealed with the key-encryption key {needed}, and there is no key at {path}: \
         put that key there (from a backup, or from where the other replicas have it)"
    )]
    Missing {
        /// The path that was looked at.
        path: PathBuf,
        /// The id of the key that is needed.
        needed: String,
    },
    /// The database needs another key.
    #[error(
        "the database holds secrets sealed with the key-encryption key {needed}, and the one at {path} is {present}: \
         put the key {needed} there"
    )]
    Other {
        /// The path that was looked at.
        path: PathBuf,
        /// The id of the key that was found.
        present: String,
        /// The id of the key that is needed.
        needed: String,
    },
    /// `keys.encryption_key_file` names a file that does not exist; one that others provide is never made here.
    #[error("keys.encryption_key_file is {path}, and there is no such file")]
    NotProvided {
        /// The path that was looked at.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{path} is not a key-encryption key: it must hold 32 bytes in base64url, and nothing else")]
    Malformed {
        /// The file's path.
        path: PathBuf,
    },
    /// Others may read the file, so that it must count as known.
    #[error("{path} can be read or written by other accounts (mode {mode:04o}): `chmod 600 {path}`")]
    Exposed {
        /// The file's path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database does not answer.
    #[error("cannot look up what is sealed: {0}")]
    Database(#[from] sea_orm::DbErr),
}
