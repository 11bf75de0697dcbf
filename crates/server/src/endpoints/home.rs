//! `/`: whoever comes without an application's request finds out where they are, and can sign out.

use poem::{Request, Response, http::StatusCode};

use super::{
    browser::Browser,
    form::{hidden, or_unavailable},
    reply::{page, with_cookies},
    select_account::choice_of,
};
use crate::{
    pages::Home,
    state::{State, person_of},
};

/// GET.
pub(crate) async fn home_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let view = Home {
            site: state.site(),
            action: "/logout".to_owned(),
            hidden: hidden(&state, &browser, None),
            person: browser.present.as_ref().map(|present| person_of(&present.user)),
            choose: "/login".to_owned(),
            others: browser.others.iter().map(|other| choice_of(&other.present)).collect(),
        };
        Ok(with_cookies(page(StatusCode::OK, view.render(), &[]), browser.introduce(&state)))
    };
    shown.await
}
