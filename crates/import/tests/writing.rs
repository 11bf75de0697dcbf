//! Rules of writing a Django site, on small dumps written by hand and on a database of its own for each.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_audit::Audit;
use vestibule_core::{Clock, HashKey, Random, Vault};
use vestibule_database::{ChangeLog, Database};
use vestibule_import::django::{Choice, Importer, Mode, Outcome, Plan, Renames, Weight, WriteError, read_dump};
use vestibule_oidc::{
    Grants, RefreshPolicy,
    client::{ClientRules, Clients},
};
use vestibule_users::{
    Access, AttributeKind, Attributes, Declaration, HashingPolicy, Holder, NewGroup, NewUser, PasswordHasher, User,
    Users,
};

/// `correct horse`, by the hasher that Django begins with.
const SECRET: &str = "correct horse";

struct Place {
    importer: Importer,
    _folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::connect(&format!("sqlite://{}/v.db", folder.path().display()), 1).await.unwrap();
        database.migrate().await.unwrap();
        let (clock, random) = (Clock::system(), Random::system());
        let policy = HashingPolicy { workers: 1, queue: 8, memory_kib: 8, iterations: 1, ..HashingPolicy::default() };
        let hasher = PasswordHasher::new(policy, random.clone()).unwrap();
        let changes = ChangeLog::open(database.clone(), clock.clone()).await.unwrap();
        let (key, vault) = (HashKey::new(&[7; 32]), Arc::new(Vault::new(&[8; 32])));
        let rules = ClientRules {
            require_pkce: true,
            client_certificates: false,
            signing_algorithms: vec!["RS256".parse().unwrap()],
        };
        let importer = Importer {
            users: Users::new(database.clone(), hasher.clone(), clock.clone(), random.clone())
                .with_changes(changes.clone()),
            access: Access::new(database.clone(), changes.clone(), clock.clone(), random.clone(), 0),
            attributes: Attributes::new(database.clone(), changes.clone(), clock.clone()),
            clients: Clients::new(database.clone(), changes, &key, vault, rules, clock.clone(), random.clone(), 0)
                .with_hasher(hasher),
            grants: Grants::new(database.clone(), &key, policy_of_refresh(), clock.clone()),
            require_pkce: None,
            scopes: "orders".parse().unwrap(),
            audit: Audit::new(database.clone(), clock.clone(), random.clone()),
            random,
            database,
            clock,
        };
        Self { importer, _folder: folder }
    }

    async fn run(&self, records: Vec<Value>) -> Outcome {
        self.importer.run(&plan(records), "django", Mode::Keep, &|_, _, _| {}).await.unwrap()
    }

    async fn user(&self, name: &str) -> Option<User> {
        self.importer.users.find(name).await.unwrap()
    }

    async fn count(&self, table: &str) -> i64 {
        let backend = self.importer.database.reader().get_database_backend();
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        let row = self.importer.database.reader().query_one_raw(sea_orm::Statement::from_string(backend, sql)).await;
        row.unwrap().unwrap().try_get("", "n").unwrap()
    }

    /// Whether the secret is the application's.
    async fn proves(&self, id: &str, secret: &str) -> bool {
        self.importer.clients.is_secret_of(&id.into(), secret).await.unwrap()
    }

    async fn blocked(&self, records: Vec<Value>) -> String {
        let outcome = self.run(records).await;
        assert!(!outcome.ready && !outcome.written);
        let blocks = outcome.problems.iter().find(|problem| problem.weight.blocks());
        blocks.unwrap().to_string()
    }
}

fn policy_of_refresh() -> RefreshPolicy {
    let day = Duration::from_secs(86_400);
    RefreshPolicy { retry: Duration::from_secs(60), idle: 30 * day, absolute: 90 * day }
}

fn plan(records: Vec<Value>) -> Plan {
    renamed(records, &Renames::default())
}

fn renamed(records: Vec<Value>, renames: &Renames) -> Plan {
    Plan::new(read_dump(Value::from(records).to_string().as_bytes(), &Choice::default()).unwrap(), renames)
}

fn user(pk: u32, username: &str, fields: Value) -> Value {
    let mut own = json!({
        "username": username, "password": "!x", "last_login": null, "is_active": true, "is_staff": false,
        "is_superuser": false, "email": "", "groups": [], "user_permissions": [],
    });
    own.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"model": "auth.user", "pk": pk, "fields": own})
}

fn application(client_id: &str, secret: &str) -> Value {
    json!({"model": "oauth2_provider.application", "pk": 1, "fields": {
        "client_id": client_id, "client_type": "confidential", "authorization_grant_type": "authorization-code",
        "client_secret": secret, "redirect_uris": "https://rp.example/cb", "name": "RP", "skip_authorization": true,
    }})
}

/// A small site with one of everything.
fn site() -> Vec<Value> {
    vec![
        json!({"model": "contenttypes.contenttype", "pk": 1, "fields": {"app_label": "shop", "model": "order"}}),
        json!({"model": "auth.permission", "pk": 1, "fields":
            {"name": "Can view order", "content_type": 1, "codename": "view_order"}}),
        json!({"model": "auth.permission", "pk": 2, "fields":
            {"name": "Can ship order", "content_type": 1, "codename": "ship_order"}}),
        json!({"model": "auth.group", "pk": 1, "fields": {"name": "Clerks", "permissions": [1]}}),
        user(1, "eve", json!({"email": "eve@example.com", "groups": [1], "user_permissions": [2], "badge": "E-1"})),
        user(2, "Bob", json!({"is_active": false, "badge": ""})),
        application("rp", "plain secret"),
    ]
}

#[tokio::test]
async fn everything_comes_as_it_was() {
    let place = Place::new().await;
    let outcome = place.run(site()).await;
    assert!(outcome.ready && outcome.written, "{:?}", outcome.problems);
    let eve = place.user("eve@example.com").await.unwrap();
    assert_eq!(eve.username, "eve");
    let effective = place.importer.access.effective(eve.id).await.unwrap();
    let names: Vec<String> = effective.everywhere().map(str::to_owned).collect();
    assert_eq!(names, ["shop.ship_order", "shop.view_order"]);
    let values = place.importer.attributes.of(eve.id).await.unwrap();
    assert_eq!(Value::Object(values), json!({"badge": "E-1"}));
    let definition = place.importer.attributes.get("badge").await.unwrap().unwrap();
    assert_eq!(definition.declaration.kind, AttributeKind::Text);
    assert!(!place.user("bob").await.unwrap().active);
    assert!(place.proves("rp", "plain secret").await);
    let client = place.importer.clients.find(&"rp".into()).await.unwrap().unwrap();
    assert!(client.first_party && client.require_pkce && client.metadata.scope.contains("orders"));
    assert_eq!(place.importer.clients.apps(&client.id).await.unwrap(), ["shop"]);
    assert_eq!(place.count("audit_events").await, 1);
}

#[tokio::test]
async fn a_second_run_changes_nothing_and_takes_no_change_back() {
    let place = Place::new().await;
    place.run(site()).await;
    let eve = place.user("eve").await.unwrap();
    let changes = vestibule_users::Changes { username: Some("eva".into()), ..vestibule_users::Changes::default() };
    place.importer.users.update(eve.id, changes).await.unwrap();
    let before = (place.count("changes").await, place.count("audit_events").await);
    let outcome = place.run(site()).await;
    assert!(outcome.ready && !outcome.written && outcome.new.is_empty(), "{outcome:?}");
    assert_eq!((place.count("changes").await, place.count("audit_events").await), before);
    assert_eq!((place.count("users").await, place.user("eva").await.unwrap().id), (2, eve.id));
}

#[tokio::test]
async fn what_a_newer_dump_has_besides_comes() {
    let place = Place::new().await;
    place.run(site()).await;
    let mut newer = site();
    newer.push(user(3, "uma", json!({"groups": [1]})));
    let outcome = place.run(newer).await;
    assert!(outcome.written);
    let uma = place.user("uma").await.unwrap();
    assert_eq!(place.importer.access.groups_of(uma.id).await.unwrap()[0].name, "Clerks");
    assert_eq!(place.count("users").await, 3);
}

#[tokio::test]
async fn a_trial_leaves_nothing() {
    let place = Place::new().await;
    let outcome = place.importer.run(&plan(site()), "django", Mode::Try, &|_, _, _| {}).await.unwrap();
    assert!(outcome.ready && !outcome.written && !outcome.new.is_empty());
    for table in ["users", "groups", "permissions", "clients", "imports", "attribute_definitions", "audit_events"] {
        assert_eq!(place.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_failure_in_the_last_step_leaves_nothing() {
    let place = Place::new().await;
    let writer = place.importer.database.writer();
    writer.execute_unprepared("ALTER TABLE audit_events RENAME TO elsewhere").await.unwrap();
    let failed = place.importer.run(&plan(site()), "django", Mode::Keep, &|_, _, _| {}).await;
    assert!(matches!(failed, Err(WriteError::Audit(_))), "{failed:?}");
    for table in ["users", "groups", "permissions", "clients", "imports", "attribute_definitions", "changes"] {
        assert_eq!(place.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn nobody_becomes_somebody_who_is_here() {
    let place = Place::new().await;
    place.importer.users.create(NewUser::named("EVE")).await.unwrap();
    assert!(place.blocked(site()).await.contains("--rename"));
    assert_eq!((place.count("users").await, place.count("permissions").await), (1, 0));
    let renames = Renames::parse(r#"{"eve": "eve.shop"}"#).unwrap();
    let outcome = place.importer.run(&renamed(site(), &renames), "django", Mode::Keep, &|_, _, _| {}).await.unwrap();
    assert!(outcome.written, "{:?}", outcome.problems);
    assert!(place.user("eve.shop").await.is_some());
}

#[tokio::test]
async fn a_group_that_is_here_takes_no_members_from_elsewhere() {
    let place = Place::new().await;
    place.importer.access.create_group(&NewGroup::named("clerks")).await.unwrap();
    assert!(place.blocked(site()).await.contains("Clerks"));
}

#[tokio::test]
async fn another_site_is_not_taken_for_the_first() {
    let place = Place::new().await;
    place.run(site()).await;
    let other = || vec![user(1, "mallory", json!({}))];
    assert!(place.blocked(other()).await.contains("--site"));
    let outcome = place.importer.run(&plan(other()), "other", Mode::Keep, &|_, _, _| {}).await.unwrap();
    assert!(outcome.written && place.user("mallory").await.is_some());
}

#[tokio::test]
async fn an_address_that_leads_to_somebody_here_goes_on_doing_so() {
    let place = Place::new().await;
    let new = NewUser { email: Some("eve@example.com".into()), ..NewUser::named("anna") };
    let anna = place.importer.users.create(new).await.unwrap();
    assert!(place.run(site()).await.written);
    assert_eq!(place.user("eve@example.com").await.unwrap().id, anna.id);
    assert_ne!(place.user("eve").await.unwrap().id, anna.id);
}

#[tokio::test]
async fn an_attribute_of_another_kind_blocks() {
    let place = Place::new().await;
    let declaration = Declaration { label: "Badge".into(), kind: AttributeKind::Boolean, ..Declaration::default() };
    place.importer.attributes.define("badge", declaration).await.unwrap();
    assert!(place.blocked(site()).await.contains("declared here as boolean"));
}

#[tokio::test]
async fn a_password_that_no_hasher_knows_stays_behind_and_is_told() {
    let place = Place::new().await;
    let broken = user(1, "eve", json!({"password": "bcrypt$$2b$12$short"}));
    let outcome = place.run(vec![broken]).await;
    assert!(outcome.written && outcome.problems.iter().any(|it| it.weight == Weight::LeftOut), "{outcome:?}");
}

#[tokio::test]
async fn a_hashed_secret_is_replaced_by_our_digest_when_it_is_first_shown() {
    let place = Place::new().await;
    let hash = place.importer.users.hasher().hash(&SECRET.into()).await.unwrap();
    let hash = format!("argon2{hash}");
    assert!(place.run(vec![user(1, "eve", json!({})), application("rp", &hash)]).await.written);
    let hashes = "clients WHERE imported_secret_hash IS NOT NULL";
    for wrong in ["", "wrong", &hash] {
        assert!(!place.proves("rp", wrong).await, "{wrong}");
        assert_eq!(place.count(hashes).await, 1);
    }
    assert!(place.proves("rp", SECRET).await);
    assert_eq!(place.count(hashes).await, 0);
    assert!(place.proves("rp", SECRET).await);
    assert!(!place.proves("rp", "wrong").await);
}

#[tokio::test]
async fn a_new_secret_voids_the_imported_hash() {
    let place = Place::new().await;
    let hash = place.importer.users.hasher().hash(&SECRET.into()).await.unwrap();
    place.run(vec![user(1, "eve", json!({})), application("rp", &format!("argon2{hash}"))]).await;
    let new = place.importer.clients.rotate_secret(&"rp".into()).await.unwrap();
    assert!(!place.proves("rp", SECRET).await);
    assert!(place.proves("rp", &new).await);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_comes_reads_back_equal(people in proptest::collection::btree_map("[a-z]{3,8}", (any::<bool>(), 0..4u8), 1..6)) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let place = Place::new().await;
            let mut records: Vec<Value> = site().into_iter().take(4).collect();
            for (pk, (name, (active, grants))) in (10..).zip(&people) {
                let groups = if grants & 1 == 1 { vec![1] } else { vec![] };
                let permissions = if grants & 2 == 2 { vec![2] } else { vec![] };
                let fields = json!({"is_active": active, "groups": groups, "user_permissions": permissions});
                records.push(user(pk, name, fields));
            }
            let plan = plan(records);
            let done = place.importer.run(&plan, "django", Mode::Keep, &|_, _, _| {}).await.unwrap();
            assert!(done.written);
            for there in &plan.site.users {
                let here = place.user(&there.username).await.unwrap();
                assert_eq!((&here.username, here.active), (&there.username, there.active));
                let access = &place.importer.access;
                let groups: Vec<String> =
                    access.groups_of(here.id).await.unwrap().into_iter().map(|group| group.name).collect();
                assert_eq!(groups, there.groups.iter().cloned().collect::<Vec<_>>());
                let granted = access.granted(Holder::User(here.id)).await.unwrap();
                let granted: Vec<String> = granted.iter().map(|permit| permit.permission.to_string()).collect();
                assert_eq!(granted, there.permissions.iter().cloned().collect::<Vec<_>>());
            }
        });
    }
}

/// An access token, and the refresh token that was given with it.
fn tokens(pk: u32, application: Value, scope: &str) -> [Value; 2] {
    let access = json!({"model": "oauth2_provider.accesstoken", "pk": pk, "fields": {
        "token": format!("access {pk}"), "application": application, "user": 1, "scope": scope,
        "expires": "2024-01-01T00:00:00Z", "source_refresh_token": null,
    }});
    let refresh = json!({"model": "oauth2_provider.refreshtoken", "pk": pk, "fields": {
        "token": format!("refresh {pk}"), "application": application, "user": 1, "access_token": pk, "revoked": null,
        "created": "2024-01-01T00:00:00Z", "resource": [],
    }});
    [access, refresh]
}

#[tokio::test]
async fn live_refresh_tokens_come_once_with_the_scopes_that_were_granted() {
    let place = Place::new().await;
    let mut revoked = tokens(2, json!(["rp"]), "openid");
    revoked[1]["fields"]["revoked"] = json!("2024-02-01T00:00:00Z");
    let mut of_resource = tokens(3, json!(1), "openid");
    of_resource[1]["fields"]["resource"] = json!(["https://api.example"]);
    let records = [site(), tokens(1, json!(1), "openid ledgers").into(), revoked.into(), of_resource.into()].concat();
    let outcome = place.run(records.clone()).await;
    let came = outcome.new.iter().find(|step| step.what == "refresh tokens").unwrap();
    assert_eq!((came.count, place.count("grants").await), (1, 1));
    // The application may go on asking for what it was granted there.
    let client = place.importer.clients.read(&"rp".into()).await.unwrap().unwrap();
    assert!(client.allowed_scopes().contains("ledgers") && client.allowed_scopes().contains("orders"));
    let backend = place.importer.database.writer();
    backend.execute_unprepared("DELETE FROM grants").await.unwrap();
    assert!(!place.run(records).await.written, "what has ended here does not come to life again");
    assert_eq!(place.count("grants").await, 0);
}

#[tokio::test]
async fn a_refresh_token_whose_scopes_or_person_or_application_are_not_known_stays_behind() {
    let place = Place::new().await;
    let mut unknown = tokens(1, json!(1), "openid");
    unknown[1]["fields"]["access_token"] = Value::Null;
    let mut nobodys = tokens(2, json!(1), "openid");
    nobodys[1]["fields"]["user"] = json!(99);
    let foreign = tokens(3, json!(77), "openid");
    let plan = plan([site(), unknown.into(), nobodys.into(), foreign.into()].concat());
    let fields: Vec<_> = plan.problems_that(Weight::LeftOut).filter_map(|problem| problem.field.as_deref()).collect();
    assert_eq!(fields, ["access_token", "user", "application"]);
    place.importer.run(&plan, "django", Mode::Keep, &|_, _, _| {}).await.unwrap();
    assert_eq!(place.count("grants").await, 0);
}
