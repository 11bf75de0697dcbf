//! What the generator runs: a row's steps with everything looked up that can be looked up beforehand.

use std::collections::BTreeMap;

pub(crate) use super::read::Source;
use super::{
    Description, Row,
    read::{Item, Step},
    template::{Template, encode},
};
use crate::failure::{Failure, While};

/// Sequences may name sequences, so deep.
const DEEPEST: usize = 8;

/// The names of variables, each with its place in [`Values`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    places: BTreeMap<String, usize>,
    initial: Vec<String>,
}

impl Names {
    /// With the variables of a description, as they are in a row.
    pub(crate) fn of(description: &Description, row: &Row) -> Result<Self, Failure> {
        let mut names = Self::default();
        names.set("base", description.base.trim_end_matches('/'));
        description.variables.iter().for_each(|(name, value)| names.set(name, value));
        for (name, other) in &row.with {
            let value = description.variables.get(other);
            let unknown = || Failure::because(format!("row {}: there is no variable {other:?}", row.name));
            names.set(name, value.ok_or_else(unknown)?);
        }
        Ok(names)
    }

    fn set(&mut self, name: &str, value: &str) {
        let place = self.used(name);
        self.initial[place] = value.to_owned();
    }

    /// The place of a name.
    pub(super) fn used(&mut self, name: &str) -> usize {
        let next = self.places.len();
        let place = *self.places.entry(name.to_owned()).or_insert(next);
        if place == next {
            self.initial.push(String::new());
        }
        place
    }
}

/// What the variables of one connection hold.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    held: Vec<String>,
    fresh: Option<usize>,
    state: u64,
}

impl Values {
    /// Those of a connection.
    pub(crate) fn new(names: &Names, connection: usize) -> Self {
        let mut held = names.initial.clone();
        if let Some(place) = names.places.get("connection") {
            held[*place] = connection.to_string();
        }
        Self { held, fresh: names.places.get("fresh").copied(), state: (connection as u64 + 1) << 40 }
    }

    /// Begins an operation.
    pub(crate) fn begin(&mut self) {
        if let Some(place) = self.fresh {
            self.state += 1;
            // Numbers that follow one another, mixed so that they look nothing alike; no secret depends on them.
            let mixed = self.state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.held[place] = format!("{mixed:016x}{:016x}", self.state);
        }
    }

    pub(super) fn get(&self, place: usize) -> &str {
        self.held.get(place).map(String::as_str).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, place: usize, value: String) {
        if let Some(held) = self.held.get_mut(place) {
            *held = value;
        }
    }
}

/// Steps, ready to run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    pub(crate) steps: Vec<Request>,
}

/// One step, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: Template,
    /// Fields of the head with their line ends, `Host` among them; neither `Cookie` nor `Content-Length`.
    pub(crate) fields: Template,
    pub(crate) body: Option<Template>,
    pub(crate) status: u16,
    pub(crate) contains: Option<Vec<u8>>,
    pub(crate) take: Vec<(usize, String, Source)>,
    pub(crate) forget_cookies: bool,
}

impl Script {
    /// What the connections of a row do once.
    pub(crate) fn to_prepare(row: &Row, of: &Description, names: &mut Names) -> Result<Self, Failure> {
        Self::compile(&row.prepare, of, names).doing(|| format!("row {}, prepare", row.name))
    }

    /// One operation of a row.
    pub(crate) fn of(row: &Row, of: &Description, names: &mut Names) -> Result<Self, Failure> {
        Self::compile(&row.steps, of, names).doing(|| format!("row {}", row.name))
    }

    /// Makes ready whatever steps.
    pub(crate) fn compile(items: &[Item], of: &Description, names: &mut Names) -> Result<Self, Failure> {
        let mut script = Self::default();
        script.add(items, of, names, DEEPEST)?;
        Ok(script)
    }

    fn add(&mut self, items: &[Item], of: &Description, names: &mut Names, depth: usize) -> Result<(), Failure> {
        for item in items {
            match item {
                Item::Step(step) => self.steps.push(request(step, of.authority()?, names)?),
                Item::Sequence(name) => {
                    let items = of.sequences.get(name).filter(|_| depth > 0);
                    let items = items.ok_or_else(|| Failure::because(format!("there is no sequence {name:?}")))?;
                    self.add(items, of, names, depth - 1)?;
                }
            }
        }
        Ok(())
    }
}

fn request(step: &Step, host: &str, names: &mut Names) -> Result<Request, Failure> {
    let (method, target) = step.line()?;
    let mut fields = Template::text(format!("Host: {host}\r\nUser-Agent: vestibule-bench\r\n"));
    for (name, value) in &step.headers {
        let value = Template::parse(value, names)?;
        fields = fields.then(Template::text(format!("{name}: "))).then(value).then(Template::text("\r\n"));
    }
    let body = match (&step.form, &step.body) {
        (Some(form), None) => {
            fields = fields.then(Template::text("Content-Type: application/x-www-form-urlencoded\r\n"));
            Some(encoded(form, names)?)
        }
        (None, Some(body)) => Some(Template::parse(body, names)?),
        (None, None) => (method == "POST").then(Template::default),
        (Some(_), Some(_)) => return Err(Failure::because(format!("{target}: a step has either form or body"))),
    };
    Ok(Request {
        method,
        target: Template::parse(target, names)?,
        fields,
        body,
        status: step.status.unwrap_or(200),
        contains: step.contains.as_ref().map(|text| text.clone().into_bytes()),
        take: step.take.iter().map(|(name, from)| (names.used(name), name.clone(), from.clone())).collect(),
        forget_cookies: step.forget_cookies,
    })
}

fn encoded(form: &BTreeMap<String, String>, names: &mut Names) -> Result<Template, Failure> {
    let mut body = Template::default();
    for (index, (name, value)) in form.iter().enumerate() {
        let begin = if index == 0 { format!("{}=", encode(name)) } else { format!("&{}=", encode(name)) };
        body = body.then(Template::text(begin)).then(Template::parse_encoded(value, names)?);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(steps: &str) -> Result<(Script, Names), Failure> {
        let text = format!(
            r#"{{"name": "x", "base": "http://h:1", "variables": {{"id": "a b"}},
                "sequences": {{"two": [{{"get": "/1"}}, {{"get": "/2"}}], "round": ["round"]}},
                "rows": [{{"name": "r", "title": "R", "with": {{"own": "id"}}, "steps": {steps}}}]}}"#
        );
        let description = Description::parse(&text)?;
        let mut names = Names::of(&description, &description.rows[0])?;
        let script = Script::of(&description.rows[0], &description, &mut names)?;
        Ok((script, names))
    }

    fn body(script: &Script, names: &Names) -> String {
        let mut into = Vec::new();
        script.steps[0].body.as_ref().unwrap().write(&Values::new(names, 0), &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn a_sequence_stands_for_its_steps() {
        assert_eq!(compiled(r#"["two", {"get": "/3"}]"#).unwrap().0.steps.len(), 3);
        assert!(compiled(r#"["three"]"#).unwrap_err().to_string().contains("three"));
        assert!(compiled(r#"["round"]"#).is_err());
    }

    #[test]
    fn a_form_is_encoded_as_one() {
        let (script, names) = compiled(r#"[{"post": "/t", "form": {"a": "1&2", "b": "${id}"}}]"#).unwrap();
        assert_eq!(body(&script, &names), "a=1%262&b=a%20b");
    }

    #[test]
    fn in_a_row_a_variable_can_have_anothers_value() {
        let (script, names) = compiled(r#"[{"post": "/t", "form": {"a": "${own}"}}]"#).unwrap();
        assert_eq!(body(&script, &names), "a=a%20b");
        let text = r#"{"name": "x", "rows": [{"name": "r", "title": "R", "with": {"a": "nothing"}, "steps": [{"get": "/"}]}]}"#;
        let description = Description::parse(text).unwrap();
        assert!(Names::of(&description, &description.rows[0]).unwrap_err().to_string().contains("nothing"));
    }

    #[test]
    fn a_body_goes_as_it_is() {
        let (script, names) = compiled(r#"[{"post": "/t", "body": "{\"id\": \"${id}\"}"}]"#).unwrap();
        assert_eq!(body(&script, &names), r#"{"id": "a b"}"#);
    }

    #[test]
    fn a_step_that_contradicts_itself_is_refused() {
        for steps in
            [r#"[{"get": "/", "post": "/"}]"#, r#"[{"status": 200}]"#, r#"[{"post": "/", "body": "", "form": {}}]"#]
        {
            assert!(compiled(steps).is_err(), "{steps}");
        }
    }

    #[test]
    fn every_operation_has_a_fresh_text_and_no_two_connections_the_same() {
        let mut names = Names::default();
        let place = names.used("fresh");
        let (mut one, mut other) = (Values::new(&names, 0), Values::new(&names, 1));
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..100 {
            one.begin();
            other.begin();
            assert!(seen.insert(one.get(place).to_owned()) && seen.insert(other.get(place).to_owned()));
        }
    }
}
