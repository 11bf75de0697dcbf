//! Permissions: all of the site's apps, and none of ours.

use std::collections::BTreeSet;

use crate::django::{
    problem::{Problem, Weight},
    site::Site,
};

/// The app whose permissions govern this provider. A site may have an app of that name: what it grants there must not make
/// anybody an administrator here.
const OURS: &str = "vestibule";
/// The longest label, and the longest codename: as long as Django lets them be.
const LONGEST: usize = 100;

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
    let strange = |text: &str| text.is_empty() || text.chars().count() > LONGEST || text.contains(char::is_control);
    if app.eq_ignore_ascii_case(OURS) {
        return Some("the app `vestibule` is this provider's own administration; rename the app there");
    }
    if app.contains('.') || strange(app) || strange(codename) {
        return Some("its app or its codename is empty, longer than 100 characters, or holds a control character");
    }
    None
}
