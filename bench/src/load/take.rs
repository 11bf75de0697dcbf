//! What a step takes out of an answer.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    answer::{Answer, find},
    description::script::Source,
};

/// The text that `source` names, where it is there.
pub(super) fn take(answer: &Answer, source: &Source) -> Option<String> {
    match source {
        Source::Header(name) => answer.field(name),
        Source::Query(name) => query(&answer.field("location")?, name),
        Source::Json(pointer) => json(answer.body(), pointer),
        Source::Between([before, after]) => between(answer.body(), before, after),
    }
}

/// A parameter of a URL's query, decoded. A `+` is a space, as in a form.
fn query(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1.split('#').next()?;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    Some(percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
}

fn json(body: &[u8], pointer: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    match document.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// With what HTML writes for the four characters that a value can have in no other way.
fn between(body: &[u8], before: &str, after: &str) -> Option<String> {
    let begin = find(body, before.as_bytes())? + before.len();
    let rest = &body[begin..];
    let text = String::from_utf8_lossy(&rest[..find(rest, after.as_bytes())?]).into_owned();
    if !text.contains('&') {
        return Some(text);
    }
    Some(
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&amp;", "&"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(head: &str, body: &str, source: Source) -> Option<String> {
        let mut answer = Answer::default();
        let length = body.len();
        answer.take(format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {length}\r\n\r\n{body}").as_bytes()).unwrap();
        take(&answer, &source)
    }

    #[test]
    fn a_parameter_of_the_location_is_decoded() {
        let location = "Location: https://app.example/cb?a=1&code=x%2Fy+z&state=s#f\r\n";
        let query = |name: &str| taken(location, "", Source::Query(name.to_owned()));
        assert_eq!(query("code").as_deref(), Some("x/y z"));
        assert_eq!(query("state").as_deref(), Some("s"));
        assert_eq!(query("cod"), None);
        assert_eq!(taken("Location: /cb\r\n", "", Source::Query("code".to_owned())), None);
        assert_eq!(taken("", "", Source::Query("code".to_owned())), None);
    }

    #[test]
    fn a_json_pointer_leads_into_the_body() {
        let json = |pointer: &str| taken("", r#"{"a": {"b": ["x", 7, null]}}"#, Source::Json(pointer.to_owned()));
        assert_eq!(json("/a/b/0").as_deref(), Some("x"));
        assert_eq!(json("/a/b/1").as_deref(), Some("7"));
        assert_eq!(json("/a/b/2"), None);
        assert_eq!(json("/c"), None);
        assert_eq!(taken("", "no json", Source::Json("/a".to_owned())), None);
    }

    #[test]
    fn what_lies_between_two_texts_is_taken() {
        let between = |before: &str, after: &str| {
            taken("", r#"<input name="t" value="a&amp;b"><i>"#, Source::Between([before.to_owned(), after.to_owned()]))
        };
        assert_eq!(between("value=\"", "\"").as_deref(), Some("a&b"));
        assert_eq!(between("worth=\"", "\""), None);
        assert_eq!(between("<i>", "</i>"), None);
    }

    #[test]
    fn a_field_is_found_whatever_its_case() {
        assert_eq!(taken("DPoP-Nonce: n\r\n", "", Source::Header("dpop-nonce".to_owned())).as_deref(), Some("n"));
    }
}
