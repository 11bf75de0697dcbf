//! What a request asks for of the levels, and what of that somebody still lacks.

use serde::{Deserialize, Serialize};
use vestibule_core::Timestamp;
use vestibule_users::AcrWish;

use super::{Level, Levels, Need, Shown};

/// The levels that a request asks for, by `acr_values` or by the claim `acr` (OpenID Connect Core sections 3.1.2.1 and 5.5.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelWish {
    /// Those of them that there are, the most wanted first.
    names: Vec<String>,
    /// Whether nothing else will do.
    essential: bool,
}

impl LevelWish {
    /// Whether the request fails where none of them is reached.
    #[must_use]
    pub fn is_essential(&self) -> bool {
        self.essential
    }

    /// Whether it asks for nothing that there is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// What somebody who is signed in lacks for what a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    #[default]
    Nothing,
    /// Nothing that must be; a second factor would be liked better.
    SecondFactorIfPossible,
    /// A second factor, and nothing else.
    SecondFactor,
    /// They signed in too long ago.
    Recency,
    /// They would have to sign in by another way.
    AnotherWay,
}

impl Missing {
    /// What it says of a second factor.
    #[must_use]
    pub fn second_factor(self) -> AcrWish {
        match self {
            Self::SecondFactor => AcrWish::Needed,
            Self::SecondFactorIfPossible => AcrWish::IfPossible,
            Self::Nothing | Self::Recency | Self::AnotherWay => AcrWish::None,
        }
    }
}

impl Levels {
    /// Of the values that a request lists, in the order of preference. Those that are not levels here say nothing.
    pub fn wish<'a>(&self, values: impl IntoIterator<Item = &'a str>, essential: bool) -> LevelWish {
        let known = values.into_iter().filter_map(|value| self.named(value));
        LevelWish { names: known.map(|(_, level)| level.name.clone()).collect(), essential }
    }

    /// What is missing for `wish`. Where it is not essential, a higher level is as good as the one that was asked for.
    #[must_use]
    pub fn missing(&self, wish: &LevelWish, shown: Shown<'_>, now: Timestamp) -> Missing {
        if wish.is_empty() {
            return Missing::Nothing;
        }
        let highest = self.highest(shown, now).filter(|_| !wish.essential);
        let is_met = |(position, level): &(usize, &Level)| {
            level.is_met(shown, now) || highest.is_some_and(|highest| highest >= *position)
        };
        let only_second_factor = |(_, level): &(usize, &Level)| {
            level.is_recent(shown, now) && level.lacking(shown).all(|need| need == Need::SecondFactor)
        };
        let but_for_time = |(_, level): &(usize, &Level)| {
            !level.is_recent(shown, now) && level.lacking(shown).all(|need| need == Need::SecondFactor)
        };
        let wished: Vec<(usize, &Level)> = self.wished(wish).collect();
        match wished.iter().position(is_met) {
            Some(met) if wished[..met].iter().any(only_second_factor) => Missing::SecondFactorIfPossible,
            Some(_) => Missing::Nothing,
            None if shown.methods.is_empty() => Missing::AnotherWay,
            None if wished.iter().any(only_second_factor) => Missing::SecondFactor,
            None if wished.iter().any(but_for_time) => Missing::Recency,
            None => Missing::AnotherWay,
        }
    }

    /// What is told to whoever asked by `wish`: the highest level that is reached. Where the wish is essential, it is the highest of
    /// those that it names, since no other answers it (OpenID Connect Core section 5.5.1.1).
    #[must_use]
    pub fn told(&self, wish: &LevelWish, shown: Shown<'_>, now: Timestamp) -> Option<&str> {
        let named = self.wished(wish).filter(|(_, level)| wish.essential && level.is_met(shown, now));
        match named.max_by_key(|(position, _)| *position) {
            Some((_, level)) => Some(level.name.as_str()),
            None => self.reached(shown, now),
        }
    }

    /// Whether `need` belongs to each level that is asked for, so that without it there is no point in signing in.
    #[must_use]
    pub fn must_have(&self, wish: &LevelWish, need: Need) -> bool {
        !wish.is_empty() && self.wished(wish).all(|(_, level)| level.needs.contains(&need))
    }

    /// Whether `need` belongs to any of the levels that are asked for.
    #[must_use]
    pub fn may_need(&self, wish: &LevelWish, need: Need) -> bool {
        self.wished(wish).any(|(_, level)| level.needs.contains(&need))
    }

    fn wished<'a, 'w>(&'a self, wish: &'w LevelWish) -> impl Iterator<Item = (usize, &'a Level)> + use<'a, 'w> {
        wish.names.iter().filter_map(|name| self.named(name))
    }
}
