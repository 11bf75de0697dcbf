//! `/register` and `/register/finish`: making an account for oneself, where `users.registration` is on.
//!
//! Between the two lies a mail, so that an account has an address that was shown to be its person's, and so that the first page
//! tells nothing of whose address it was (attack A60). What is read from the second form is the username, the password and the
//! attributes that users may edit; whatever else is sent has no meaning (attack A68).

use poem::{Request, Response, http::StatusCode};
use secrecy::SecretString;
use serde_json::{Map, Value};
use vestibule_audit::{Actor, Event, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{AskError, CreateError, Definition, Editor, RegisterError, Registration};

use super::{
    attribute_fields,
    browser::Browser,
    form::{self, Posted, bad_query, hidden, or_unavailable},
    links::{field, later, link_used, new_password, not_here, token_of, unavailable},
    reply::{page, with_cookies},
    sign_in::source,
};
use crate::{
    http::read_query,
    pages::{Label, Notice, Register, RegisterFinish, Trouble, paths},
    state::State,
};

const FINISH: &str = "/register/finish";

/// GET: where somebody says which address is theirs.
pub(crate) async fn register_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        check_open(&state)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let html = ask(&state, &browser, "", None);
        Ok(with_cookies(page(StatusCode::OK, html, &[]), browser.introduce(&state)))
    };
    shown.await
}

/// POST: asks for a link. The answer is the same whether or not the address is known.
pub(crate) async fn register_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        check_open(&state)?;
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let typed = field(&fields, "email");
        match state.recovery().ask_registration(&typed, &source(&request)).await {
            Ok(()) => {
                let holds = state.recovery().settings().verification_link;
                let sent = Notice::register_sent(state.site(), &Label::from(typed.trim()), holds);
                Ok(page(StatusCode::OK, sent.render(), &[]))
            }
            Err(AskError::NoAddress(why)) => {
                Ok(page(StatusCode::OK, ask(&state, &browser, &typed, Some(Label::from(why))), &[]))
            }
            Err(AskError::TryLater { retry_after }) => {
                let error = Label::from(Trouble::TooMany { retry_after });
                let html = ask(&state, &browser, &typed, Some(error));
                Ok(later(StatusCode::TOO_MANY_REQUESTS, html, retry_after))
            }
            Err(AskError::Unavailable(error)) => or_unavailable(&state, &request, Err(unavailable(&error))),
        }
    };
    answered.await
}

/// GET: the form, for whoever has the link.
pub(crate) async fn finish_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        check_open(&state)?;
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let token = token_of(&query);
        let email = whose(&state, &request, &token).await?;
        let definitions = asked_for(&state, &request).await?;
        let html = choose(&state, &browser, token, &email, &Chosen::of(&definitions), None);
        Ok(with_cookies(page(StatusCode::OK, html, &[]), browser.introduce(&state)))
    };
    shown.await
}

/// POST: makes the account. Its person then signs in, as everybody does.
pub(crate) async fn finish_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        check_open(&state)?;
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let (token, username) = (token_of(&fields), field(&fields, "username"));
        let definitions = asked_for(&state, &request).await?;
        let attributes = attribute_fields::read(&definitions, &fields);
        let password = SecretString::from(field(&fields, "password"));
        let registration = Registration { username: username.clone(), password, attributes: attributes.clone() };
        let error = match state.recovery().register(&token, registration).await {
            Ok(user) => {
                let event = Event::new(Kind::Registered, Actor::User(user.id)).subject(user.id);
                state.audit(event.source(&source(&request))).await;
                return Ok(page(StatusCode::OK, registered(&state, &user.username), &[]));
            }
            Err(RegisterError::LinkUsed) => return Err(link_used()),
            Err(RegisterError::Unavailable(error)) => {
                return or_unavailable(&state, &request, Err(unavailable(&error)));
            }
            Err(RegisterError::Refused(error)) => error,
        };
        let email = whose(&state, &request, &token).await?;
        let chosen = Chosen { username: &username, attributes, ..Chosen::of(&definitions) };
        let html = choose(&state, &browser, token, &email, &chosen, Some(&error));
        Ok(match error {
            CreateError::Busy { retry_after } => later(StatusCode::SERVICE_UNAVAILABLE, html, retry_after),
            _ => page(StatusCode::OK, html, &[]),
        })
    };
    answered.await
}

/// Where nobody may register, these pages are not there.
fn check_open(state: &State) -> poem::Result<()> {
    if state.recovery().settings().registration { Ok(()) } else { Err(not_here()) }
}

async fn whose(state: &State, request: &Request, token: &SecretString) -> poem::Result<String> {
    let found = state.recovery().look_registration(token).await.map_err(|error| unavailable(&error));
    or_unavailable(state, request, found)?.ok_or_else(link_used)
}

/// The attributes that whoever registers may fill in.
async fn asked_for(state: &State, request: &Request) -> poem::Result<Vec<Definition>> {
    let definitions = or_unavailable(state, request, state.attributes().list().await.map_err(Unavailable::from))?;
    Ok(definitions.into_iter().filter(|definition| definition.is_editable_by(Editor::User)).collect())
}

fn registered(state: &State, username: &str) -> String {
    let words = Label::from(format!("You are {username}, and your address is confirmed."));
    let done = Notice::new(state.site(), Label::from("Your account is ready"), vec![words]);
    Notice { id: "registered", ..done }.with_next("Sign in", "/login").render()
}

fn ask(state: &State, browser: &Browser, typed: &str, error: Option<Label>) -> String {
    let view = Register {
        site: state.site(),
        action: paths::REGISTER.to_owned(),
        hidden: hidden(state, browser, None),
        email: Label::from(typed),
        error,
    };
    view.render()
}

/// What was typed into the second form.
struct Chosen<'a> {
    username: &'a str,
    attributes: Map<String, Value>,
    definitions: &'a [Definition],
}

impl<'a> Chosen<'a> {
    fn of(definitions: &'a [Definition]) -> Self {
        Self { username: "", attributes: Map::new(), definitions }
    }
}

fn choose(
    state: &State,
    browser: &Browser,
    token: SecretString,
    email: &str,
    chosen: &Chosen<'_>,
    error: Option<&CreateError>,
) -> String {
    let mut view = RegisterFinish {
        site: state.site(),
        action: FINISH.to_owned(),
        hidden: hidden(state, browser, None),
        token,
        email: Label::from(email),
        username: Label::from(chosen.username),
        username_error: None,
        password: new_password(state, &[]),
        fields: attribute_fields::fields(chosen.definitions, &chosen.attributes, None),
        error: None,
    };
    match error {
        None => {}
        Some(CreateError::UsernameTaken) => {
            view.username_error = Some("This username is taken. Choose another one.".into())
        }
        Some(CreateError::Invalid { field: "username", why }) => view.username_error = Some(Label::from(why.as_str())),
        Some(CreateError::WeakPassword(problems)) => view.password = new_password(state, problems),
        Some(CreateError::Attributes(bad)) => {
            view.fields = attribute_fields::fields(chosen.definitions, &chosen.attributes, Some(bad));
        }
        Some(CreateError::Busy { retry_after }) => {
            view.error = Some(Label::from(Trouble::Busy { retry_after: *retry_after }));
        }
        Some(other) => view.error = Some(Label::from(other.to_string())),
    }
    view.render()
}
