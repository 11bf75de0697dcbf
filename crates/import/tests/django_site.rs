//! A site that Django itself has built: each way in must give the same, and what Django says of it.
//!
//! `VESTIBULE_TEST_DJANGO` names the folder that `tests/django` was built into; `cargo xtask test` builds it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde_json::{Value, json};
use vestibule_import::django::{
    AttributeKind, Choice, ClientSecret, ContactKind, Grant, Password, Plan, Renames, Site, User, Weight,
    read_database, read_dump_file,
};

const CONFIGURATIONS: [&str; 3] = ["default", "custom", "email"];

fn folder(configuration: &str) -> PathBuf {
    let built = std::env::var("VESTIBULE_TEST_DJANGO").expect("VESTIBULE_TEST_DJANGO names the built sites");
    PathBuf::from(built).join(configuration)
}

fn dump(configuration: &str, name: &str) -> Site {
    read_dump_file(&folder(configuration).join(name), &Choice::default()).unwrap()
}

async fn database(configuration: &str) -> Site {
    let url = format!("sqlite://{}", folder(configuration).join("db.sqlite3").display());
    read_database(&url, &Choice::default()).await.unwrap()
}

fn expected(configuration: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder(configuration).join("expected.json")).unwrap()).unwrap()
}

/// Without primary keys, which natural keys leave out.
fn nameless(mut site: Site) -> Site {
    site.users.iter_mut().for_each(|user| user.pk = None);
    site.groups.iter_mut().for_each(|group| group.pk = None);
    site.applications.iter_mut().for_each(|application| application.pk = None);
    site.problems.iter_mut().for_each(|problem| problem.pk = None);
    site.problems.sort();
    site
}

fn user<'a>(site: &'a Site, name: &str) -> &'a User {
    site.users.iter().find(|user| user.username == name).expect(name)
}

#[tokio::test]
async fn every_way_in_gives_the_same_site() {
    for configuration in CONFIGURATIONS {
        let site = dump(configuration, "dump.json");
        assert_eq!(dump(configuration, "lines.jsonl"), site, "{configuration}: JSON lines");
        assert_eq!(database(configuration).await, site, "{configuration}: SQLite");
        let natural = dump(configuration, "natural.json");
        assert_eq!(nameless(natural), nameless(site.clone()), "{configuration}: natural keys");
        let url = fs::read_to_string(folder(configuration).join("postgres.url")).expect("a copy in PostgreSQL");
        let postgres = read_database(&url, &Choice::default()).await.unwrap();
        assert_eq!(nameless(postgres), nameless(site), "{configuration}: PostgreSQL");
    }
}

#[test]
fn a_dump_without_permissions_still_says_who_has_which() {
    for configuration in CONFIGURATIONS {
        let (site, recipe) = (nameless(dump(configuration, "dump.json")), nameless(dump(configuration, "recipe.json")));
        assert_eq!(recipe.users, site.users, "{configuration}");
        assert_eq!(recipe.groups, site.groups, "{configuration}");
        assert!(recipe.permissions.len() < site.permissions.len());
        let weights: Vec<Weight> = recipe.problems.iter().map(|problem| problem.weight).collect();
        assert!(
            weights.contains(&Weight::Differs) && !weights.iter().any(|weight| weight.blocks()),
            "{:?}",
            recipe.problems
        );
    }
}

/// What `get_all_permissions()` gives: nothing to whoever is inactive, everything to superusers.
fn permissions(site: &Site, user: &User) -> BTreeSet<String> {
    if !user.active {
        return BTreeSet::new();
    }
    if user.superuser {
        return site.permissions.iter().map(|permission| permission.id.clone()).collect();
    }
    let groups = site.groups.iter().filter(|group| user.groups.contains(&group.name));
    groups.flat_map(|group| group.permissions.clone()).chain(user.permissions.clone()).collect()
}

#[test]
fn everybody_may_do_what_django_says() {
    for configuration in CONFIGURATIONS {
        let (site, expected) = (dump(configuration, "dump.json"), expected(configuration));
        let told: BTreeMap<String, Value> = serde_json::from_value(expected["users"].clone()).unwrap();
        assert_eq!(site.users.len(), told.len());
        for user in &site.users {
            let hasher = match &user.password {
                Password::Hash { algorithm, .. } => json!(algorithm),
                Password::Unusable => Value::Null,
            };
            let told = &told[&user.username];
            let found = json!({
                "pk": user.pk, "hasher": hasher, "password": told["password"], "email": told["email"],
                "active": user.active, "staff": user.staff, "superuser": user.superuser,
                "groups": user.groups, "permissions": permissions(&site, user),
            });
            assert_eq!(&found, told, "{configuration}: {}", user.username);
        }
        let ids: Vec<&str> = site.permissions.iter().map(|permission| permission.id.as_str()).collect();
        assert_eq!(json!(ids), expected["permissions"], "{configuration}");
    }
}

#[test]
fn fields_of_a_custom_model_become_attributes() {
    let site = dump("custom", "dump.json");
    assert_eq!(site.user_model, "members.member");
    let kinds: BTreeMap<&str, AttributeKind> =
        site.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.kind)).collect();
    let expected = BTreeMap::from([
        ("badge", AttributeKind::Text),
        ("balance", AttributeKind::Text),
        ("born_on", AttributeKind::Date),
        ("department", AttributeKind::Number),
        ("device", AttributeKind::Text),
        ("employee_number", AttributeKind::Number),
        ("height", AttributeKind::Number),
        ("level", AttributeKind::Text),
        ("motto", AttributeKind::Text),
        ("newsletter", AttributeKind::Boolean),
        ("preferences", AttributeKind::Text),
        ("projects", AttributeKind::List),
        ("seen_at", AttributeKind::Text),
        ("skills", AttributeKind::List),
    ]);
    assert_eq!(kinds, expected);
    assert_eq!(user(&site, "sasha").attributes["skills"], json!(["rust", "german"]));
    assert_eq!(user(&site, "arno").attributes["projects"], json!(["1", "2"]));
    assert_eq!(user(&site, "arno").attributes["balance"], "12.25");
    assert_eq!(user(&site, "scrypt").attributes["seen_at"], "2024-02-29T23:59:58.123Z");
    assert_eq!(user(&site, "scrypt").attributes["device"], "0e4c5f1a-7a3f-4c43-9f7b-1a2b3c4d5e6f");
    assert_eq!(user(&site, "señora.nuñez").attributes["motto"], "«¡Olé!» \" ' \\ 🎉");
    assert!(!user(&site, "bcrypt").attributes.contains_key("motto"), "what is empty there is absent here");
}

#[test]
fn people_without_usernames_go_by_their_addresses() {
    let site = dump("email", "dump.json");
    let pia = user(&site, "pia@example.com");
    assert_eq!(pia.name.as_deref(), Some("Pia Lind"));
    assert_eq!(pia.attributes["card"], 7);
    assert_eq!(pia.contacts.first().unwrap().value, "pia@example.com");
}

#[test]
fn applications_keep_their_ids_and_secrets() {
    let site = dump("default", "dump.json");
    let application = |id: &str| site.applications.iter().find(|one| one.client_id == id).unwrap();
    let web = application("web-hashed");
    assert!(matches!(&web.secret, Some(ClientSecret::Hash(hash)) if hash.expose().starts_with("pbkdf2_sha256$")));
    assert_eq!((web.owner.as_deref(), web.grant.clone()), (Some("root"), Grant::AuthorizationCode));
    assert_eq!(web.redirect_uris, ["https://shop.example/callback", "https://shop.example/other"]);
    let old = application("web-plain");
    assert!(matches!(&old.secret, Some(ClientSecret::Plain(secret)) if secret.expose() == "a secret in plain text"));
    assert!(old.skips_consent && !web.skips_consent);
    assert!(!application("phone").confidential && application("phone").secret.is_none());
}

#[test]
fn a_real_site_comes_once_its_names_are_settled() {
    for configuration in ["default", "custom"] {
        let plan = Plan::new(dump(configuration, "dump.json"), &Renames::default());
        assert!(plan.ready, "{plan}");
        let leads = |name: &str| {
            let contacts = user(&plan.site, name).contacts.iter();
            contacts.map(|contact| (contact.value.clone(), contact.leads)).collect::<Vec<_>>()
        };
        assert_eq!(leads("twin1"), [("Twins@example.com".to_owned(), true)]);
        assert_eq!(leads("twin2"), [("twins@example.com".to_owned(), false)]);
        assert_eq!(leads("club1"), [("club@example.com".to_owned(), false)]);
        assert_eq!(leads("alone@example.com"), [("alone@example.com".to_owned(), false)]);
        assert_eq!(leads("many").len(), 3);
        assert!(user(&plan.site, "many").contacts.iter().all(|contact| contact.kind == ContactKind::Email));
        let ids: Vec<&str> = plan.site.applications.iter().map(|one| one.client_id.as_str()).collect();
        assert_eq!(ids, ["phone", "robot", "television", "web-hashed", "web-plain"]);
    }
}

#[tokio::test]
async fn reading_changes_nothing() {
    let file = folder("custom").join("db.sqlite3");
    let before = fs::read(&file).unwrap();
    database("custom").await;
    assert_eq!(before, fs::read(&file).unwrap());
}
