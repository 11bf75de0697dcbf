//! Lists for whoever administers users.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::json;
use vestibule_core::Timestamp;
use vestibule_database::ChangeLog;
use vestibule_users::{
    Attributes, Changes, Declaration, Editor, NewContact, NewUser, Query, SearchError, SortBy, StandardClaims,
};

use super::{PASSWORD, Site};
use crate::open;

/// Six people, a day between one and the next; the first two have signed in.
async fn people(site: &Site) -> Timestamp {
    let changes = ChangeLog::open(site.database.clone(), site.clock.clone()).await.unwrap();
    let attributes = Attributes::new(site.database.clone(), changes, site.clock.clone());
    attributes.define("town", Declaration { label: "Town".into(), ..Declaration::default() }).await.unwrap();
    let began = site.clock.now();
    for (name, full, family, town) in [
        ("dora", "Dora Ängel", "Ängel", "Lisboa"),
        ("Adam", "Adam Bond", "Bond", "lisboa"),
        ("carl_x", "Carl Cole", "Cole", "Porto"),
        ("Bea", "Bea Dahl", "Dahl", "Porto"),
        ("éva", "Éva Nagy", "Nagy", "Faro"),
        ("carla", "Carla Obst", "Obst", "Faro"),
    ] {
        let claims =
            StandardClaims { name: Some(full.into()), family_name: Some(family.into()), ..StandardClaims::default() };
        let attributes = [("town".to_owned(), json!(town))].into_iter().collect();
        let new = NewUser { claims, attributes, editor: Editor::Staff, ..site.person(name) };
        site.users.create(new).await.unwrap();
        site.clock.advance(Duration::from_secs(86_400));
    }
    for name in ["dora", "adam"] {
        site.sign_in(name, PASSWORD).await.unwrap();
        site.clock.advance(Duration::from_secs(86_400));
    }
    began
}

/// The names on all pages.
async fn names(site: &Site, query: Query) -> Vec<String> {
    let (mut query, mut names) = (query, Vec::new());
    loop {
        let found = site.users.search(&query).await.unwrap();
        names.extend(found.users.into_iter().map(|user| user.username));
        query.cursor = found.next;
        if query.cursor.is_none() {
            return names;
        }
    }
}

fn two() -> Query {
    Query { size: 2, ..Query::default() }
}

#[tokio::test]
async fn every_order_comes_page_by_page_in_both_directions() {
    let site = open().await;
    people(&site).await;
    let orders = [
        (SortBy::Username, ["Adam", "Bea", "carl_x", "carla", "dora", "éva"]),
        (SortBy::CreatedAt, ["dora", "Adam", "carl_x", "Bea", "éva", "carla"]),
        (SortBy::Email, ["Adam", "Bea", "carl_x", "carla", "dora", "éva"]),
    ];
    for (sort, mut expected) in orders {
        assert_eq!(names(&site, Query { sort, ..two() }).await, expected, "{sort:?}");
        expected.reverse();
        assert_eq!(names(&site, Query { sort, descending: true, ..two() }).await, expected, "{sort:?}");
    }
    let last = Query { sort: SortBy::LastSignIn, descending: true, ..two() };
    let by_last = names(&site, last.clone()).await;
    assert_eq!((by_last.len(), &by_last[..2]), (6, ["Adam".to_owned(), "dora".to_owned()].as_slice()));
    let up = names(&site, Query { descending: false, ..last }).await;
    assert!(up.iter().eq(by_last.iter().rev()));
}

#[tokio::test]
async fn every_filter_lets_through_whom_it_names() {
    let site = open().await;
    let began = people(&site).await;
    let bea = site.users.find("bea").await.unwrap().unwrap();
    site.users.deactivate(bea.id).await.unwrap();
    let marks = Changes { staff: Some(true), superuser: Some(true), ..Changes::default() };
    site.users.update(site.users.find("carla").await.unwrap().unwrap().id, marks).await.unwrap();
    site.users.create(NewUser::named("passwordless")).await.unwrap();
    let second = NewContact { kind: vestibule_users::ContactKind::Email, value: "b@b.org".into(), verified: false };
    site.users.add_contact(bea.id, second).await.unwrap();
    let day = |number: u64| Some(began + Duration::from_secs(86_400 * number));
    let all = Query::default;
    for (query, expected) in [
        (Query { active: Some(false), ..all() }, vec!["Bea"]),
        (Query { staff: Some(true), ..all() }, vec!["carla"]),
        (Query { superuser: Some(false), search: Some("CARL".into()), ..all() }, vec!["carl_x"]),
        (Query { has_password: Some(false), ..all() }, vec!["passwordless"]),
        (Query { has_password: Some(true), username: Some("CARL".into()), ..all() }, vec!["carl_x", "carla"]),
        (Query { created_after: day(1), created_before: day(2), ..all() }, vec!["Adam"]),
        (Query { last_sign_in_after: day(7), ..all() }, vec!["Adam"]),
        (Query { last_sign_in_before: day(7), created_before: day(2), ..all() }, vec!["dora"]),
        (Query { email: Some("B@B.org".into()), ..all() }, vec!["Bea"]),
        (Query { search: Some("äng".into()), ..all() }, vec!["dora"]),
        (Query { search: Some("é".into()), ..all() }, vec!["éva"]),
        (Query { search: Some("carla o".into()), ..all() }, vec!["carla"]),
        (Query { search: Some("%".into()), ..all() }, vec![]),
        (Query { search: Some("carl_".into()), ..all() }, vec!["carl_x"]),
        (Query { attribute: Some(("town".into(), json!("LISBOA"))), ..all() }, vec!["Adam", "dora"]),
        (Query { attribute: Some(("town".into(), json!("Porto"))), active: Some(true), ..all() }, vec!["carl_x"]),
        (Query { email: Some("\0".into()), ..all() }, vec![]),
    ] {
        for sort in [SortBy::Username, SortBy::Email] {
            assert_eq!(names(&site, Query { sort, size: 1, ..query.clone() }).await, expected, "{query:?}");
        }
        let mut late = names(&site, Query { sort: SortBy::CreatedAt, descending: true, ..query.clone() }).await;
        late.sort();
        assert_eq!(late, expected, "{query:?}");
    }
}

#[tokio::test]
async fn who_is_found_by_what_the_list_is_sorted_by_comes_first() {
    let site = open().await;
    for (name, full) in [("zoe", "Anna"), ("adam", "Zed"), ("bob", "Alma"), ("anna", "Anna"), ("eve", "Eve")] {
        let claims = StandardClaims { name: Some(full.into()), ..StandardClaims::default() };
        site.users.create(NewUser { claims, ..NewUser::named(name) }).await.unwrap();
    }
    for size in 1..5 {
        let query = Query { search: Some("a".into()), size, ..Query::default() };
        assert_eq!(names(&site, query.clone()).await, ["adam", "anna", "bob", "zoe"], "{size}");
        let turned = Query { descending: true, ..query };
        assert_eq!(names(&site, turned).await, ["anna", "adam", "zoe", "bob"], "{size}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let site = open().await;
    people(&site).await;
    let next = site.users.search(&two()).await.unwrap().next;
    let other = [SortBy::CreatedAt, SortBy::Email].map(|sort| Query { sort, cursor: next.clone(), ..two() });
    let turned = Query { descending: true, cursor: next.clone(), ..two() };
    let odd = ["", "x", "bm8", "e30", &"A".repeat(5000)].map(|text| Query { cursor: Some(text.to_owned()), ..two() });
    for query in other.into_iter().chain([turned]).chain(odd) {
        assert!(matches!(site.users.search(&query).await, Err(SearchError::BadCursor)), "{query:?}");
    }
    for size in [0, 501] {
        let refused = site.users.search(&Query { size, ..Query::default() }).await;
        assert!(matches!(refused, Err(SearchError::BadSize)));
    }
}

/// More than are sorted while somebody waits, by whatever they are found.
const MANY: usize = 15_050;

/// Where so many match, another way leads to the same page.
#[tokio::test]
async fn many_are_found_as_few_are() {
    let site = open().await;
    super::many(&site, 0, MANY).await;
    let query = Query { search: Some("maß".into()), size: 3, ..Query::default() };
    let page = site.users.search(&query).await.unwrap();
    let first: Vec<_> = page.users.iter().map(|user| user.username.as_str()).collect();
    assert_eq!(first, ["mass00000", "mass00001", "mass00002"]);
    let last = Query { descending: true, sort: SortBy::Email, ..query };
    assert_eq!(site.users.search(&last).await.unwrap().users[0].username, "mass15049");
    for sort in [SortBy::CreatedAt, SortBy::LastSignIn] {
        let all = Query { search: Some("maß".into()), size: 500, sort, ..Query::default() };
        assert_eq!(names(&site, all).await.len(), 15_050, "{sort:?}");
    }
}

/// The same of those whom a mark lets through that many have, whatever else is asked and in whichever order.
#[tokio::test]
async fn many_with_a_mark_are_found_as_few_are() {
    let site = open().await;
    super::many(&site, 0, MANY).await;
    let marked = "UPDATE users SET staff = TRUE, active = (username_key LIKE '%7')";
    site.database.writer().execute_unprepared(marked).await.unwrap();
    let staff = Query { staff: Some(true), active: Some(true), size: 3, ..Query::default() };
    for sort in [SortBy::Username, SortBy::CreatedAt, SortBy::LastSignIn, SortBy::Email] {
        assert_eq!(names(&site, Query { sort, size: 500, ..staff.clone() }).await.len(), 1505, "{sort:?}");
        let one = Query { sort, search: Some("maß0001".into()), ..staff.clone() };
        assert_eq!(names(&site, one).await, ["mass00017"], "{sort:?}");
    }
    let mut last = Query { sort: SortBy::Email, descending: true, ..staff };
    for page in [["mass15047", "mass15037", "mass15027"], ["mass15017", "mass15007", "mass14997"]] {
        let found = site.users.search(&last).await.unwrap();
        assert_eq!(found.users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), page);
        last.cursor = found.next;
    }
}
