//! `/account/applications`: what somebody allowed apps to have, here or when they are away, and taking it back.

use poem::{Request, Response, http::StatusCode};
use url::Url;
use vestibule_audit::{Details, Kind};
use vestibule_core::ClientId;
use vestibule_oidc::Unavailable;

use super::{Asks, DONE, Visit, done, moment, opened, posted};
use crate::{
    endpoints::{consent, form::or_unavailable, reply::page},
    pages::{Applications, ConsentLine, Label, WebAddress, action, paths},
    state::{State, app_of},
};

const WITHDRAWN: &str = "withdrawn";

/// GET.
pub(crate) async fn applications_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::APPLICATIONS, Asks::SignIn).await?;
    or_unavailable(&state, &request, show(&state, &visit, None).await)
}

/// POST.
pub(crate) async fn applications_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::APPLICATIONS, Asks::SignIn, &[]).await?;
    let answer = match visit.action() {
        Some(action::WITHDRAW) => withdraw(&state, &request, &visit).await,
        _ => show(&state, &visit, None).await,
    };
    or_unavailable(&state, &request, answer)
}

async fn withdraw(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let client = ClientId::from(visit.fields.get("application").unwrap_or_default());
    let withdrawn = state.provider().withdraw(visit.present.user.id, &client).await?;
    if withdrawn.is_empty() {
        return show(state, visit, Some("That app has nothing of yours any more.")).await;
    }
    let event = visit.event(request, Kind::ConsentWithdrawn).client(client);
    state.audit(event.details(Details::new().scopes(withdrawn.iter()))).await;
    Ok(done(paths::APPLICATIONS, WITHDRAWN))
}

/// Where a sign-in to an application begins, with what OpenID Connect Core section 4 wants there.
fn begins(uri: &str, issuer: &str) -> Option<WebAddress> {
    let mut url = Url::parse(uri).ok()?;
    url.query_pairs_mut().append_pair("iss", issuer);
    WebAddress::parse(url.as_str())
}

async fn show(state: &State, visit: &Visit, error: Option<&str>) -> Result<Response, Unavailable> {
    let mut consents = Vec::new();
    for consented in state.provider().allowed_by(visit.present.user.id).await? {
        // One that was deleted meanwhile takes what it was allowed with it.
        let Some(client) = state.provider().clients().find(&consented.client).await? else { continue };
        let answered_at = client.metadata.redirect_uris.first().map(ToString::to_string);
        consents.push(ConsentLine {
            value: client.id.to_string(),
            app: app_of(&client, answered_at.as_deref()),
            opens: client.metadata.initiate_login_uri.as_deref().and_then(|uri| begins(uri, state.provider().issuer())),
            scopes: consent::in_words(state, &consented.scopes).await?,
            since: moment(state, consented.since),
        });
    }
    let view = Applications {
        site: state.site(),
        action: paths::APPLICATIONS.to_owned(),
        hidden: visit.hidden(state),
        done: (visit.fields.get(DONE) == Some(WITHDRAWN))
            .then(|| Label::from("That app has nothing of yours any more.")),
        error: error.map(Label::from),
        consents,
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}
