//! `/register` and `/register/finish`: making an account for oneself, where `users.registration` is on.
//!
//! Between the two lies a mail, so that an account has an address that was shown to be its person's, and so that the first page
//! tells nothing of whose address it was (attack A60). What is read from the second form is the username, the password and the
//! attributes that users may edit; whatever else is sent has no meaning (attack A68). What waits for the new account's person comes
//! along by its id ([`registering`](super::registering)).

use poem::{Request, Response, http::StatusCode};
use secrecy::SecretString;
use serde_json::{Map, Value};
use vestibule_audit::{Actor, Event, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{AskError, CreateError, Definition, Editor, NewAccount, RegisterError, Registration};

use super::{
    attribute_fields,
    browser::Browser,
    flow::Target,
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    links::{field, later, link_used, new_password, not_here, token_of, unavailable, wait},
    registering::{Onward, sign_in_instead, waiting},
    reply::{page, page_of_app, see_other, with_cookies},
    sign_in::source,
};
use crate::{
    http::read_query,
    pages::{Label, Notice, Register, RegisterFinish, Trouble, action, paths},
    state::{State, app_of},
};

const FINISH: &str = "/register/finish";

/// GET: where somebody says which address is theirs.
pub(crate) async fn register_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        check_open(&state)?;
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let target = waiting(&state, &request, &browser, query.get(REQUEST)).await?;
        let asked = ask(&state, &browser, target.as_ref(), StatusCode::OK, "", None);
        Ok(with_cookies(asked, browser.introduce(&state)))
    };
    shown.await
}

/// POST: asks for a link, or one of the other buttons. The answer to an address is the same whether or not the address is known.
pub(crate) async fn register_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        check_open(&state)?;
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let target = waiting(&state, &request, &browser, fields.get(REQUEST)).await?;
        let target = match (fields.get("action"), target) {
            (None, target) => target,
            (Some(_), None) => return Ok(see_other("/login")),
            (Some(action), Some(target)) => {
                let answer = match action {
                    action::CANCEL => target.give_up(&state, &browser.watched(&state)).await,
                    _ => sign_in_instead(&state, &browser, target).await,
                };
                return answer.map_err(|stop| stop.error(&state, &request));
            }
        };
        let typed = field(&fields, "email");
        let id = target.as_ref().map(|target| target.id().as_str());
        let again = |status, error| ask(&state, &browser, target.as_ref(), status, &typed, Some(error));
        match state.recovery().ask_registration(&typed, &source(&request), id).await {
            Ok(()) => {
                let holds = state.recovery().settings().verification_link;
                let sent = Notice::register_sent(state.site(), &Label::from(typed.trim()), holds);
                Ok(page(StatusCode::OK, sent.render(), &[]))
            }
            Err(AskError::NoAddress(why)) => Ok(again(StatusCode::OK, Label::from(why))),
            Err(AskError::TryLater { retry_after }) => {
                let error = Label::from(Trouble::TooMany { retry_after });
                Ok(wait(again(StatusCode::TOO_MANY_REQUESTS, error), retry_after))
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
            Ok(NewAccount { user, waiting }) => {
                let event = Event::new(Kind::Registered, Actor::User(user.id)).subject(user.id);
                state.audit(event.source(&source(&request))).await;
                let onward = Onward::of(&state, &browser, user.id, waiting.as_deref()).await;
                return Ok(page(StatusCode::OK, registered(&state, &user.username, onward), &[]));
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

fn registered(state: &State, username: &str, onward: Onward) -> String {
    let mut words = vec![Label::from(format!("You are {username}, and your address is confirmed."))];
    let (more, next) = match onward {
        Onward::Nowhere => (None, "/login".to_owned()),
        Onward::Here { app, next } => (app.map(|app| Label::from(format!("Sign in to continue to {app}."))), next),
        Onward::Elsewhere => (Some(Label::from(ELSEWHERE)), "/login".to_owned()),
    };
    words.extend(more);
    let done = Notice::new(state.site(), Label::from("Your account is ready"), words);
    Notice { id: "registered", ..done }.with_next("Sign in", next).render()
}

/// Said where the link was opened at another browser than it was asked for at, or after what waited there was over.
const ELSEWHERE: &str = "To continue to the app that you came from, open it again and sign in there.";

fn ask(
    state: &State,
    browser: &Browser,
    target: Option<&Target>,
    status: StatusCode,
    typed: &str,
    error: Option<Label>,
) -> Response {
    let found = target.and_then(Target::app);
    let to = found.map(|found| found.authorize.request.to.redirect_uri.to_string());
    let view = Register {
        site: state.site(),
        action: paths::REGISTER.to_owned(),
        hidden: hidden(state, browser, target.map(|target| target.id().as_str())),
        app: found.map(|found| app_of(&found.client, to.as_deref())),
        can_cancel: target.is_some(),
        email: Label::from(typed),
        error,
    };
    page_of_app(status, view.render(), view.app.as_ref(), &to.into_iter().collect::<Vec<_>>())
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
