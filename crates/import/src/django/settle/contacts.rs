//! Addresses: which are addresses at all, whose they are, and whom they lead to.
//!
//! Here an address leads to one person, for sign-in and recovery; Django lets several have it. They keep it, and it leads to
//! the one who has shown to hold it (django-allauth asks for that); where nobody has, to the only active one; else to nobody.
//! A username that looks like an address or a number must be the user's own, or else its bearer could be taken for another: it
//! becomes a contact that is not verified and leads nowhere, since the site never wrote to it. Where it is another user's
//! address, somebody must decide.

use std::collections::{BTreeMap, HashMap};

use super::{about, names};
use crate::django::{
    problem::{Problem, Weight},
    site::{Contact, ContactKind, Site, User},
};

/// How much stands behind somebody's claim to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// It is only their username.
    Name,
    /// The site has it as theirs.
    Given,
    /// They have shown to hold it.
    Verified,
}

/// Somebody who has an address.
struct Holder {
    user: usize,
    /// Which of their contacts it is.
    contact: usize,
    strength: Strength,
}

/// Settles all contacts; `keys` are the normal forms of the usernames.
pub(super) fn settle(site: &mut Site, keys: &[Option<String>]) {
    let Site { users, user_model, problems, .. } = site;
    let mut holders: BTreeMap<String, Vec<Holder>> = BTreeMap::new();
    for (place, user) in users.iter_mut().enumerate() {
        let mut kept = own(user_model, user, problems);
        if let Some(key) = keys.get(place).and_then(Option::as_deref) {
            by_name(user_model, user, key, &mut kept, problems);
        }
        for (contact, (key, strength)) in kept.into_iter().enumerate() {
            holders.entry(key).or_default().push(Holder { user: place, contact, strength });
        }
    }
    let named: HashMap<&str, usize> =
        keys.iter().enumerate().filter_map(|(place, key)| Some((key.as_deref()?, place))).collect();
    for (key, holders) in holders.iter().filter(|(_, holders)| holders.len() > 1) {
        share(user_model, users, holders, named.get(key.as_str()).copied(), problems);
    }
}

/// Keeps what is an address, once each; gives the normal form of each that is kept.
fn own(model: &str, user: &mut User, problems: &mut Vec<Problem>) -> Vec<(String, Strength)> {
    let mut kept: Vec<Contact> = Vec::with_capacity(user.contacts.len());
    let mut keys: Vec<String> = Vec::with_capacity(user.contacts.len());
    for contact in std::mem::take(&mut user.contacts) {
        let Some(key) = address(&contact.value) else {
            let why = format!("`{}` is not an e-mail address", contact.value);
            problems.push(about(model, user, Weight::LeftOut, "email", why));
            continue;
        };
        match keys.iter().position(|known| *known == key).and_then(|place| kept.get_mut(place)) {
            Some(known) => {
                known.verified |= contact.verified;
                known.primary |= contact.primary;
            }
            None => {
                keys.push(key);
                kept.push(contact);
            }
        }
    }
    if !kept.iter().any(|contact| contact.primary)
        && let Some(first) = kept.first_mut()
    {
        first.primary = true;
    }
    let strength = |contact: &Contact| if contact.verified { Strength::Verified } else { Strength::Given };
    let strengths: Vec<Strength> = kept.iter().map(strength).collect();
    user.contacts = kept;
    keys.into_iter().zip(strengths).collect()
}

/// Makes the user's own what the username looks like.
fn by_name(model: &str, user: &mut User, key: &str, kept: &mut Vec<(String, Strength)>, problems: &mut Vec<Problem>) {
    let (kind, value_key) = if key.contains('@') {
        match address(&user.username) {
            Some(address) if kept.iter().any(|(known, _)| *known == address) => return,
            Some(address) => (ContactKind::Email, address),
            None => {
                let why = "a username with an @ must be an e-mail address; give a new name with --rename";
                problems.push(about(model, user, Weight::NeedsName, "username", why));
                return;
            }
        }
    } else {
        match number(key) {
            Some(number) => (ContactKind::Phone, number),
            None => return,
        }
    };
    let why = "it looks like an address or a number, so it becomes one of the user's own: not verified, and no way to recover";
    problems.push(about(model, user, Weight::Differs, "username", why));
    let primary = !user.contacts.iter().any(|contact| contact.kind == kind && contact.primary);
    user.contacts.push(Contact { kind, value: user.username.clone(), verified: false, primary, leads: false });
    kept.push((value_key, Strength::Name));
}

/// Decides whom an address leads to that several have.
fn share(model: &str, users: &mut [User], holders: &[Holder], named: Option<usize>, problems: &mut Vec<Problem>) {
    let bearer = holders.iter().find(|holder| Some(holder.user) == named);
    let strongest = holders.iter().map(|holder| holder.strength).max();
    if let Some(bearer) = bearer
        && (Some(bearer.strength) < strongest || bearer.strength == Strength::Name)
    {
        if let Some(user) = users.get(bearer.user) {
            let why = "it is another user's address or number; give a new name with --rename";
            problems.push(about(model, user, Weight::NeedsName, "username", why));
        }
        return;
    }
    let leads_to = bearer.map(|bearer| bearer.user).or_else(|| preferred(users, holders));
    let heir = leads_to.and_then(|place| Some(users.get(place)?.username.clone()));
    for holder in holders.iter().filter(|holder| Some(holder.user) != leads_to) {
        let Some(user) = users.get_mut(holder.user) else { continue };
        if let Some(contact) = user.contacts.get_mut(holder.contact) {
            contact.leads = false;
        }
        let why = match &heir {
            Some(heir) => format!("the address is also {heir}'s and leads there; this user signs in by username"),
            None => "several have the address, so it leads to none of them; they sign in by username".to_owned(),
        };
        problems.push(about(model, user, Weight::Differs, "email", why));
    }
}

/// The only one who has shown to hold it; where nobody has, the only active one.
fn preferred(users: &[User], holders: &[Holder]) -> Option<usize> {
    let only = |found: Vec<&Holder>| match found.as_slice() {
        [one] => Some(one.user),
        _ => None,
    };
    let verified: Vec<&Holder> = holders.iter().filter(|holder| holder.strength == Strength::Verified).collect();
    if !verified.is_empty() {
        return only(verified);
    }
    only(holders.iter().filter(|holder| users.get(holder.user).is_some_and(|user| user.active)).collect())
}

/// The normal form of an e-mail address; nothing if it is none.
fn address(typed: &str) -> Option<String> {
    let key = names::normal(typed).ok()?;
    let looks_right = |text: &str| match text.split_once('@') {
        None => false,
        Some((local, domain)) => {
            (1..=64).contains(&local.chars().count())
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !text.contains(char::is_whitespace)
        }
    };
    (looks_right(typed.trim()) && looks_right(&key)).then_some(key)
}

/// The normal form of a telephone number with its country; nothing if it is none.
fn number(key: &str) -> Option<String> {
    let digits: String = key.strip_prefix('+')?.chars().filter(|c| !" -.()".contains(*c)).collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (7..=15).contains(&digits.len());
    (is_number && key.len() <= 40).then(|| format!("+{digits}"))
}
