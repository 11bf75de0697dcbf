use vestibule_core::{Random, UserId};
use vestibule_users::{AccessError, GroupChanges, ObjectName, Question, Reason};

use super::{Hall, permit};

#[tokio::test]
async fn who_was_given_nothing_may_nothing() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    for user in [eve, UserId::random(&Random::system())] {
        for what in ["shop.view", "shop.view@order:1", "shop.burn", "", "shop", "shop."] {
            assert!(!hall.may(user, what).await, "{what}");
        }
    }
}

#[tokio::test]
async fn everywhere_is_on_each_object_and_not_the_other_way_round() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    hall.allow_user(eve, "shop.view").await;
    hall.allow_user(eve, "shop.sell@order:1").await;
    for (what, expected) in [
        ("shop.view", true),
        ("shop.view@order:1", true),
        ("shop.sell@order:1", true),
        ("shop.sell@order:2", false),
        ("shop.sell@order:", false),
        ("shop.sell", false),
        ("blog.write@order:1", false),
    ] {
        assert_eq!(hall.may(eve, what).await, expected, "{what}");
    }
    assert!(!hall.check(eve, "shop.sell", Some("")).await.unwrap(), "no object is not everywhere");
}

#[tokio::test]
async fn whoever_is_not_active_may_nothing_and_a_superuser_all() {
    let hall = Hall::open().await;
    let (eve, root) = (hall.user("eve").await, hall.superuser("root").await);
    hall.allow_user(eve, "shop.view").await;
    assert!(hall.may(eve, "shop.view").await && hall.may(root, "shop.sell@order:1").await);
    assert!(hall.may(root, "nobody.registered_it").await, "as Django answers");
    for user in [eve, root] {
        hall.users.deactivate(user).await.unwrap();
        assert!(!hall.may(user, "shop.view").await);
        assert_eq!(*hall.effective(user).await.unwrap(), Default::default());
        hall.users.activate(user).await.unwrap();
        assert!(hall.may(user, "shop.view").await);
    }
    let all: Vec<String> = hall.effective(root).await.unwrap().everywhere().map(str::to_owned).collect();
    assert_eq!(all, ["blog.write", "shop.sell", "shop.view"]);
}

#[tokio::test]
async fn many_questions_are_answered_in_their_order() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    hall.allow_user(eve, "shop.sell@order:1").await;
    let ask = |permission: &str, object: Option<&str>| Question {
        permission: permission.into(),
        object: object.map(str::to_owned),
    };
    let questions = [ask("shop.sell", None), ask("shop.sell", Some("order:1")), ask("shop.view", Some("order:1"))];
    assert_eq!(hall.check_many(eve, &questions).await.unwrap(), [false, true, false]);
}

#[tokio::test]
async fn nobody_holds_all_who_lacks_one() {
    let hall = Hall::open().await;
    let (eve, staff, all) = (hall.user("eve").await, hall.new_group("Staff").await, hall.new_group("All").await);
    hall.allow_group(all, "blog.write").await;
    hall.allow_group(staff, "shop.sell@order:1").await;
    hall.nest(all, staff).await.unwrap();
    let of_staff = hall.group_effective(staff).await.unwrap();
    assert_eq!(of_staff, [permit("blog.write"), permit("shop.sell@order:1")]);
    assert_eq!(hall.group_effective(all).await.unwrap(), [permit("blog.write")]);
    assert!(!hall.holds_all(eve, &of_staff).await.unwrap());
    hall.allow_user(eve, "blog.write").await;
    assert!(!hall.holds_all(eve, &of_staff).await.unwrap());
    hall.allow_user(eve, "shop.sell@order:1").await;
    assert!(hall.holds_all(eve, &of_staff).await.unwrap());
    assert!(!hall.holds_all(eve, &[permit("shop.sell")]).await.unwrap(), "on an object is not everywhere");
}

#[tokio::test]
async fn why_tells_each_way_by_which_it_came() {
    let hall = Hall::open().await;
    let eve = hall.superuser("eve").await;
    let (all, staff, night) =
        (hall.new_group("All").await, hall.new_group("Staff").await, hall.new_group("Night shift").await);
    hall.nest(all, staff).await.unwrap();
    hall.nest(staff, night).await.unwrap();
    hall.nest(all, night).await.unwrap();
    hall.add_user(night, eve).await.unwrap();
    hall.allow_group(all, "shop.view").await;
    hall.allow_group(staff, "shop.view@order:1").await;
    hall.allow_user(eve, "shop.view@order:2").await;
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let order: ObjectName = "order:1".parse().unwrap();
    let by_all = Reason::Groups { path: path(&["Night shift", "All"]), object: None };
    let by_staff = Reason::Groups { path: path(&["Night shift", "Staff"]), object: Some(order) };
    assert_eq!(hall.why(eve, "shop.view", None).await.unwrap(), [Reason::Superuser, by_all.clone()]);
    let on_object = hall.why(eve, "shop.view", Some("order:1")).await.unwrap();
    assert_eq!(on_object.len(), 3);
    assert!(on_object.contains(&by_staff) && on_object.contains(&by_all));
    let direct = hall.why(eve, "shop.view", Some("order:2")).await.unwrap();
    assert_eq!(direct[1], Reason::Direct { object: Some("order:2".parse().unwrap()) });
    hall.users.deactivate(eve).await.unwrap();
    assert!(hall.why(eve, "shop.view", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_has_it_and_how_comes_page_by_page() {
    let hall = Hall::open().await;
    let (all, staff) = (hall.new_group("All").await, hall.new_group("Staff").await);
    hall.nest(all, staff).await.unwrap();
    hall.allow_group(all, "shop.view").await;
    let (root, eve, adam) = (hall.superuser("root").await, hall.user("eve").await, hall.user("adam").await);
    let (gone, bystander, on_one) = (hall.user("gone").await, hall.user("bystander").await, hall.user("one").await);
    for user in [eve, gone] {
        hall.add_user(staff, user).await.unwrap();
    }
    for user in [eve, adam] {
        hall.allow_user(user, "shop.view").await;
    }
    hall.allow_user(bystander, "shop.sell").await;
    hall.allow_user(on_one, "shop.view@order:1").await;
    hall.users.deactivate(gone).await.unwrap();

    let name = permit("shop.view").permission;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = hall.who_has(&name, None, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        seen.extend(page.into_iter().map(|who| (who.username, who.superuser, who.direct, who.by_group)));
    }
    seen.sort();
    let expected = [("adam", false, true, false), ("eve", false, true, true), ("root", true, false, false)];
    assert_eq!(seen, expected.map(|(name, a, b, c)| (name.to_owned(), a, b, c)));
    let on_order = hall.who_has(&name, Some("order:1"), None, 10).await.unwrap();
    assert_eq!(on_order.len(), 4);
    assert!([root, on_one].iter().all(|user| on_order.iter().any(|who| who.user == *user)));
    let unknown = hall.who_has(&permit("shop.burn").permission, None, None, 10).await;
    assert!(matches!(unknown, Err(AccessError::NoSuchPermission(_))));
}

#[tokio::test]
async fn an_app_is_told_its_own_permissions_and_the_groups_that_concern_it() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    let (sellers, writers, club) =
        (hall.new_group("Sellers").await, hall.new_group("Writers").await, hall.new_group("Club").await);
    let inner = hall.new_group("Inner").await;
    hall.nest(sellers, inner).await.unwrap();
    hall.allow_group(sellers, "shop.sell").await;
    hall.allow_group(writers, "blog.write@post:1").await;
    hall.allow_user(eve, "shop.view@order:1").await;
    for group in [inner, writers, club] {
        hall.add_user(group, eve).await.unwrap();
    }
    let told = hall.names_for_apps(eve, &["shop".into()]).await.unwrap();
    assert_eq!(told.permissions, ["shop.sell"], "none on single objects");
    assert_eq!(told.groups, ["Club", "Inner", "Sellers"]);
    let told = hall.names_for_apps(eve, &["blog".into(), "nothing".into()]).await.unwrap();
    assert_eq!((told.permissions.len(), told.groups), (0, vec!["Club".to_owned(), "Writers".to_owned()]));
    let told = hall.names_for_apps(eve, &[]).await.unwrap();
    assert_eq!((told.permissions.len(), told.groups), (0, vec!["Club".to_owned()]));
}

#[tokio::test]
async fn a_group_around_requires_the_second_factor_too() {
    let hall = Hall::open().await;
    let (eve, all, staff) = (hall.user("eve").await, hall.new_group("All").await, hall.new_group("Staff").await);
    hall.nest(all, staff).await.unwrap();
    hall.add_user(staff, eve).await.unwrap();
    assert!(!hall.effective(eve).await.unwrap().requires_second_factor());
    let stricter = GroupChanges { require_second_factor: Some(true), ..GroupChanges::default() };
    hall.change_group(all, &stricter).await.unwrap();
    assert!(hall.effective(eve).await.unwrap().requires_second_factor());
}

/// So many that no page can hold them, nor one look at all of them.
#[tokio::test]
async fn who_has_it_by_a_group_of_very_many_comes_page_by_page() {
    const MANY: usize = 21_000;
    let hall = Hall::open().await;
    let (all, staff) = (hall.new_group("All").await, hall.new_group("Staff").await);
    hall.nest(all, staff).await.unwrap();
    hall.allow_group(all, "shop.view").await;
    let (root, direct, gone) = (hall.superuser("root").await, hall.user("direct").await, hall.user("gone").await);
    hall.allow_user(direct, "shop.view").await;
    hall.allow_user(gone, "shop.view").await;
    hall.users.deactivate(gone).await.unwrap();
    let numbers = format!("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MANY})");
    let id = "'77777777-0000-4000-8000-' || CAST(100000000000 + n AS TEXT)";
    hall.execute(&format!(
        "INSERT INTO users (id, username, username_key, email_verified, active, staff, superuser, claims, created_at, \
         updated_at) {numbers} SELECT {id}, 'u' || n, 'u' || n, FALSE, n % 3 > 0, FALSE, FALSE, '{{}}', 0, 0 FROM c"
    ))
    .await;
    hall.execute(&format!("INSERT INTO group_users {numbers} SELECT '{staff}', {id}, 0 FROM c")).await;
    let name = permit("shop.view").permission;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = hall.who_has(&name, None, after, 1000).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        seen.extend(page);
    }
    assert!(seen.is_sorted_by(|one, next| one.user < next.user));
    assert_eq!(seen.iter().filter(|who| who.by_group).count(), MANY / 3 * 2);
    let others: Vec<_> = seen.iter().filter(|who| !who.by_group).collect();
    assert!(others.iter().all(|who| (who.user == root && who.superuser) || (who.user == direct && who.direct)));
    assert_eq!(others.len(), 2);
}

/// So many groups bring it that users are looked through first, and so few people are in them that this fills no page.
#[tokio::test]
async fn who_has_it_by_very_many_groups_comes_page_by_page() {
    const GROUPS: usize = 600;
    let hall = Hall::open().await;
    let all = hall.new_group("All").await;
    hall.allow_group(all, "shop.view").await;
    let numbers =
        |most: usize| format!("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {most})");
    let (user, group) = ("'77777777-0000-4000-8000-' || CAST(100000000000 + n AS TEXT)", "'g' || n");
    hall.execute(&format!(
        "INSERT INTO users (id, username, username_key, email_verified, active, staff, superuser, claims, created_at, \
         updated_at) {} SELECT {user}, 'u' || n, 'u' || n, FALSE, n % 7 > 0, FALSE, FALSE, '{{}}', 0, 0 FROM c",
        numbers(5000)
    ))
    .await;
    hall.execute(&format!(
        "INSERT INTO groups (id, name, name_key, description, require_second_factor, created_at, updated_at) {} \
         SELECT {group}, {group}, {group}, '', FALSE, 0, 0 FROM c",
        numbers(GROUPS)
    ))
    .await;
    hall.execute(&format!("INSERT INTO group_groups {} SELECT '{all}', {group} FROM c", numbers(GROUPS))).await;
    // Each tenth is in one of them.
    hall.execute(&format!(
        "INSERT INTO group_users {} SELECT 'g' || (n / 10 % {GROUPS} + 1), {user}, 0 FROM c WHERE n % 10 = 0",
        numbers(5000)
    ))
    .await;
    let name = permit("shop.view").permission;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = hall.who_has(&name, None, after, 30).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.user);
        seen.extend(page);
    }
    assert!(seen.is_sorted_by(|one, next| one.user < next.user));
    let expected = (1..=5000).filter(|n| n % 10 == 0 && n % 7 > 0).count();
    assert_eq!((seen.len(), seen.iter().all(|who| who.by_group)), (expected, true));
}
