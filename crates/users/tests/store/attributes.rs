//! Attributes that a deployment declares.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use vestibule_core::ScopeSet;
use vestibule_database::ChangeLog;
use vestibule_users::{
    AttributeKind, Attributes, Audience, BadAttributes, ChangeError, Changes, CreateError, Declaration,
    DefinitionError, Editor, NewUser, Problem, User,
};

use super::{Site, fifty};
use crate::open;

async fn attributes(site: &Site) -> Attributes {
    let changes = ChangeLog::open(site.database.clone(), site.clock.clone()).await.unwrap();
    Attributes::new(site.database.clone(), changes, site.clock.clone())
}

fn of(kind: AttributeKind) -> Declaration {
    Declaration { label: "Something".into(), kind, ..Declaration::default() }
}

fn own(kind: AttributeKind) -> Declaration {
    Declaration { visible_to: Audience::User, editable_by: Audience::User, ..of(kind) }
}

fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

async fn create(site: &Site, name: &str, editor: Editor, given: Value) -> Result<User, CreateError> {
    let attributes = values(given);
    site.users.create(NewUser { attributes, editor, ..NewUser::named(name) }).await
}

async fn update(site: &Site, user: &User, editor: Editor, given: Value) -> Result<User, ChangeError> {
    let attributes = Some(values(given));
    site.users.update(user.id, Changes { attributes, editor, ..Changes::default() }).await
}

fn problems(bad: &BadAttributes) -> Vec<(&str, &Problem)> {
    bad.0.iter().map(|bad| (bad.name.as_str(), &bad.problem)).collect()
}

#[tokio::test]
async fn an_attribute_is_declared_filled_changed_and_removed() {
    let site = open().await;
    let attributes = attributes(&site).await;
    attributes.define("shoe-size", of(AttributeKind::Number)).await.unwrap();
    let eve = create(&site, "eve", Editor::Staff, json!({"shoe-size": 38.5})).await.unwrap();
    assert_eq!(attributes.of(eve.id).await.unwrap(), values(json!({"shoe-size": 38.5})));
    update(&site, &eve, Editor::Staff, json!({"shoe-size": 39})).await.unwrap();
    assert_eq!(attributes.of(eve.id).await.unwrap(), values(json!({"shoe-size": 39})));
    update(&site, &eve, Editor::Staff, json!({"shoe-size": null})).await.unwrap();
    assert!(attributes.of(eve.id).await.unwrap().is_empty());
    update(&site, &eve, Editor::Staff, json!({"shoe-size": 40})).await.unwrap();
    attributes.remove("shoe-size").await.unwrap();
    assert!(attributes.of(eve.id).await.unwrap().is_empty() && attributes.list().await.unwrap().is_empty());
    assert!(matches!(attributes.remove("shoe-size").await, Err(DefinitionError::NoSuchAttribute(_))));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_written() {
    let site = open().await;
    let attributes = attributes(&site).await;
    attributes.define("must", Declaration { required: true, ..of(AttributeKind::Text) }).await.unwrap();
    attributes.define("birthday", of(AttributeKind::Date)).await.unwrap();
    attributes
        .define("internal", Declaration { editable_by: Audience::Nobody, ..of(AttributeKind::Text) })
        .await
        .unwrap();
    let given = json!({"birthday": "yesterday", "internal": "x", "other": 1});
    let Err(CreateError::Attributes(bad)) = create(&site, "eve", Editor::Staff, given).await else {
        panic!("it was created")
    };
    let told = problems(&bad);
    assert!(matches!(
        told[..],
        [
            ("birthday", Problem::Malformed(_)),
            ("internal", Problem::NotEditable),
            ("must", Problem::Missing),
            ("other", Problem::Unknown),
        ]
    ));
    assert!(bad.to_string().contains("the attribute `birthday` is not a day; write YYYY-MM-DD; the attribute"));
    assert!(site.users.none_exist().await.unwrap());
}

/// Attack A68.
#[tokio::test]
async fn a68_a_user_changes_only_what_is_theirs_to_edit() {
    let site = open().await;
    let attributes = attributes(&site).await;
    attributes.define("nick", own(AttributeKind::Text)).await.unwrap();
    attributes
        .define("clearance", Declaration { visible_to: Audience::User, ..of(AttributeKind::Number) })
        .await
        .unwrap();
    let eve = create(&site, "eve", Editor::Staff, json!({"clearance": 1})).await.unwrap();
    let given = json!({"nick": "Evie", "clearance": 9});
    let Err(ChangeError::Attributes(bad)) = update(&site, &eve, Editor::User, given).await else {
        panic!("it was changed")
    };
    assert_eq!(problems(&bad), [("clearance", &Problem::NotEditable)]);
    assert!(update(&site, &eve, Editor::User, json!({"clearance": null})).await.is_err());
    assert_eq!(attributes.of(eve.id).await.unwrap(), values(json!({"clearance": 1})));
    update(&site, &eve, Editor::User, json!({"nick": "Evie"})).await.unwrap();
}

#[tokio::test]
async fn a_required_attribute_is_asked_of_whoever_may_edit_it_at_the_next_write() {
    let site = open().await;
    let attributes = attributes(&site).await;
    attributes.define("nick", own(AttributeKind::Text)).await.unwrap();
    let eve = create(&site, "eve", Editor::User, json!({})).await.unwrap();
    attributes.change("nick", Declaration { required: true, ..own(AttributeKind::Text) }).await.unwrap();
    attributes.define("badge", Declaration { required: true, ..of(AttributeKind::Number) }).await.unwrap();
    site.users.update(eve.id, Changes { staff: Some(true), ..Changes::default() }).await.expect("names no attribute");
    assert!(update(&site, &eve, Editor::User, json!({})).await.is_err());
    update(&site, &eve, Editor::User, json!({"nick": "Evie"})).await.expect("the badge is for staff to give");
    assert!(update(&site, &eve, Editor::Staff, json!({"nick": "E"})).await.is_err());
    update(&site, &eve, Editor::Staff, json!({"badge": 7})).await.unwrap();
    assert!(update(&site, &eve, Editor::Staff, json!({"badge": null})).await.is_err());
}

#[tokio::test]
async fn what_people_have_must_fit_a_change() {
    let site = open().await;
    let attributes = attributes(&site).await;
    attributes.define("code", of(AttributeKind::Text)).await.unwrap();
    for (name, code) in [("eve", "42"), ("bob", "none"), ("joe", "NONE")] {
        create(&site, name, Editor::Staff, json!({"code": code})).await.unwrap();
    }
    let digits = Declaration { pattern: Some("[0-9]+".into()), ..of(AttributeKind::Text) };
    let refused = attributes.change("code", digits).await.unwrap_err();
    let DefinitionError::Misfits { count: 2, username, .. } = &refused else { panic!("{refused:?}") };
    assert!(["bob", "joe"].contains(&username.as_str()), "{refused}");
    let unique = Declaration { unique: true, ..of(AttributeKind::Text) };
    let refused = attributes.change("code", unique.clone()).await.unwrap_err();
    let DefinitionError::Duplicate { value, users } = &refused else { panic!("{refused:?}") };
    assert_eq!((value.as_str(), users.contains(&"bob".to_owned())), ("none", true), "{refused}");
    let joe = site.users.find("joe").await.unwrap().unwrap();
    update(&site, &joe, Editor::Staff, json!({"code": "7"})).await.unwrap();
    attributes.change("code", unique).await.unwrap();
    let taken = update(&site, &joe, Editor::Staff, json!({"code": "None"})).await;
    let Err(ChangeError::Attributes(bad)) = taken else { panic!("{taken:?}") };
    assert_eq!(problems(&bad), [("code", &Problem::Taken)]);
    attributes.change("code", of(AttributeKind::Text)).await.unwrap();
    update(&site, &joe, Editor::Staff, json!({"code": "None"})).await.expect("it is not unique any more");
}

#[tokio::test]
async fn applications_are_told_by_scope() {
    let site = open().await;
    let attributes = attributes(&site).await;
    let told = |claim: &str, scope: &str, kind| Declaration {
        claim: Some(claim.into()),
        scope: Some(scope.into()),
        editable_by: Audience::Nobody,
        ..of(kind)
    };
    attributes.define("dept", told("department", "work", AttributeKind::Text)).await.unwrap();
    attributes.define("level", told("level", "work", AttributeKind::Number)).await.unwrap();
    attributes.define("skills", told("skills", "profile", AttributeKind::List)).await.unwrap();
    attributes.define("secret", of(AttributeKind::Text)).await.unwrap();
    let given = json!({"dept": "Sea", "level": 3, "skills": ["knots"], "secret": "x"});
    let eve = create(&site, "eve", Editor::System, given.clone()).await.unwrap();
    let claims = |scopes: &str| {
        let (attributes, scopes) = (attributes.clone(), scopes.parse::<ScopeSet>().unwrap());
        async move { Value::from(attributes.claims(eve.id, &scopes).await.unwrap()) }
    };
    assert_eq!(claims("openid work").await, json!({"department": "Sea", "level": 3}));
    assert_eq!(claims("openid profile").await, json!({"skills": ["knots"]}));
    assert_eq!(claims("openid email").await, json!({}));
    assert_eq!(Value::from(attributes.shown(eve.id, Editor::Staff).await.unwrap()), given);
    assert!(attributes.shown(eve.id, Editor::User).await.unwrap().is_empty());
    let twice = attributes.define("other", told("level", "work", AttributeKind::Text)).await;
    assert!(matches!(twice, Err(DefinitionError::ClaimTaken { .. })));
    let carried = attributes.carried().await.unwrap();
    assert_eq!(carried.iter().map(|it| it.claim.as_str()).collect::<Vec<_>>(), ["department", "level", "skills"]);
    let hidden = Declaration { visible_to: Audience::Nobody, ..told("clearance", "work", AttributeKind::Text) };
    let refused = attributes.define("clearance", hidden).await;
    assert!(matches!(refused, Err(DefinitionError::Invalid { field: "claim", .. })), "{refused:?}");
}

#[tokio::test]
async fn a_definition_reaches_other_processes_and_our_own_at_once() {
    let site = open().await;
    let here = attributes(&site).await;
    let log = ChangeLog::open(site.database.clone(), site.clock.clone()).await.unwrap();
    let there = Attributes::new(site.database.clone(), log.clone(), site.clock.clone());
    assert!(here.list().await.unwrap().is_empty() && there.list().await.unwrap().is_empty());
    here.define("nick", own(AttributeKind::Text)).await.unwrap();
    assert_eq!(here.list().await.unwrap().len(), 1);
    log.catch_up().await.unwrap();
    assert!(there.get("nick").await.unwrap().is_some());
    assert!(there.check(&values(json!({"nick": 1})), Editor::User).await.is_err());
    assert!(matches!(there.define("nick", own(AttributeKind::Text)).await, Err(DefinitionError::Exists(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_want_a_unique_value_at_once_one_gets_it() {
    let site = Arc::new(open().await);
    let attributes = attributes(&site).await;
    attributes.define("badge", Declaration { unique: true, ..of(AttributeKind::Text) }).await.unwrap();
    let outcomes = fifty(|number| {
        let site = Arc::clone(&site);
        let badge = if number % 2 == 0 { "A7" } else { " ａ7" };
        async move { create(&site, &format!("user{number}"), Editor::Staff, json!({"badge": badge})).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(&outcome, CreateError::Attributes(bad) if bad.0[0].problem == Problem::Taken), "{outcome:?}");
    }
}
