//! `/login`: signing in, signing in once more, and choosing an account.

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use secrecy::SecretString;
use vestibule_core::UserId;
use vestibule_oidc::{
    Unavailable,
    authorize::{HalfSignedIn, Next},
    levels::{Missing, Need, Shown},
};
use vestibule_users::{AuthenticateError, User};

use super::{
    browser::Browser,
    flow::{self, Enter, Stop, Target},
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    reply::{page_of_app, see_other, with_cookies},
    select_account::{ACCOUNT, choose, select_account_page, switch, switch_to},
    sign_in::{self, FirstStep, identifier_label},
};
use crate::{
    http::read_query,
    pages::{Label, SignIn, SignInError, action, paths},
    state::{State, app_of, person_of},
    vouching::Vouching,
};

/// GET: the page that the dispatcher wants.
pub(crate) async fn login_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let shown = async {
            let target = target_of(&state, &browser, query.get(REQUEST)).await?;
            if Vouching::is_mutual(&request) {
                return by_certificate(&state, &request, &browser, target).await;
            }
            let wanted = wanted(&state, &browser, target.as_ref()).await?;
            if wanted != Wanted::Nobody
                && let Some(proven) = sign_in::by_vouching(&state, &request).await
                && wanted.is(proven.user.id)
            {
                let first = FirstStep { proven, keep: false };
                return after_first_step(&state, &request, &browser, target, first).await;
            }
            let error = (query.get(CERTIFICATE) == Some(REFUSED)).then_some(SignInError::Certificate);
            show(&state, &browser, target, error, "").await
        };
        shown.await.map_err(|stop| stop.error(&state, &request))
    };
    shown.await
}

/// The query parameter that says what became of a client certificate.
const CERTIFICATE: &str = "certificate";
const REFUSED: &str = "refused";

/// Who may be signed in here by what others vouch for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Nobody,
    Anybody,
    /// Whoever is signed in, and needs a certificate for a level that was asked for.
    Again(UserId),
}

impl Wanted {
    fn is(self, user: UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::Anybody => true,
            Self::Again(wanted) => wanted == user,
        }
    }
}

async fn wanted(state: &State, browser: &Browser, target: Option<&Target>) -> Result<Wanted, Stop> {
    let Some(target) = target else {
        return Ok(if browser.present.is_none() { Wanted::Anybody } else { Wanted::Nobody });
    };
    let (who, levels) = (target.who(browser), state.provider().levels());
    Ok(match (target.next(state, who).await?, who, target.level()) {
        // Where only a password leads to what was asked for, the page waits for that.
        (Next::SignIn, _, Some(wish)) if levels.must_have(wish, Need::Password) => Wanted::Nobody,
        (Next::SignIn, ..) => Wanted::Anybody,
        (Next::Reauthenticate, Some(present), Some(wish)) => {
            let missing = state.provider().missing(wish, present.shown());
            let helps =
                matches!(missing, Missing::AnotherWay | Missing::Recency) && levels.may_need(wish, Need::Certificate);
            if helps { Wanted::Again(present.user.id) } else { Wanted::Nobody }
        }
        _ => Wanted::Nobody,
    })
}

/// A browser came by the listener that asks for client certificates: it is signed in by its certificate, or not, and leaves for
/// the provider's own address, where all pages are.
async fn by_certificate(
    state: &State,
    request: &Request,
    browser: &Browser,
    target: Option<Target>,
) -> Result<Response, Stop> {
    let id = target.as_ref().map(|target| target.id().as_str().to_owned());
    let wanted = wanted(state, browser, target.as_ref()).await?;
    let mut response = match (wanted, target) {
        (Wanted::Anybody | Wanted::Again(_), target) => match sign_in::by_vouching(state, request).await {
            Some(proven) if wanted.is(proven.user.id) => {
                let first = FirstStep { proven, keep: false };
                after_first_step(state, request, browser, target, first).await?
            }
            _ => {
                let request = id.map(|id| format!("&{REQUEST}={id}")).unwrap_or_default();
                see_other(&format!("/login?{CERTIFICATE}={REFUSED}{request}"))
            }
        },
        (Wanted::Nobody, Some(target)) => {
            let who = target.who(browser);
            target.go_on(state, &browser.watched(state), who).await?
        }
        (Wanted::Nobody, None) => see_other("/"),
    };
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    if let Some(path) = location.filter(|location| location.starts_with('/'))
        && let Ok(absolute) = format!("{}{path}", state.provider().issuer()).parse()
    {
        response.headers_mut().insert(header::LOCATION, absolute);
    }
    Ok(response)
}

/// POST: a try to sign in, or one of the other buttons.
pub(crate) async fn login_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let id = fields.get(REQUEST);
        let target = target_of(&state, &browser, id).await.map_err(|stop| stop.error(&state, &request))?;
        let answer = match (fields.get("action"), target) {
            (Some(action::CANCEL), Some(target)) => target.give_up(&state, &browser.watched(&state)).await,
            (Some(action::SWITCH), Some(target)) => switch(&state, &browser, target).await,
            (Some(action::CONTINUE), Some(target)) => choose(&state, &browser, target, None).await,
            (None, Some(target)) if fields.has(ACCOUNT) => choose(&state, &browser, target, fields.get(ACCOUNT)).await,
            (None, None) if fields.has(ACCOUNT) => switch_to(&state, &browser, fields.get(ACCOUNT)).await,
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

async fn target_of(state: &State, browser: &Browser, id: Option<&str>) -> Result<Option<Target>, Stop> {
    match id {
        Some(id) => Target::load(state, browser, id).await.map(Some),
        None => Ok(None),
    }
}

/// Shows what the dispatcher wants; where it wants another page, goes there.
async fn show(
    state: &State,
    browser: &Browser,
    target: Option<Target>,
    error: Option<SignInError>,
    typed: &str,
) -> Result<Response, Stop> {
    let Some(target) = target else {
        if browser.present.is_some() && error.is_none() {
            return Ok(see_other("/"));
        }
        return Ok(sign_in_page(state, browser, None, None, error, typed));
    };
    let new = target.progress().registered.filter(|_| typed.is_empty());
    let new = match new {
        Some(new) => state.provider().users().get(new.user).await.map_err(Unavailable::from)?,
        None => None,
    };
    let typed = new.as_ref().map_or(typed, |new| &new.username);
    let who = target.who(browser);
    let next = target.next(state, who).await?;
    if let Some(found) = target.app().filter(|found| found.authorize.has_to_choose(&next, browser)) {
        return Ok(select_account_page(state, browser, found, None));
    }
    let counted = target.counts(who).cloned();
    match (next, counted, target.app()) {
        (Next::SignIn, _, _) => Ok(sign_in_page(state, browser, Some(&target), None, error, typed)),
        (Next::Reauthenticate, Some(present), _) => {
            Ok(sign_in_page(state, browser, Some(&target), Some(&present.user), error, typed))
        }
        (Next::SelectAccount, Some(present), Some(found)) => {
            Ok(select_account_page(state, browser, found, Some(&present)))
        }
        _ => target.go_on(state, &browser.watched(state), who).await,
    }
}

fn sign_in_page(
    state: &State,
    browser: &Browser,
    target: Option<&Target>,
    again: Option<&User>,
    error: Option<SignInError>,
    typed: &str,
) -> Response {
    let found = target.and_then(Target::app);
    let request = found.map(|found| &found.authorize.request);
    let hinted = request.and_then(|request| request.login_hint.as_deref()).unwrap_or_default();
    let username = again.map_or(if typed.is_empty() { hinted } else { typed }, |user| &user.username);
    let view = SignIn {
        site: state.site(),
        action: "/login".to_owned(),
        hidden: hidden(state, browser, target.map(|target| target.id().as_str())),
        app: found.map(|found| app_of(&found.client, request.map(|request| request.to.redirect_uri.as_str()))),
        again: again.map(person_of),
        username: Label::from(username),
        keep_signed_in: false,
        can_cancel: target.is_some(),
        identifier_label: identifier_label(state.provider().users().identifiers()),
        recover_link: true,
        register_link: register_link(state, target),
        certificate_link: state
            .certificate_link(target.map(|target| target.id().as_str()))
            .filter(|_| again.is_none() || may_come_by_certificate(state, target)),
        error,
    };
    let targets: Vec<String> = request.iter().map(|request| request.to.redirect_uri.to_string()).collect();
    let (status, wait) = match error {
        Some(SignInError::Busy { retry_after }) => (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)),
        Some(SignInError::TooMany { retry_after }) => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after)),
        _ => (StatusCode::OK, None),
    };
    let mut response = page_of_app(status, view.render(), view.app.as_ref(), &targets);
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    }
    with_cookies(response, browser.introduce(state))
}

/// Where people make accounts for themselves, if they do: what waits here comes along.
fn register_link(state: &State, target: Option<&Target>) -> Option<String> {
    let address = || target.map_or_else(|| paths::REGISTER.to_owned(), |to| flow::address(paths::REGISTER, to.id()));
    state.recovery().settings().registration.then(address)
}

/// Whether a certificate belongs to a level that was asked for.
fn may_come_by_certificate(state: &State, target: Option<&Target>) -> bool {
    target.and_then(Target::level).is_some_and(|wish| state.provider().levels().may_need(wish, Need::Certificate))
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
    target: Option<Target>,
    typed: Typed<'_>,
) -> Result<Response, Stop> {
    // Whoever must prove themselves once more is who is signed in, whatever the field says.
    let again = match &target {
        Some(target) => match target.next(state, target.who(browser)).await? {
            Next::Reauthenticate => target.who(browser),
            _ => None,
        },
        None => None,
    };
    let identifier = again.map_or(typed.username, |present| &present.user.username);
    let keep = again.map_or(typed.keep, |present| present.session.keep_signed_in);
    let first = match sign_in::by_password(state, request, browser, identifier, typed.password).await {
        Ok(proven) => FirstStep { proven, keep },
        Err(error) => return show(state, browser, target, Some(error), typed.username).await,
    };
    after_first_step(state, request, browser, target, first).await
}

/// Begins a session, or where a second factor is demanded, remembers the first step and asks for that.
pub(super) async fn after_first_step(
    state: &State,
    request: &Request,
    browser: &Browser,
    target: Option<Target>,
    first: FirstStep,
) -> Result<Response, Stop> {
    let now = state.clock().now();
    let amr: Vec<String> = first.proven.amr.iter().map(|method| (*method).to_owned()).collect();
    let demands = target.as_ref().and_then(|target| target.demands(state, Shown { methods: &amr, at: now }));
    let demand = state.provider().second_factor(&first.proven.user, demands).await?;
    if !demand.is_demanded() {
        let (present, cookies) = sign_in::begin_session(state, request, browser, first, None).await?;
        // Where another tab was quicker, the request is answered; the sign-in holds all the same.
        let response = match target {
            Some(target) => target
                .go_on(state, &browser.watched_with(state, &present.session), Some(&present))
                .await
                .unwrap_or_else(|stop| stop.page(state, request)),
            None => see_other("/"),
        };
        return Ok(with_cookies(response, cookies));
    }
    let target = match target {
        Some(target) => target,
        None => Target::begin(state, browser, Enter::to("/", false, state)).await?,
    };
    let half = HalfSignedIn {
        user: first.proven.user.id,
        at: now,
        way: first.proven.way.as_str().to_owned(),
        amr,
        keep_signed_in: first.keep,
    };
    let target = target.keep(state, |progress, _| progress.half = Some(half)).await?;
    let who = target.who(browser);
    let response = target.go_on(state, &browser.watched(state), who).await?;
    Ok(with_cookies(response, browser.introduce(state)))
}

impl From<&AuthenticateError> for SignInError {
    fn from(error: &AuthenticateError) -> Self {
        match error {
            AuthenticateError::Refused => Self::WrongCredentials,
            AuthenticateError::Busy { retry_after } => Self::Busy { retry_after: *retry_after },
            AuthenticateError::Unavailable(error) => {
                tracing::error!(%error, "nobody can sign in");
                Self::Unavailable
            }
        }
    }
}
