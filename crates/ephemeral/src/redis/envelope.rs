//! How an entry is written in Redis: `L` or `S` (live or spent), the expiry in 15 digits of milliseconds, the length of the
//! owner's name in 5 digits (`-----` for none), the owner's name, the value. Fixed places, so that a Lua script reads them
//! without a parser; [`super::scripts`] counts on them.

use std::time::Duration;

use vestibule_core::Timestamp;

use crate::Found;

const HEADER: usize = 1 + 15 + 5;
const NO_OWNER: &str = "-----";

/// An entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) spent: bool,
    pub(super) expires_at: Timestamp,
    pub(super) owner: Option<String>,
    pub(super) value: Vec<u8>,
}

impl Envelope {
    pub(super) fn write(&self) -> Vec<u8> {
        let state = if self.spent { 'S' } else { 'L' };
        let owner = self.owner.as_deref().unwrap_or_default();
        let length = self.owner.as_ref().map_or_else(|| NO_OWNER.to_owned(), |owner| format!("{:05}", owner.len()));
        let mut bytes = format!("{state}{}{length}{owner}", moment(self.expires_at)).into_bytes();
        bytes.extend_from_slice(&self.value);
        bytes
    }

    /// Reads what [`Envelope::write`] wrote; `None` for anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let header = std::str::from_utf8(header).ok()?;
        let spent = match header.get(..1)? {
            "L" => false,
            "S" => true,
            _ => return None,
        };
        let expires_at = Timestamp::from_millis(header.get(1..16)?.parse().ok()?);
        let (owner, value) = match header.get(16..)? {
            NO_OWNER => (None, rest),
            length => {
                let (owner, value) = rest.split_at_checked(length.parse().ok()?)?;
                (Some(String::from_utf8(owner.to_vec()).ok()?), value)
            }
        };
        Some(Self { spent, expires_at, owner, value: value.to_vec() })
    }

    pub(super) fn into_found(self) -> Found {
        if self.spent { Found::Spent(self.value) } else { Found::Live(self.value) }
    }
}

/// A moment in 15 digits of milliseconds, enough until the year 33658.
pub(super) fn moment(moment: Timestamp) -> String {
    format!("{:015}", moment.millis().clamp(0, 999_999_999_999_999))
}

/// A time to live as Redis takes it: milliseconds, and at least one.
pub(super) fn lifetime(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        for (spent, owner, value) in
            [(false, None, &b""[..]), (true, Some("Zoë"), b"\0\xff"), (false, Some(""), b"-----")]
        {
            let expires_at = Timestamp::from_millis(1_700_000_000_123);
            let envelope = Envelope { spent, expires_at, owner: owner.map(str::to_owned), value: value.to_vec() };
            assert_eq!(Envelope::read(&envelope.write()), Some(envelope));
        }
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        for bytes in [
            &b""[..],
            b"L",
            b"X00170000000000000005owner",
            b"L00170000000000099999owner",
            b"L0017000000000000000\xff\xff",
        ] {
            assert_eq!(Envelope::read(bytes), None, "{bytes:?}");
        }
    }
}
