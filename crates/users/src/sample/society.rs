//! Made-up groups, nested a few levels deep, and what they hold.

use vestibule_core::GroupId;

use super::{Draw, Kind, SampleError, names};
use crate::{Access, Holder, NewGroup, NewPermission, ObjectName, PermissionName, Permit, Touched};

/// How many groups one transaction makes.
const BATCH: u64 = 1000;
/// Of so many groups, one is in no other.
const TO_A_ROOT: u64 = 100;
/// So many groups are in each that has any.
const IN_EACH: u64 = 6;

/// The groups, what there is to hold, and how much of it was granted.
pub(super) struct Society {
    pub(super) groups: Vec<GroupId>,
    pub(super) permissions: Vec<PermissionName>,
    pub(super) grants: u64,
}

/// What the made-up apps register.
pub(super) async fn found(access: &Access, database: &vestibule_database::Database) -> Result<Society, SampleError> {
    let mut new = Vec::new();
    for app in names::APPS {
        for kind in names::TYPES {
            new.extend(NewPermission::of_resource_type(app, kind, kind)?);
        }
    }
    let transaction = database.begin().await?;
    access.register_in(&transaction, &new).await?;
    access.record(&transaction, Touched::Everyone).await?;
    transaction.commit().await?;
    access.announce(Touched::Everyone);
    let permissions = new.into_iter().map(|new| new.name).collect();
    Ok(Society { groups: Vec::new(), permissions, grants: 0 })
}

impl Society {
    /// Makes groups until there are so many; those that an earlier run made are found again.
    pub(super) async fn gather(
        &mut self,
        access: &Access,
        database: &vestibule_database::Database,
        (seed, count): (u64, u64),
        mut progress: impl FnMut(u64),
    ) -> Result<(), SampleError> {
        let roots = (count / TO_A_ROOT).max(1);
        for from in (0..count).step_by(usize::try_from(BATCH).unwrap_or(usize::MAX)) {
            let transaction = database.begin().await?;
            let mut grants = Vec::new();
            for index in from..(from + BATCH).min(count) {
                let mut draw = Draw::of(seed, Kind::GROUP, index);
                let new = NewGroup::named(names::group(&mut draw, index));
                let (group, _) = access.ensure_group_in(&transaction, &new).await?;
                if let Some(around) = index.checked_sub(roots).and_then(|after| self.group(after / IN_EACH)) {
                    access.nest_in(&transaction, around, group.id).await?;
                }
                let held = 1 + draw.below(5);
                grants.extend((0..held).map(|_| (Holder::Group(group.id), self.permit(&mut draw))));
                self.groups.push(group.id);
            }
            self.grants += access.grant_all_in(&transaction, &grants).await?;
            access.record(&transaction, Touched::Everyone).await?;
            transaction.commit().await?;
            access.announce(Touched::Everyone);
            progress(self.groups.len() as u64);
        }
        Ok(())
    }

    /// Something to be granted: mostly everywhere, at times on one object.
    pub(super) fn permit(&self, draw: &mut Draw) -> Permit {
        let permission = draw.among(&self.permissions).clone();
        let object: Option<ObjectName> =
            if draw.one_in(10) { format!("thing:{}", draw.below(1000)).parse().ok() } else { None };
        Permit { permission, object }
    }

    /// Some of the groups, each once.
    pub(super) fn some(&self, draw: &mut Draw) -> Vec<GroupId> {
        let mut some: Vec<GroupId> = Vec::new();
        for _ in 0..1 + draw.below(4) {
            if let Some(group) = self.group(draw.below(self.groups.len() as u64)).filter(|group| !some.contains(group))
            {
                some.push(group);
            }
        }
        some
    }

    fn group(&self, index: u64) -> Option<GroupId> {
        self.groups.get(usize::try_from(index).ok()?).copied()
    }
}
