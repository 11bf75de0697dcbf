//! Nobody gives what they do not hold (A69).
//!
//! What counts as giving: a permission, a membership, an API token, and everything by which an account could be taken over
//! (its password, addresses, second factor, whether it is active, the account itself). An account that holds more than the
//! actor is closed to them. Of our own permissions only those count that the actor's token names: a token that was limited
//! stays limited, whatever is done with it.

use vestibule_core::GroupId;
use vestibule_users::{Holder, Permit, User};

use crate::{
    api::{actor::Actor, problem::Problem},
    state::State,
};

/// Whether the actor may give these, and take them away.
pub(super) async fn may_give(state: &State, actor: &Actor, permits: &[Permit]) -> Result<(), Problem> {
    let unnamed = permits.iter().find(|permit| !actor.names(&permit.permission.to_string()));
    if let Some(permit) = unnamed {
        return Err(Problem::forbidden(format!("this gives {}, which your token does not name", permit.permission)));
    }
    if !state.access().holds_all(actor.user.id, permits).await.map_err(Problem::unavailable)? {
        return Err(Problem::forbidden("this gives a permission that you do not hold"));
    }
    Ok(())
}

/// Whether the actor may give all that a group gives.
pub(super) async fn may_give_group(state: &State, actor: &Actor, group: GroupId) -> Result<(), Problem> {
    let permits = state.access().group_effective(group).await.map_err(Problem::unavailable)?;
    may_give(state, actor, &permits).await
}

/// Whether the actor may give what only superusers have: the marks of staff and superusers, a token without limits.
pub(super) fn may_give_everything(actor: &Actor) -> Result<(), Problem> {
    if actor.user.superuser && actor.is_unlimited() {
        return Ok(());
    }
    Err(Problem::forbidden("only a superuser may do this, by a token that names every permission"))
}

/// Whether an account is open to the actor: it holds nothing that the actor does not hold. What it was given counts, also while
/// it is not active.
pub(super) async fn may_take_over(state: &State, actor: &Actor, user: &User) -> Result<(), Problem> {
    if user.superuser {
        return may_give_everything(actor).map_err(|_| Problem::forbidden("this user holds more than you do"));
    }
    if user.staff && !actor.user.staff && !actor.user.superuser {
        return Err(Problem::forbidden("this user is staff, and you are not"));
    }
    let access = state.access();
    let mut permits = access.granted(Holder::User(user.id)).await.map_err(Problem::unavailable)?;
    for group in access.groups_of(user.id).await.map_err(Problem::unavailable)? {
        permits.extend(access.group_effective(group.id).await.map_err(Problem::unavailable)?);
    }
    may_give(state, actor, &permits).await.map_err(|problem| match problem.status.as_u16() {
        403 => Problem::forbidden("this user holds more than you do"),
        _ => problem,
    })
}
