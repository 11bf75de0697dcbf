//! Why does this person have that permission? Asked of the database, not of memory.

use std::collections::{BTreeSet, VecDeque};

use vestibule_core::UserId;

use super::{Access, ObjectName, Permit, load::Loaded};
use crate::Unavailable;

/// The most reasons that are told.
const MOST: usize = 100;

/// Why a person has a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// They are a superuser.
    Superuser,
    /// It was given to them.
    Direct {
        /// On which object; nothing where it is everywhere.
        object: Option<ObjectName>,
    },
    /// It was given to a group that they are in.
    Groups {
        /// The names of the groups, from the one that they were put into, up to the one that was given it.
        path: Vec<String>,
        /// On which object; nothing where it is everywhere.
        object: Option<ObjectName>,
    },
}

impl Access {
    /// Every reason why a person has a permission, everywhere or on one object, and none where they do not have it. By groups,
    /// the shortest path from each group that they were put into to each that was given it; shorter paths come first, and
    /// there are 100 reasons at most.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn why(&self, user: UserId, permission: &str, object: Option<&str>) -> Result<Vec<Reason>, Unavailable> {
        let loaded = self.load(user).await?;
        if !loaded.active {
            return Ok(Vec::new());
        }
        let answers = |permit: &&Permit| {
            let right_place = permit.object.as_ref().is_none_or(|place| Some(place.as_str()) == object);
            right_place && permit.permission.to_string() == permission
        };
        let mut reasons = Vec::new();
        if loaded.superuser {
            reasons.push(Reason::Superuser);
        }
        let direct = loaded.direct.iter().filter(answers);
        reasons.extend(direct.map(|permit| Reason::Direct { object: permit.object.clone() }));
        let mut paths = Vec::new();
        for start in loaded.groups.iter().filter(|(_, group)| group.direct).map(|(id, _)| id) {
            for path in shortest_paths(&loaded, start) {
                let holds = path.last().and_then(|id| loaded.groups.get(*id)).map_or(&[][..], |group| &group.holds);
                paths.extend(holds.iter().filter(answers).map(|permit| (path.clone(), permit.object.clone())));
            }
        }
        paths.sort_by_key(|(path, _)| path.len());
        let named = |path: Vec<&str>| {
            path.into_iter().filter_map(|id| Some(loaded.groups.get(id)?.name.clone())).collect::<Vec<_>>()
        };
        reasons.extend(paths.into_iter().map(|(path, object)| Reason::Groups { path: named(path), object }));
        reasons.truncate(MOST);
        Ok(reasons)
    }
}

/// The shortest path from a group to itself and to each group around it, by ids. No group is passed twice.
fn shortest_paths<'a>(loaded: &'a Loaded, start: &'a str) -> Vec<Vec<&'a str>> {
    let (mut seen, mut next, mut paths) = (BTreeSet::from([start]), VecDeque::from([vec![start]]), Vec::new());
    while let Some(path) = next.pop_front() {
        let around = path.last().and_then(|id| loaded.groups.get(*id)).map_or(&[][..], |group| &group.around);
        for id in around.iter().map(String::as_str).filter(|id| seen.insert(id)) {
            next.push_back(path.iter().copied().chain([id]).collect());
        }
        paths.push(path);
    }
    paths
}
