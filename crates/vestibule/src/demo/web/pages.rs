//! The app's pages. askama escapes whatever is put into them.

use ::http::StatusCode;
use askama::Template;
use serde::Serialize;
use serde_json::Value;

use super::{
    Settings,
    claims::{Row, rows},
    notes::Notes,
    session::Person,
    trouble::Trouble,
};
use crate::demo::NOTES_SCOPE;

/// What every page's frame shows.
struct Frame<'a> {
    issuer: &'a str,
    /// Who is signed in.
    name: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "demo/welcome.html")]
struct Welcome<'a> {
    frame: Frame<'a>,
    signed_out: bool,
}

#[derive(Template)]
#[template(path = "demo/trouble.html")]
struct TroublePage<'a> {
    frame: Frame<'a>,
    trouble: &'a Trouble,
}

#[derive(Template)]
#[template(path = "demo/home.html")]
struct Home<'a> {
    frame: Frame<'a>,
    name: &'a str,
    notes_url: String,
    scope: &'static str,
    answer: Option<NotesView>,
    userinfo: Vec<Row>,
    id_token: Vec<Row>,
    header: String,
    payload: String,
    signature: String,
}

/// What the API answered, ready to be shown.
struct NotesView {
    ok: bool,
    status: Option<u16>,
    line: String,
    challenge: Option<String>,
    notes: Vec<Note>,
    document: Option<String>,
}

struct Note {
    title: String,
    text: String,
}

/// The page for those who are not signed in.
pub(super) fn welcome(settings: &Settings) -> String {
    render(&Welcome { frame: frame(settings, None), signed_out: false })
}

/// The same for those who have just signed out.
pub(super) fn signed_out(settings: &Settings) -> String {
    render(&Welcome { frame: frame(settings, None), signed_out: true })
}

/// The page that says what went wrong.
pub(super) fn trouble(settings: &Settings, trouble: &Trouble) -> String {
    render(&TroublePage { frame: frame(settings, None), trouble })
}

/// The page for those who are signed in.
pub(super) fn home(settings: &Settings, person: &Person, notes: Option<&Notes>) -> String {
    let token = person.id_token.to_string();
    let name = name(person);
    render(&Home {
        frame: frame(settings, Some(name)),
        name,
        notes_url: format!("{}/notes", settings.api_url),
        scope: NOTES_SCOPE,
        answer: notes.map(view),
        userinfo: rows(&person.userinfo),
        id_token: rows(&person.id_token_claims),
        header: pretty(&person.id_token_header),
        payload: pretty(&person.id_token_claims),
        signature: token.rsplit('.').next().unwrap_or_default().to_owned(),
    })
}

fn frame<'a>(settings: &'a Settings, name: Option<&'a str>) -> Frame<'a> {
    Frame { issuer: &settings.issuer, name }
}

fn render(template: &impl Template) -> String {
    // Rendering fails only where a filter or a `Display` fails, and these templates use none that can.
    template.render().unwrap_or_default()
}

/// How to address a person: by the best that we were told.
fn name(person: &Person) -> &str {
    let told = |claim| person.userinfo.get(claim).and_then(Value::as_str).filter(|text| !text.is_empty());
    ["name", "preferred_username", "email", "sub"].into_iter().find_map(told).unwrap_or("you")
}

fn view(notes: &Notes) -> NotesView {
    let text = |note: &Value, member| note.get(member).and_then(Value::as_str).unwrap_or_default().to_owned();
    let listed = notes.document.get("notes").and_then(Value::as_array).into_iter().flatten();
    NotesView {
        ok: notes.outcome == Ok(StatusCode::OK),
        status: notes.outcome.as_ref().ok().map(StatusCode::as_u16),
        line: match &notes.outcome {
            Ok(status) => format!("{status} in {} ms", notes.millis),
            Err(why) => why.clone(),
        },
        challenge: notes.challenge.clone(),
        notes: listed.map(|note| Note { title: text(note, "title"), text: text(note, "text") }).collect(),
        document: (!notes.document.is_null()).then(|| pretty(&notes.document)),
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
