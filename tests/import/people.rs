//! People sign in with what they signed in with there, and may do what they might do there.

use vestibule_tests::{Browser, Person, TestApp};

use crate::{
    command::json,
    site::{SITES, Site, Told, Way, person},
};

/// What somebody's password is hashed by now.
async fn hasher(app: &TestApp, username: &str) -> Option<String> {
    let user = app.provider().users().find(username).await.expect("an answer").expect("a user");
    user.password_hasher
}

async fn is_let_in(app: &TestApp, person: &Person) -> bool {
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, &person.username, &person.password).await.is_redirect()
}

/// Whether Django would let them in, and we do without being told to accept what is broken.
fn may_sign_in(told: &Told) -> bool {
    told.active && told.password.is_some() && told.hasher.as_deref() != Some("md5")
}

async fn everybody_signs_in(site: Site, way: Way) {
    let app = TestApp::start().await;
    site.import(&app, way).await;
    let mut hashers = std::collections::BTreeSet::new();
    for (username, told) in site.users() {
        let person = person(&app, &username, &told).await;
        assert_eq!(is_let_in(&app, &person).await, may_sign_in(&told), "{site:?}: {username}");
        if may_sign_in(&told) {
            assert_eq!(hasher(&app, &username).await.as_deref(), Some("argon2id"), "{site:?}: {username}");
            hashers.extend(told.hasher);
        }
        // How fast one address may try is another matter.
        app.clock().advance(std::time::Duration::from_secs(60));
    }
    let all = ["argon2", "bcrypt", "bcrypt_sha256", "pbkdf2_sha1", "pbkdf2_sha256", "scrypt"];
    assert_eq!(hashers.iter().map(String::as_str).collect::<Vec<_>>(), all, "every hasher is somebody's");
}

#[tokio::test]
async fn everybody_of_a_dump_signs_in_with_the_old_password_which_is_argon2id_afterwards() {
    everybody_signs_in(Site("default"), Way::Dump).await;
}

#[tokio::test]
async fn everybody_of_an_sqlite_database_signs_in_with_the_old_password_which_is_argon2id_afterwards() {
    everybody_signs_in(Site("custom"), Way::Sqlite).await;
}

#[tokio::test]
async fn everybody_of_a_postgresql_database_signs_in_with_the_old_password_which_is_argon2id_afterwards() {
    everybody_signs_in(Site("email"), Way::Postgres).await;
}

#[tokio::test]
async fn nobody_signs_in_with_another_password() {
    let (app, site) = (TestApp::start().await, Site("default"));
    site.import(&app, Way::Dump).await;
    for (username, told) in site.users().into_iter().filter(|(name, _)| name.len() == 4) {
        let mut person = person(&app, &username, &told).await;
        person.password.push(' ');
        assert!(!is_let_in(&app, &person).await, "{username}");
    }
}

#[tokio::test]
async fn md5_verifies_only_where_that_is_asked_for_and_is_argon2id_afterwards() {
    let (app, site) = (TestApp::with(|config| config.passwords.accept_md5 = true).await, Site("default"));
    site.import(&app, Way::Dump).await;
    let md5 = person(&app, "md5", &site.users()["md5"]).await;
    assert!(is_let_in(&app, &md5).await);
    assert_eq!(hasher(&app, "md5").await.as_deref(), Some("argon2id"));
}

#[tokio::test]
async fn everybody_may_do_what_get_all_permissions_printed() {
    for (site, way) in SITES.into_iter().zip([Way::Postgres, Way::Dump, Way::Sqlite]) {
        let app = TestApp::start().await;
        site.import(&app, way).await;
        for (username, told) in site.users() {
            let shown = json(&app, &["users", "show", &username]).await;
            assert_eq!(shown["permissions"], told.permissions, "{site:?}: {username}");
            assert_eq!(shown["groups"], told.groups, "{site:?}: {username}");
            let marks = [&shown["active"], &shown["staff"], &shown["superuser"]].map(|mark| mark.as_bool());
            assert_eq!(marks, [told.active, told.staff, told.superuser].map(Some), "{site:?}: {username}");
        }
    }
}

#[tokio::test]
async fn a_session_of_an_old_user_is_one_like_any_other() {
    let (app, site) = (TestApp::start().await, Site("custom"));
    site.import(&app, Way::Dump).await;
    let sasha = person(&app, "sasha", &site.users()["sasha"]).await;
    Browser::sign_in(&app, &sasha).await;
    let shown = json(&app, &["users", "show", "sasha"]).await;
    assert_eq!(shown["attributes"]["skills"], serde_json::json!(["rust", "german"]));
    assert!(shown["last_sign_in"].is_string());
}
