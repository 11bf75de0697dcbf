//! The claims that every JWT may carry (RFC 7519 section 4.1), held against the clock.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};
use vestibule_core::Timestamp;

/// A moment as JWTs carry it: seconds since the epoch, perhaps with a fraction (RFC 7519 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(Timestamp);

impl NumericDate {
    /// The moment, to the millisecond.
    #[must_use]
    pub fn moment(self) -> Timestamp {
        self.0
    }
}

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        if let Some(seconds) = number.as_i64() {
            return Ok(Self(Timestamp::from_seconds(seconds)));
        }
        let millis = number.as_f64().unwrap_or(f64::NAN) * 1000.0;
        // Beyond that an f64 has no whole numbers.
        if millis.abs() > 9.0e15 || millis.is_nan() {
            return Err(D::Error::custom("a moment out of range"));
        }
        Ok(Self(Timestamp::from_millis(millis.floor() as i64)))
    }
}

/// Whom a token is for (`aud`): one text, or an array of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One text.
    One(String),
    /// An array.
    Many(Vec<String>),
}

impl Audience {
    /// Whether `name` is among them. For others it may be too: where that must not be, look at [`Audience::names`].
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names().iter().any(|own| own == name)
    }

    /// All of them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// Whether it was written as an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Many(_))
    }
}

/// The registered claims. Each may be missing; whoever asks for one says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct RegisteredClaims {
    /// Who made it.
    pub iss: Option<String>,
    /// Whom it is about.
    pub sub: Option<String>,
    /// Whom it is for.
    pub aud: Option<Audience>,
    /// When it ceases to hold.
    pub exp: Option<NumericDate>,
    /// From when on it holds.
    pub nbf: Option<NumericDate>,
    /// When it was made.
    pub iat: Option<NumericDate>,
    /// Its name, which its maker uses once.
    pub jti: Option<String>,
}

/// Why a JWT does not hold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ClaimsError {
    /// `exp` is past.
    #[error("it has expired (exp)")]
    Expired,
    /// `nbf` is to come.
    #[error("it does not hold yet (nbf)")]
    NotYet,
    /// `iat` is to come.
    #[error("it was made in the future (iat)")]
    MadeInTheFuture,
}

impl RegisteredClaims {
    /// Holds the times that are there against the clock. `leeway` is how far the maker's clock may be off ours, both ways.
    ///
    /// # Errors
    /// The first of the times that does not hold.
    pub fn check_times(&self, now: Timestamp, leeway: Duration) -> Result<(), ClaimsError> {
        if self.exp.is_some_and(|exp| exp.moment() + leeway <= now) {
            return Err(ClaimsError::Expired);
        }
        let to_come = |moment: Option<NumericDate>| moment.is_some_and(|moment| moment.moment() > now + leeway);
        if to_come(self.nbf) {
            return Err(ClaimsError::NotYet);
        }
        if to_come(self.iat) { Err(ClaimsError::MadeInTheFuture) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const LEEWAY: Duration = Duration::from_secs(10);

    fn claims(json: Value) -> RegisteredClaims {
        serde_json::from_value(json).expect("claims")
    }

    #[test]
    fn each_time_is_held_against_the_clock_with_the_leeway() {
        let checked = |json| claims(json).check_times(NOW, LEEWAY);
        assert_eq!(checked(json!({})), Ok(()));
        assert_eq!(checked(json!({ "exp": 999_991, "nbf": 1_000_010, "iat": 1_000_010 })), Ok(()));
        assert_eq!(checked(json!({ "exp": 999_990 })), Err(ClaimsError::Expired));
        assert_eq!(checked(json!({ "nbf": 1_000_011 })), Err(ClaimsError::NotYet));
        assert_eq!(checked(json!({ "iat": 1_000_010.5 })), Err(ClaimsError::MadeInTheFuture));
        assert_eq!(checked(json!({ "exp": i64::MIN })), Err(ClaimsError::Expired));
        assert_eq!(checked(json!({ "exp": i64::MAX })), Ok(()));
    }

    #[test]
    fn a_moment_is_a_number_in_range() {
        let read = |json: &str| serde_json::from_str::<NumericDate>(json).map(|date| date.moment().millis()).ok();
        assert_eq!(read("1.5"), Some(1500));
        assert_eq!(read("-1"), Some(-1000));
        for odd in ["\"1\"", "null", "true", "1e300", "-1e300", "[1]"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_audience_is_one_text_or_an_array_of_them() {
        let audience = |json: Value| claims(json!({ "aud": json })).aud.expect("an audience");
        assert!(audience(json!("a")).contains("a") && !audience(json!("a")).is_array());
        assert!(audience(json!(["a", "b"])).contains("b") && audience(json!(["a"])).is_array());
        assert!(!audience(json!([])).contains(""));
        for odd in [json!(1), json!([1]), json!({}), json!([["a"]])] {
            assert!(serde_json::from_value::<Audience>(odd.clone()).is_err(), "{odd}");
        }
    }
}
