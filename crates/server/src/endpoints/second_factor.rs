//! `/second-factor`: the second step of a sign-in, for whoever has passed the first or is signed in by one factor.
//!
//! Who it is asked of stands on our side, in what waits or in the session: nothing of it is in the form (attack A64). Whoever
//! must have a second factor and has none sets one up here.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use secrecy::ExposeSecret as _;
use vestibule_audit::{Actor, Event, Kind};
use vestibule_oidc::{Present, SecondFactorStep, Unavailable, authorize::Next, levels::Shown};
use vestibule_sessions::Authentication;
use vestibule_users::{Notice, Proven, SecondFactorError as Refusal, SecondFactorUsed, User, WayName};

use super::{
    browser::Browser,
    flow::{self, Stop, Target},
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    reply::{page, with_cookies},
    sign_in::{self, FirstStep},
};
use crate::{
    http::read_query,
    pages::{
        CodeKind, EnrolReason, EnrolSecondFactor, RecoveryCodes, SecondFactor, SecondFactorError, TotpLink, action,
    },
    state::{State, app_of, person_of},
};

/// The query parameter that asks for a recovery code's page.
const KIND: &str = "code";
const RECOVERY: &str = "recovery";

/// Somebody who is asked for a second factor.
struct Asked {
    target: Target,
    user: User,
    step: SecondFactorStep,
}

/// GET: the page, where the dispatcher wants it.
pub(crate) async fn second_factor_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let kind = if query.get(KIND) == Some(RECOVERY) { CodeKind::Recovery } else { CodeKind::Authenticator };
        let shown = async {
            match asked(&state, &browser, query.get(REQUEST)).await? {
                Ok(asked) => show(&state, &browser, &asked, kind, None).await,
                Err(elsewhere) => Ok(elsewhere),
            }
        };
        shown.await.map_err(|stop| stop.error(&state, &request))
    };
    shown.await
}

/// POST: a code, or one of the other buttons.
pub(crate) async fn second_factor_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let answer = async {
            let asked = match asked(&state, &browser, fields.get(REQUEST)).await? {
                Ok(asked) => asked,
                Err(elsewhere) => return Ok(elsewhere),
            };
            match fields.get("action") {
                Some(action::CANCEL) => asked.target.give_up(&state, &browser.watched(&state)).await,
                Some(action::SWITCH) => switch(&state, &browser, asked.target).await,
                _ => try_code(&state, &request, &browser, asked, fields.get("code").unwrap_or_default()).await,
            }
        };
        answer.await.map_err(|stop| stop.error(&state, &request))
    };
    answered.await
}

/// Whom the page is for; or where to go instead.
async fn asked(state: &State, browser: &Browser, id: Option<&str>) -> Result<Result<Asked, Response>, Stop> {
    let target = Target::load(state, browser, id.ok_or(Stop::Gone)?).await?;
    let present = target.who(browser);
    if target.next(state, present).await? != Next::SecondFactor {
        return target.go_on(state, &browser.watched(state), present).await.map(Err);
    }
    let half = target.progress().half.as_ref().filter(|half| half.holds(state.clock().now()));
    let shown = match (half, target.counts(present)) {
        (Some(half), _) => Some(Shown { methods: &half.amr, at: half.at }),
        (None, counted) => counted.map(Present::shown),
    };
    let demands = shown.and_then(|shown| target.demands(state, shown));
    let user = match half {
        Some(half) => state.provider().users().get(half.user).await.map_err(Unavailable::from)?,
        None => target.counts(present).map(|present| present.user.clone()),
    };
    let user = user.filter(|user| user.active).ok_or(Stop::Gone)?;
    let step = state.provider().second_factor(&user, demands).await?;
    Ok(Ok(Asked { target, user, step }))
}

async fn show(
    state: &State,
    browser: &Browser,
    asked: &Asked,
    kind: CodeKind,
    error: Option<SecondFactorError>,
) -> Result<Response, Stop> {
    let Asked { target, user, step } = asked;
    let id = target.id();
    let found = target.app();
    let to = found.map(|found| found.authorize.request.to.redirect_uri.to_string());
    let app = found.map(|found| app_of(&found.client, to.as_deref()));
    let html = if *step == SecondFactorStep::Enrol {
        let Some(link) = enrolment_link(state, user, error.is_some()).await? else { return Err(Stop::Gone) };
        let view = EnrolSecondFactor {
            site: state.site(),
            action: "/second-factor".to_owned(),
            hidden: hidden(state, browser, Some(id.as_str())),
            person: person_of(user),
            link,
            reason: EnrolReason::Required { app: app.map(Box::new), can_cancel: true },
            error,
        };
        view.render()
    } else {
        let other = if kind == CodeKind::Recovery { String::new() } else { format!("&{KIND}={RECOVERY}") };
        let view = SecondFactor {
            site: state.site(),
            action: "/second-factor".to_owned(),
            hidden: hidden(state, browser, Some(id.as_str())),
            app,
            person: person_of(user),
            code: kind,
            other_code: format!("{}{other}", flow::address("/second-factor", id)),
            can_cancel: true,
            error,
        };
        view.render()
    };
    let (status, wait) = match error {
        Some(SecondFactorError::TooMany { retry_after }) => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after)),
        Some(SecondFactorError::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, None),
        _ => (StatusCode::OK, None),
    };
    let mut response = page(status, html, &to.into_iter().collect::<Vec<_>>());
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    }
    Ok(response)
}

/// What an app has to know: the same as before where a try failed, so that nobody has to scan twice.
pub(super) async fn enrolment_link(state: &State, user: &User, again: bool) -> Result<Option<TotpLink>, Stop> {
    let factors = state.provider().second_factors();
    let pending = match again {
        true => factors.pending_enrolment(user.id, &user.username).await.map_err(Unavailable::because)?,
        false => None,
    };
    let enrolment = match pending {
        Some(pending) => pending,
        None => match factors.begin_enrolment(user.id, &user.username).await {
            Ok(enrolment) => enrolment,
            Err(Refusal::AlreadyEnrolled) => return Ok(None),
            Err(error) => return Err(Unavailable::because(error).into()),
        },
    };
    Ok(TotpLink::parse(enrolment.url.expose_secret()))
}

/// The person is somebody else: the first step is forgotten.
async fn switch(state: &State, browser: &Browser, target: Target) -> Result<Response, Stop> {
    let target = target
        .keep(state, |progress, switching| {
            progress.half = None;
            progress.account_chosen_by = None;
            *switching = true;
        })
        .await?;
    let who = target.who(browser);
    target.go_on(state, &browser.watched(state), who).await
}

async fn try_code(
    state: &State,
    request: &Request,
    browser: &Browser,
    asked: Asked,
    code: &str,
) -> Result<Response, Stop> {
    let factors = state.provider().second_factors();
    let user = asked.user.id;
    let shown = match asked.step {
        SecondFactorStep::Enrol => factors.confirm(user, code).await.map(Some),
        SecondFactorStep::Show | SecondFactorStep::NotDemanded => factors.verify(user, code).await.map(|used| {
            if let SecondFactorUsed::RecoveryCode { left } = used {
                tracing::info!(%user, left, "a recovery code was spent");
            }
            None
        }),
    };
    let kind = match &shown {
        Ok(Some(_)) => Kind::SecondFactorEnabled,
        Ok(None) => Kind::SecondFactorUsed,
        Err(_) => Kind::SecondFactorFailed,
    };
    let actor = if shown.is_ok() { Actor::User(user) } else { Actor::Nobody };
    state.audit(Event::new(kind, actor).subject(user).source(&sign_in::source(request))).await;
    if kind == Kind::SecondFactorEnabled {
        state.tell(user, Notice::SecondFactorChanged { on: true }, &sign_in::source(request)).await;
    }
    match shown {
        Ok(codes) => passed(state, request, browser, asked, codes).await,
        Err(error) => {
            let error = refused(&error);
            show(state, browser, &asked, CodeKind::Authenticator, Some(error)).await
        }
    }
}

pub(super) fn refused(error: &Refusal) -> SecondFactorError {
    match error {
        Refusal::Refused => SecondFactorError::WrongCode,
        Refusal::TooMany { retry_after } => SecondFactorError::TooMany { retry_after: *retry_after },
        Refusal::NothingPending | Refusal::AlreadyEnrolled | Refusal::NotEnrolled => SecondFactorError::Expired,
        Refusal::NoSuchUser(_) | Refusal::Sealed { .. } | Refusal::Database(_) | Refusal::Tries(_) => {
            tracing::error!(%error, "a second factor cannot be checked");
            SecondFactorError::Unavailable
        }
    }
}

/// Both steps are passed: a session begins, and what waited goes on; after setting up, by way of the recovery codes.
async fn passed(
    state: &State,
    request: &Request,
    browser: &Browser,
    asked: Asked,
    codes: Option<Vec<secrecy::SecretString>>,
) -> Result<Response, Stop> {
    let Asked { target, user, .. } = asked;
    let half = target.progress().half.clone();
    // What waits forgets the first step before a session comes of it, so that it counts once.
    let target = target.keep(state, |progress, _| progress.half = None).await?;
    let person = person_of(&user);
    let (present, cookies) = match half {
        Some(half) => {
            let amr =
                ["pwd", "sc", "remote_user"].into_iter().filter(|method| half.amr.iter().any(|amr| amr == method));
            let way = half.way.parse().unwrap_or(WayName::Password);
            let proven = Proven { user, way, amr: amr.collect(), token: None };
            let first = FirstStep { proven, keep: half.keep_signed_in };
            sign_in::begin_session(state, request, browser, first, Some("otp")).await?
        }
        None => step_up(state, browser, user).await?,
    };
    let response = match codes {
        Some(codes) => {
            let next = flow::address("/login", target.id());
            let view = RecoveryCodes { site: state.site(), person, codes, next };
            page(StatusCode::OK, view.render(), &[])
        }
        None => target
            .go_on(state, &browser.watched_with(state, &present.session), Some(&present))
            .await
            .unwrap_or_else(|stop| stop.page(state, request)),
    };
    Ok(with_cookies(response, cookies))
}

/// A session of one factor becomes one of two, under a new id.
pub(super) async fn step_up(
    state: &State,
    browser: &Browser,
    user: User,
) -> Result<(Present, Vec<HeaderValue>), Unavailable> {
    let before = browser.account_of(user.id).map(|present| present.session.clone());
    let mut amr = before.as_ref().map(|session| session.amr.clone()).unwrap_or_default();
    // In a session of two factors that were set up anew, they stand there already.
    amr.retain(|method| !matches!(method.as_str(), "otp" | "mfa"));
    amr.extend(["otp".to_owned(), "mfa".to_owned()]);
    let auth_time = before.as_ref().map_or_else(|| state.clock().now(), |session| session.auth_time);
    let keep = before.is_some_and(|session| session.keep_signed_in);
    sign_in::replace_session(state, browser, user, Authentication { auth_time, amr }, keep).await
}
