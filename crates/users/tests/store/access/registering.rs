use std::sync::Arc;

use vestibule_users::{AccessError, NewPermission, OWN_RESOURCE_TYPES, PermissionName, PermissionQuery};

use super::{Hall, fifty, permit};

fn page(size: u64) -> PermissionQuery {
    PermissionQuery { size, ..PermissionQuery::default() }
}

#[tokio::test]
async fn registering_again_changes_no_more_than_the_words() {
    let hall = Hall::open().await;
    let first = hall.register("shop", "refund", "Can refund").await.unwrap();
    let again = hall.register("shop", "refund", "Can give money back").await.unwrap();
    assert_eq!((again.id, again.label.as_str()), (first.id, "Can give money back"));
    assert_eq!(hall.find_permission(&first.name).await.unwrap(), Some(again.clone()));
    assert_eq!(hall.permission(first.id).await.unwrap(), Some(again));
}

#[tokio::test]
async fn a_resource_type_gives_four_permissions() {
    let hall = Hall::open().await;
    let four = hall.register_resource_type("shop", "order", "order").await.unwrap();
    let names: Vec<String> = four.iter().map(|permission| permission.name.to_string()).collect();
    assert_eq!(names, ["shop.add_order", "shop.change_order", "shop.delete_order", "shop.view_order"]);
    assert_eq!(four[0].label, "Can add order");
    assert_eq!(hall.register_resource_type("shop", "order", "order").await.unwrap(), four);
    let of_type = PermissionQuery { resource_type: Some("order".into()), ..page(10) };
    assert_eq!(hall.permissions(&of_type).await.unwrap(), four);
}

#[tokio::test]
async fn a_permission_is_told_from_another_by_its_case() {
    let hall = Hall::open().await;
    let one = hall.register("shop", "View", "Can view").await.unwrap();
    let other = hall.find_permission(&permit("shop.view").permission).await.unwrap().unwrap();
    assert_ne!(one.id, other.id);
}

#[tokio::test]
async fn what_cannot_be_a_permission_is_refused_by_its_field() {
    let hall = Hall::open().await;
    for (field, app, codename, label) in
        [("app", "my shop", "view", "x"), ("codename", "shop", "", "x"), ("name", "shop", "see", "")]
    {
        let refused = hall.register(app, codename, label).await.unwrap_err();
        assert!(matches!(&refused, AccessError::Invalid { field: named, .. } if *named == field), "{refused}");
    }
}

#[tokio::test]
async fn the_list_comes_page_by_page_and_is_narrowed() {
    let hall = Hall::open().await;
    let mut query = page(2);
    let mut seen = Vec::new();
    loop {
        let rows = hall.permissions(&query).await.unwrap();
        let Some(last) = rows.last() else { break };
        query.after = Some(last.name.clone());
        seen.extend(rows.into_iter().map(|permission| permission.name.to_string()));
    }
    assert_eq!(seen, ["blog.write", "shop.sell", "shop.view"]);
    let narrow = PermissionQuery { app: Some("shop".into()), prefix: Some("se".into()), ..page(10) };
    assert_eq!(hall.permissions(&narrow).await.unwrap().len(), 1);
    let wild = PermissionQuery { prefix: Some("%".into()), ..page(10) };
    assert!(hall.permissions(&wild).await.unwrap().is_empty(), "nothing in a prefix means anything");
    assert_eq!(hall.apps().await.unwrap().into_iter().collect::<Vec<_>>(), ["blog", "shop"]);
}

#[tokio::test]
async fn a_permission_that_goes_is_held_by_nobody() {
    let hall = Hall::open().await;
    let (eve, staff) = (hall.user("eve").await, hall.new_group("Staff").await);
    hall.allow_user(eve, "shop.view").await;
    hall.allow_group(staff, "shop.view").await;
    assert!(hall.may(eve, "shop.view").await);
    assert!(hall.remove_permission(&permit("shop.view").permission).await.unwrap());
    assert!(!hall.may(eve, "shop.view").await);
    assert_eq!(hall.count("user_permissions").await + hall.count("group_permissions").await, 0);
    assert!(!hall.remove_permission(&permit("shop.view").permission).await.unwrap(), "a second time there is none");
}

#[tokio::test]
async fn our_own_permissions_are_neither_added_to_nor_renamed_nor_removed() {
    let hall = Hall::open().await;
    hall.register_builtin().await.unwrap();
    for app in ["vestibule", "Vestibule", "ｖestibule"] {
        let refused = hall.register(app, "view_user", "Anything").await.unwrap_err();
        assert!(matches!(refused, AccessError::BuiltIn), "{app}: {refused}");
    }
    let name = PermissionName::new("vestibule", "view_user").unwrap();
    assert!(matches!(hall.remove_permission(&name).await, Err(AccessError::BuiltIn)));
    assert_eq!(hall.find_permission(&name).await.unwrap().unwrap().label, "Can view user");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_start_at_once_none_fails_and_each_permission_is_there_once() {
    let hall = Arc::new(Hall::open().await);
    let outcomes = fifty(|_| {
        let hall = Arc::clone(&hall);
        async move { hall.register_builtin().await }
    })
    .await;
    outcomes.into_iter().for_each(|outcome| outcome.unwrap());
    let own = PermissionQuery { app: Some("vestibule".into()), ..page(1000) };
    assert_eq!(hall.permissions(&own).await.unwrap().len(), 4 * OWN_RESOURCE_TYPES.len());
}

#[tokio::test]
async fn what_came_twice_in_one_transaction_is_one() {
    let hall = Hall::open().await;
    let new: Vec<NewPermission> = ["shop.pack", "shop.view", "shop.pack"]
        .into_iter()
        .map(|name| NewPermission { name: name.parse().unwrap(), label: "Can".into(), resource_type: None })
        .collect();
    let transaction = hall.site.database.begin().await.unwrap();
    let (permissions, added) = hall.register_in(&transaction, &new).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!((permissions[0].id, added), (permissions[2].id, 1));
}
