use std::sync::Arc;

use vestibule_core::{GroupId, Random, UserId};
use vestibule_users::{AccessError, Holder};

use super::{Hall, fifty, permit};

#[tokio::test]
async fn what_is_given_is_held_until_it_is_taken() {
    let hall = Hall::open().await;
    let eve = hall.user("eve").await;
    let holder = Holder::User(eve);
    for what in ["shop.view", "shop.sell@order:17"] {
        assert!(hall.grant(holder, &permit(what)).await.unwrap());
        assert!(!hall.grant(holder, &permit(what)).await.unwrap());
        assert!(hall.may(eve, what).await);
    }
    assert_eq!(hall.granted(holder).await.unwrap(), [permit("shop.sell@order:17"), permit("shop.view")]);
    assert!(!hall.revoke(holder, &permit("shop.sell")).await.unwrap(), "on an object is not everywhere");
    for what in ["shop.view", "shop.sell@order:17"] {
        assert!(hall.revoke(holder, &permit(what)).await.unwrap());
        assert!(!hall.revoke(holder, &permit(what)).await.unwrap());
        assert!(!hall.may(eve, what).await);
    }
}

#[tokio::test]
async fn what_is_not_there_is_neither_given_nor_gets_anything() {
    let hall = Hall::open().await;
    let eve = Holder::User(hall.user("eve").await);
    let nobody = Holder::User(UserId::random(&Random::system()));
    let nothing = Holder::Group(GroupId::random(&Random::system()));
    assert!(matches!(hall.grant(nobody, &permit("shop.view")).await, Err(AccessError::NoSuchUser(_))));
    assert!(matches!(hall.grant(nothing, &permit("shop.view")).await, Err(AccessError::NoSuchGroup(_))));
    let unknown = permit("shop.burn");
    assert!(matches!(hall.grant(eve, &unknown).await, Err(AccessError::NoSuchPermission(name)) if name == "shop.burn"));
    assert!(matches!(hall.revoke(eve, &unknown).await, Err(AccessError::NoSuchPermission(_))));
}

#[tokio::test]
async fn many_grants_are_all_given_or_none() {
    let hall = Hall::open().await;
    let (eve, staff) = (Holder::User(hall.user("eve").await), Holder::Group(hall.new_group("Staff").await));
    let good = [(eve, permit("shop.view")), (staff, permit("blog.write")), (staff, permit("shop.view@order:1"))];
    let bad = [(eve, permit("shop.sell")), (staff, permit("shop.burn"))];
    let transaction = hall.site.database.begin().await.unwrap();
    assert_eq!(hall.grant_all_in(&transaction, &good).await.unwrap(), 3);
    transaction.commit().await.unwrap();
    let transaction = hall.site.database.begin().await.unwrap();
    hall.grant_all_in(&transaction, &bad).await.unwrap_err();
    drop(transaction);
    assert_eq!(hall.granted(staff).await.unwrap(), [permit("blog.write"), permit("shop.view@order:1")]);
    assert_eq!(hall.granted(eve).await.unwrap(), [permit("shop.view")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_give_the_same_one_does() {
    let hall = Arc::new(Hall::open().await);
    let eve = hall.user("eve").await;
    let outcomes = fifty(|_| {
        let hall = Arc::clone(&hall);
        async move { hall.grant(Holder::User(eve), &permit("shop.view")).await.unwrap() }
    })
    .await;
    assert_eq!(outcomes.into_iter().filter(|granted| *granted).count(), 1);
    assert_eq!(hall.count("user_permissions").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_removed_while_it_is_given_is_held_by_nobody() {
    let hall = Arc::new(Hall::open().await);
    let eve = hall.user("eve").await;
    fifty(|number| {
        let hall = Arc::clone(&hall);
        async move {
            let permit = permit("shop.view");
            if number == 25 {
                hall.remove_permission(&permit.permission).await.unwrap();
            } else if let Err(error) = hall.grant(Holder::User(eve), &permit).await {
                assert!(matches!(error, AccessError::NoSuchPermission(_) | AccessError::Gone), "{error}");
            }
        }
    })
    .await;
    assert_eq!(hall.count("user_permissions").await, 0);
    assert!(!hall.may(eve, "shop.view").await);
}
