//! What a person may do, all told: what they were given and what comes by groups.

use std::collections::{BTreeMap, BTreeSet};

use super::{Permit, load::Loaded};

/// What a person may do, and by which groups. Nothing of a user who is not there or not active.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective {
    /// What they are called, where they are active.
    username: Option<Box<str>>,
    superuser: bool,
    require_second_factor: bool,
    /// Names in order.
    everywhere: Box<[Box<str>]>,
    /// Objects in order, by the name of the permission.
    on_objects: BTreeMap<Box<str>, Box<[Box<str>]>>,
    groups: Box<[HeldGroup]>,
}

/// A group that a person is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldGroup {
    name: Box<str>,
    direct: bool,
    apps: Box<[Box<str>]>,
}

impl HeldGroup {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether they were put into it themselves; else they are in it by another group.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// The apps of which it holds a permission, itself or by the groups that it is in.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.apps.iter().map(AsRef::as_ref)
    }
}

impl Effective {
    /// Whether they may do that: everywhere, or on this object. What is allowed everywhere is allowed on every object. To an
    /// active superuser everything is, whether anybody registered it or not, as with Django's `has_perm`.
    #[must_use]
    pub fn allows(&self, permission: &str, object: Option<&str>) -> bool {
        if self.superuser || holds(&self.everywhere, permission) {
            return true;
        }
        let on = object.and_then(|object| Some((object, self.on_objects.get(permission)?)));
        on.is_some_and(|(object, objects)| holds(objects, object))
    }

    /// What they are called; nothing where there is no such user, or one who is not active.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Whether they are an active superuser.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.superuser
    }

    /// Whether one of their groups, or one around those, requires a second factor of its members.
    #[must_use]
    pub fn requires_second_factor(&self) -> bool {
        self.require_second_factor
    }

    /// What they may do everywhere, as `app.codename` in order. Of a superuser, every permission that was registered.
    pub fn everywhere(&self) -> impl Iterator<Item = &str> {
        self.everywhere.iter().map(AsRef::as_ref)
    }

    /// What they were given on single objects: `app.codename`, and `type:id`.
    pub fn on_objects(&self) -> impl Iterator<Item = (&str, &str)> {
        let each = self.on_objects.iter();
        each.flat_map(|(permission, objects)| objects.iter().map(move |object| (permission.as_ref(), object.as_ref())))
    }

    /// The groups that they are in, directly or by other groups, by name.
    #[must_use]
    pub fn groups(&self) -> &[HeldGroup] {
        &self.groups
    }

    /// How much memory it takes, as near as matters.
    pub(super) fn bytes(&self) -> usize {
        /// What an allocation costs beside its content.
        const EACH: usize = 16;
        let text = |text: &str| size_of::<Box<str>>() + EACH + text.len();
        let list = |list: &[Box<str>]| EACH + list.iter().map(|item| text(item)).sum::<usize>();
        let objects: usize = self.on_objects.iter().map(|(name, objects)| 2 * text(name) + list(objects)).sum();
        let groups: usize =
            self.groups.iter().map(|group| size_of::<HeldGroup>() + text(&group.name) + list(&group.apps)).sum();
        size_of::<Self>() + self.username.as_deref().map_or(0, text) + list(&self.everywhere) + objects + groups
    }
}

impl From<Loaded> for Effective {
    fn from(loaded: Loaded) -> Self {
        if !loaded.active {
            return Self::default();
        }
        let of_groups = loaded.groups.values().flat_map(|group| &group.holds);
        let mut everywhere: BTreeSet<Box<str>> = loaded.all.iter().map(|name| name.to_string().into()).collect();
        let mut on_objects: BTreeMap<Box<str>, BTreeSet<Box<str>>> = BTreeMap::new();
        for Permit { permission, object } in loaded.direct.iter().chain(of_groups) {
            let name = permission.to_string().into_boxed_str();
            match object {
                None => drop(everywhere.insert(name)),
                Some(object) => drop(on_objects.entry(name).or_default().insert(object.as_str().into())),
            }
        }
        let mut groups: Vec<HeldGroup> = loaded
            .groups
            .iter()
            .map(|(id, group)| HeldGroup {
                name: group.name.as_str().into(),
                direct: group.direct,
                apps: apps_of(&loaded, id),
            })
            .collect();
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            username: Some(loaded.username.into()),
            superuser: loaded.superuser,
            require_second_factor: loaded.groups.values().any(|group| group.require_second_factor),
            everywhere: everywhere.into_iter().collect(),
            on_objects: on_objects.into_iter().map(|(name, objects)| (name, objects.into_iter().collect())).collect(),
            groups: groups.into(),
        }
    }
}

/// The apps of which a group holds a permission, itself or by the groups that it is in.
fn apps_of(loaded: &Loaded, group: &str) -> Box<[Box<str>]> {
    let above = loaded.above(group);
    let held = above.iter().filter_map(|id| loaded.groups.get(*id)).flat_map(|group| &group.holds);
    let apps: BTreeSet<&str> = held.map(|permit| permit.permission.app()).collect();
    apps.into_iter().map(Box::from).collect()
}

fn holds(list: &[Box<str>], wanted: &str) -> bool {
    list.binary_search_by(|item| item.as_ref().cmp(wanted)).is_ok()
}
