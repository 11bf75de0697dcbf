//! Who is asked for a second factor.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::User;

/// Of whom a second factor is asked, where nothing else says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorPolicy {
    /// Of nobody: only where a user, a group or an application is marked, or the request asks for it.
    Never,
    /// Of those who have one.
    #[default]
    Enrolled,
    /// Of staff and superusers always, and of others who have one.
    Staff,
    /// Of everyone.
    Always,
}

impl SecondFactorPolicy {
    const ALL: [Self; 4] = [Self::Never, Self::Enrolled, Self::Staff, Self::Always];

    /// As configuration names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Enrolled => "enrolled",
            Self::Staff => "staff",
            Self::Always => "always",
        }
    }
}

impl fmt::Display for SecondFactorPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no policy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a second factor is asked: never, enrolled, staff or always")]
pub struct UnknownPolicy;

impl FromStr for SecondFactorPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text).ok_or(UnknownPolicy)
    }
}

/// What the levels that a request asks for (`acr_values`, OpenID Connect Core 3.1.2.1) say of a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcrWish {
    /// Nothing, or that one factor is preferred.
    #[default]
    None,
    /// Two would be good, and one will do.
    IfPossible,
    /// Two.
    Needed,
}

/// What asks for a second factor beside the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// A group of the user's is marked.
    pub groups: bool,
    /// The application is marked.
    pub client: bool,
    /// The levels that the request asks for.
    pub acr: AcrWish,
}

/// Whether a person must show a second factor now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// One is enough.
    NotAsked,
    /// A person who has a second factor must show it; to others one is enough.
    AskIfEnrolled,
    /// A second factor must be shown. A person who has none must set one up first.
    Required,
}

/// What `user` must show under `policy`, with whatever else asks.
#[must_use]
pub fn demand(policy: SecondFactorPolicy, user: &User, asking: Asking) -> Demand {
    let by_policy = match policy {
        SecondFactorPolicy::Always => Demand::Required,
        SecondFactorPolicy::Staff if user.staff || user.superuser => Demand::Required,
        SecondFactorPolicy::Staff | SecondFactorPolicy::Enrolled => Demand::AskIfEnrolled,
        SecondFactorPolicy::Never => Demand::NotAsked,
    };
    if user.require_second_factor || asking.groups || asking.client || asking.acr == AcrWish::Needed {
        Demand::Required
    } else if asking.acr == AcrWish::IfPossible && by_policy == Demand::NotAsked {
        Demand::AskIfEnrolled
    } else {
        by_policy
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::{Random, Timestamp, UserId};

    use super::*;

    fn person(staff: bool, superuser: bool) -> User {
        User {
            id: UserId::random(&Random::system()),
            username: "eve".into(),
            email: None,
            email_verified: false,
            active: true,
            staff,
            superuser,
            has_password: true,
            password_hasher: None,
            claims: crate::StandardClaims::default(),
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            last_sign_in: None,
            password_changed_at: None,
            require_second_factor: false,
        }
    }

    #[test]
    fn each_policy_asks_of_its_people() {
        use Demand::{AskIfEnrolled, NotAsked, Required};
        for (policy, anyone, staff) in [
            ("never", NotAsked, NotAsked),
            ("enrolled", AskIfEnrolled, AskIfEnrolled),
            ("staff", AskIfEnrolled, Required),
            ("always", Required, Required),
        ] {
            let asked = |user: User| demand(policy.parse().unwrap(), &user, Asking::default());
            assert_eq!(asked(person(false, false)), anyone, "{policy}");
            assert_eq!((asked(person(true, false)), asked(person(false, true))), (staff, staff), "{policy}");
        }
        assert_eq!("sometimes".parse::<SecondFactorPolicy>(), Err(UnknownPolicy));
    }

    #[test]
    fn a_mark_anywhere_is_enough() {
        for asking in [
            Asking { groups: true, ..Asking::default() },
            Asking { client: true, ..Asking::default() },
            Asking { acr: AcrWish::Needed, ..Asking::default() },
        ] {
            assert_eq!(demand(SecondFactorPolicy::Never, &person(false, false), asking), Demand::Required);
        }
        let marked = User { require_second_factor: true, ..person(false, false) };
        assert_eq!(demand(SecondFactorPolicy::Never, &marked, Asking::default()), Demand::Required);
    }

    #[test]
    fn an_application_that_takes_either_makes_nobody_set_one_up() {
        let either = Asking { acr: AcrWish::IfPossible, ..Asking::default() };
        assert_eq!(demand(SecondFactorPolicy::Never, &person(false, false), either), Demand::AskIfEnrolled);
        assert_eq!(demand(SecondFactorPolicy::Always, &person(false, false), either), Demand::Required);
    }
}
