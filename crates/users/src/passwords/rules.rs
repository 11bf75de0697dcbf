//! Which rules a site has for new passwords, and in which order.

use std::str::FromStr;

use crate::rules::SHORTEST_PASSWORD;

/// The most former passwords that are remembered, the present one included. Each is a hash to compute at a change.
const MOST_REMEMBERED: usize = 24;

/// A rule for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordRule {
    /// It has so many characters at least.
    Length,
    /// It is not like the username, the address, the names, or anything else that is known of the person.
    Similarity,
    /// It is not among the first that anyone tries.
    Common,
    /// Not made of digits alone.
    Numeric,
    /// It would take so many tries to guess, by estimate.
    Strength,
    /// It is none of the last ones.
    History,
}

/// A name that no rule has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no password rule `{0}`; the rules are {names}", names = PasswordRule::ALL.map(PasswordRule::name).join(", "))]
pub struct UnknownRule(String);

impl PasswordRule {
    /// Every rule there is.
    pub const ALL: [Self; 6] =
        [Self::Length, Self::Similarity, Self::Common, Self::Numeric, Self::Strength, Self::History];

    /// The name that configuration has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Similarity => "similarity",
            Self::Common => "common",
            Self::Numeric => "numeric",
            Self::Strength => "strength",
            Self::History => "history",
        }
    }
}

impl FromStr for PasswordRule {
    type Err = UnknownRule;

    fn from_str(name: &str) -> Result<Self, UnknownRule> {
        Self::ALL.into_iter().find(|rule| rule.name() == name).ok_or_else(|| UnknownRule(name.to_owned()))
    }
}

/// The rules of a site, in their order. Whatever they are, a password is not empty and has at most 1024 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    order: Vec<PasswordRule>,
    shortest: usize,
    least_score: u8,
    remembered: usize,
}

impl Default for PasswordRules {
    /// Length, similarity, common, numeric; at least 8 characters.
    fn default() -> Self {
        Self::new([PasswordRule::Length, PasswordRule::Similarity, PasswordRule::Common, PasswordRule::Numeric])
    }
}

impl PasswordRules {
    /// These rules in this order, each once. The numbers that belong to them are 8 characters, a score of 3, and 5 passwords.
    #[must_use]
    pub fn new(rules: impl IntoIterator<Item = PasswordRule>) -> Self {
        let mut order = Vec::new();
        for rule in rules {
            if !order.contains(&rule) {
                order.push(rule);
            }
        }
        Self { order, shortest: SHORTEST_PASSWORD, least_score: 3, remembered: 5 }
    }

    /// How many characters [`PasswordRule::Length`] asks for.
    #[must_use]
    pub fn with_shortest(self, characters: usize) -> Self {
        Self { shortest: characters, ..self }
    }

    /// Which of zxcvbn's scores [`PasswordRule::Strength`] asks for: 1 (above a thousand tries), 2 (a million), 3 (a hundred
    /// million) or 4 (ten thousand million). Another number is taken for the nearest of these.
    #[must_use]
    pub fn with_least_score(self, score: u8) -> Self {
        Self { least_score: score.clamp(1, 4), ..self }
    }

    /// How many passwords [`PasswordRule::History`] remembers, the present one included: 1 to 24. Another number is taken for
    /// the nearest of these.
    #[must_use]
    pub fn with_remembered(self, passwords: usize) -> Self {
        Self { remembered: passwords.clamp(1, MOST_REMEMBERED), ..self }
    }

    /// The fewest characters of a new password.
    #[must_use]
    pub fn shortest(&self) -> usize {
        if self.has(PasswordRule::Length) { self.shortest.max(1) } else { 1 }
    }

    /// The rules in words, a short line each, for whoever is about to choose a password.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.order.iter().map(|rule| self.sentence(*rule)).collect()
    }

    pub(super) fn order(&self) -> &[PasswordRule] {
        &self.order
    }

    pub(super) fn least_score(&self) -> u8 {
        self.least_score
    }

    /// How many passwords are remembered, the present one included; 0 without the rule.
    pub(super) fn remembered(&self) -> usize {
        if self.has(PasswordRule::History) { self.remembered } else { 0 }
    }

    fn has(&self, rule: PasswordRule) -> bool {
        self.order.contains(&rule)
    }

    fn sentence(&self, rule: PasswordRule) -> String {
        match rule {
            PasswordRule::Length => {
                format!("At least {} characters; longer is better than complicated.", self.shortest())
            }
            PasswordRule::Similarity => "Not like your name, your address or anything else about you.".to_owned(),
            PasswordRule::Common => "Not one that many people have.".to_owned(),
            PasswordRule::Numeric => "Not made of digits alone.".to_owned(),
            PasswordRule::Strength => "Hard to guess, such as several words that have nothing in common.".to_owned(),
            PasswordRule::History if self.remembered == 1 => "Not the one that you have now.".to_owned(),
            PasswordRule::History => format!("None of your last {} passwords.", self.remembered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_known_by_its_name_and_no_other_is() {
        for rule in PasswordRule::ALL {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        let refused = "Length".parse::<PasswordRule>().unwrap_err().to_string();
        assert!(refused.contains("`Length`") && refused.contains("length, similarity, common"), "{refused}");
    }

    #[test]
    fn rules_keep_their_order_and_count_once() {
        let rules = PasswordRules::new([PasswordRule::Numeric, PasswordRule::Length, PasswordRule::Numeric]);
        assert_eq!(rules.order(), [PasswordRule::Numeric, PasswordRule::Length]);
        assert_eq!(rules.describe().len(), 2);
    }

    #[test]
    fn numbers_belong_to_rules_that_are_there() {
        let none = PasswordRules::new([]).with_shortest(12).with_remembered(3);
        assert_eq!((none.shortest(), none.remembered()), (1, 0));
        let all = PasswordRules::new(PasswordRule::ALL).with_shortest(12).with_remembered(1000).with_least_score(9);
        assert_eq!((all.shortest(), all.remembered(), all.least_score()), (12, MOST_REMEMBERED, 4));
        assert!(all.describe()[0].contains("12 characters"));
    }
}
