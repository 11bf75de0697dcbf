//! Usernames and names of groups: new ones are given, and no two may be the same here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use vestibule_core::NormalisedIdentifier;

use super::about;
use crate::django::{
    listed,
    plan::Collision,
    problem::{Problem, Weight, plain},
    rename::Renames,
    site::Site,
};

const GROUP: &str = "auth.group";

/// Gives the new names. A name that nobody has is a mistake in the file, which may mean that somebody else was meant.
pub(super) fn rename(site: &mut Site, renames: &Renames) {
    let mut used = HashSet::new();
    let mut owners: HashMap<String, String> = HashMap::new();
    for user in &mut site.users {
        if let Some((old, new)) = new_name(&renames.users, &user.username, user.pk.as_deref()) {
            used.insert(old);
            owners.insert(std::mem::replace(&mut user.username, new.clone()), new);
        }
    }
    for application in &mut site.applications {
        if let Some(new) = application.owner.as_ref().and_then(|owner| owners.get(owner)) {
            application.owner = Some(new.clone());
        }
    }
    unused(&renames.users, &used, &site.user_model, &mut site.problems);
    rename_groups(site, &renames.groups);
}

fn rename_groups(site: &mut Site, renames: &BTreeMap<String, String>) {
    let mut used = HashSet::new();
    let mut renamed: HashMap<String, String> = HashMap::new();
    for group in &mut site.groups {
        if let Some((old, new)) = new_name(renames, &group.name, group.pk.as_deref()) {
            used.insert(old);
            renamed.insert(std::mem::replace(&mut group.name, new.clone()), new);
        }
    }
    if !renamed.is_empty() {
        for user in &mut site.users {
            let names = std::mem::take(&mut user.groups).into_iter();
            user.groups = names.map(|name| renamed.get(&name).cloned().unwrap_or(name)).collect();
        }
    }
    unused(renames, &used, GROUP, &mut site.problems);
}

/// What the file calls the row, and its new name.
fn new_name(renames: &BTreeMap<String, String>, name: &str, pk: Option<&str>) -> Option<(String, String)> {
    let by_key = pk.map(|pk| format!("#{pk}")).filter(|key| renames.contains_key(key));
    let old = by_key.unwrap_or_else(|| name.to_owned());
    let new = renames.get(&old)?.clone();
    Some((old, new))
}

fn unused(renames: &BTreeMap<String, String>, used: &HashSet<String>, model: &str, problems: &mut Vec<Problem>) {
    for name in renames.keys().filter(|name| !used.contains(*name)) {
        let why = format!("--rename names `{}`, which nobody has", plain(name));
        problems.push(Problem::of_model(Weight::Blocks, model, why));
    }
}

/// The normal form of each username; nothing where it can be no username.
pub(super) fn users(site: &mut Site, collisions: &mut Vec<Collision>) -> Vec<Option<String>> {
    let Site { users, user_model, problems, .. } = site;
    let mut keys = Vec::with_capacity(users.len());
    for user in users.iter() {
        let key = normal(&user.username);
        if let Err(why) = &key {
            let why = format!("{why}; give a new name with --rename");
            problems.push(about(user_model, user, Weight::NeedsName, "username", why));
        }
        keys.push(key.ok());
    }
    for alike in alike(&keys) {
        let names: Vec<String> = alike.iter().filter_map(|place| Some(users.get(*place)?.username.clone())).collect();
        for user in alike.iter().filter_map(|place| users.get(*place)) {
            problems.push(about(user_model, user, Weight::NeedsName, "username", why_alike(&names)));
        }
        collisions.push(Collision::new("user", names));
    }
    keys
}

/// The same for groups.
pub(super) fn groups(site: &mut Site, collisions: &mut Vec<Collision>) {
    let Site { groups, problems, .. } = site;
    let mut keys = Vec::with_capacity(groups.len());
    for group in groups.iter() {
        let key = normal(&group.name);
        if let Err(why) = &key {
            let why = format!("{why}; give a new name with --rename");
            let problem = Problem::of_row(Weight::NeedsName, GROUP, group.pk.as_deref(), Some(&group.name), why);
            problems.push(problem.in_field("name"));
        }
        keys.push(key.ok());
    }
    for alike in alike(&keys) {
        let names: Vec<String> = alike.iter().filter_map(|place| Some(groups.get(*place)?.name.clone())).collect();
        for group in alike.iter().filter_map(|place| groups.get(*place)) {
            let why = why_alike(&names);
            let problem = Problem::of_row(Weight::NeedsName, GROUP, group.pk.as_deref(), Some(&group.name), why);
            problems.push(problem.in_field("name"));
        }
        collisions.push(Collision::new("group", names));
    }
}

fn why_alike(names: &[String]) -> String {
    format!("{} are one name here; give new ones with --rename until each is another", listed(names))
}

/// The places of those that have the same normal form, two and more, in the order of the normal forms.
fn alike(keys: &[Option<String>]) -> Vec<Vec<usize>> {
    let mut seen: HashSet<&str> = HashSet::with_capacity(keys.len());
    let again: BTreeSet<&str> = keys.iter().flatten().map(String::as_str).filter(|key| !seen.insert(key)).collect();
    let mut places: BTreeMap<&str, Vec<usize>> = again.into_iter().map(|key| (key, Vec::new())).collect();
    for (place, key) in keys.iter().enumerate() {
        if let Some(found) = key.as_deref().and_then(|key| places.get_mut(key)) {
            found.push(place);
        }
    }
    places.into_values().collect()
}

/// The normal form of a name, or why it can be none.
pub(super) fn normal(name: &str) -> Result<String, String> {
    let turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if name.contains(turning) {
        return Err("it holds a character that turns the direction of text".to_owned());
    }
    NormalisedIdentifier::new(name).map(|key| key.as_str().to_owned()).map_err(|error| error.to_string())
}
