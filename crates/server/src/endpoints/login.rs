//! `/login`: signing in, signing in once more, and choosing an account.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use secrecy::SecretString;
use vestibule_oidc::{Present, Unavailable, authorize::Next, discovery::ACR_ONE_FACTOR};
use vestibule_sessions::Authentication;
use vestibule_users::{AuthenticateError, User};

use super::{
    browser::{Browser, session_cookie},
    flow::{self, Found, Stop},
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    reply::{page, see_other, with_cookies},
};
use crate::{
    http::read_query,
    pages::{Label, SelectAccount, SignIn, SignInError, action},
    state::{State, app_of, person_of},
};

/// What a sign-in leads to: an application's request, or nothing but our own pages.
type Target = Option<Found>;

/// GET: the page that the dispatcher wants.
pub(crate) async fn login_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let target =
            target_of(&state, &browser, query.get(REQUEST)).await.map_err(|stop| stop.error(&state, &request))?;
        let shown = show(&state, &browser, target, None, "").await;
        shown.map_err(|stop| stop.error(&state, &request))
    };
    shown.await
}

/// POST: a try to sign in, or one of the other buttons.
pub(crate) async fn login_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let id = fields.get(REQUEST);
        let target = target_of(&state, &browser, id).await.map_err(|stop| stop.error(&state, &request))?;
        let answer = match (fields.get("action"), target) {
            (Some(action::CANCEL), Some(found)) => flow::deny(&state, found).await,
            (Some(action::SWITCH), Some(found)) => switch(&state, &browser, found).await,
            (Some(action::CONTINUE), Some(found)) => choose(&state, &browser, found).await,
            (Some(_), _) => Ok(see_other("/login")),
            (None, target) => {
                let password = SecretString::from(fields.get("password").unwrap_or_default().to_owned());
                let username = fields.get("username").unwrap_or_default();
                let keep = fields.get("keep_signed_in").is_some();
                let typed = Typed { username, password: &password, keep };
                try_to_sign_in(&state, &request, &browser, target, typed).await
            }
        };
        answer.map_err(|stop| stop.error(&state, &request))
    };
    answered.await
}

async fn target_of(state: &State, browser: &Browser, id: Option<&str>) -> Result<Target, Stop> {
    match id {
        Some(id) => flow::load_authorize(state, browser, id).await.map(Some),
        None => Ok(None),
    }
}

/// Shows what the dispatcher wants; where it wants another page, goes there.
async fn show(
    state: &State,
    browser: &Browser,
    target: Target,
    error: Option<SignInError>,
    typed: &str,
) -> Result<Response, Stop> {
    let Some(found) = target else {
        if browser.present.is_some() && error.is_none() {
            return Ok(see_other("/"));
        }
        return Ok(sign_in_page(state, browser, None, None, error, typed));
    };
    let next = found.authorize.next(state, &found.client, browser.present.as_ref()).await?;
    let counted = found.authorize.counts(browser.present.as_ref()).cloned();
    match (next, counted) {
        (Next::SignIn, _) => Ok(sign_in_page(state, browser, Some(&found), None, error, typed)),
        (Next::Reauthenticate, Some(present)) => {
            Ok(sign_in_page(state, browser, Some(&found), Some(&present.user), error, typed))
        }
        (Next::SelectAccount, Some(present)) => Ok(select_account_page(state, browser, &found, &present)),
        _ => flow::go_on(state, found, browser.present.as_ref()).await,
    }
}

fn sign_in_page(
    state: &State,
    browser: &Browser,
    found: Option<&Found>,
    again: Option<&User>,
    error: Option<SignInError>,
    typed: &str,
) -> Response {
    let request = found.map(|found| &found.authorize.request);
    let hinted = request.and_then(|request| request.login_hint.as_deref()).unwrap_or_default();
    let username = again.map_or(if typed.is_empty() { hinted } else { typed }, |user| &user.username);
    let view = SignIn {
        site: state.site(),
        action: "/login".to_owned(),
        hidden: hidden(state, browser, found.map(|found| found.id.as_str())),
        app: found.map(|found| app_of(&found.client, request.map(|request| request.to.redirect_uri.as_str()))),
        again: again.map(person_of),
        identifier_label: "Username or e-mail".into(),
        username: Label::from(username),
        keep_signed_in: false,
        can_cancel: found.is_some(),
        recover_link: false,
        register_link: false,
        error,
    };
    let targets: Vec<String> = request.iter().map(|request| request.to.redirect_uri.to_string()).collect();
    let busy = match error {
        Some(SignInError::Busy { retry_after }) => Some(retry_after),
        _ => None,
    };
    let status = if busy.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut response = page(status, view.render(), &targets);
    if let Some(wait) = busy {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    }
    with_cookies(response, browser.introduce(state))
}

fn select_account_page(state: &State, browser: &Browser, found: &Found, present: &Present) -> Response {
    let to = &found.authorize.request.to;
    let view = SelectAccount {
        site: state.site(),
        action: "/login".to_owned(),
        hidden: hidden(state, browser, Some(found.id.as_str())),
        app: Some(app_of(&found.client, Some(to.redirect_uri.as_str()))),
        person: person_of(&present.user),
        can_cancel: true,
    };
    page(StatusCode::OK, view.render(), &[to.redirect_uri.to_string()])
}

/// The person wants another account than the one that is signed in.
async fn switch(state: &State, browser: &Browser, found: Found) -> Result<Response, Stop> {
    let mut authorize = found.authorize.clone();
    authorize.switching = true;
    let found = flow::keep(state, found, authorize).await?;
    flow::go_on(state, found, browser.present.as_ref()).await
}

/// The person goes on with the account that is signed in.
async fn choose(state: &State, browser: &Browser, found: Found) -> Result<Response, Stop> {
    let mut authorize = found.authorize.clone();
    authorize.progress.account_chosen_by = browser.present.as_ref().map(|present| present.user.id);
    let found = flow::keep(state, found, authorize).await?;
    flow::go_on(state, found, browser.present.as_ref()).await
}

/// What was typed into the sign-in form.
struct Typed<'a> {
    username: &'a str,
    password: &'a SecretString,
    keep: bool,
}

async fn try_to_sign_in(
    state: &State,
    request: &Request,
    browser: &Browser,
    target: Target,
    typed: Typed<'_>,
) -> Result<Response, Stop> {
    // Whoever must prove themselves once more is who is signed in, whatever the field says.
    let again = match &target {
        Some(found) => match found.authorize.next(state, &found.client, browser.present.as_ref()).await? {
            Next::Reauthenticate => browser.present.as_ref(),
            _ => None,
        },
        None => None,
    };
    let identifier = again.map_or(typed.username, |present| &present.user.username);
    let user = match state.provider().users().authenticate(identifier, typed.password).await {
        Ok(user) => user,
        Err(error) => return show(state, browser, target, Some(sign_in_error(&error)), typed.username).await,
    };
    let keep = again.map_or(typed.keep, |present| present.session.keep_signed_in);
    let (present, cookie) = sign_in(state, browser, user, keep).await?;
    // Where another tab was quicker, the request is answered; the sign-in holds all the same.
    let response = match target {
        Some(found) => flow::go_on(state, found, Some(&present)).await.unwrap_or_else(|stop| stop.page(state, request)),
        None => see_other("/"),
    };
    Ok(with_cookies(response, [cookie]))
}

/// Begins a session for somebody who has just proved who they are, under a new id; the one before ends.
pub(crate) async fn sign_in(
    state: &State,
    browser: &Browser,
    user: User,
    keep: bool,
) -> Result<(Present, HeaderValue), Unavailable> {
    let authentication = Authentication {
        auth_time: state.clock().now(),
        acr: Some(ACR_ONE_FACTOR.to_owned()),
        amr: vec!["pwd".to_owned()],
    };
    let sessions = state.provider().sessions();
    // A session that is void is ended and not continued: under the same `sid` the new one would be void too.
    let continued = browser.session.as_ref().filter(|_| browser.present.is_some());
    if let (Some(void), None) = (&browser.session, continued) {
        sessions.end(void).await.map_err(Unavailable::because)?;
    }
    let (token, session) = sessions
        .start(user.id, authentication, keep, continued, browser.origin.clone())
        .await
        .map_err(Unavailable::because)?;
    let cookie = session_cookie(state, &token, keep.then(|| session.expires_at.since(state.clock().now())));
    Ok((Present { user, session }, cookie))
}

fn sign_in_error(error: &AuthenticateError) -> SignInError {
    match error {
        AuthenticateError::Refused => SignInError::WrongCredentials,
        AuthenticateError::Busy { retry_after } => SignInError::Busy { retry_after: *retry_after },
        AuthenticateError::Unavailable(error) => {
            tracing::error!(%error, "nobody can sign in");
            SignInError::Unavailable
        }
    }
}
