//! Each document and each token as it is written down in `golden/`, with what differs from run to run masked.
//!
//! A change that is meant is written down anew by `VESTIBULE_GOLDEN=renew cargo test -p vestibule-tests --test e2e -- golden::`; what
//! changed is then in the diff, for whoever reviews it.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::{Map, Value, json};
use vestibule::config::RegistrationMode;
use vestibule_tests::{Answer, ClientSpec, JsonAnswer, LogoutSite, TestApp, ThirdParty, claims, header};

/// Members that differ from run to run, and what stands for them.
const MASKED: [(&str, &str); 22] = [
    ("exp", "<time>"),
    ("iat", "<time>"),
    ("auth_time", "<time>"),
    ("updated_at", "<time>"),
    ("client_id_issued_at", "<time>"),
    ("jti", "<id>"),
    ("sid", "<session>"),
    ("grant_id", "<id>"),
    ("at_hash", "<hash>"),
    ("c_hash", "<hash>"),
    ("s_hash", "<hash>"),
    ("kid", "<thumbprint>"),
    ("x", "<number>"),
    ("y", "<number>"),
    ("n", "<number>"),
    ("access_token", "<token>"),
    ("refresh_token", "<token>"),
    ("id_token", "<token>"),
    ("registration_access_token", "<token>"),
    ("client_secret", "<secret>"),
    ("client_id", "<client>"),
    ("nonce", "<nonce>"),
];

/// What is written down, and what stands for the names of this run in it.
struct Book {
    named: Vec<(String, &'static str)>,
    wrong: Vec<String>,
}

impl Book {
    /// Compares a document with what is written down of it, or writes it down.
    fn holds(&mut self, name: &str, document: &Value) {
        let document = self.masked(document);
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "e2e", "golden", &format!("{name}.json")].iter().collect();
        if std::env::var("VESTIBULE_GOLDEN").is_ok_and(|how| how == "renew") {
            std::fs::write(&path, format!("{document:#}\n")).expect("a file that can be written");
            return;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "null".to_owned());
        let written = serde_json::from_str(&text).expect("JSON");
        let differences = differences("", &written, &document);
        self.wrong.extend(differences.into_iter().map(|difference| format!("{name}.json{difference}")));
    }

    /// A token as its header and its claims.
    fn holds_token(&mut self, name: &str, token: &str) {
        self.holds(name, &json!({ "header": header(token), "claims": claims(token) }));
    }

    fn masked(&self, value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let masked = |(name, value): (&String, &Value)| {
                    // What is of another type than it should be is left to be seen.
                    let fits = |mask| if mask == "<time>" { value.is_number() } else { value.is_string() };
                    let mask = MASKED.iter().find(|(known, mask)| known == name && fits(*mask));
                    (name.clone(), mask.map_or_else(|| self.masked(value), |(_, mask)| json!(mask)))
                };
                Value::Object(members.iter().map(masked).collect::<Map<_, _>>())
            }
            Value::Array(values) => values.iter().map(|value| self.masked(value)).collect(),
            Value::String(text) => {
                let replaced = self.named.iter().fold(text.clone(), |text, (name, mask)| text.replace(name, mask));
                Value::String(replaced)
            }
            other => other.clone(),
        }
    }
}

/// What differs, each by its place and in words.
fn differences(at: &str, written: &Value, found: &Value) -> Vec<String> {
    match (written, found) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let of = |name: &String| match (one.get(name), other.get(name)) {
                (Some(written), Some(found)) => differences(&format!("{at}/{name}"), written, found),
                (Some(written), None) => vec![format!("{at}/{name}: is gone; {written} is written down")],
                (None, found) => vec![format!("{at}/{name}: is new: {}", found.unwrap_or(&Value::Null))],
            };
            names.into_iter().flat_map(of).collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.flat_map(|(index, (one, other))| differences(&format!("{at}/{index}"), one, other)).collect()
        }
        (one, other) if one == other => Vec::new(),
        (one, other) => vec![format!("{at}: {one} is written down, and it is {other}")],
    }
}

#[test]
fn a_difference_is_told_by_its_place_and_in_words() {
    let written = json!({ "a": { "b": [1, 2] }, "gone": true, "same": "x", "list": [1] });
    let found = json!({ "a": { "b": [1, 3] }, "new": null, "same": "x", "list": [1, 2] });
    assert_eq!(
        differences("", &written, &found),
        [
            "/a/b/1: 2 is written down, and it is 3",
            "/gone: is gone; true is written down",
            "/list: [1] is written down, and it is [1,2]",
            "/new: is new: null",
        ]
    );
}

/// A provider with an API, and an application that is given everything.
async fn begun() -> (TestApp, LogoutSite, ThirdParty) {
    let app = TestApp::with(|config| {
        config.registration.mode = RegistrationMode::Open;
        config.fetch.allow_private_networks = true;
    })
    .await;
    app.api("https://notes.example", &["notes.read"]).await;
    let site = LogoutSite::start().await;
    let types = ["code", "code id_token token"];
    let scope = "openid profile email address phone groups permissions offline_access notes.read";
    let spec = ClientSpec::first_party().for_scope(scope).for_response_types(&types).with(|new| {
        new.metadata.backchannel_logout_uri = Some(site.url());
    });
    let client = app.client(spec).await;
    (app, site, client)
}

#[tokio::test]
async fn documents_and_tokens_are_as_they_are_written_down() {
    let (app, site, client) = begun().await;
    let alice = app.user("alice").await;
    let named = vec![
        (app.issuer().to_owned(), "<issuer>"),
        (client.client_id.clone(), "<client>"),
        (alice.id.to_string(), "<alice>"),
    ];
    let mut book = Book { named, wrong: Vec::new() };
    let get = async |path: &str| JsonAnswer::of(app.wire().get(path)).await.body;
    book.holds("discovery", &get("/.well-known/openid-configuration").await);
    book.holds("jwks", &get("/oauth2/jwks").await);

    let mut browser = app.browser_of(&alice);
    let scope = "openid profile email address phone offline_access notes.read";
    let answer = browser.authorize(&client, |request| request.set("scope", scope)).await;
    let tokens = client.redeem(&answer).await;
    book.holds("token-response", &tokens.body);
    book.holds_token("id-token", &tokens.id_token);
    book.holds_token("access-token", &tokens.access_token);
    book.holds("userinfo", &client.userinfo(&tokens.access_token).await.body);
    book.holds("introspection", &client.introspect(&tokens.access_token).await);
    let request = client.introspection(&tokens.access_token).build();
    let signed = request.header("accept", "application/token-introspection+jwt").send().await.unwrap();
    book.holds_token("introspection-token", &signed.text().await.unwrap());

    let hybrid = client.request().set("response_type", "code id_token token").set("scope", "openid");
    let answer = Answer::read(&browser.get(&hybrid.url()).await, &hybrid);
    book.holds_token("id-token-hybrid", answer.id_token());

    let document = json!({ "client_name": "Notes", "redirect_uris": ["https://app.example/cb"] });
    let registered = JsonAnswer::of(app.wire().post("/oauth2/register").json(&document)).await;
    let id = registered.body["client_id"].as_str().unwrap_or_default().to_owned();
    book.named.push((id, "<client>"));
    book.holds("registration", &registered.body);

    browser.get(&format!("/oauth2/end_session?id_token_hint={}", tokens.id_token)).await;
    book.holds_token("logout-token", &site.hears(1).await.remove(0));

    let how = "if this is meant: VESTIBULE_GOLDEN=renew cargo test -p vestibule-tests --test e2e -- golden::";
    assert!(book.wrong.is_empty(), "\n{}\n{how}", book.wrong.join("\n"));
}
