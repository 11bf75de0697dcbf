//! What a user signs in by, as far as an administrator sets it: the password, and that a second factor is gone.

use poem::http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use vestibule_audit::{Details, Kind};
use vestibule_users::Notice;

use super::{CHANGE, TAG, event, note, sign_out};
use crate::{
    api::{
        call::{Call, Reply},
        operation::Operation,
        problem::Problem,
        resources::{rights, user_of},
        schema::{Schema, required},
    },
    state::State,
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::PUT, "/users/{user}/password", "set_password", CHANGE, set_password)
            .about(TAG, "Give a user a new password")
            .more("They are signed out everywhere.")
            .path("user", Schema::uuid())
            .body(Schema::object([required("password", Schema::line(1, 1024))]).named("NewPassword"))
            .refuses([StatusCode::UNPROCESSABLE_ENTITY])
            .answers_nothing(),
        Operation::new(Method::DELETE, "/users/{user}/second-factor", "remove_second_factor", CHANGE, remove_factor)
            .about(TAG, "Take a user's second factor away")
            .more("With its recovery codes; for somebody who lost both. They are signed out everywhere.")
            .path("user", Schema::uuid())
            .answers_nothing(),
    ]
}

#[derive(Deserialize)]
struct Body {
    password: String,
}

async fn set_password(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    rights::may_take_over(&state, call.actor()?, &user).await?;
    let Body { password } = call.read()?;
    let password = SecretString::from(password);
    let set = state.provider().users().set_password(user.id, &password);
    state.recorded(event(&call, Kind::PasswordChanged, &user, Details::new()), set).await?;
    sign_out(&state, &call, &user).await?;
    state.tell(user.id, Notice::PasswordChanged, &call.source()).await;
    Ok(Reply::nothing())
}

async fn remove_factor(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    rights::may_take_over(&state, call.actor()?, &user).await?;
    if !state.provider().second_factors().disable(user.id).await.map_err(Problem::unavailable)? {
        return Err(Problem::not_found("second factor"));
    }
    note(&state, &call, Kind::SecondFactorDisabled, &user, Details::new()).await;
    sign_out(&state, &call, &user).await?;
    state.tell(user.id, Notice::SecondFactorChanged { on: false }, &call.source()).await;
    Ok(Reply::nothing())
}
