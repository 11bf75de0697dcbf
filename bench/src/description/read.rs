//! A description as it stands in its file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Limit;
use crate::failure::{Failure, While};

/// A provider, and what is asked of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    /// How it is called.
    pub(crate) name: String,
    /// Where it is reached: `http://host:port`.
    #[serde(default)]
    pub(crate) base: String,
    /// Texts that steps may insert.
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    /// Steps that several rows share, by name.
    #[serde(default)]
    pub(crate) sequences: BTreeMap<String, Vec<Item>>,
    pub(crate) rows: Vec<Row>,
}

/// One row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// By which it is chosen.
    pub(crate) name: String,
    /// What people read.
    pub(crate) title: String,
    /// Variables that have another's value in this row.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, String>,
    /// What each connection does once, before anything is measured.
    #[serde(default)]
    pub(crate) prepare: Vec<Item>,
    /// One operation.
    pub(crate) steps: Vec<Item>,
    /// Whether the steps send the cookies that `prepare` was given.
    #[serde(default)]
    pub(crate) keep_cookies: bool,
    /// What bounds it; of [`Limit`]'s names.
    #[serde(default)]
    pub(crate) limit: Limit,
    /// The fraction of its limit that it is to reach.
    #[serde(default)]
    pub(crate) target: Option<f64>,
    /// With how many connections, where not as the command line says.
    #[serde(default)]
    pub(crate) concurrency: Option<Vec<usize>>,
    /// What is asked beside it, at a steady pace.
    #[serde(default)]
    pub(crate) beside: Option<Beside>,
}

/// Something that is asked while a row runs, to learn how long it waits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beside {
    pub(crate) title: String,
    pub(crate) steps: Vec<Item>,
    /// How often.
    pub(crate) every_ms: u64,
    /// The p99 that it is to stay under.
    #[serde(default)]
    pub(crate) p99_ms: Option<f64>,
}

/// A step, or the name of a sequence.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Item {
    Sequence(String),
    Step(Box<Step>),
}

/// One request, and what is expected of its answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    /// The path of a GET, or a whole URL below `base`.
    pub(crate) get: Option<String>,
    /// The same of a POST.
    pub(crate) post: Option<String>,
    pub(crate) headers: BTreeMap<String, String>,
    /// Fields of a form, encoded as one.
    pub(crate) form: Option<BTreeMap<String, String>>,
    /// A body as it is; its `Content-Type` stands in `headers`.
    pub(crate) body: Option<String>,
    /// The status that is right (200).
    pub(crate) status: Option<u16>,
    /// A text that stands in the body.
    pub(crate) contains: Option<String>,
    /// Variables that the answer fills.
    pub(crate) take: BTreeMap<String, Source>,
    /// Whether the connection forgets its cookies before.
    pub(crate) forget_cookies: bool,
}

/// Where in an answer a text is found.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Source {
    /// A field of the head.
    Header(String),
    /// A parameter in the query of `Location`, decoded.
    Query(String),
    /// A JSON pointer (RFC 6901) into the body.
    Json(String),
    /// Between two texts of the body.
    Between([String; 2]),
}

impl Description {
    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let read: Self = serde_json::from_str(text).doing(|| "the description cannot be read".to_owned())?;
        for row in &read.rows {
            if row.steps.is_empty() {
                return Err(Failure::because(format!("row {}: it has no steps", row.name)));
            }
        }
        Ok(read)
    }

    /// The host and port of `base`.
    pub(crate) fn authority(&self) -> Result<&str, Failure> {
        let authority = self.base.strip_prefix("http://").map(|rest| rest.trim_end_matches('/'));
        authority.filter(|authority| authority.contains(':') && !authority.contains('/')).ok_or_else(|| {
            Failure::because(format!("base is {:?}, and must be http://host:port: TLS is not spoken here", self.base))
        })
    }
}

impl Step {
    /// The method and the target.
    pub(super) fn line(&self) -> Result<(&'static str, &str), Failure> {
        match (&self.get, &self.post) {
            (Some(target), None) => Ok(("GET", target)),
            (None, Some(target)) => Ok(("POST", target)),
            _ => Err(Failure::because("a step has either get or post")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_descriptions_can_be_read() {
        assert!(!Description::parse(super::super::VESTIBULE).unwrap().rows.is_empty());
        assert!(!Description::parse(super::super::CEILINGS).unwrap().rows.is_empty());
    }

    #[test]
    fn a_word_that_is_not_known_is_refused() {
        for text in [
            r#"{"name": "x", "rows": [], "colour": "red"}"#,
            r#"{"name": "x", "rows": [{"name": "a", "title": "A", "steps": [{"get": "/", "sattus": 200}]}]}"#,
            r#"{"name": "x", "rows": [{"name": "a", "title": "A", "steps": []}]}"#,
            r#"{"name": "x"}"#,
        ] {
            assert!(Description::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_step_is_a_request_or_the_name_of_a_sequence() {
        let text =
            r#"{"name": "x", "rows": [{"name": "a", "title": "A", "steps": ["begin", {"get": "/", "status": 303}]}]}"#;
        let read = Description::parse(text).unwrap();
        assert!(matches!(&read.rows[0].steps[0], Item::Sequence(name) if name == "begin"));
        assert!(matches!(&read.rows[0].steps[1], Item::Step(step) if step.status == Some(303)));
    }

    #[test]
    fn the_base_names_host_and_port() {
        let at = |base: &str| Description {
            base: base.to_owned(),
            ..Description::parse(r#"{"name":"x","rows":[]}"#).unwrap()
        };
        assert_eq!(at("http://127.0.0.1:8080/").authority().unwrap(), "127.0.0.1:8080");
        for wrong in ["", "https://a:1", "http://a", "http://a:1/path"] {
            assert!(at(wrong).authority().is_err(), "{wrong}");
        }
    }
}
