//! What a route asks for besides a good token.

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, Middleware, Request, Result};
use vestibule_core::Clock;

use crate::{Claims, Denied, Permissions, admission::Admitted, builder::LEEWAY};

/// Something that a route asks for: a middleware for `EndpointExt::with`, inside of a [`Guard`](crate::Guard). Around a route
/// without one it answers 500.
#[derive(Clone, Debug)]
pub struct Requirement(Arc<Need>);

#[derive(Debug)]
enum Need {
    Scope(String),
    Permission(String),
    Authentication(StepUp),
}

/// The token must have this scope; several, separated by blanks, all of them. Else 403, `insufficient_scope`.
#[must_use]
pub fn require_scope(scope: &str) -> Requirement {
    Requirement(Arc::new(Need::Scope(scope.to_owned())))
}

/// The token's person must have this permission, `app.codename`: see [`Permissions`]. Else 403, `insufficient_scope`.
#[must_use]
pub fn require_permission(permission: &str) -> Requirement {
    Requirement(Arc::new(Need::Permission(permission.to_owned())))
}

/// The person must have signed in so (RFC 9470). Else 401, `insufficient_user_authentication`, upon which the application sends
/// the person to sign in again with the `acr_values` and `max_age` that the answer names.
#[must_use]
pub fn require_authentication(how: StepUp) -> Requirement {
    Requirement(Arc::new(Need::Authentication(how)))
}

/// How a person must have signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    acr_values: Vec<String>,
    max_age: Option<Duration>,
}

impl StepUp {
    /// Within this time.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { acr_values: Vec::new(), max_age: Some(time) }
    }

    /// So that one of these authentication contexts was reached (`acr`). The provider tells the highest that was reached: name
    /// those above the least that will do as well, in the words of its `authentication.levels`.
    #[must_use]
    pub fn by<'a>(acr_values: impl IntoIterator<Item = &'a str>) -> Self {
        Self { acr_values: acr_values.into_iter().map(str::to_owned).collect(), max_age: None }
    }

    /// And within this time.
    #[must_use]
    pub fn and_within(self, time: Duration) -> Self {
        Self { max_age: Some(time), ..self }
    }

    fn is_met(&self, claims: &Claims, clock: &Clock) -> bool {
        let by = self.acr_values.is_empty()
            || claims.acr().is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr));
        let within =
            self.max_age.is_none_or(|age| claims.authenticated_at().is_some_and(|at| clock.now() <= at + age + LEEWAY));
        by && within
    }
}

impl Need {
    async fn ask(&self, admitted: &Admitted) -> Result<()> {
        match self {
            Self::Scope(wanted) => {
                let scopes = admitted.claims.scopes();
                let mut each = wanted.split(' ').filter(|scope| !scope.is_empty()).peekable();
                // What asks for nothing was meant to ask for something.
                if each.peek().is_some() && each.all(|scope| scopes.contains(scope)) {
                    return Ok(());
                }
                Err(admitted.refuse(Denied::Scope(wanted.clone())).into())
            }
            Self::Permission(wanted) => {
                let held = Permissions::of(admitted).await?;
                Ok(held.require(wanted).map_err(|denied| admitted.refuse(denied))?)
            }
            Self::Authentication(how) if how.is_met(&admitted.claims, admitted.clock()) => Ok(()),
            Self::Authentication(StepUp { acr_values, max_age }) => {
                let denied = Denied::Authentication { acr_values: acr_values.clone(), max_age: *max_age };
                Err(admitted.refuse(denied).into())
            }
        }
    }
}

impl<E: Endpoint> Middleware<E> for Requirement {
    type Output = Required<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Required { endpoint, need: self.0.clone() }
    }
}

/// A route that asks for something.
#[derive(Debug)]
pub struct Required<E> {
    endpoint: E,
    need: Arc<Need>,
}

impl<E: Endpoint> Endpoint for Required<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<Self::Output> {
        self.need.ask(Admitted::of(&request)?).await?;
        self.endpoint.call(request).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::claims::tests::claims;

    #[test]
    fn a_sign_in_must_be_recent_and_strong_enough_and_known() {
        let clock = Clock::system();
        let signed_in = |ago: i64, acr: &str| {
            let at = clock.now().seconds() - ago;
            claims(|said| said.extend([("auth_time".to_owned(), json!(at)), ("acr".to_owned(), json!(acr))]))
        };
        let minute = StepUp::within(Duration::from_secs(60));
        assert!(minute.is_met(&signed_in(30, "one"), &clock));
        assert!(!minute.is_met(&signed_in(70, "one"), &clock));
        let strong = StepUp::by(["two", "three"]).and_within(Duration::from_secs(60));
        assert!(strong.is_met(&signed_in(30, "three"), &clock));
        assert!(!strong.is_met(&signed_in(30, "one"), &clock) && !strong.is_met(&signed_in(70, "two"), &clock));
        let nobody = claims(|_| {});
        assert!(!minute.is_met(&nobody, &clock) && !strong.is_met(&nobody, &clock));
    }
}
