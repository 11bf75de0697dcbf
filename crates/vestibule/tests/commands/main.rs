//! The commands, as an operator's script calls them: the real program in a folder of its own.

mod apis;
mod attributes;
mod audit;
mod clients;
mod groups;
mod import;
mod permissions;
mod place;
mod storm;
mod users;

use place::Place;
use serde_json::Value;

#[test]
fn a_user_is_created_with_a_password_from_standard_input_and_shown() {
    let place = Place::new();
    let arguments = [
        "users",
        "create",
        "eve",
        "--email",
        "eve@example.com",
        "--password-stdin",
        "--claim",
        "given_name=Eve",
        "--json",
    ];
    let output = place.run_with(&arguments, "correct horse battery\n");
    let created: Value = serde_json::from_str(&place.reported(&output)).expect("JSON");
    let shown = place.json(&["users", "show", "Eve@Example.com", "--json"]);
    assert_eq!((&shown["id"], &shown["username"]), (&created["id"], &"eve".into()));
    assert_eq!((&shown["email"], &shown["email_verified"]), (&"eve@example.com".into(), &false.into()));
    assert_eq!((&shown["password_hasher"], &shown["claims"]["given_name"]), (&"argon2id".into(), &"Eve".into()));
    assert_eq!((&shown["active"], &shown["staff"], &shown["superuser"]), (&true.into(), &false.into(), &false.into()));
    assert!(
        shown["created_at"].as_str().is_some_and(|moment| moment.ends_with('Z')) && shown["last_sign_in"].is_null()
    );
}

#[test]
fn a_user_without_a_password_is_created_where_nobody_can_be_asked() {
    let place = Place::new();
    let created = place.run(&["users", "create", "eve", "--superuser"]);
    assert!(created.starts_with("User eve (") && created.contains("without a password"), "{created}");
    assert!(place.json(&["users", "show", "eve", "--json"])["password_hasher"].is_null());
    assert!(place.run(&["users", "show", "eve"]).contains("State         superuser\n"));
}

#[test]
fn a_user_is_changed_found_by_id_and_deleted() {
    let place = Place::new();
    place.run(&["users", "create", "eve", "--email", "eve@example.com"]);
    place.run(&["users", "create", "bob", "--staff"]);
    place.run(&[
        "users",
        "update",
        "eve",
        "--username",
        "eva",
        "--staff",
        "--email-verified=true",
        "--claim",
        "locale=fr",
    ]);
    let eva = place.json(&["users", "show", "eva", "--json"]);
    assert_eq!(
        (&eva["staff"], &eva["email_verified"], &eva["claims"]["locale"]),
        (&true.into(), &true.into(), &"fr".into())
    );
    let id = eva["id"].as_str().expect("an id");
    place.run(&["users", "deactivate", id]);
    let names =
        |list: Value| list.as_array().expect("a list").iter().map(|user| user["username"].to_string()).collect();
    let users: Vec<String> = names(place.json(&["users", "list", "--json"]));
    assert_eq!(users, ["\"bob\"", "\"eva\""]);
    assert_eq!(place.json(&["users", "show", id, "--json"])["active"], false);
    place.run(&["users", "activate", "eva"]);
    place.run(&["users", "delete", "eva"]);
    assert!(place.fail(1, &["users", "show", "eva"]).contains("there is no user \"eva\"; `vestibule users list`"));
}

#[test]
fn a_new_password_is_set_from_standard_input_only_when_told_so() {
    let place = Place::new();
    place.run(&["users", "create", "eve"]);
    assert!(place.fail(1, &["users", "set-password", "eve"]).contains("--password-stdin"));
    place.reported(&place.run_with(&["users", "set-password", "eve", "--password-stdin"], "correct horse battery\n"));
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["password_hasher"], "argon2id");
    let short = place.run_with(&["users", "set-password", "eve", "--password-stdin"], "short\n");
    assert!(String::from_utf8_lossy(&short.stderr).contains("at least 8 characters"));
}

#[test]
fn a_password_is_as_long_as_the_configuration_asks() {
    let place = Place::new();
    std::fs::write(place.path().join("vestibule.toml"), "[passwords]\nmin_length = 30\n").expect("written");
    let refused = place.run_with(&["users", "create", "eve", "--password-stdin"], "correct horse battery\n");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(said, "This password is too short: take at least 30 characters.\n");
}

#[test]
fn what_cannot_be_done_is_one_line_and_says_why() {
    let place = Place::new();
    place.run(&["users", "create", "eve"]);
    for (arguments, why) in [
        (&["users", "create", "EVE"][..], "the username is taken"),
        (&["users", "create", "bob", "--claim", "given=x"], "there is no claim `given`"),
        (&["users", "create", "bob", "--email", "bob"], "email"),
        (&["--config", "nowhere.toml", "users", "list"], "nowhere.toml: the configuration file cannot be read"),
    ] {
        let said = place.fail(1, arguments);
        assert!(said.contains(why) && said.lines().count() == 1, "{said}");
    }
    for wrong in [&["users", "update", "eve"][..], &["users"], &["user"], &["users", "create", "bob", "--claim", "x"]] {
        place.fail(2, wrong);
    }
}

#[test]
fn keys_are_listed_rotated_and_sealed_anew() {
    let place = Place::new();
    let first = place.json(&["keys", "list", "--json"]);
    assert_eq!(of_use(&first, "sig").len(), 3);
    assert!(first[0]["signs_from"].as_str().is_some_and(|moment| moment.ends_with('Z')));
    let rotated = place.json(&["keys", "rotate", "--alg", "ES256", "--json"]);
    assert_eq!((&rotated[0]["algorithm"], &rotated[0]["state"]), (&"ES256".into(), &"published".into()));
    let changed = place.json(&["keys", "rewrap", "--json"]);
    assert_ne!(changed["old_key_id"], changed["key_id"]);
    assert_eq!(of_use(&place.json(&["keys", "list", "--json"]), "sig").len(), 4);
    assert_eq!(place.run(&["keys", "list"]).lines().count(), 7);
    std::fs::remove_dir_all(place.path().join("keys")).expect("removed");
    assert!(place.fail(1, &["keys", "list"]).contains(changed["key_id"].as_str().expect("an id")));
}

/// The keys of a list that are for signing (`sig`), or to be encrypted to (`enc`).
fn of_use(list: &serde_json::Value, purpose: &str) -> Vec<serde_json::Value> {
    list.as_array().into_iter().flatten().filter(|key| key["use"] == purpose).cloned().collect()
}

#[test]
fn keys_that_request_objects_are_encrypted_to_are_listed_with_the_others() {
    let place = Place::new();
    let listed = || of_use(&place.json(&["keys", "list", "--json"]), "enc");
    let told = |key: &serde_json::Value| format!("{} {}", key["algorithm"], key["state"]).replace('"', "");
    let first = listed();
    assert_eq!(first.iter().map(told).collect::<Vec<_>>(), ["RSA-OAEP-256 published", "ECDH-ES published"]);
    assert!(first.iter().all(|key| key["decrypts_until"].is_null() && key["signs_from"].is_null()));
    assert!(first.iter().all(|key| key["created_at"].as_str().is_some_and(|moment| moment.ends_with('Z'))));
    place.run(&["keys", "rotate"]);
    let both = listed();
    let states = ["RSA-OAEP-256 published", "RSA-OAEP-256 decrypting", "ECDH-ES published", "ECDH-ES decrypting"];
    assert_eq!(both.iter().map(told).collect::<Vec<_>>(), states);
    assert_eq!((&both[1]["kid"], &both[3]["kid"]), (&first[0]["kid"], &first[1]["kid"]));
    assert!(both[1]["decrypts_until"].as_str() > both[1]["created_at"].as_str());
    let table = place.run(&["keys", "list"]);
    for key in &both {
        assert!(table.contains(key["kid"].as_str().expect("an id")), "{table}");
    }
    assert!(table.lines().any(|line| line.starts_with("ECDH-ES") && line.contains("enc") && line.contains("UTC")));
}

#[test]
fn a_provided_key_takes_the_place_of_ours() {
    let place = Place::new();
    place.run(&["keys", "list"]);
    let file = place.path().join("provided");
    std::fs::write(&file, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").expect("written");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("changed");
    place.run(&["keys", "rewrap", "--new-key-file", "provided"]);
    assert!(place.fail(1, &["keys", "list"]).contains("key-encryption key"));
    place.configure("[keys]\nencryption_key_file = \"provided\"\n");
    assert_eq!(of_use(&place.json(&["keys", "list", "--json"]), "sig").len(), 3);
    assert!(place.fail(1, &["keys", "rewrap"]).contains("--new-key-file"));
}

#[test]
fn migrate_reports_what_is_lacking_and_then_applies_it() {
    let place = Place::new();
    let pending = place.json(&["migrate", "--check", "--json"]);
    assert!(pending["pending"].as_array().is_some_and(|steps| !steps.is_empty()));
    assert_eq!(place.json(&["migrate", "--json"])["applied"], pending["pending"]);
    assert_eq!(place.json(&["migrate", "--check", "--json"])["pending"], serde_json::json!([]));
    assert_eq!(place.run(&["migrate"]), "The schema is up to date.\n");
}

#[test]
fn the_configuration_is_checked_shown_and_explained() {
    let place = Place::new();
    assert_eq!(place.json(&["config", "check", "--json"])["valid"], true);
    let shown = place.run(&["config", "show"]);
    assert!(shown.lines().any(|line| line.starts_with("passwords.iterations") && line.ends_with("vestibule.toml:3")));
    assert!(place.run(&["config", "reference"]).contains("\n[http.tls]\n"));
    std::fs::write(place.path().join("vestibule.toml"), "[http]\nlisen = 1\n").expect("written");
    let said = place.fail(1, &["config", "check"]);
    assert_eq!(said, "vestibule.toml:2: unknown key http.lisen; the nearest known key is http.listen\n");
    let output = place.run_with(&["config", "check", "--json"], "");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((output.status.code(), &report["problems"][0]["key"]), (Some(1), &"http.lisen".into()));
}
