//! `/account/password`: another password, which ends everything that was begun with the old one but this session.

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use secrecy::SecretString;
use vestibule_audit::Kind;
use vestibule_oidc::Unavailable;
use vestibule_users::{ChangeError, Notice};

use super::{Asks, Visit, done, home::PASSWORD_CHANGED, opened, posted, sign_out_elsewhere};
use crate::{
    endpoints::{
        form::or_unavailable,
        reply::{page, with_cookies},
        sign_in::source,
    },
    pages::{ChangePassword, Label, NewPassword, paths, wait_in_words},
    state::{State, person_of},
};

/// What is wrong with what was typed.
#[derive(Default)]
struct Wrong {
    problems: Vec<Label>,
    error: Option<Label>,
}

/// GET.
pub(crate) async fn password_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::PASSWORD, Asks::Fresh).await?;
    Ok(show(&state, &visit, StatusCode::OK, Wrong::default()))
}

/// POST. The field `username` stands in the form for password managers; whose password it is, the session says.
pub(crate) async fn password_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::PASSWORD, Asks::Fresh, &[]).await?;
    or_unavailable(&state, &request, change(&state, &request, &visit).await)
}

async fn change(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let password = SecretString::from(visit.fields.get("new_password").unwrap_or_default().to_owned());
    match state.provider().users().set_password(visit.present.user.id, &password).await {
        Ok(()) => {
            state.audit(visit.event(request, Kind::PasswordChanged)).await;
            let cookie = sign_out_elsewhere(state, request, visit).await?;
            state.tell(visit.present.user.id, Notice::PasswordChanged, &source(request)).await;
            Ok(with_cookies(done(paths::ACCOUNT, PASSWORD_CHANGED), cookie))
        }
        Err(ChangeError::WeakPassword(problems)) => {
            let problems = problems.iter().map(|problem| Label::from(problem.message.as_str())).collect();
            Ok(show(state, visit, StatusCode::OK, Wrong { problems, error: None }))
        }
        Err(ChangeError::Busy { retry_after }) => {
            let words =
                format!("Very many people sign in just now. Please try again in {}.", wait_in_words(retry_after));
            let wrong = Wrong { error: Some(Label::from(words)), ..Wrong::default() };
            let mut response = show(state, visit, StatusCode::SERVICE_UNAVAILABLE, wrong);
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
            Ok(response)
        }
        Err(error) => Err(Unavailable::because(error)),
    }
}

fn show(state: &State, visit: &Visit, status: StatusCode, wrong: Wrong) -> Response {
    let rules = state.provider().users().password_rules().describe();
    let view = ChangePassword {
        site: state.site(),
        action: paths::PASSWORD.to_owned(),
        hidden: visit.hidden(state),
        person: person_of(&visit.present.user),
        password: NewPassword { rules: rules.into_iter().map(Label::from).collect(), problems: wrong.problems },
        error: wrong.error,
    };
    page(status, view.render(), &[])
}
