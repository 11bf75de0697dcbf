//! What of a site can stand here, and how.
//!
//! Our rules are stricter than Django's: names are compared by NFKC_Casefold, an address leads to one person, redirect URIs are
//! compared as they are. What breaks one is changed, left out, or blocks the whole import until somebody decides; nothing
//! passes in silence.

mod applications;
mod contacts;
mod names;
mod permissions;

use std::collections::HashSet;

use super::{
    plan::Collision,
    problem::{Problem, Weight},
    rename::Renames,
    site::{Site, User},
};

/// The longest name of a person that a claim carries, in characters.
const LONGEST_LINE: usize = 255;

/// Applies the new names and every rule; what the site cannot keep becomes one of its problems.
pub(super) fn settle(mut site: Site, renames: &Renames) -> (Site, Vec<Collision>) {
    let mut collisions = Vec::new();
    names::rename(&mut site, renames);
    let keys = names::users(&mut site, &mut collisions);
    names::groups(&mut site, &mut collisions);
    contacts::settle(&mut site, &keys);
    people(&mut site);
    social_accounts(&mut site);
    permissions::settle(&mut site);
    applications::settle(&mut site);
    refresh_tokens(&mut site);
    site.problems.sort();
    (site, collisions)
}

/// A problem with a user's row.
fn about(model: &str, user: &User, weight: Weight, field: &str, why: impl Into<String>) -> Problem {
    Problem::of_row(weight, model, user.pk.as_deref(), Some(&user.username), why).in_field(field)
}

/// Names of people are one line.
fn people(site: &mut Site) {
    let Site { users, problems, user_model, .. } = site;
    let fits = |text: &str| text.chars().count() <= LONGEST_LINE && !text.contains(char::is_control);
    for user in users {
        let mut broken = Vec::new();
        for (field, name) in
            [("first_name", &mut user.given_name), ("last_name", &mut user.family_name), ("name", &mut user.name)]
        {
            if name.as_deref().is_some_and(|name| !fits(name)) {
                *name = None;
                broken.push(field);
            }
        }
        for field in broken {
            let why = "it is longer than 255 characters, or holds a control character";
            problems.push(about(user_model, user, Weight::LeftOut, field, why));
        }
    }
}

/// An account elsewhere is one person's.
fn social_accounts(site: &mut Site) {
    let Site { users, problems, user_model, .. } = site;
    let mut seen = HashSet::new();
    for user in users {
        let mut again = Vec::new();
        user.social_accounts.retain(|account| {
            let first = seen.insert((account.provider.clone(), account.uid.clone()));
            if !first {
                again.push(format!("{} {} is another user's already", account.provider, account.uid));
            }
            first
        });
        problems.extend(again.into_iter().map(|why| about(user_model, user, Weight::LeftOut, "social account", why)));
    }
}

/// A refresh token goes where its application goes.
fn refresh_tokens(site: &mut Site) {
    const MODEL: &str = "oauth2_provider.refreshtoken";
    let Site { users, applications, problems, .. } = site;
    let stay: HashSet<&str> = applications.iter().map(|one| one.client_id.as_str()).collect();
    for user in users {
        user.refresh_tokens.retain(|token| {
            let comes = stay.contains(token.client_id.as_str());
            if !comes {
                let (pk, name) = (Some(token.pk.as_str()), Some(token.client_id.as_str()));
                let why = "its application stays behind";
                problems.push(Problem::of_row(Weight::LeftOut, MODEL, pk, name, why).in_field("application"));
            }
            comes
        });
    }
}
