//! The levels of a sign-in (`acr`, OpenID Connect Core section 2) that an operator names, in their order, each with what it needs.
//!
//! A level is never kept as a fact: it is judged anew, from the methods and the moment of the authentication, whenever it is told.
//! So it is true, whatever names a deployment gives and however long ago somebody signed in.
//!
//! `wish` is what a request asks for of them, and what of that is still missing.

mod error;
#[cfg(test)]
mod tests;
mod wish;

use std::{collections::BTreeSet, time::Duration};

use vestibule_core::Timestamp;
use vestibule_tokens::Authentication;

pub use error::LevelsError;
pub use wish::{LevelWish, Missing};

/// Something that a level can need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The password.
    Password,
    /// A client certificate.
    Certificate,
    /// A second factor: the code of an app, or a recovery code.
    SecondFactor,
}

impl Need {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Password, Self::Certificate, Self::SecondFactor];

    /// As configuration names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Certificate => "certificate",
            Self::SecondFactor => "second_factor",
        }
    }

    /// The method (`amr`) that shows it.
    fn method(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Certificate => "sc",
            Self::SecondFactor => "mfa",
        }
    }
}

/// One level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its name: the value of `acr`.
    pub name: String,
    /// What it needs; nothing, where any way to sign in will do.
    pub needs: BTreeSet<Need>,
    /// How long ago the person may have signed in at most.
    pub within: Option<Duration>,
}

/// How and when somebody signed in.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The methods (`amr`).
    pub methods: &'a [String],
    /// When.
    pub at: Timestamp,
}

impl Shown<'_> {
    /// Whether the methods show it.
    #[must_use]
    pub fn has(&self, need: Need) -> bool {
        self.methods.iter().any(|method| method == need.method())
    }
}

impl Level {
    /// Whether it is reached. How somebody signed in of whom no method is known, is not known: they reach nothing.
    fn is_met(&self, shown: Shown<'_>, now: Timestamp) -> bool {
        !shown.methods.is_empty() && self.lacking(shown).next().is_none() && self.is_recent(shown, now)
    }

    fn lacking(&self, shown: Shown<'_>) -> impl Iterator<Item = Need> {
        self.needs.iter().copied().filter(move |need| !shown.has(*need))
    }

    fn is_recent(&self, shown: Shown<'_>, now: Timestamp) -> bool {
        self.within.is_none_or(|within| now.since(shown.at) <= within)
    }

    /// Whether everybody who reaches `other` reaches this one too.
    fn follows_from(&self, other: &Self) -> bool {
        let recent = match (self.within, other.within) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => own >= others,
        };
        recent && self.needs.is_subset(&other.needs)
    }
}

/// The levels of a deployment, the lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels(Vec<Level>);

impl Default for Levels {
    /// `1` by any way, `2` with a second factor.
    fn default() -> Self {
        let level = |name: &str, needs: &[Need]| Level {
            name: name.to_owned(),
            needs: needs.iter().copied().collect(),
            within: None,
        };
        Self(vec![level("1", &[]), level("2", &[Need::SecondFactor])])
    }
}

impl Levels {
    /// In this order, the lowest first.
    ///
    /// # Errors
    /// None at all, two of one name, a name that cannot be asked for, and a level that nobody could ever be told to have.
    pub fn new(levels: Vec<Level>) -> Result<Self, LevelsError> {
        error::check(&levels)?;
        Ok(Self(levels))
    }

    /// From the lowest on.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Level> {
        self.0.iter()
    }

    /// The highest that is reached.
    #[must_use]
    pub fn reached(&self, shown: Shown<'_>, now: Timestamp) -> Option<&str> {
        self.highest(shown, now).map(|position| self.0[position].name.as_str())
    }

    fn highest(&self, shown: Shown<'_>, now: Timestamp) -> Option<usize> {
        self.0.iter().rposition(|level| level.is_met(shown, now))
    }

    fn named(&self, name: &str) -> Option<(usize, &Level)> {
        self.0.iter().enumerate().find(|(_, level)| level.name == name)
    }

    /// An authentication of before as it counts now: what was told of it, where that still holds, else the highest that is left.
    #[must_use]
    pub fn as_of(&self, now: Timestamp, how: Authentication) -> Authentication {
        let shown = Shown { methods: &how.amr, at: how.time };
        let told = how.acr.as_deref().and_then(|told| self.named(told)).filter(|(_, level)| level.is_met(shown, now));
        let acr = told.map(|(_, level)| level.name.as_str()).or_else(|| self.reached(shown, now)).map(str::to_owned);
        Authentication { acr, ..how }
    }
}
