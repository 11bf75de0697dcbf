use std::sync::Arc;

use vestibule_core::{GroupId, Random};
use vestibule_users::AccessError;

use super::{Hall, fifty};

#[tokio::test]
async fn a_group_in_a_group_is_told_from_both_sides() {
    let hall = Hall::open().await;
    let (all, staff) = (hall.new_group("All").await, hall.new_group("Staff").await);
    assert!(hall.nest(all, staff).await.unwrap());
    assert!(!hall.nest(all, staff).await.unwrap());
    assert_eq!(hall.groups_in(all).await.unwrap()[0].id, staff);
    assert_eq!(hall.groups_around(staff).await.unwrap()[0].id, all);
    assert!(hall.unnest(all, staff).await.unwrap());
    assert!(!hall.unnest(all, staff).await.unwrap());
    assert!(hall.groups_in(all).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_group_comes_to_be_in_itself() {
    let hall = Hall::open().await;
    let mut chain = Vec::new();
    for number in 0..20 {
        chain.push(hall.new_group(&format!("g{number}")).await);
    }
    for pair in chain.windows(2) {
        hall.nest(pair[0], pair[1]).await.unwrap();
    }
    for (group, member) in [(chain[0], chain[0]), (chain[1], chain[0]), (chain[19], chain[0]), (chain[19], chain[10])] {
        let refused = hall.nest(group, member).await.unwrap_err();
        assert!(matches!(refused, AccessError::Cycle { .. }), "{refused}");
    }
    assert!(hall.nest(chain[0], chain[19]).await.unwrap(), "two ways to the same group are no cycle");
}

#[tokio::test]
async fn a_group_that_is_not_there_is_nested_nowhere() {
    let hall = Hall::open().await;
    let (staff, nothing) = (hall.new_group("Staff").await, GroupId::random(&Random::system()));
    for (group, member) in [(staff, nothing), (nothing, staff)] {
        let refused = hall.nest(group, member).await.unwrap_err();
        assert!(matches!(refused, AccessError::NoSuchGroup(id) if id == nothing), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_groups_put_into_each_other_at_once_one_is() {
    let hall = Arc::new(Hall::open().await);
    let (a, b) = (hall.new_group("a").await, hall.new_group("b").await);
    let outcomes = fifty(|number| {
        let hall = Arc::clone(&hall);
        let (group, member) = if number % 2 == 0 { (a, b) } else { (b, a) };
        async move { (number % 2, hall.nest(group, member).await) }
    })
    .await;
    let winners: Vec<usize> =
        outcomes.iter().filter(|(_, outcome)| matches!(outcome, Ok(true))).map(|(side, _)| *side).collect();
    assert_eq!((winners.len(), hall.count("group_groups").await), (1, 1));
    for (side, outcome) in outcomes {
        let expected =
            if side == winners[0] { outcome.is_ok() } else { matches!(outcome, Err(AccessError::Cycle { .. })) };
        assert!(expected, "{side} {outcome:?}");
    }
}

/// Rings of any length: each caller wants the next group in its own, so that all together would close the ring.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_who_would_close_a_ring_together_do_not() {
    let hall = Arc::new(Hall::open().await);
    let mut ring = Vec::new();
    for number in 0..50 {
        ring.push(hall.new_group(&format!("g{number}")).await);
    }
    let ring = Arc::new(ring);
    let outcomes = fifty(|number| {
        let (hall, ring) = (Arc::clone(&hall), Arc::clone(&ring));
        async move { hall.nest(ring[number], ring[(number + 1) % 50]).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (49, 1));
    assert!(matches!(lost[0], Err(AccessError::Cycle { .. })), "{:?}", lost[0]);
}
