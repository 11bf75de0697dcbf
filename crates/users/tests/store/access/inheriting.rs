//! What comes by groups, against a model that is too simple to be wrong.

use std::collections::BTreeSet;

use proptest::{prelude::*, test_runner::TestRunner};
use vestibule_users::Holder;

use super::{Hall, may, permit};

const GROUPS: usize = 8;
const PERMITS: [&str; 4] = ["shop.view", "shop.sell", "shop.sell@order:1", "blog.write"];

/// Groups by number, and permits by number.
#[derive(Clone, Debug)]
struct Scene {
    /// Whether one group is to be put into another; some would close a ring.
    nestings: Vec<(usize, usize)>,
    memberships: BTreeSet<usize>,
    direct: BTreeSet<usize>,
    grants: BTreeSet<(usize, usize)>,
}

fn scenes() -> impl Strategy<Value = Scene> {
    let some = |most| proptest::collection::btree_set(0..GROUPS, 0..most);
    let nestings = proptest::collection::vec((0..GROUPS, 0..GROUPS), 0..20);
    let grants = proptest::collection::btree_set((0..GROUPS, 0..PERMITS.len()), 0..8);
    (nestings, some(3), proptest::collection::btree_set(0..PERMITS.len(), 0..2), grants)
        .prop_map(|(nestings, memberships, direct, grants)| Scene { nestings, memberships, direct, grants })
}

/// The groups that hold `start`, by following every edge until nothing is added.
fn closure(edges: &[(usize, usize)], start: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut reached = start.clone();
    loop {
        let more: BTreeSet<usize> =
            edges.iter().filter(|(_, member)| reached.contains(member)).map(|(group, _)| *group).collect();
        if more.is_subset(&reached) {
            return reached;
        }
        reached.extend(more);
    }
}

async fn compare(hall: &Hall, round: usize, scene: &Scene) {
    let user = hall.user(&format!("user{round}")).await;
    let mut groups = Vec::new();
    for number in 0..GROUPS {
        groups.push(hall.new_group(&format!("group {round} {number}")).await);
    }
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for &(group, member) in &scene.nestings {
        let closes_a_ring = closure(&edges, &BTreeSet::from([group])).contains(&member);
        let outcome = hall.nest(groups[group], groups[member]).await;
        assert_eq!(outcome.is_err(), closes_a_ring, "{group} {member} {outcome:?}");
        if !closes_a_ring {
            edges.push((group, member));
        }
    }
    for &group in &scene.memberships {
        hall.add_user(groups[group], user).await.unwrap();
    }
    for &number in &scene.direct {
        hall.allow_user(user, PERMITS[number]).await;
    }
    for &(group, number) in &scene.grants {
        hall.grant(Holder::Group(groups[group]), &permit(PERMITS[number])).await.unwrap();
    }

    let reached = closure(&edges, &scene.memberships);
    let by_groups = scene.grants.iter().filter(|(group, _)| reached.contains(group)).map(|(_, number)| *number);
    let held: BTreeSet<&str> = scene.direct.iter().copied().chain(by_groups).map(|number| PERMITS[number]).collect();
    for what in PERMITS.into_iter().chain(["shop.view@order:1", "shop.sell@order:2"]) {
        let everywhere = what.split('@').next().unwrap();
        let expected = held.contains(what) || held.contains(everywhere);
        assert_eq!(may(&hall.access, user, what).await, expected, "{what}");
        let (permission, object) = super::parts(what);
        assert_eq!(!hall.why(user, permission, object).await.unwrap().is_empty(), expected, "why {what}");
        let name = permission.parse().unwrap();
        let who = hall.who_has(&name, object, None, 1000).await.unwrap();
        assert_eq!(who.iter().any(|who| who.user == user), expected, "who {what}");
    }
    let effective = hall.effective(user).await.unwrap();
    assert_eq!(effective.groups().len(), reached.len());
    let direct = effective.groups().iter().filter(|group| group.is_direct()).count();
    assert_eq!(direct, scene.memberships.len());
    for (number, group) in groups.iter().enumerate() {
        let above = closure(&edges, &BTreeSet::from([number]));
        let expected: BTreeSet<_> = scene
            .grants
            .iter()
            .filter(|(group, _)| above.contains(group))
            .map(|(_, number)| permit(PERMITS[*number]))
            .collect();
        assert_eq!(hall.group_effective(*group).await.unwrap(), expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_somebody_may_do_is_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let hall = runtime.block_on(Hall::open());
    let round = std::cell::Cell::new(0);
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&scenes(), |scene| {
        round.set(round.get() + 1);
        runtime.block_on(compare(&hall, round.get(), &scene));
        Ok(())
    });
    outcome.unwrap();
}
