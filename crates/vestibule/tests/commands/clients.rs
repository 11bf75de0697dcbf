//! `vestibule clients`.

use serde_json::{Value, json};

use crate::place::Place;

const CALLBACK: &str = "https://rp.example/cb";

/// The command that registers an application, and more arguments.
fn create<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["clients", "create", "--name", "Notes", "--redirect-uri", CALLBACK], more].concat()
}

/// The id of an application newly registered.
fn registered(place: &Place, more: &[&str]) -> String {
    place.json(&create(&[more, &["--json"]].concat()))["client_id"].as_str().expect("an id").to_owned()
}

/// What is said to whoever registers `document`, and the exit code.
fn offered(place: &Place, document: &Value, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["clients", "create", "--metadata", "-", "--json"], more].concat();
    let output = place.run_with(&arguments, &document.to_string());
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn a_confidential_client_gets_a_secret_that_is_shown_once() {
    let place = Place::new();
    let created = place.json(&create(&["--json"]));
    let (id, secret) =
        (created["client_id"].as_str().expect("an id"), created["client_secret"].as_str().expect("a secret"));
    assert!(secret.len() >= 43, "{secret}");
    let shown = place.json(&["clients", "show", id, "--json"]);
    assert_eq!(shown["redirect_uris"], json!([CALLBACK]));
    assert_eq!((&shown["token_endpoint_auth_method"], &shown["require_pkce"]), (&Value::Null, &true.into()));
    assert_eq!((&shown["first_party"], &shown["client_name"]), (&false.into(), &"Notes".into()));
    for report in [&["show", id][..], &["show", id, "--json"], &["list"], &["list", "--json"]] {
        let said = place.run(&[&["clients"], report].concat());
        assert!(said.contains(id) && !said.contains(secret) && !said.contains("digest"), "{said}");
    }
}

#[test]
fn a_public_client_has_no_secret_and_must_use_pkce() {
    let place = Place::new();
    let created = place.json(&create(&["--public", "--json"]));
    assert_eq!(created["client_secret"], Value::Null);
    let id = created["client_id"].as_str().expect("an id");
    let shown = place.json(&["clients", "show", id, "--json"]);
    assert_eq!((&shown["token_endpoint_auth_method"], &shown["require_pkce"]), (&"none".into(), &true.into()));
    assert!(place.fail(1, &["clients", "rotate-secret", id]).contains("has no secret: it is public"));
    let said = place.fail(1, &create(&["--auth-method", "none", "--require-pkce", "false"]));
    assert!(said.starts_with("--require-pkce: a public application"), "{said}");
}

#[test]
fn what_is_said_of_a_client_is_what_is_kept() {
    let place = Place::new();
    let id = registered(
        &place,
        &[
            "--redirect-uri",
            "com.example.notes:/cb",
            "--post-logout-redirect-uri",
            "https://rp.example/bye",
            "--auth-method=client_secret_post",
            "--scope",
            "openid notes.read",
            "--scope=email",
            "--grant-type=authorization_code",
            "--first-party",
            "--require-pkce=false",
            "--id-token-alg=EdDSA",
        ],
    );
    let shown = place.json(&["clients", "show", &id, "--json"]);
    assert_eq!(shown["redirect_uris"], json!([CALLBACK, "com.example.notes:/cb"]));
    assert_eq!(shown["post_logout_redirect_uris"], json!(["https://rp.example/bye"]));
    assert_eq!(shown["scope"], "email notes.read openid");
    let kept = ["token_endpoint_auth_method", "first_party", "require_pkce", "id_token_signed_response_alg"];
    assert_eq!(
        kept.map(|member| shown[member].clone()),
        [json!("client_secret_post"), json!(true), json!(false), json!("EdDSA")]
    );
    let text = place.run(&["clients", "show", &id]);
    assert!(
        text.contains("Answered at       https://rp.example/cb\n                  com.example.notes:/cb\n"),
        "{text}"
    );
}

#[test]
fn a_client_that_acts_for_itself_needs_nowhere_to_be_answered() {
    let place = Place::new();
    let create = ["clients", "create", "--name", "Batch", "--grant-type", "client_credentials", "--json"];
    let created = place.json(&create);
    let shown = place.json(&["clients", "show", created["client_id"].as_str().expect("an id"), "--json"]);
    assert_eq!(shown["grant_types"], json!(["client_credentials"]));
    assert_eq!((&shown["redirect_uris"], &shown["response_types"]), (&json!([]), &json!([])));
    let said = place.fail(1, &[&create[..6], &["--public"]].concat());
    assert!(said.starts_with("--grant-type: a public application"), "{said}");
}

#[test]
fn a_client_may_come_back_with_refresh_tokens_and_want_opaque_access_tokens() {
    let place = Place::new();
    let id = registered(&place, &["--grant-type", "authorization_code", "--grant-type", "refresh_token"]);
    let shown = place.json(&["clients", "show", &id, "--json"]);
    assert_eq!(shown["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert!(shown["scope"].as_str().is_some_and(|scope| scope.contains("offline_access")));
    let document = json!({
        "client_name": "Notes", "redirect_uris": [CALLBACK], "access_token_format": "opaque", "rotate_refresh_tokens": false,
    });
    assert_eq!(offered(&place, &document, &[]), (Some(0), String::new()));
    let text = place.run(&["clients", "list"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    let (code, said) =
        offered(&place, &json!({ "client_name": "N", "redirect_uris": [CALLBACK], "access_token_format": "x" }), &[]);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_site_that_does_not_require_pkce_does_not_require_it_of_its_clients() {
    let place = Place::new();
    place.configure("[oidc]\nrequire_pkce = false\n");
    let required = |id: &str| place.json(&["clients", "show", id, "--json"])["require_pkce"].clone();
    assert_eq!(required(&registered(&place, &[])), false);
    assert_eq!(required(&registered(&place, &["--require-pkce", "true"])), true);
    assert_eq!(required(&registered(&place, &["--public"])), true);
}

#[test]
fn a_new_secret_is_another_one() {
    let place = Place::new();
    let created = place.json(&create(&["--json"]));
    let id = created["client_id"].as_str().expect("an id");
    let changed = place.json(&["clients", "rotate-secret", id, "--json"]);
    assert_eq!(changed["client_id"], created["client_id"]);
    assert!(changed["client_secret"].as_str().is_some_and(|secret| secret.len() >= 43));
    assert_ne!(changed["client_secret"], created["client_secret"]);
    let text = place.run(&["clients", "rotate-secret", id]);
    assert!(text.contains("the old one is dead") && text.contains("Client secret  vst_secret_"), "{text}");
}

#[tokio::test]
async fn a_deleted_client_is_gone_and_its_tokens_with_it() {
    use vestibule_core::{Clock, Random, Timestamp};
    use vestibule_tokens::{RevocationLog, Subject};

    let place = Place::new();
    let (id, other) = (registered(&place, &[]), registered(&place, &[]));
    assert_eq!(place.json(&["clients", "delete", &id, "--json"]), json!({ "client_id": id, "deleted": true }));
    assert!(place.fail(1, &["clients", "show", &id]).contains("`vestibule clients list` names them"));
    assert!(place.fail(1, &["clients", "delete", &id]).contains("there is no client"));
    let url = format!("sqlite://{}", place.path().join("data/vestibule.db").display());
    let database = vestibule_database::Database::connect(&url, 1).await.expect("opened");
    let bus = vestibule_ephemeral::Ephemeral::in_memory(Clock::system()).await.expect("opened");
    let log = RevocationLog::load(database, bus, Clock::system(), &Random::system()).await.expect("read");
    // Even what a request still under way mints afterwards.
    let later = Timestamp::from_millis(i64::MAX / 2);
    assert!(log.is_void(&[Subject::Client(id.as_str().into())], later));
    assert!(!log.is_void(&[Subject::Client(other.as_str().into())], later));
}

/// Attacks A05 and A06.
#[test]
fn a05_a06_a_redirect_uri_that_is_not_safe_is_refused_and_named() {
    let place = Place::new();
    for (uri, why) in [
        ("https://rp.example/cb#x", "fragment"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,x", "scheme"),
        ("https://rp.example/cb?code=x", "code"),
        ("http://rp.example/cb", "https"),
    ] {
        for flag in ["--redirect-uri", "--post-logout-redirect-uri"] {
            let said = place.fail(1, &create(&[flag, uri]));
            let begins = format!("{flag}: {uri:?}: ");
            assert!(said.starts_with(&begins) && said.contains(why) && said.lines().count() == 1, "{said}");
        }
        let document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK, uri] });
        let (code, said) = offered(&place, &document, &[]);
        assert_eq!(code, Some(1));
        assert!(said.starts_with(&format!("standard input: redirect_uris: {uri}: ")), "{said}");
    }
    assert_eq!(place.json(&["clients", "list", "--json"]), json!([]));
}

#[test]
fn a_document_is_read_and_arguments_beside_it_count_instead() {
    let place = Place::new();
    let document = json!({
        "client_name": "Notes", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "client_uri": "https://rp.example", "first_party": true, "scope": "openid",
    });
    std::fs::write(place.path().join("app.json"), document.to_string()).expect("written");
    let from_file = ["clients", "create", "--metadata", "app.json", "--json"];
    let plain = place.json(&from_file);
    assert_eq!(plain["client_secret"], Value::Null);
    let beside = ["--name", "Other", "--auth-method", "client_secret_basic", "--first-party=false", "--scope", "email"];
    let other = place.json(&[&from_file[..], &beside].concat());
    assert!(other["client_secret"].is_string());
    let shown = place.json(&["clients", "show", other["client_id"].as_str().expect("an id"), "--json"]);
    assert_eq!((&shown["client_name"], &shown["scope"]), (&"Other".into(), &"email".into()));
    assert_eq!((&shown["first_party"], &shown["client_uri"]), (&false.into(), &"https://rp.example".into()));
    assert_eq!(shown["redirect_uris"], json!([CALLBACK]));
}

#[test]
fn a_document_that_cannot_be_honoured_is_refused_and_the_member_named() {
    let place = Place::new();
    for (member, value) in [
        ("sector_identifier_uri", json!("http://rp.example/sector")),
        ("token_endpoint_auth_method", json!("client_secret_rot13")),
        ("subject_type", json!("secret")),
        ("grant_types", json!(["password"])),
        ("client_uri", json!("javascript:alert(1)")),
        ("require_pkce", json!("yes")),
    ] {
        let mut document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK] });
        document[member] = value;
        let (code, said) = offered(&place, &document, &[]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.starts_with("standard input: ") && said.contains(member) && said.lines().count() == 1, "{said}");
    }
    assert!(offered(&place, &json!([]), &[]).1.contains("it is not a JSON object"));
    assert!(place.fail(1, &["clients", "create", "--metadata", "no.json"]).starts_with("--metadata: no.json cannot"));
    assert_eq!(place.json(&["clients", "list", "--json"]), json!([]));
}

#[test]
fn members_that_mean_nothing_to_us_are_told_and_ignored() {
    let place = Place::new();
    let document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK], "shape": "round", "colour": "red" });
    let (code, said) = offered(&place, &document, &[]);
    assert_eq!(code, Some(0));
    assert_eq!(said, "standard input: ignored, since this version gives it no meaning: colour, shape\n");
}

#[test]
fn a_client_stands_for_apps_and_may_ask_for_a_second_factor() {
    let place = Place::new();
    let id = registered(&place, &["--app", "shop", "--app", "bakery", "--require-second-factor"]);
    let shown = place.json(&["clients", "show", &id, "--json"]);
    assert_eq!((&shown["apps"], &shown["require_second_factor"]), (&json!(["bakery", "shop"]), &true.into()));
    assert_eq!(place.json(&["clients", "list", "--json"])[0]["apps"], json!(["bakery", "shop"]));
    assert!(place.run(&["clients", "show", &id]).contains("Permissions of    bakery\n"));
    let document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK], "apps": ["shop"] });
    assert_eq!(offered(&place, &document, &[]), (Some(0), String::new()));
    let (code, said) =
        offered(&place, &json!({ "client_name": "N", "redirect_uris": [CALLBACK], "apps": "shop" }), &[]);
    assert!(code == Some(1) && said.contains("apps is not a list of names"), "{said}");
    assert!(place.fail(1, &create(&["--app", "my shop"])).starts_with("--app: \"my shop\": it may hold letters"));
    assert_eq!(place.json(&["clients", "list", "--json"]).as_array().map(Vec::len), Some(2), "nothing is half done");
}

#[test]
fn a_refusal_names_the_argument_and_a_wrong_call_is_told_apart() {
    let place = Place::new();
    for (arguments, why) in [
        (&["clients", "create", "--name", "Notes"][..], "--redirect-uri: the authorization code grant needs"),
        (&["clients", "create", "--name", " ", "--redirect-uri", CALLBACK], "--name: give a name"),
        (&create(&["--grant-type", "password"]), "--grant-type: password is not supported"),
        (&["clients", "show", "nobody"], "there is no client nobody; `vestibule clients list`"),
        (&["clients", "rotate-secret", "nobody"], "there is no client nobody"),
    ] {
        let said = place.fail(1, arguments);
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    for wrong in [
        &["clients", "create", "--redirect-uri", CALLBACK][..],
        &create(&["--auth-method", "client_secret_rot13"]),
        &create(&["--public", "--auth-method", "client_secret_basic"]),
        &create(&["--id-token-alg", "none"]),
        &create(&["--scope", "a\"b"]),
        &create(&["--require-pkce", "maybe"]),
        &["clients", "show"],
    ] {
        place.fail(2, wrong);
    }
}

#[test]
fn initial_access_tokens_are_made_listed_and_taken_back() {
    let place = Place::new();
    let group = ["clients", "initial-access-tokens"];
    let run = |more: &[&str]| place.json(&[&group[..], more, &["--json"]].concat());
    let made = run(&["create", "--name", "the portal", "--uses", "3", "--expires-in", "2h"]);
    assert!(made["token"].as_str().is_some_and(|token| token.starts_with("vst_initial_")), "{made}");
    assert_eq!((&made["name"], &made["uses_left"]), (&json!("the portal"), &json!(3)));
    let listed = run(&["list"]);
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["id"]), (Some(1), &made["id"]));
    assert_eq!(listed[0].get("token"), None);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(run(&["revoke", id]), json!({ "id": id, "revoked": true }));
    assert_eq!(run(&["list"]), json!([]));
    let said = place.fail(1, &[&group[..], &["revoke", id]].concat());
    assert!(said.contains("there is no initial access token"), "{said}");
    let said = place.fail(1, &[&group[..], &["create", "--name", " "]].concat());
    assert!(said.starts_with("--name: "), "{said}");
    let text = place.run(&[&group[..], &["create", "--name", "one"]].concat());
    assert!(text.contains("It registers one application, until "), "{text}");
}
