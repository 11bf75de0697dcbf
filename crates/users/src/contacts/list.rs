//! One person's contacts in memory, and what can be done with them. Nothing here asks or writes a database.

use vestibule_core::Timestamp;

use super::{Contact, ContactError, ContactKind, normal::Address, table::Model};
use crate::rules::Invalid;

/// How many contacts one person may have.
pub(crate) const MOST: usize = 20;

/// A contact of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: ContactKind,
    pub(crate) shown: String,
    pub(crate) key: String,
    pub(crate) verified: bool,
    pub(crate) primary: bool,
    /// The normal form, where it leads to this person.
    pub(crate) login_key: Option<String>,
    /// Whether it is to be found out to whom it leads: it is new, or was just shown to be theirs.
    pub(crate) unsettled: bool,
    pub(crate) created_at: i64,
}

/// All contacts of the person; of each kind that there is, one is the primary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contacts(pub(crate) Vec<Entry>);

impl Contacts {
    /// From rows; a row of an unknown kind is no contact.
    pub(crate) fn read(rows: Vec<Model>) -> Self {
        let entry = |row: Model| {
            Some(Entry {
                kind: ContactKind::parse(&row.kind)?,
                shown: row.value,
                key: row.value_key,
                verified: row.verified,
                primary: row.is_primary,
                login_key: row.login_key,
                unsettled: false,
                created_at: row.created_at,
            })
        };
        Self(rows.into_iter().filter_map(entry).collect())
    }

    pub(crate) fn find(&self, kind: ContactKind, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.kind == kind && entry.key == key)
    }

    pub(crate) fn primary(&self, kind: ContactKind) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.kind == kind && entry.primary)
    }

    fn position(&self, kind: ContactKind, key: &str) -> Result<usize, ContactError> {
        let found = self.0.iter().position(|entry| entry.kind == kind && entry.key == key);
        found.ok_or(ContactError::NoSuchContact)
    }

    /// Puts an address in the place of the primary one; without one, all of the kind go. Whether it is verified stays as it was
    /// where it is the same, or was theirs before, unless `verified` says otherwise.
    pub(crate) fn set_primary(
        &mut self,
        kind: ContactKind,
        typed: Option<&str>,
        verified: Option<bool>,
        now: i64,
    ) -> Result<(), Invalid> {
        let Some(typed) = typed else {
            self.0.retain(|entry| entry.kind != kind);
            return Ok(());
        };
        let address = Address::new(kind, typed)?;
        self.0.retain(|entry| entry.kind != kind || !entry.primary || entry.key == address.key);
        match self.0.iter_mut().find(|entry| entry.kind == kind && entry.key == address.key) {
            Some(entry) => {
                entry.shown = address.shown;
                entry.primary = true;
                match verified {
                    Some(true) if !entry.verified => entry.prove(),
                    Some(false) => entry.verified = false,
                    _ => {}
                }
            }
            None => self.0.push(Entry::new(kind, address, verified.unwrap_or(false), true, now)),
        }
        Ok(())
    }

    /// Adds a contact; the first of its kind is the primary one.
    pub(crate) fn add(&mut self, kind: ContactKind, typed: &str, verified: bool, now: i64) -> Result<(), ContactError> {
        let address = Address::new(kind, typed)?;
        if self.find(kind, &address.key).is_some() {
            return Err(ContactError::Known);
        }
        if self.0.len() >= MOST {
            return Err(ContactError::TooMany);
        }
        self.push(kind, address, verified, now);
        Ok(())
    }

    /// Puts one at the end; the first of its kind is the primary one.
    pub(crate) fn push(&mut self, kind: ContactKind, address: Address, verified: bool, now: i64) {
        let primary = self.primary(kind).is_none();
        self.0.push(Entry::new(kind, address, verified, primary, now));
    }

    /// Notes that the person was shown to hold a contact of theirs.
    pub(crate) fn verify(&mut self, kind: ContactKind, key: &str) -> Result<(), ContactError> {
        let position = self.position(kind, key)?;
        self.0[position].prove();
        Ok(())
    }

    /// Makes a contact the primary one. What was not shown to be theirs does not follow what was: else whoever sits at an open
    /// session leads the next recovery to an address of their own.
    pub(crate) fn make_primary(&mut self, kind: ContactKind, key: &str) -> Result<(), ContactError> {
        let position = self.position(kind, key)?;
        if !self.0[position].verified && self.primary(kind).is_some_and(|primary| primary.verified) {
            return Err(ContactError::NotVerified);
        }
        for (index, entry) in self.0.iter_mut().enumerate().filter(|(_, entry)| entry.kind == kind) {
            entry.primary = index == position;
        }
        Ok(())
    }

    /// Takes a contact away; the primary one only as the last of its kind.
    pub(crate) fn remove(&mut self, kind: ContactKind, key: &str) -> Result<(), ContactError> {
        let position = self.position(kind, key)?;
        if self.0[position].primary && self.0.iter().filter(|entry| entry.kind == kind).count() > 1 {
            return Err(ContactError::Primary);
        }
        self.0.remove(position);
        Ok(())
    }
}

impl Entry {
    pub(crate) fn new(kind: ContactKind, address: Address, verified: bool, primary: bool, now: i64) -> Self {
        let Address { shown, key } = address;
        let unsettled = Address::can_lead(kind, &key);
        Self { kind, shown, key, verified, primary, login_key: None, unsettled, created_at: now }
    }

    /// The person was shown to hold it, so that it may lead to them from now on.
    pub(crate) fn prove(&mut self) {
        self.verified = true;
        self.unsettled |= self.login_key.is_none() && Address::can_lead(self.kind, &self.key);
    }

    pub(crate) fn contact(&self) -> Contact {
        Contact {
            kind: self.kind,
            value: self.shown.clone(),
            verified: self.verified,
            primary: self.primary,
            shared: self.login_key.is_none(),
            created_at: Timestamp::from_millis(self.created_at),
        }
    }

    pub(crate) fn row(&self, user: &str) -> Model {
        Model {
            user_id: user.to_owned(),
            kind: self.kind.as_str().to_owned(),
            value_key: self.key.clone(),
            value: self.shown.clone(),
            login_key: self.login_key.clone(),
            verified: self.verified,
            is_primary: self.primary,
            created_at: self.created_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: ContactKind = ContactKind::Email;

    fn two() -> Contacts {
        let mut contacts = Contacts::default();
        contacts.add(MAIL, "one@example.com", true, 0).unwrap();
        contacts.add(MAIL, "two@example.com", false, 0).unwrap();
        contacts
    }

    fn primary(contacts: &Contacts) -> (&str, bool) {
        contacts.primary(MAIL).map(|entry| (entry.key.as_str(), entry.verified)).unwrap()
    }

    #[test]
    fn the_first_is_the_primary_and_an_unproven_one_does_not_follow_a_proven_one() {
        let mut contacts = two();
        assert_eq!(primary(&contacts), ("one@example.com", true));
        assert!(matches!(contacts.make_primary(MAIL, "two@example.com"), Err(ContactError::NotVerified)));
        contacts.verify(MAIL, "two@example.com").unwrap();
        contacts.make_primary(MAIL, "two@example.com").unwrap();
        assert_eq!(primary(&contacts), ("two@example.com", true));
    }

    #[test]
    fn the_primary_goes_last() {
        let mut contacts = two();
        assert!(matches!(contacts.remove(MAIL, "one@example.com"), Err(ContactError::Primary)));
        contacts.remove(MAIL, "two@example.com").unwrap();
        contacts.remove(MAIL, "one@example.com").unwrap();
        assert!(matches!(contacts.remove(MAIL, "one@example.com"), Err(ContactError::NoSuchContact)));
    }

    #[test]
    fn another_address_takes_the_place_of_the_primary_and_is_verified_by_itself() {
        let mut contacts = two();
        contacts.set_primary(MAIL, Some("ONE@example.com"), None, 0).unwrap();
        assert_eq!(primary(&contacts), ("one@example.com", true), "it is the same address");
        contacts.set_primary(MAIL, Some("three@example.com"), None, 0).unwrap();
        assert_eq!((primary(&contacts), contacts.0.len()), (("three@example.com", false), 2));
        contacts.set_primary(MAIL, Some("two@example.com"), Some(true), 0).unwrap();
        assert_eq!((primary(&contacts), contacts.0.len()), (("two@example.com", true), 1));
        contacts.set_primary(MAIL, None, None, 0).unwrap();
        assert_eq!(contacts, Contacts::default());
    }

    #[test]
    fn nobody_has_a_contact_twice_or_more_than_twenty() {
        let mut contacts = two();
        assert!(matches!(contacts.add(MAIL, "ONE@example.com", false, 0), Err(ContactError::Known)));
        for number in 0..MOST - 2 {
            contacts.add(MAIL, &format!("{number}@example.com"), false, 0).unwrap();
        }
        assert!(matches!(contacts.add(MAIL, "more@example.com", false, 0), Err(ContactError::TooMany)));
    }
}
