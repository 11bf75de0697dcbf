use std::sync::Arc;

use vestibule_core::{GroupId, Random, UserId};
use vestibule_users::{AccessError, GroupChanges, GroupCursor, GroupQuery, GroupSort, NewGroup};

use super::{Hall, fifty};
use crate::store::A_WHILE;

#[tokio::test]
async fn a_group_is_found_by_its_id_and_by_look_alikes_of_its_name() {
    let hall = Hall::open().await;
    let new =
        NewGroup { description: "Who\nsells".into(), require_second_factor: true, ..NewGroup::named(" Verkäufer ") };
    let made = hall.create_group(&new).await.unwrap();
    assert_eq!((made.name.as_str(), made.require_second_factor), ("Verkäufer", true));
    assert_eq!(hall.group(made.id).await.unwrap(), Some(made.clone()));
    assert_eq!(hall.find_group("VERKA\u{308}UFER").await.unwrap(), Some(made));
    assert_eq!(hall.find_group("nobody").await.unwrap(), None);
}

/// Attack A61, of groups.
#[tokio::test]
async fn a_look_alike_of_a_group_is_taken() {
    let hall = Hall::open().await;
    let staff = hall.new_group("Staff").await;
    for name in ["staff", "ＳＴＡＦＦ", "sta\u{200b}ff"] {
        let refused = hall.create_group(&NewGroup::named(name)).await.unwrap_err();
        assert!(matches!(refused, AccessError::NameTaken(_)), "{name:?}: {refused}");
    }
    let other = hall.new_group("Other").await;
    let rename = GroupChanges { name: Some("STAFF".into()), ..GroupChanges::default() };
    assert!(matches!(hall.change_group(other, &rename).await, Err(AccessError::NameTaken(_))));
    assert_eq!(hall.change_group(staff, &rename).await.unwrap().name, "STAFF", "its own look-alike it may take");
}

#[tokio::test]
async fn what_breaks_a_rule_of_groups_is_refused_by_its_field() {
    let hall = Hall::open().await;
    let described = |text: &str| NewGroup { description: text.into(), ..NewGroup::named("x") };
    for (field, new) in [
        ("name", NewGroup::named(" ")),
        ("name", NewGroup::named("x".repeat(151))),
        ("name", NewGroup::named("a\u{202e}b")),
        ("name", NewGroup::named("a\u{0}b")),
        ("description", described(&"x".repeat(1001))),
        ("description", described("\u{0}")),
    ] {
        let refused = hall.create_group(&new).await.unwrap_err();
        assert!(matches!(&refused, AccessError::Invalid { field: named, .. } if *named == field), "{refused}");
    }
    hall.create_group(&NewGroup::named("ß".repeat(150))).await.expect("as long as Django allows");
}

#[tokio::test]
async fn a_change_leaves_what_it_does_not_name() {
    let hall = Hall::open().await;
    let made = hall.create_group(&NewGroup { description: "d".into(), ..NewGroup::named("Staff") }).await.unwrap();
    hall.site.clock.advance(A_WHILE);
    let changes = GroupChanges { require_second_factor: Some(true), ..GroupChanges::default() };
    let changed = hall.change_group(made.id, &changes).await.unwrap();
    assert!(changed.require_second_factor && changed.updated_at > made.updated_at);
    assert_eq!((changed.name, changed.description), (made.name, made.description));
    let nobody = GroupId::random(&Random::system());
    assert!(matches!(hall.change_group(nobody, &changes).await, Err(AccessError::NoSuchGroup(_))));
    assert!(matches!(hall.delete_group(nobody).await, Err(AccessError::NoSuchGroup(_))));
}

#[tokio::test]
async fn a_group_goes_with_what_it_holds_and_its_members_stay() {
    let hall = Hall::open().await;
    let (eve, staff, all) = (hall.user("eve").await, hall.new_group("Staff").await, hall.new_group("All").await);
    hall.add_user(staff, eve).await.unwrap();
    hall.allow_group(staff, "shop.view").await;
    hall.nest(all, staff).await.unwrap();
    assert!(hall.may(eve, "shop.view").await);
    hall.delete_group(staff).await.unwrap();
    assert!(!hall.may(eve, "shop.view").await);
    for table in ["group_users", "group_groups", "group_permissions"] {
        assert_eq!(hall.count(table).await, 0, "{table}");
    }
    assert!(hall.users.get(eve).await.unwrap().is_some());
}

#[tokio::test]
async fn groups_come_page_by_page_in_each_order() {
    let hall = Hall::open().await;
    for name in ["delta", "Alpha", "charlie", "Bravo", "alps"] {
        hall.new_group(name).await;
        hall.site.clock.advance(A_WHILE);
    }
    for (sort, descending, expected) in [
        (GroupSort::Name, false, ["Alpha", "alps", "Bravo", "charlie", "delta"]),
        (GroupSort::Name, true, ["delta", "charlie", "Bravo", "alps", "Alpha"]),
        (GroupSort::CreatedAt, false, ["delta", "Alpha", "charlie", "Bravo", "alps"]),
        (GroupSort::CreatedAt, true, ["alps", "Bravo", "charlie", "Alpha", "delta"]),
    ] {
        let mut query = GroupQuery { sort, descending, size: 2, ..GroupQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = hall.groups(&query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(GroupCursor::of(last));
            seen.extend(page.into_iter().map(|group| group.name));
        }
        assert_eq!(seen, expected, "{sort:?} {descending}");
    }
    let narrow = GroupQuery { prefix: Some("AL".into()), size: 10, ..GroupQuery::default() };
    assert_eq!(hall.groups(&narrow).await.unwrap().len(), 2);
}

#[tokio::test]
async fn somebody_is_in_a_group_once_and_until_taken_out() {
    let hall = Hall::open().await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    assert!(hall.add_user(staff, eve).await.unwrap());
    assert!(!hall.add_user(staff, eve).await.unwrap());
    assert_eq!(hall.members(staff, None, 10).await.unwrap()[0].username, "eve");
    assert_eq!(hall.groups_of(eve).await.unwrap()[0].id, staff);
    assert!(hall.remove_user(staff, eve).await.unwrap());
    assert!(!hall.remove_user(staff, eve).await.unwrap());
    assert!(hall.members(staff, None, 10).await.unwrap().is_empty() && hall.groups_of(eve).await.unwrap().is_empty());
}

#[tokio::test]
async fn members_come_page_by_page() {
    let hall = Hall::open().await;
    let staff = hall.new_group("Staff").await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        let id = hall.user(name).await;
        hall.add_user(staff, id).await.unwrap();
        ids.push(id);
    }
    ids.sort();
    let (mut seen, mut after): (Vec<UserId>, _) = (Vec::new(), None);
    loop {
        let page = hall.members(staff, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        seen.extend(page.iter().map(|member| member.user));
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn nobody_is_put_into_a_group_that_is_not_there() {
    let hall = Hall::open().await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    let (no_group, nobody) = (GroupId::random(&Random::system()), UserId::random(&Random::system()));
    assert!(matches!(hall.add_user(no_group, eve).await, Err(AccessError::NoSuchGroup(id)) if id == no_group));
    assert!(matches!(hall.add_user(staff, nobody).await, Err(AccessError::NoSuchUser(id)) if id == nobody));
    let transaction = hall.site.database.begin().await.unwrap();
    let many = hall.add_users_in(&transaction, &[(staff, eve), (staff, nobody)]).await;
    assert!(matches!(many, Err(AccessError::Gone)), "{many:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_put_somebody_into_a_group_one_does() {
    let hall = Arc::new(Hall::open().await);
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    let outcomes = fifty(|_| {
        let hall = Arc::clone(&hall);
        async move { hall.add_user(staff, eve).await.unwrap() }
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|added| *added).count(), 1);
    assert_eq!(hall.count("group_users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_want_the_name_of_a_group_one_gets_it() {
    let hall = Arc::new(Hall::open().await);
    let outcomes = fifty(|number| {
        let hall = Arc::clone(&hall);
        let name = if number % 2 == 0 { "Staff" } else { "ＳＴＡＦＦ" };
        async move { hall.create_group(&NewGroup::named(name)).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert!(matches!(outcome, Err(AccessError::NameTaken(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_is_brought_in_a_second_time_changes_nothing() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    let mut outcomes = Vec::new();
    for _ in 0..2 {
        let transaction = hall.site.database.begin().await.unwrap();
        let (group, new) = hall.ensure_group_in(&transaction, &NewGroup::named("Staff")).await.unwrap();
        let grant = (vestibule_users::Holder::Group(group.id), super::permit("shop.view"));
        let members = hall.add_users_in(&transaction, &[(group.id, eve), (group.id, eve)]).await.unwrap();
        let grants = hall.grant_all_in(&transaction, &[grant.clone(), grant]).await.unwrap();
        transaction.commit().await.unwrap();
        outcomes.push((group.id, new, members, grants));
    }
    assert_eq!(outcomes, [(outcomes[0].0, true, 1, 1), (outcomes[0].0, false, 0, 0)]);
}
