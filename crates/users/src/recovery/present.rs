//! People as they are: who may recover by what, and whether what a link was made for still holds.

use vestibule_core::{HashKey, UserId};

use super::Recovery;
use crate::{
    Identifiers, Unavailable, User,
    contacts::{self, ContactKind, table},
    draft::Before,
    entity::{Entity, Model},
    links::targets::{ToRecover, ToVerify},
};
use sea_orm::EntityTrait;

/// Keyed hashes of password hashes: they tell whether a password is still the same, and nothing else.
#[derive(Clone, Debug)]
pub(super) struct Fingerprints(HashKey);

impl Fingerprints {
    pub(super) fn new(hash_key: &HashKey) -> Self {
        Self(hash_key.for_purpose("fingerprint of a password"))
    }

    /// Every password that was ever set has a salt of its own, so that none has the fingerprint of another.
    pub(super) fn of(&self, row: &Model) -> String {
        let hash = row.password_hash.as_deref().map(|hash| format!("={hash}")).unwrap_or_default();
        self.0.digest(&format!("{} {hash}", row.id)).to_key()
    }
}

/// Whom a link to recover is sent to.
pub(super) struct Recipient {
    pub(super) username: String,
    /// The address, as it was typed when it was given.
    pub(super) address: String,
    pub(super) target: ToRecover,
}

impl Recovery {
    /// Who may recover by a name or an address: an active person with a password, at an address that leads to them alone. Those
    /// are the one that was named, where they were shown to hold it, and the primary one.
    pub(super) async fn recipient(&self, named: &str) -> Result<Option<Recipient>, Unavailable> {
        let reader = self.users.database.reader();
        let Some(row) = self.users.row_by(reader, named, Identifiers::ALL).await? else { return Ok(None) };
        if !row.active || row.password_hash.is_none() {
            return Ok(None);
        }
        let contacts = contacts::load(reader, &row.id).await?;
        let was_named = |contact: &&table::Model| contact.verified && contact.login_key.as_deref() == Some(named);
        let is_primary = |contact: &&table::Model| contact.is_primary && contact.login_key.is_some();
        let addresses = || contacts.iter().filter(is_email);
        let Some(to) = addresses().find(was_named).or_else(|| addresses().find(is_primary)) else { return Ok(None) };
        let target =
            ToRecover { user: id_of(&row)?, address: to.value_key.clone(), fingerprint: self.fingerprints.of(&row) };
        Ok(Some(Recipient { username: row.username, address: to.value.clone(), target }))
    }

    /// An address of somebody's, as it was typed when it was given.
    pub(super) async fn known_as(&self, user: &str, address: &str) -> Result<Option<String>, Unavailable> {
        let contacts = contacts::load(self.users.database.reader(), user).await?;
        let known = contacts.into_iter().find(|contact| is_email(&contact) && contact.value_key == address);
        Ok(known.map(|contact| contact.value))
    }

    /// Somebody as they are now; nothing, where they are gone.
    pub(super) async fn present(&self, user: UserId) -> Result<Option<Before>, Unavailable> {
        let (reader, id) = (self.users.database.reader(), user.to_string());
        let Some(row) = Entity::find_by_id(&id).one(reader).await? else { return Ok(None) };
        Ok(Some(Before { contacts: contacts::load(reader, &id).await?, row }))
    }

    /// Whether a link to set a new password is still what it was made for.
    pub(super) fn recovers(&self, link: &ToRecover, present: &Before) -> bool {
        let leads = |contact: &table::Model| is_email(&contact) && contact.login_key.as_ref() == Some(&link.address);
        present.row.active
            && self.fingerprints.of(&present.row) == link.fingerprint
            && present.contacts.iter().any(leads)
    }

    /// Whether a link to verify an address is still what it was made for.
    pub(super) fn verifies(&self, link: &ToVerify, row: &Model) -> bool {
        row.active && self.fingerprints.of(row) == link.fingerprint
    }
}

fn is_email(contact: &&table::Model) -> bool {
    contact.kind == ContactKind::Email.as_str()
}

fn id_of(row: &Model) -> Result<UserId, Unavailable> {
    Ok(User::try_from(row.clone())?.id)
}
