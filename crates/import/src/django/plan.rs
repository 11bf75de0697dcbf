//! What would come, before anything does: what `--dry-run` shows, and what is then written.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer};

use super::{
    problem::{Problem, Weight, plain},
    rename::Renames,
    settle,
    site::{Attribute, ContactKind, Site},
};

/// A site as it would stand here.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// The site with its new names, without what stays behind.
    #[serde(skip)]
    pub site: Site,
    /// Whether nothing blocks it.
    pub ready: bool,
    /// What would be made, in the order in which it must be.
    pub steps: Vec<Step>,
    /// How many passwords each hasher has made.
    pub passwords: BTreeMap<String, usize>,
    /// The attributes that would be declared.
    pub attributes: Vec<Attribute>,
    /// Names that are one name here.
    pub collisions: Vec<Collision>,
    /// All that does not come as it is.
    pub problems: Vec<Problem>,
}

/// How many rows of a kind would be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What they are.
    pub what: &'static str,
    /// How many.
    pub count: usize,
}

/// Names of the source that are one name here, and must be told apart by new ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collision {
    /// `user` or `group`.
    pub kind: &'static str,
    /// The names there, as they stand after what was renamed.
    pub names: Vec<String>,
}

impl Collision {
    pub(super) fn new(kind: &'static str, names: Vec<String>) -> Self {
        Self { kind, names }
    }
}

impl Plan {
    /// Settles a site by the rules of this provider, with the new names that were chosen.
    #[must_use]
    pub fn new(site: Site, renames: &Renames) -> Self {
        let (mut site, collisions) = settle::settle(site, renames);
        let problems = std::mem::take(&mut site.problems);
        let mut passwords = BTreeMap::new();
        for user in &site.users {
            *passwords.entry(user.password.algorithm().to_owned()).or_default() += 1;
        }
        Self {
            ready: !problems.iter().any(|problem| problem.weight.blocks()),
            steps: steps(&site),
            passwords,
            attributes: site.attributes.clone(),
            collisions,
            problems,
            site,
        }
    }

    /// The problems of one weight.
    pub fn problems_that(&self, weight: Weight) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(move |problem| problem.weight == weight)
    }
}

/// What refers to something comes after it.
fn steps(site: &Site) -> Vec<Step> {
    let users = || site.users.iter();
    let contacts = |kind: ContactKind| users().flat_map(|user| &user.contacts).filter(|one| one.kind == kind).count();
    [
        ("attributes", site.attributes.len()),
        ("permissions", site.permissions.len()),
        ("groups", site.groups.len()),
        ("permissions of groups", site.groups.iter().map(|group| group.permissions.len()).sum()),
        ("users", site.users.len()),
        ("memberships", users().map(|user| user.groups.len()).sum()),
        ("permissions of users", users().map(|user| user.permissions.len()).sum()),
        ("values of attributes", users().map(|user| user.attributes.len()).sum()),
        ("e-mail addresses", contacts(ContactKind::Email)),
        ("telephone numbers", contacts(ContactKind::Phone)),
        ("social accounts", users().map(|user| user.social_accounts.len()).sum()),
        ("applications", site.applications.len()),
        ("refresh tokens", users().map(|user| user.refresh_tokens.len()).sum()),
    ]
    .into_iter()
    .map(|(what, count)| Step { what, count })
    .collect()
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shown<'a> {
            name: &'a str,
            field: &'a str,
            kind: super::AttributeKind,
        }
        Shown { name: &self.name, field: &self.field, kind: self.kind }.serialize(serializer)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "What would come:")?;
        for Step { what, count } in &self.steps {
            writeln!(f, "  {count:>9}  {what}")?;
        }
        writeln!(f, "Passwords:")?;
        for (algorithm, count) in &self.passwords {
            writeln!(f, "  {count:>9}  {}", plain(algorithm))?;
        }
        for (weight, title) in [
            (Weight::Differs, "What would come, and be another here than it was there:"),
            (Weight::LeftOut, "What would stay behind:"),
            (Weight::NeedsName, "What must be given another name before anything comes (--rename FILE):"),
            (Weight::Blocks, "What must be settled before anything comes:"),
        ] {
            let mut problems = self.problems_that(weight).peekable();
            if problems.peek().is_some() {
                writeln!(f, "{title}")?;
            }
            for problem in problems {
                writeln!(f, "  {problem}")?;
            }
        }
        f.write_str(if self.ready { "Nothing stands in the way." } else { "Nothing comes before this is settled." })
    }
}
