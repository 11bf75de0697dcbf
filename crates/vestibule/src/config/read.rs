//! Turns what was given into typed values, and notes everything that is wrong on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Given, Problem, Source,
    layers::Layer,
    settings::{Setting, find},
    value::Value,
};

/// Reads one setting after the other.
pub(super) struct Reader {
    given: Layer,
    pub(super) problems: Vec<Problem>,
    pub(super) sources: BTreeMap<&'static str, Source>,
    wrong: BTreeSet<&'static str>,
}

impl Reader {
    pub(super) fn new(given: Layer, problems: Vec<Problem>) -> Self {
        Self { given, problems, sources: BTreeMap::new(), wrong: BTreeSet::new() }
    }

    /// The value of a setting: what was given, if that is right, else the default.
    ///
    /// # Panics
    /// Never: each key is a row of the table, and a test reads each default.
    pub(super) fn setting<T: Value>(&mut self, key: &'static str) -> T {
        let setting = find(key).expect("a row of the table");
        if let Some((given, source)) = self.given.remove(key) {
            match checked(setting, &given) {
                Ok(value) => {
                    self.sources.insert(key, source);
                    return value;
                }
                Err(expected) => {
                    let message = format!("{key} is {}", given.in_words(setting.secret));
                    let cure = format!("expected {expected}");
                    self.wrong.insert(key);
                    self.problems.push(Problem { source, key: Some(key.to_owned()), message, cure });
                }
            }
        }
        default(setting)
    }

    /// Notes that `keys` do not go together, at the first of them that somebody set. Where one of them is wrong by itself,
    /// that is enough to say.
    pub(super) fn contradiction(&mut self, keys: &[&'static str], message: String, cure: String) {
        if keys.iter().any(|key| self.wrong.contains(key)) {
            return;
        }
        let (key, source) = keys
            .iter()
            .find_map(|key| self.sources.get(key).map(|source| (*key, source.clone())))
            .unwrap_or((keys[0], Source::Default));
        self.problems.push(Problem { source, key: Some(key.to_owned()), message, cure });
    }
}

/// The value that was given, if it has the right type and lies within the bounds.
fn checked<T: Value>(setting: &Setting, given: &Given) -> Result<T, String> {
    let value = T::read(given)?;
    if let Some((least, greatest)) = setting.range {
        let order = value.written().and_then(|value| measure(&value));
        let within = |order| measure(&literal(least)) <= Some(order) && Some(order) <= measure(&literal(greatest));
        if !order.is_some_and(within) {
            return Err(format!("a value from {} to {}", plain(least), plain(greatest)));
        }
    }
    Ok(value)
}

/// The size of a number, a duration (in milliseconds) or a size in bytes, to compare it with another of its kind.
fn measure(value: &Given) -> Option<u128> {
    value
        .integer()
        .and_then(|number| number.try_into().ok())
        .or_else(|| std::time::Duration::read(value).ok().map(|duration| duration.as_millis()))
        .or_else(|| super::ByteSize::read(value).ok().map(|size| size.bytes().into()))
}

fn plain(literal: &'static str) -> &'static str {
    literal.trim_matches('"')
}

/// A value as it stands in the table of settings.
///
/// # Panics
/// Never: a test reads each.
fn literal(text: &'static str) -> Given {
    let value = toml::de::DeValue::parse(text).expect("the table of settings holds TOML");
    Given::from_toml(value.get_ref())
}

fn default<T: Value>(setting: &Setting) -> T {
    match setting.default {
        Some(default) => checked(setting, &literal(default)).expect("the default fits the setting"),
        None => T::unset().expect("a setting without a default is an Option"),
    }
}
