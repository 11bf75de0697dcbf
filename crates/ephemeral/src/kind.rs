//! The namespaces of what expires.

/// A namespace: a key of one kind is never found under another, so that a code cannot be passed off as a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    name: &'static str,
    once: bool,
}

impl Kind {
    /// A kind of entries.
    ///
    /// # Panics
    /// While compiling, where `name` is anything but lower-case letters, digits, `-` and `_`: it is part of keys, in which
    /// other characters divide.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        assert!(is_name(name), "a kind is named by lower-case letters, digits, - and _");
        Self { name, once: false }
    }

    /// A kind of entries that may be taken only once. Where the embedded engine did not end cleanly, what lives of it is
    /// dropped, since it may have been taken already; tombstones stay.
    ///
    /// # Panics
    /// As [`Kind::new`].
    #[must_use]
    pub const fn once(name: &'static str) -> Self {
        let Self { name, .. } = Self::new(name);
        Self { name, once: true }
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(crate) const fn is_once(self) -> bool {
        self.once
    }
}

const fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut index = 0;
    while index < bytes.len() {
        if !matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_') {
            return false;
        }
        index += 1;
    }
    !bytes.is_empty()
}
