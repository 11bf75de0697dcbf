//! `vestibule apis`.

use serde_json::json;

use crate::place::Place;

const NOTES: &str = "https://notes.example";

#[test]
fn an_api_is_registered_shown_and_deleted_with_its_scopes() {
    let place = Place::new();
    let create = [
        "apis",
        "create",
        NOTES,
        "--name",
        "Notes",
        "--scope=notes.read=Read your notes",
        "--scope=notes.write notes.tag",
        "--access-token-alg=RS256",
        "--access-token-lifetime=1h30m",
        "--json",
    ];
    let created = place.json(&create);
    let expected = json!({
        "identifier": NOTES, "name": "Notes", "access_token_alg": "RS256", "access_token_lifetime": 5400, "opaque": false, "clients": [],
        "scopes": [
            { "scope": "notes.read", "description": "Read your notes" },
            { "scope": "notes.tag", "description": null },
            { "scope": "notes.write", "description": null },
        ],
    });
    assert_eq!(created, expected);
    assert_eq!(place.json(&["apis", "show", NOTES, "--json"]), expected);
    assert_eq!(place.json(&["apis", "list", "--json"]), json!([expected]));
    let text = place.run(&["apis", "show", NOTES]);
    assert!(text.contains("Scopes          3 scopes\n  notes.read   Read your notes\n  notes.tag\n"), "{text}");
    assert_eq!(place.run(&["apis", "list"]).lines().count(), 2);
    assert_eq!(place.json(&["apis", "delete", NOTES, "--json"]), json!({ "identifier": NOTES, "deleted": true }));
    place.run(&["apis", "create", "https://other.example", "--scope", "notes.read"]);
}

#[test]
fn an_api_may_get_opaque_tokens() {
    let place = Place::new();
    assert_eq!(place.json(&["apis", "create", NOTES, "--opaque", "--json"])["opaque"], true);
    assert!(place.run(&["apis", "show", NOTES]).contains("Access tokens   opaque\n"));
}

#[test]
fn an_api_asks_about_its_tokens_as_clients_that_can_prove_themselves() {
    let place = Place::new();
    let client = |more: &[&str]| {
        let create = ["clients", "create", "--name", "Notes API", "--redirect-uri", "https://notes.example/", "--json"];
        place.json(&[&create, more].concat())["client_id"].as_str().unwrap().to_owned()
    };
    let (one, other, public) = (client(&[]), client(&[]), client(&["--public"]));
    let mut both = [one.as_str(), other.as_str()];
    both.sort_unstable();
    let created =
        place.json(&["apis", "create", NOTES, "--client", &one, "--client", &other, "--client", &one, "--json"]);
    assert_eq!(created["clients"], json!(both));
    assert_eq!(place.json(&["apis", "show", NOTES, "--json"]), created);
    assert!(place.run(&["apis", "show", NOTES]).contains(&format!("Clients         {}\n", both.join(" "))));
    assert!(place.run(&["apis", "list"]).contains(&both.join(" ")));
    for (wrong, why) in [("nobody", "there is no client nobody"), (public.as_str(), "is public")] {
        let said = place.fail(1, &["apis", "create", "https://other.example", "--client", wrong]);
        assert!(said.starts_with("--client: ") && said.contains(why), "{said}");
    }
    place.run(&["clients", "delete", &one]);
    assert_eq!(place.json(&["apis", "show", NOTES, "--json"])["clients"], json!([other]));
}

#[test]
fn a_scope_belongs_to_one_api() {
    let place = Place::new();
    place.run(&["apis", "create", NOTES, "--scope", "notes.read"]);
    for (scope, owner) in [("notes.read", NOTES), ("email", "OpenID Connect"), ("offline_access", "OpenID Connect")] {
        let said = place.fail(1, &["apis", "create", "https://other.example", "--scope", scope]);
        assert_eq!(said, format!("--scope: the scope {scope} belongs to {owner} already; give it another name\n"));
    }
    assert_eq!(place.json(&["apis", "list", "--json"]).as_array().map(Vec::len), Some(1), "nothing is half done");
}

#[test]
fn an_api_that_cannot_be_is_refused_in_words() {
    let place = Place::new();
    place.run(&["apis", "create", NOTES]);
    for (more, why) in [
        (&[NOTES][..], "there is an API https://notes.example already"),
        (&["notes"], "notes: an API is named by an absolute URI"),
        (&["https://notes.example/#x"], "https://notes.example/#x: an API is named by an absolute URI"),
        (&["http://localhost:8080"], "http://localhost:8080 is this provider's own audience"),
        (&["https://a.example", "--scope", "a\\b"], "--scope: the scope"),
        (&["https://a.example", "--scope", "a", "--scope", "a=A"], "--scope: a is given twice"),
        (&["https://a.example", "--access-token-alg", "PS256"], "--access-token-alg: PS256 is not switched on here"),
        (&["https://a.example", "--access-token-lifetime", "25h"], "--access-token-lifetime: access tokens live"),
    ] {
        let said = place.fail(1, &[&["apis", "create"], more].concat());
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    let said = place.fail(1, &["apis", "show", "https://a.example"]);
    assert_eq!(said, "there is no API https://a.example; `vestibule apis list` names them\n");
    assert!(place.fail(1, &["apis", "delete", "https://a.example"]).contains("there is no API"));
    let said = place.fail(2, &["apis", "create", NOTES, "--access-token-lifetime", "600"]);
    assert!(said.contains("a duration with its unit"), "{said}");
    place.fail(2, &["apis", "create"]);
}
