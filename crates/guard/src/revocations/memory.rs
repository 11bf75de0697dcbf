//! The entries that were heard of, by what they name.

use std::collections::HashMap;

use vestibule_core::Timestamp;

use super::{Facts, Hash};

/// The most entries that are kept. The provider forgets an entry when the last token that it may hit has expired, and so do we.
const MOST: usize = 1_000_000;

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) names: Hash,
    /// The last moment of minting that it hits.
    pub(super) minted_until: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// There are more entries than are kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

#[derive(Debug, Default)]
pub(super) struct Memory {
    entries: HashMap<Hash, Vec<Span>>,
    /// How many there were after the last sweep.
    swept: usize,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    minted_until: Timestamp,
    expires_at: Timestamp,
}

impl Span {
    fn covers(self, other: Self) -> bool {
        self.minted_until >= other.minted_until && self.expires_at >= other.expires_at
    }
}

impl Memory {
    /// Takes an entry in; those that it makes needless go.
    pub(super) fn add(&mut self, entry: Entry, now: Timestamp) -> Result<(), TooMany> {
        if entry.expires_at <= now {
            return Ok(());
        }
        // What has expired goes whenever as many again have come as stayed the last time.
        if self.entries.len() > 2 * self.swept + 1024 {
            self.sweep(now);
        }
        let new = Span { minted_until: entry.minted_until, expires_at: entry.expires_at };
        if self.entries.len() >= MOST && !self.entries.contains_key(&entry.names) {
            return Err(TooMany);
        }
        let spans = self.entries.entry(entry.names).or_default();
        if !spans.iter().any(|span| span.covers(new)) {
            spans.retain(|span| !new.covers(*span));
            spans.push(new);
        }
        Ok(())
    }

    /// Whether an entry hits the token.
    pub(super) fn hits(&self, facts: &Facts, now: Timestamp) -> bool {
        let minted_at = facts.minted_at.unwrap_or_default();
        let hit = |span: &Span| minted_at <= span.minted_until && now < span.expires_at;
        let hits = |names: &Hash| self.entries.get(names).is_some_and(|spans| spans.iter().any(hit));
        !self.entries.is_empty() && facts.hashes.iter().any(hits)
    }

    fn sweep(&mut self, now: Timestamp) {
        self.entries.retain(|_, spans| {
            spans.retain(|span| now < span.expires_at);
            !spans.is_empty()
        });
        self.swept = self.entries.len();
        if self.entries.capacity() > 4 * self.entries.len() + 1024 {
            self.entries.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::revocations::{Named, hash};

    const MOMENT: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const EVER: Timestamp = Timestamp::from_millis(i64::MAX);
    const HOUR: Duration = Duration::from_secs(3600);

    fn facts(minted_at: Option<Timestamp>) -> Facts {
        let named = Named {
            token: Some("token"),
            grant: Some("grant"),
            session: Some("session"),
            subject: "user",
            client: "client",
        };
        Facts::new(named, minted_at)
    }

    fn entry(kind: &str, value: &str, minted_until: Timestamp) -> Entry {
        Entry { names: hash(kind, value), minted_until, expires_at: MOMENT + HOUR }
    }

    fn hits(entry: Entry, facts: &Facts) -> bool {
        let mut memory = Memory::default();
        memory.add(entry, MOMENT).expect("room");
        memory.hits(facts, MOMENT)
    }

    #[test]
    fn a_token_is_hit_by_whatever_it_stems_from_and_by_nothing_else() {
        let token = facts(Some(MOMENT));
        for (kind, subject) in [
            ("token", "token"),
            ("grant", "grant"),
            ("session", "session"),
            ("user", "user"),
            ("client", "client"),
            ("consent", "user client"),
        ] {
            assert!(hits(entry(kind, subject, EVER), &token), "{kind}");
            assert!(!hits(entry(kind, "another", EVER), &token), "{kind}");
        }
        assert!(!hits(entry("session", "token", EVER), &token), "the name of another kind");
        let of_a_client =
            Facts::new(Named { token: None, grant: None, session: None, subject: "app", client: "app" }, None);
        assert!(!hits(entry("user", "app", EVER), &of_a_client) && hits(entry("client", "app", EVER), &of_a_client));
    }

    #[test]
    fn what_was_minted_later_is_spared_and_what_does_not_say_when_is_not() {
        let until = entry("user", "user", MOMENT);
        assert!(hits(until.clone(), &facts(Some(MOMENT))));
        assert!(!hits(until.clone(), &facts(Some(MOMENT + Duration::from_millis(1)))));
        assert!(hits(until, &facts(None)));
    }

    #[test]
    fn entries_go_when_they_expire_and_repeated_ones_take_no_room() {
        let mut memory = Memory::default();
        for _ in 0..5 {
            memory.add(entry("user", "user", MOMENT), MOMENT).unwrap();
        }
        assert_eq!(memory.entries[&hash("user", "user")].len(), 1);
        assert!(!memory.hits(&facts(Some(MOMENT)), MOMENT + HOUR));
        for number in 0..5000 {
            memory.add(entry("token", &number.to_string(), EVER), MOMENT).unwrap();
        }
        let late = Entry { expires_at: MOMENT + 2 * HOUR, ..entry("token", "late", EVER) };
        memory.sweep(MOMENT + HOUR);
        memory.add(late, MOMENT + HOUR).unwrap();
        assert_eq!(memory.entries.len(), 1);
        memory.add(entry("token", "past", EVER), MOMENT + HOUR).unwrap();
        assert_eq!(memory.entries.len(), 1, "an entry that has expired is not taken in");
    }
}
