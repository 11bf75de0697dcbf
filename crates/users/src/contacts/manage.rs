//! What callers do with somebody's contacts.

use vestibule_core::UserId;

use super::{Contact, ContactError, ContactKind, NewContact, Sharing, list::Contacts, load, normal::Address};
use crate::{Editor, Unavailable, Users, change::read_claims, draft::Draft, entity::Model, rules::Names};

impl Users {
    /// A user's contacts, by their kind, the primary ones first.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn contacts(&self, user: UserId) -> Result<Vec<Contact>, Unavailable> {
        let rows = load(self.database.reader(), &user.to_string()).await?;
        Ok(Contacts::read(rows).0.iter().map(super::list::Entry::contact).collect())
    }

    /// Adds a contact. The first of its kind is the primary one.
    ///
    /// # Errors
    /// No such user, one that they have, that leads to another or is none, too many, a store that does not answer.
    pub async fn add_contact(&self, user: UserId, new: NewContact) -> Result<Contact, ContactError> {
        let NewContact { kind, value, verified } = new;
        let now = self.clock.now().millis();
        self.change_contact(user, kind, &value, |contacts, _| contacts.add(kind, &value, verified, now)).await
    }

    /// Notes that a user was shown to hold a contact of theirs. Whoever only wrote it down before does not go by it any more.
    ///
    /// # Errors
    /// No such user or contact, one that leads to another who was shown to hold it, a store that does not answer.
    pub async fn verify_contact(&self, user: UserId, kind: ContactKind, value: &str) -> Result<Contact, ContactError> {
        self.change_contact(user, kind, value, |contacts, key| contacts.verify(kind, key)).await
    }

    /// Notes that a user was shown to hold an e-mail address, which is theirs from then on if it was not before. It is done where
    /// `still` is content with the user's row as it is at that moment; else there is no such user any more.
    pub(crate) async fn hold_email(
        &self,
        user: UserId,
        value: &str,
        still: impl FnOnce(&Model) -> bool,
    ) -> Result<(), ContactError> {
        let (kind, now) = (ContactKind::Email, self.clock.now().millis());
        let key = Address::new(kind, value)?.key;
        let edit = |contacts: &mut Contacts, row: &Model| match contacts.find(kind, &key) {
            _ if !still(row) => Err(ContactError::NoSuchUser(user)),
            Some(_) => contacts.verify(kind, &key),
            None => contacts.add(kind, value, true, now),
        };
        self.change_contacts(user, edit).await.map(drop)
    }

    /// Makes a contact the one that applications are told of.
    ///
    /// # Errors
    /// No such user or contact, one that is not verified in the place of one that is, a store that does not answer.
    pub async fn make_primary(&self, user: UserId, kind: ContactKind, value: &str) -> Result<Contact, ContactError> {
        self.change_contact(user, kind, value, |contacts, key| contacts.make_primary(kind, key)).await
    }

    /// Takes a contact away.
    ///
    /// # Errors
    /// No such user or contact, the primary one of several, the one that is the username, a store that does not answer.
    pub async fn remove_contact(&self, user: UserId, kind: ContactKind, value: &str) -> Result<(), ContactError> {
        let key = Address::new(kind, value)?.key;
        self.change_contacts(user, |contacts, _| contacts.remove(kind, &key)).await.map(drop)
    }

    async fn change_contact(
        &self,
        user: UserId,
        kind: ContactKind,
        value: &str,
        edit: impl FnOnce(&mut Contacts, &str) -> Result<(), ContactError>,
    ) -> Result<Contact, ContactError> {
        let key = Address::new(kind, value)?.key;
        let contacts = self.change_contacts(user, |contacts, _| edit(contacts, &key)).await?;
        contacts.find(kind, &key).map(super::list::Entry::contact).ok_or(ContactError::NoSuchContact)
    }

    async fn change_contacts(
        &self,
        user: UserId,
        edit: impl FnOnce(&mut Contacts, &Model) -> Result<(), ContactError>,
    ) -> Result<Contacts, ContactError> {
        let transaction = self.database.begin().await?;
        let before = self.lock(&transaction, user).await?.ok_or(ContactError::NoSuchUser(user))?;
        let mut contacts = Contacts::read(before.contacts.clone());
        edit(&mut contacts, &before.row)?;
        let mut draft = Draft {
            names: Names::new(&before.row.username, contacts)?,
            claims: read_claims(&before.row)?,
            attributes: None,
            editor: Editor::System,
        };
        let now = self.clock.now().millis();
        match draft.update(&transaction, &before, before.row.clone(), Sharing::Judged, now).await {
            Ok(_) => {
                self.commit_known(transaction, user).await?;
                tracing::info!(%user, "a user's contacts were changed");
                Ok(draft.names.contacts)
            }
            Err(refusal) => {
                transaction.rollback().await?;
                Err(self.explained(refusal, &draft, Some(user)).await.into())
            }
        }
    }
}
