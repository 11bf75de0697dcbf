//! What somebody from another system becomes here, on top of what is here of them already.

use vestibule_core::NormalisedIdentifier;

use super::{ImportError, ImportedContact, ImportedUser};
use crate::{
    Editor, StandardClaims,
    contacts::{
        ContactKind,
        list::{self, Contacts},
        normal::{self, Address},
    },
    create::checked,
    draft::Draft,
    rules::{Invalid, Names},
};

/// The person, on top of what is here of them.
pub(super) fn drafted(
    user: ImportedUser,
    mut contacts: Contacts,
    claims: StandardClaims,
) -> Result<Draft, ImportError> {
    let now = user.created_at.millis();
    let own = username_as_contact(&user.username);
    let mut brought = user.contacts;
    if let Some(number) = &user.claims.phone_number {
        let verified = user.claims.phone_number_verified.unwrap_or(false);
        let value = number.clone();
        brought.push(ImportedContact { kind: ContactKind::Phone, value, verified, primary: false, shared: false });
    }
    for contact in brought {
        bring(&mut contacts, contact, own.as_ref(), now)?;
    }
    if let Some((kind, key)) = &own
        && contacts.find(*kind, key).is_none()
    {
        let address = Address::new(*kind, user.username.trim())
            .map_err(|_| Invalid::new("username", "it has an @, but is no e-mail address; give another username"))?;
        contacts.push(*kind, address, false, now);
    }
    if contacts.0.len() > list::MOST {
        return Err(Invalid::new("contacts", format!("there are more than {}; bring fewer", list::MOST)).into());
    }
    Ok(Draft {
        names: Names::new(&user.username, contacts)?,
        claims: checked(merged(claims, user.claims))?,
        attributes: Some(user.attributes),
        editor: Editor::System,
    })
}

/// What the username looks like, where that is an address or a number.
fn username_as_contact(username: &str) -> Option<(ContactKind, String)> {
    let key = NormalisedIdentifier::new(username).ok()?;
    if key.as_str().contains('@') {
        return Some((ContactKind::Email, key.as_str().to_owned()));
    }
    normal::login_phone(username).map(|number| (ContactKind::Phone, number))
}

fn bring(
    contacts: &mut Contacts,
    contact: ImportedContact,
    username: Option<&(ContactKind, String)>,
    now: i64,
) -> Result<(), Invalid> {
    let ImportedContact { kind, value, verified, primary, shared } = contact;
    let address = Address::new(kind, &value)?;
    let key = address.key.clone();
    if contacts.find(kind, &key).is_none() {
        contacts.push(kind, address, verified, now);
    }
    let is_username = username.is_some_and(|(own, name)| *own == kind && *name == key);
    for entry in contacts.0.iter_mut().filter(|entry| entry.kind == kind) {
        if entry.key == key {
            entry.verified |= verified;
            entry.unsettled &= !shared || is_username;
        }
        if primary {
            entry.primary = entry.key == key;
        }
    }
    Ok(())
}

/// The claims of the source, and those here that it does not have.
fn merged(here: StandardClaims, there: StandardClaims) -> StandardClaims {
    StandardClaims {
        name: there.name.or(here.name),
        given_name: there.given_name.or(here.given_name),
        family_name: there.family_name.or(here.family_name),
        middle_name: there.middle_name.or(here.middle_name),
        nickname: there.nickname.or(here.nickname),
        profile: there.profile.or(here.profile),
        picture: there.picture.or(here.picture),
        website: there.website.or(here.website),
        gender: there.gender.or(here.gender),
        birthdate: there.birthdate.or(here.birthdate),
        zoneinfo: there.zoneinfo.or(here.zoneinfo),
        locale: there.locale.or(here.locale),
        phone_number: there.phone_number.or(here.phone_number),
        phone_number_verified: there.phone_number_verified.or(here.phone_number_verified),
        address: there.address.or(here.address),
    }
}
