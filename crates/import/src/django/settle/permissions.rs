//! Permissions: all of the site's apps, and none of ours.

use std::collections::BTreeSet;

use vestibule_core::NormalisedIdentifier;
use vestibule_users::PermissionName;

use crate::django::{
    problem::{Problem, Weight},
    site::Site,
};

/// The app whose permissions govern this provider. A site may have an app of that name: what it grants there must not make
/// anybody an administrator here.
const OURS: &str = "vestibule";

/// Leaves out what cannot come, wherever it is granted.
pub(super) fn settle(site: &mut Site) {
    let mut gone: BTreeSet<String> = BTreeSet::new();
    let problems = &mut site.problems;
    site.permissions.retain(|permission| {
        let Some(why) = unfit(&permission.app, &permission.codename) else { return true };
        let problem = Problem::of_row(Weight::LeftOut, "auth.permission", None, Some(&permission.id), why);
        problems.push(problem.in_field("codename"));
        gone.insert(permission.id.clone());
        false
    });
    if gone.is_empty() {
        return;
    }
    let stays = |id: &String| !gone.contains(id);
    site.groups.iter_mut().for_each(|group| group.permissions.retain(stays));
    site.users.iter_mut().for_each(|user| user.permissions.retain(stays));
}

fn unfit(app: &str, codename: &str) -> Option<&'static str> {
    // Look-alikes as well.
    if NormalisedIdentifier::new(app).is_ok_and(|app| app.as_str() == OURS) {
        return Some("the app `vestibule` is this provider's own administration; rename the app there");
    }
    if PermissionName::new(app, codename).is_err() {
        return Some(
            "its app or its codename is empty, longer than 100 characters, or holds what no name of an app or no line has",
        );
    }
    None
}
