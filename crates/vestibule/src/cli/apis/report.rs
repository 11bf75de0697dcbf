//! An API in the words of a report.

use serde_json::{Value, json};
use vestibule_oidc::client::Api;

/// What stands for a setting that the configuration decides.
const AS_CONFIGURED: &str = "as configured";

/// The headings of the list.
pub(super) const HEADINGS: [&str; 3] = ["identifier", "name", "scopes"];

/// A line of the list.
pub(super) fn row(api: &Api) -> Vec<String> {
    let scopes: Vec<_> = api.scopes.iter().map(|scope| scope.scope.as_str()).collect();
    vec![api.identifier.clone(), api.name.clone().unwrap_or_default(), scopes.join(" ")]
}

/// How many scopes it owns.
pub(super) fn scopes_in_words(api: &Api) -> String {
    match api.scopes.len() {
        0 => "no scopes".to_owned(),
        1 => "1 scope".to_owned(),
        many => format!("{many} scopes"),
    }
}

/// Everything, for programs; the lifetime in seconds.
pub(super) fn document(api: &Api) -> Value {
    let scope =
        |scope: &vestibule_oidc::client::ApiScope| json!({ "scope": scope.scope, "description": scope.description });
    json!({
        "identifier": api.identifier,
        "name": api.name,
        "scopes": api.scopes.iter().map(scope).collect::<Vec<_>>(),
        "access_token_alg": api.access_token_alg,
        "access_token_lifetime": api.access_token_lifetime.map(|lifetime| lifetime.as_secs()),
        "opaque": api.opaque,
    })
}

/// Everything, for people.
pub(super) fn lines(api: &Api) -> String {
    let or_configured = |text: Option<String>| text.unwrap_or_else(|| AS_CONFIGURED.to_owned());
    let lifetime = api.access_token_lifetime.map(|lifetime| format!("{} s", lifetime.as_secs()));
    let access_tokens = match api.opaque {
        true => "opaque".to_owned(),
        false => or_configured(api.access_token_alg.map(|algorithm| algorithm.to_string())),
    };
    let mut text = String::new();
    for (name, value) in [
        ("Identifier", api.identifier.clone()),
        ("Name", api.name.clone().unwrap_or_else(|| "none".to_owned())),
        ("Access tokens", access_tokens),
        ("Token lifetime", or_configured(lifetime)),
        ("Scopes", scopes_in_words(api)),
    ] {
        text.push_str(&format!("{name:<15} {value}\n"));
    }
    let widest = api.scopes.iter().map(|scope| scope.scope.len()).max().unwrap_or(0);
    for scope in &api.scopes {
        let words = scope.description.as_deref().unwrap_or_default();
        text.push_str(format!("  {:<widest$}  {words}", scope.scope).trim_end());
        text.push('\n');
    }
    text
}
