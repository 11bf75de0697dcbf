//! The levels of a sign-in (`authentication.levels`), each a line of words: its name, what it needs, and how recent it must be.

use std::{collections::BTreeSet, str::FromStr, time::Duration};

use vestibule_oidc::levels::{Level, Levels, LevelsError, Need};

use super::{
    Given, parse_duration,
    settings::Authentication,
    value::{Value, expected},
};

/// How recent a sign-in may have to be: in less, nobody gets through two pages; in more, no session lasts.
const WITHIN: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(365 * 86_400);

/// What needs nothing.
const ANY: &str = "any";

/// One level, as it stands in the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelLine(Level);

impl Authentication {
    /// The levels, the lowest first.
    ///
    /// # Errors
    /// Levels that make no sense together.
    pub fn levels(&self) -> Result<Levels, LevelsError> {
        Levels::new(self.levels.iter().map(|line| line.0.clone()).collect())
    }
}

impl Value for LevelLine {
    const EXPECTED: &'static str = "a name and what it needs (any, or password, certificate, second_factor), such as \
                                    \"gold password second_factor within 10m\"";

    fn read(given: &Given) -> Result<Self, String> {
        given.text().ok_or_else(expected::<Self>)?.parse()
    }

    fn written(&self) -> Option<Given> {
        let Level { name, needs, within } = &self.0;
        let mut words = vec![name.clone()];
        words.extend(needs.iter().map(|need| need.as_str().to_owned()));
        words.extend(needs.is_empty().then(|| ANY.to_owned()));
        if let Some(Given::Text(within)) = within.as_ref().and_then(Value::written) {
            words.extend(["within".to_owned(), within]);
        }
        Some(Given::Text(words.join(" ")))
    }
}

impl FromStr for LevelLine {
    type Err = String;

    /// The error completes "expected …".
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(expected::<Self>)?.to_owned();
        let (mut needs, mut any, mut within) = (BTreeSet::new(), false, None);
        while let Some(word) = words.next() {
            match (word, Need::ALL.into_iter().find(|need| need.as_str() == word)) {
                (ANY, _) if !any => any = true,
                (_, Some(need)) if needs.insert(need) => {}
                ("within", _) if within.is_none() => within = Some(recent(words.next())?),
                _ => return Err(expected::<Self>()),
            }
        }
        // Either it says that it needs nothing, or what.
        if any != needs.is_empty() {
            return Err(expected::<Self>());
        }
        Ok(Self(Level { name, needs, within }))
    }
}

fn recent(word: Option<&str>) -> Result<Duration, String> {
    let within = parse_duration(word.unwrap_or_default()).ok().filter(|within| WITHIN.contains(within));
    within
        .ok_or_else(|| "a duration from 1m to 365d after within, such as \"gold second_factor within 10m\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LevelLine, String> {
        LevelLine::read(&Given::Text(text.to_owned()))
    }

    #[test]
    fn a_level_is_written_as_it_is_read() {
        for (text, written) in [
            ("1 any", "1 any"),
            ("2 second_factor", "2 second_factor"),
            (
                " urn:example:gold  second_factor password within 90m",
                "urn:example:gold password second_factor within 90m",
            ),
            ("soon any within 60s", "soon any within 1m"),
        ] {
            let line = read(text).unwrap();
            assert_eq!(line.written(), Some(Given::Text(written.to_owned())));
            assert_eq!(read(written), Ok(line));
        }
    }

    #[test]
    fn what_says_not_exactly_what_it_needs_is_no_level() {
        for wrong in [
            "",
            "gold",
            "gold fingerprint",
            "gold any password",
            "gold any any",
            "gold password password",
            "gold within 10m",
            "gold any within",
            "gold any within soon",
            "gold any within 59s",
            "gold any within 366d",
            "gold any within 10m within 5m",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
