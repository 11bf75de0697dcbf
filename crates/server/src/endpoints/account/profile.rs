//! `/account/profile`: the names and attributes of somebody, as far as they may see and change them.
//!
//! Only the fields that the page offers are read from what is sent; anything else in it changes nothing (attack A68). Whether a
//! person may change an attribute, `vestibule-users` asks once more.

use poem::{Request, Response, http::StatusCode};
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_oidc::Unavailable;
use vestibule_users::{ChangeError, Changes, Editor};

use super::{
    Asks, DONE, Visit, done,
    fields::{Offered, Sent},
    opened, posted,
};
use crate::{
    endpoints::{form::or_unavailable, reply::page},
    pages::{Label, Profile, paths},
    state::State,
};

const SAVED: &str = "saved";

/// GET.
pub(crate) async fn profile_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::PROFILE, Asks::SignIn).await?;
    or_unavailable(&state, &request, first_shown(&state, &visit).await)
}

/// POST.
pub(crate) async fn profile_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::PROFILE, Asks::SignIn, &[]).await?;
    or_unavailable(&state, &request, save(&state, &request, &visit).await)
}

async fn first_shown(state: &State, visit: &Visit) -> Result<Response, Unavailable> {
    let offered = Offered::to(state, &visit.present.user).await?;
    let as_it_is = offered.as_it_is();
    Ok(show(state, visit, &offered, &as_it_is, None))
}

async fn save(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let user = &visit.present.user;
    let offered = Offered::to(state, user).await?;
    let mut sent = offered.read(&visit.fields);
    if sent.is_wrong() {
        return Ok(show(state, visit, &offered, &sent, None));
    }
    let changed = sent.changed();
    if changed.is_empty() {
        return Ok(done(paths::PROFILE, SAVED));
    }
    let changes = Changes {
        claims: Some(sent.claims.clone()),
        attributes: Some(sent.attributes.clone()).filter(|attributes| !attributes.is_empty()),
        editor: Editor::User,
        ..Changes::default()
    };
    match state.provider().users().update(user.id, changes).await {
        Ok(_) => {
            let event = visit.event(request, Kind::Updated).object(ObjectType::User, user.id);
            state.audit(event.details(Details::new().changed(&changed))).await;
            Ok(done(paths::PROFILE, SAVED))
        }
        Err(ChangeError::Attributes(bad)) => {
            let rest = sent.blame(&offered, bad);
            Ok(show(state, visit, &offered, &sent, rest))
        }
        Err(ChangeError::Invalid { why, .. }) => Ok(show(state, visit, &offered, &sent, Some(Label::from(why)))),
        Err(error) => Err(Unavailable::because(error)),
    }
}

fn show(state: &State, visit: &Visit, offered: &Offered, sent: &Sent, error: Option<Label>) -> Response {
    let view = Profile {
        site: state.site(),
        action: paths::PROFILE.to_owned(),
        hidden: visit.hidden(state),
        done: (visit.fields.get(DONE) == Some(SAVED)).then(|| Label::from("Your details were saved.")),
        groups: offered.groups(sent),
        facts: offered.facts(),
        error,
    };
    page(StatusCode::OK, view.render(), &[])
}
