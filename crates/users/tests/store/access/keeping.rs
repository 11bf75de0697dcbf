use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use vestibule_core::Random;
use vestibule_users::{Access, Changes, GroupChanges, Holder, Touched};

use super::{Hall, another_process, fifty, may, permit};
use crate::store::A_WHILE;

/// Takes everything from everybody behind the program's back: who still has it, has it from memory.
const BEHIND_ITS_BACK: &str = "DELETE FROM user_permissions";

#[tokio::test]
async fn a_check_of_somebody_seen_before_asks_no_database() {
    let hall = Hall::open().await;
    let (eve, adam) = (hall.user("eve").await, hall.user("adam").await);
    hall.allow_user(eve, "shop.view").await;
    assert!(hall.may(eve, "shop.view").await);
    hall.changes.catch_up().await.unwrap();
    assert!(hall.may(eve, "shop.view").await);
    hall.site.database.clone().close().await;
    assert!(hall.may(eve, "shop.view").await && !hall.may(eve, "shop.sell").await);
    hall.check(adam, "shop.view", None).await.expect_err("who was not seen is asked for");
}

#[tokio::test]
async fn nothing_kept_is_relied_on_while_changes_cannot_be_read() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    hall.allow_user(eve, "shop.view").await;
    hall.changes.catch_up().await.unwrap();
    assert!(hall.may(eve, "shop.view").await);
    hall.execute(BEHIND_ITS_BACK).await;
    hall.changes.catch_up().await.unwrap();
    assert!(hall.may(eve, "shop.view").await, "it is kept");
    hall.site.clock.advance(Duration::from_secs(2));
    assert!(!hall.may(eve, "shop.view").await, "nobody has read the changes for two seconds");
}

#[tokio::test]
async fn a_change_of_the_users_own_shows_at_once_and_elsewhere_with_the_next_look() {
    let hall = Hall::open().await;
    let (there, log) = another_process(&hall.site).await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    hall.allow_group(staff, "shop.view").await;
    hall.add_user(staff, eve).await.unwrap();
    log.catch_up().await.unwrap();
    assert!(hall.may(eve, "shop.view").await && may(&there, eve, "shop.view").await);
    hall.remove_user(staff, eve).await.unwrap();
    assert!(!hall.may(eve, "shop.view").await);
    log.catch_up().await.unwrap();
    assert!(!may(&there, eve, "shop.view").await);
}

/// Each way in which what somebody may do changes, and whether they may afterwards.
#[tokio::test]
async fn every_change_reaches_who_was_seen() {
    let hall = Hall::open().await;
    let (there, log) = another_process(&hall.site).await;
    let (eve, staff, all) = (hall.user("eve").await, hall.new_group("Staff").await, hall.new_group("All").await);
    let sees = |expected: bool, what: &'static str| {
        let (hall, there, log) = (&hall, &there, &log);
        async move {
            log.catch_up().await.unwrap();
            assert_eq!(hall.may(eve, "shop.view").await, expected, "here: {what}");
            assert_eq!(may(there, eve, "shop.view").await, expected, "there: {what}");
        }
    };
    let superuser = |superuser| Changes { superuser: Some(superuser), ..Changes::default() };
    sees(false, "nothing yet").await;
    hall.allow_group(all, "shop.view").await;
    hall.nest(all, staff).await.unwrap();
    hall.add_user(staff, eve).await.unwrap();
    sees(true, "put into a group").await;
    hall.unnest(all, staff).await.unwrap();
    sees(false, "a group taken out of another").await;
    hall.nest(all, staff).await.unwrap();
    sees(true, "a group put into another").await;
    hall.revoke(Holder::Group(all), &permit("shop.view")).await.unwrap();
    sees(false, "taken from a group").await;
    hall.allow_user(eve, "shop.view").await;
    sees(true, "given").await;
    hall.users.deactivate(eve).await.unwrap();
    sees(false, "deactivated").await;
    hall.users.activate(eve).await.unwrap();
    sees(true, "activated").await;
    hall.revoke(Holder::User(eve), &permit("shop.view")).await.unwrap();
    sees(false, "taken").await;
    hall.users.update(eve, superuser(true)).await.unwrap();
    sees(true, "made a superuser").await;
    hall.users.update(eve, superuser(false)).await.unwrap();
    sees(false, "no superuser any more").await;
    hall.allow_group(staff, "shop.view").await;
    sees(true, "given to a group").await;
    hall.delete_group(staff).await.unwrap();
    sees(false, "a group removed").await;
    hall.allow_user(eve, "shop.view").await;
    sees(true, "given again").await;
    hall.users.delete(eve).await.unwrap();
    sees(false, "deleted").await;
}

#[tokio::test]
async fn a_groups_new_name_is_told_at_once() {
    let hall = Hall::open().await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    hall.add_user(staff, eve).await.unwrap();
    assert_eq!(hall.names_for_apps(eve, &[]).await.unwrap().groups, ["Staff"]);
    hall.change_group(staff, &GroupChanges { name: Some("Crew".into()), ..GroupChanges::default() }).await.unwrap();
    assert_eq!(hall.names_for_apps(eve, &[]).await.unwrap().groups, ["Crew"]);
}

#[tokio::test]
async fn a_superuser_has_what_is_registered_later() {
    let hall = Hall::open().await;
    let root = hall.superuser("root").await;
    assert_eq!(hall.effective(root).await.unwrap().everywhere().count(), 3);
    hall.register("shop", "burn", "Can burn").await.unwrap();
    assert_eq!(hall.effective(root).await.unwrap().everywhere().count(), 4);
}

#[tokio::test]
async fn what_a_transaction_of_the_callers_changed_shows_once_it_is_announced() {
    let hall = Hall::open().await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    hall.allow_group(staff, "shop.view").await;
    assert!(!hall.may(eve, "shop.view").await);
    let transaction = hall.site.database.begin().await.unwrap();
    hall.add_users_in(&transaction, &[(staff, eve)]).await.unwrap();
    hall.record(&transaction, Touched::Everyone).await.unwrap();
    transaction.commit().await.unwrap();
    hall.announce(Touched::Everyone);
    assert!(hall.may(eve, "shop.view").await);
}

#[tokio::test]
async fn memory_stays_within_its_bound() {
    let hall = Hall::open().await;
    let small = Access::new(
        hall.site.database.clone(),
        hall.changes.clone(),
        hall.site.clock.clone(),
        Random::system(),
        16 << 10,
    );
    for number in 0..100 {
        let user = hall.user(&format!("user{number}")).await;
        hall.allow_user(user, "shop.view").await;
        assert!(may(&small, user, "shop.view").await);
    }
    let kept = small.kept().bytes;
    assert!(kept > 0 && kept <= 16 << 10, "{kept}");
}

/// Whoever reads while another changes must not keep what was there before.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_read_during_a_change_keeps_what_was_before() {
    let hall = Arc::new(Hall::open().await);
    let eve = hall.user("eve").await;
    for _ in 0..20 {
        hall.allow_user(eve, "shop.view").await;
        hall.site.clock.advance(A_WHILE);
        hall.changes.catch_up().await.unwrap();
        fifty(|number| {
            let hall = Arc::clone(&hall);
            async move {
                if number == 10 {
                    hall.revoke(Holder::User(eve), &permit("shop.view")).await.unwrap();
                    assert!(!hall.may(eve, "shop.view").await, "it was just taken");
                } else {
                    hall.may(eve, "shop.view").await;
                }
            }
        })
        .await;
        assert!(!hall.may(eve, "shop.view").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_follows_the_changes_sees_them_within_a_second() {
    let hall = Hall::open().await;
    let (there, log) = another_process(&hall.site).await;
    let (stop, stopped) = watch::channel(false);
    let follower = tokio::spawn(log.follow(stopped));
    let eve = hall.user("eve").await;
    assert!(!may(&there, eve, "shop.view").await);
    hall.allow_user(eve, "shop.view").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(may(&there, eve, "shop.view").await);
    stop.send_replace(true);
    follower.await.unwrap();
}
