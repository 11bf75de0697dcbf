//! The administration API keeps to its document, whatever is sent: a small fuzzer of our own, and the errors by name.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{Administrator, Contract, Described, JsonAnswer, TestApp, is_problem};

const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

/// The operation's path with names that fit, and that nothing has.
fn nowhere(described: &Described) -> String {
    let fitting = [("attribute", "nothing".to_owned()), ("kind", "email".to_owned())];
    described.path_with(&HashMap::from(fitting), NOTHING)
}

async fn given() -> (TestApp, Administrator, Contract) {
    let app = TestApp::start().await;
    let (root, contract) = (app.superuser().await, app.contract().await);
    (app, root, contract)
}

#[tokio::test]
async fn the_document_is_whole() {
    let (app, _, contract) = given().await;
    let document = contract.document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], format!("{}/api/v1", app.issuer()));
    let mut ids: Vec<String> = contract.operations().iter().map(|it| it.id().to_owned()).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids are unique");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
    for described in contract.operations() {
        let parameters = described.operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path = parameters.iter().filter(|it| it["in"] == "path").count();
        assert_eq!(in_path, described.path.matches('{').count(), "{}", described.path);
        assert!(described.operation["responses"]["401"].is_object(), "{}", described.path);
    }
}

#[tokio::test]
async fn links_lead_to_what_was_created() {
    let (_app, _, contract) = given().await;
    let (document, mut linked) = (contract.document(), 0);
    let ids: Vec<String> = contract.operations().iter().map(|it| it.id().to_owned()).collect();
    for described in contract.operations() {
        let Some(links) = described.operation["responses"]["201"]["links"].as_object() else { continue };
        let schema = &described.operation["responses"]["201"]["content"]["application/json"]["schema"];
        let reference = schema["$ref"].as_str().unwrap().trim_start_matches('#');
        let members = &document.pointer(reference).unwrap()["properties"];
        for link in links.values() {
            assert!(ids.iter().any(|id| link["operationId"] == **id), "{link}");
            for source in link["parameters"].as_object().unwrap().values().filter_map(Value::as_str) {
                let member = source.strip_prefix("$response.body#/");
                assert!(member.is_none_or(|member| members[member].is_object()), "{source} of {}", described.path);
            }
            linked += 1;
        }
    }
    assert!(linked > 40, "{linked}");
}

/// Values that break parsers.
fn evil() -> Vec<Value> {
    let long = "x".repeat(5000);
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(9_223_372_036_854_775_807_i64),
        json!(""),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("\u{202e}\u{feff}'\";--%00<script>"),
        json!(long),
        json!([]),
        json!([[]]),
        json!({}),
        json!({ "": {} }),
        json!([null, 1, "\u{0}"]),
    ]
}

/// A right value of a schema, as plain as can be.
fn plain(contract: &Contract, schema: &Value) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => contract.document().pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    if let Some(first) = schema["anyOf"].as_array().and_then(|any| any.first()) {
        return plain(contract, first);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap(),
    };
    match kind {
        "boolean" => json!(true),
        "integer" => schema["minimum"].clone(),
        "number" => json!(1),
        "array" => json!([]),
        "object" => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let member = |name: &Value| {
                let name = name.as_str().unwrap();
                (name.to_owned(), plain(contract, &schema["properties"][name]))
            };
            Value::Object(required.iter().map(member).collect())
        }
        _ if schema["format"] == "uuid" => json!(NOTHING),
        _ if schema["format"] == "date-time" => json!("2026-01-01T00:00:00Z"),
        _ if schema["pattern"].as_str().is_some_and(|pattern| pattern.contains(r"\.")) => json!("app.view_thing"),
        _ => json!("x".repeat(usize::try_from(schema["minLength"].as_u64().unwrap_or(1).max(1)).unwrap())),
    }
}

#[tokio::test]
async fn no_value_of_a_body_makes_it_fail() {
    let (_app, root, contract) = given().await;
    for described in contract.operations() {
        let path = nowhere(&described);
        let schema = &described.operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        let whole = schema["$ref"]
            .as_str()
            .map_or(schema, |reference| contract.document().pointer(reference.trim_start_matches('#')).unwrap());
        let good = plain(&contract, schema);
        for name in whole["properties"].as_object().unwrap().keys() {
            for value in evil() {
                let mut body = good.clone();
                body[name] = value;
                let wrong = contract.flaw(schema, &body, "").is_some();
                let answer = root.send(described.method.clone(), &path, |request| request.json(&body)).await;
                if wrong {
                    assert!([400, 404].contains(&answer.status.as_u16()), "{path} {body}: {}", answer.body);
                } else {
                    assert_ne!(answer.status, 400, "{path} takes what the document allows: {body}: {}", answer.body);
                }
            }
        }
        let mut unknown = good.clone();
        unknown["is_admin"] = json!(true);
        let answer = root.send(described.method.clone(), &path, |request| request.json(&unknown)).await;
        assert_eq!(answer.status, 400, "{path} knows its members");
    }
}

#[tokio::test]
async fn no_value_of_a_parameter_makes_it_fail() {
    let (_app, root, contract) = given().await;
    let values = [
        "",
        "%00",
        "%ff",
        "%F0%9F%92%A9",
        "-1",
        "0",
        "1e5",
        "99999999999999999999",
        "null",
        "true",
        "%20",
        "..",
        "'%22;--",
    ];
    for described in contract.operations() {
        for parameter in described.operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            for value in values {
                tamper(&root, &described, parameter["in"].as_str().unwrap(), name, value).await;
            }
        }
        let path = nowhere(&described);
        for query in ["no_such=1", "limit=1&limit=1", "%ff=1", "=", "a%00=b"] {
            let answer = root.send(described.method.clone(), &format!("{path}?{query}"), |request| request).await;
            assert_eq!(answer.status, 400, "{} {path}?{query}", described.method);
        }
    }
}

async fn tamper(root: &Administrator, described: &Described, place: &str, name: &str, value: &str) {
    let mut values = HashMap::new();
    let mut query = String::new();
    match place {
        "path" => drop(values.insert(name, value.to_owned())),
        "query" => query = format!("?{name}={value}"),
        _ => {}
    }
    let path = format!("{}{query}", described.path_with(&values, NOTHING));
    if place == "path" && (value.is_empty() || value == "..") {
        return;
    }
    let header = |request: reqwest::RequestBuilder| match place {
        "header" => request.header(name, value),
        _ => request,
    };
    let answer = root.send(described.method.clone(), &path, header).await;
    assert!(answer.status.as_u16() < 500, "{path}: {}", answer.body);
}

#[tokio::test]
async fn a_body_that_is_no_json_of_the_right_type_is_refused() {
    let (app, root, _) = given().await;
    let post = || app.wire().post("/api/v1/clients").bearer_auth(&root.token);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let typed = |kind: &str, body: String| post().header("content-type", kind).body(body);
    let cases = [
        (post(), 415),
        (typed("text/plain", "{}".into()), 415),
        (typed("application/xml", "{}".into()), 415),
        (typed("application/json; charset=utf-16", "{}".into()), 415),
        (typed("application/merge-patch+json", "{}".into()), 415),
        (typed("application/json", "{}".into()).header("content-encoding", "gzip"), 415),
        (typed("application/json", String::new()), 400),
        (typed("application/json", "{".into()), 400),
        (typed("application/json", "[]".into()), 400),
        (typed("application/json", "null".into()), 400),
        (typed("application/json", r#"{"client_name": "\ud800"}"#.into()), 400),
        (typed("application/json", r#"{"client_name": 1e999}"#.into()), 400),
        (typed("application/json", "\u{feff}{}".into()), 400),
        (typed("application/json", deep), 400),
        (typed("application/json", "x".repeat(2_000_000)), 413),
        (typed("application/json; charset=UTF-8", "{}".into()), 400),
    ];
    for (index, (request, status)) in cases.into_iter().enumerate() {
        let answer = JsonAnswer::of(request).await;
        assert_eq!((answer.status.as_u16(), is_problem(&answer)), (status, true), "{index}: {}", answer.body);
    }
}

#[tokio::test]
async fn what_leads_nowhere_is_a_problem_too() {
    let (app, root, contract) = given().await;
    for path in [
        "/api/v1/nothing",
        "/api/v1/clients/",
        "/api/v1/clients//x",
        "/api/v2",
        "/api/",
        "/api/v1/clients/a%00b",
        "/api/v1/%ff",
    ] {
        let answer = JsonAnswer::of(app.wire().get(path)).await;
        assert_eq!((answer.status.as_u16(), is_problem(&answer)), (404, true), "{path}: {}", answer.body);
    }
    for described in contract.operations() {
        let path = nowhere(&described);
        let known: Vec<Method> =
            contract.operations().into_iter().filter(|it| it.path == described.path).map(|it| it.method).collect();
        for method in
            [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE, Method::OPTIONS, Method::TRACE]
        {
            if known.contains(&method) {
                continue;
            }
            let answer = JsonAnswer::of(app.wire().request(method.clone(), &path)).await;
            assert_eq!((answer.status.as_u16(), is_problem(&answer)), (405, true), "{method} {path}");
            let allow = answer.header("allow").unwrap().to_owned();
            assert!(known.iter().all(|known| allow.contains(known.as_str())), "{method} {path}: {allow}");
        }
    }
    let head = root.request(Method::HEAD, "/api/v1/clients").send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.text().await.unwrap()), (200, String::new()));
}

#[tokio::test]
async fn the_page_to_read_it_names_every_operation_and_runs_nothing() {
    let (app, _, contract) = given().await;
    let answer = app.wire().get("/api/v1/").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let page = answer.text().await.unwrap();
    for described in contract.operations() {
        assert!(page.contains(&format!("id=\"{}\"", described.id())), "{}", described.id());
    }
    assert!(!page.contains("<script") && !page.contains("style=") && !page.contains("https://"), "{page}");
    assert_eq!(app.wire().get("/api/v1").send().await.unwrap().headers()["location"], "/api/v1/");
}
