//! `/logout`: asking whether to sign out, and saying that it is done.

use poem::{Request, Response, http::StatusCode};
use vestibule_oidc::end_session::{EndSession, ReturnTo};

use super::{
    accounts::no_session_cookies,
    browser::Browser,
    flow::{self, Purpose, Stop},
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    leaving::leave,
    reply::{page, see_other, with_cookies},
};
use crate::{
    http::read_query,
    pages::{App, Label, Logout, SignedOut, WebAddress, action},
    state::{State, app_of, person_of},
};

/// GET: the question; where nobody is signed in, there is none.
pub(crate) async fn logout_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let id = query.get(REQUEST).map(str::to_owned);
        let wanted = match &id {
            Some(id) => Some(wanted(&state, &browser, id).await.map_err(|stop| stop.error(&state, &request))?),
            None => None,
        };
        let Some(present) = browser.accounts().next() else {
            let page = signed_out(&state, wanted.as_ref().map(|(end, _)| end));
            return Ok(with_cookies(page, no_session_cookies(&state)));
        };
        let view = Logout {
            site: state.site(),
            action: "/logout".to_owned(),
            hidden: hidden(&state, &browser, id.as_deref()),
            app: wanted.as_ref().and_then(|(_, app)| app.clone()),
            person: person_of(&present.user),
            others: browser.accounts().skip(1).map(|present| person_of(&present.user)).collect(),
        };
        let targets: Vec<String> =
            wanted.iter().filter_map(|(end, _)| Some(end.return_to.as_ref()?.location())).collect();
        Ok(with_cookies(page(StatusCode::OK, view.render(), &targets), browser.introduce(&state)))
    };
    shown.await
}

/// POST: the answer.
pub(crate) async fn logout_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let answer = async {
            let end = match fields.get(REQUEST) {
                Some(id) => {
                    let (id, waiting) = flow::load(&state, &browser, id).await?;
                    match flow::finish(&state, &id, waiting).await? {
                        Purpose::SignOut(end) => Some(end),
                        Purpose::Authorize(_) | Purpose::Enter(_) => return Err(Stop::Gone),
                    }
                }
                None => None,
            };
            if fields.get("action") == Some(action::STAY) {
                return Ok(see_other("/"));
            }
            let ended = browser.end_all(&state).await?;
            let back = end.and_then(|end| end.return_to);
            let otherwise = || see_other(&back.as_ref().map_or_else(|| "/logout".to_owned(), ReturnTo::location));
            Ok(leave(&state, ended, back.as_ref(), otherwise).await)
        };
        answer.await.map_err(|stop: Stop| stop.error(&state, &request))
    };
    answered.await
}

/// The page that says that nobody is signed in any more. Where an application is known, there is a way back to it.
pub(super) fn signed_out(state: &State, end: Option<&EndSession>) -> Response {
    let back = end.and_then(|end| end.return_to.as_ref()).and_then(|return_to| {
        let address = WebAddress::parse(&return_to.location())?;
        Some((Label::from("Back to the app"), address))
    });
    let view = SignedOut { site: state.site(), back };
    page(StatusCode::OK, view.render(), &[])
}

async fn wanted(state: &State, browser: &Browser, id: &str) -> Result<(EndSession, Option<App>), Stop> {
    let (_, waiting) = flow::load(state, browser, id).await?;
    let Purpose::SignOut(end) = waiting.payload else { return Err(Stop::Gone) };
    let client = match &end.client_id {
        Some(id) => state.provider().clients().find(id).await?,
        None => None,
    };
    let location = end.return_to.as_ref().map(|return_to| return_to.location());
    let app = client.map(|client| app_of(&client, location.as_deref()));
    Ok((end, app))
}
