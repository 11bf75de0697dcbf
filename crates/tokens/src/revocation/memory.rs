//! The log in memory.

use std::collections::HashMap;

use vestibule_core::Timestamp;

use super::{Revocation, Subject, TokenFacts};

/// What stands in for "whenever it was minted".
const EVER: Timestamp = Timestamp::from_millis(i64::MAX);

/// The entries by their subjects. A subject rarely has more than one.
#[derive(Default)]
pub(super) struct Memory(HashMap<Subject, Vec<Entry>>);

#[derive(Clone, Copy)]
struct Entry {
    /// The last moment of minting that is hit.
    minted_until: Timestamp,
    expires_at: Timestamp,
}

impl Entry {
    fn of(revocation: &Revocation) -> Self {
        Self { minted_until: revocation.issued_before.unwrap_or(EVER), expires_at: revocation.expires_at }
    }

    /// Whether this one says all that `other` says.
    fn covers(&self, other: &Self) -> bool {
        self.minted_until >= other.minted_until && self.expires_at >= other.expires_at
    }
}

impl Memory {
    /// Takes an entry in; those that it makes needless go.
    pub(super) fn add(&mut self, revocation: &Revocation) {
        let new = Entry::of(revocation);
        let entries = self.0.entry(revocation.subject.clone()).or_default();
        if !entries.iter().any(|entry| entry.covers(&new)) {
            entries.retain(|entry| !new.covers(entry));
            entries.push(new);
        }
    }

    /// Whether an entry says all of this already.
    pub(super) fn covers(&self, revocation: &Revocation) -> bool {
        let new = Entry::of(revocation);
        self.0.get(&revocation.subject).is_some_and(|entries| entries.iter().any(|entry| entry.covers(&new)))
    }

    /// Whether an entry hits the token.
    pub(super) fn hits(&self, token: &TokenFacts, now: Timestamp) -> bool {
        self.hits_any(token.subjects(), token.minted_at, now)
    }

    /// Whether an entry about one of `subjects` hits what was made at `minted_at`.
    pub(super) fn hits_any(
        &self,
        mut subjects: impl Iterator<Item = Subject>,
        minted_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let hit = |entry: &Entry| minted_at <= entry.minted_until && now < entry.expires_at;
        !self.0.is_empty()
            && subjects.any(|subject| self.0.get(&subject).is_some_and(|entries| entries.iter().any(hit)))
    }

    /// Forgets what has expired, and gives the room back.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.0.retain(|_, entries| {
            entries.retain(|entry| now < entry.expires_at);
            !entries.is_empty()
        });
        if self.0.capacity() > 4 * self.0.len() + 1024 {
            self.0.shrink_to_fit();
        }
    }

    /// How many subjects there are entries for.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vestibule_core::{Random, TokenId, UserId};

    use super::*;

    const MOMENT: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn token(user: UserId, minted_at: Timestamp) -> TokenFacts {
        let token = TokenId::mint(minted_at, &Random::system());
        TokenFacts { token, grant: None, session: None, user: Some(user), client: "app".into(), minted_at }
    }

    fn all_of(user: UserId, issued_before: Option<Timestamp>) -> Revocation {
        Revocation { subject: Subject::User(user), issued_before, expires_at: MOMENT + HOUR }
    }

    #[test]
    fn issued_before_spares_the_next_millisecond() {
        let user = UserId::random(&Random::system());
        let mut memory = Memory::default();
        memory.add(&all_of(user, Some(MOMENT)));
        assert!(memory.hits(&token(user, MOMENT - Duration::from_millis(1)), MOMENT));
        assert!(memory.hits(&token(user, MOMENT), MOMENT), "what the sign-out may have crossed is dead");
        assert!(!memory.hits(&token(user, MOMENT + Duration::from_millis(1)), MOMENT));
    }

    #[test]
    fn an_entry_without_a_moment_hits_what_is_minted_later_too() {
        let (user, other) = (UserId::random(&Random::system()), UserId::random(&Random::system()));
        let mut memory = Memory::default();
        memory.add(&all_of(user, None));
        assert!(memory.hits(&token(user, MOMENT + HOUR), MOMENT));
        assert!(!memory.hits(&token(other, MOMENT), MOMENT));
    }

    #[test]
    fn repeated_entries_take_no_room() {
        let user = UserId::random(&Random::system());
        let mut memory = Memory::default();
        for millis in [5, 3, 9, 1] {
            memory.add(&all_of(user, Some(MOMENT + Duration::from_millis(millis))));
        }
        assert_eq!(memory.0.values().map(Vec::len).sum::<usize>(), 1);
        assert!(memory.covers(&all_of(user, Some(MOMENT))));
        assert!(!memory.covers(&all_of(user, None)));
    }

    #[test]
    fn an_earlier_entry_that_lasts_longer_is_kept_beside_a_later_one() {
        let user = UserId::random(&Random::system());
        let mut memory = Memory::default();
        memory.add(&all_of(user, Some(MOMENT)));
        let short = Revocation { expires_at: MOMENT + HOUR / 2, ..all_of(user, Some(MOMENT + HOUR / 4)) };
        memory.add(&short);
        assert!(memory.hits(&token(user, MOMENT + HOUR / 8), MOMENT));
        assert!(memory.hits(&token(user, MOMENT), MOMENT + HOUR / 2));
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let user = UserId::random(&Random::system());
        let mut memory = Memory::default();
        memory.add(&all_of(user, None));
        assert!(!memory.hits(&token(user, MOMENT), MOMENT + HOUR));
        memory.sweep(MOMENT + HOUR);
        assert_eq!(memory.len(), 0);
    }
}
