//! Holding a password against the rules. All of them are asked, and each that is broken is told, in their order.

use secrecy::{ExposeSecret, SecretString};

use super::{About, PasswordProblem, PasswordRule, PasswordRules, estimate, history};
use crate::{
    HashingError, Unavailable, User, Users,
    entity::{Entity, Model},
    rules::{LONGEST_PASSWORD, could_be_a_password},
};
use sea_orm::EntityTrait;

impl Users {
    /// What is wrong with `candidate` as the next password of `user`; nothing, where it can be set.
    ///
    /// # Errors
    /// A busy pool, or a store that does not answer.
    pub async fn check_password(
        &self,
        user: &User,
        candidate: &SecretString,
    ) -> Result<Vec<PasswordProblem>, Unavailable> {
        let row = Entity::find_by_id(user.id.to_string()).one(self.database.reader()).await?;
        let used = match &row {
            Some(row) => self.used(row).await?,
            None => Vec::new(),
        };
        self.problems(candidate, &About::user(user), &used).await
    }

    /// What is wrong with `candidate` as the first password of somebody of whom this is known.
    ///
    /// # Errors
    /// A busy pool.
    pub async fn check_first_password(
        &self,
        about: &About,
        candidate: &SecretString,
    ) -> Result<Vec<PasswordProblem>, Unavailable> {
        self.problems(candidate, about, &[]).await
    }

    /// The hashes that a new password must not match, the present one first.
    pub(super) async fn used(&self, row: &Model) -> Result<Vec<String>, Unavailable> {
        let Some(before) = self.password_rules.remembered().checked_sub(1) else {
            return Ok(Vec::new());
        };
        let former = history::former(self.database.reader(), &row.id, before).await?;
        Ok(row.password_hash.iter().cloned().chain(former).collect())
    }

    pub(super) async fn problems(
        &self,
        candidate: &SecretString,
        about: &About,
        used: &[String],
    ) -> Result<Vec<PasswordProblem>, Unavailable> {
        // Nothing else looks at a text of any length.
        if !could_be_a_password(candidate) {
            let told = format!("This password is too long: take at most {LONGEST_PASSWORD} characters.");
            return Ok(vec![PasswordProblem::new("password_too_long", told)]);
        }
        let mut problems = Vec::new();
        if candidate.expose_secret().is_empty() && !self.password_rules.order().contains(&PasswordRule::Length) {
            problems.push(too_short(1));
        }
        for rule in self.password_rules.order() {
            problems.extend(self.broken(*rule, candidate, about, used).await?);
        }
        Ok(problems)
    }

    async fn broken(
        &self,
        rule: PasswordRule,
        candidate: &SecretString,
        about: &About,
        used: &[String],
    ) -> Result<Option<PasswordProblem>, Unavailable> {
        let (rules, text) = (&self.password_rules, candidate.expose_secret());
        Ok(match rule {
            PasswordRule::Length => (text.chars().count() < rules.shortest()).then(|| too_short(rules.shortest())),
            PasswordRule::Similarity => about.is_like(text).then(|| {
                let told = "This password is too much like your name, your address or something else about you.";
                PasswordProblem::new("password_too_similar", told)
            }),
            PasswordRule::Common => self.estimated(candidate, estimate::is_common).await?.then(|| {
                let told = "This password is too common: it is among the first that anyone tries.";
                PasswordProblem::new("password_too_common", told)
            }),
            PasswordRule::Numeric => (!text.is_empty() && text.chars().all(char::is_numeric)).then(|| {
                let told = "This password is made of digits alone: add words.";
                PasswordProblem::new("password_entirely_numeric", told)
            }),
            PasswordRule::Strength => {
                let words: Vec<String> = about.words().collect();
                let score = self.estimated(candidate, move |text| estimate::score(text, &words)).await?;
                (score < rules.least_score()).then(|| {
                    let told = "This password is too easy to guess: take several words that have nothing in common.";
                    PasswordProblem::new("password_too_weak", told)
                })
            }
            PasswordRule::History => self.is_among(candidate, used).await?.then(|| used_before(rules)),
        })
    }

    /// Lets a worker of the hashing pool judge the password.
    async fn estimated<T: Send + 'static>(
        &self,
        candidate: &SecretString,
        judge: impl FnOnce(&str) -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let candidate = candidate.clone();
        self.hasher.run(move || judge(candidate.expose_secret())).await.map_err(Unavailable::Hashing)
    }

    async fn is_among(&self, candidate: &SecretString, used: &[String]) -> Result<bool, Unavailable> {
        for hash in used {
            match self.hasher.verify(candidate, hash).await {
                Ok(verdict) if verdict.matches => return Ok(true),
                // What matches no password is no former password either.
                Ok(_) | Err(HashingError::Unverifiable(_)) => {}
                Err(error) => return Err(Unavailable::Hashing(error)),
            }
        }
        Ok(false)
    }
}

fn too_short(shortest: usize) -> PasswordProblem {
    let unit = if shortest == 1 { "character" } else { "characters" };
    PasswordProblem::new("password_too_short", format!("This password is too short: take at least {shortest} {unit}."))
}

fn used_before(rules: &PasswordRules) -> PasswordProblem {
    let told = match rules.remembered() {
        1 => "This is the password that you have now: take another one.".to_owned(),
        last => format!("This password is one of your last {last}: take another one."),
    };
    PasswordProblem::new("password_used_before", told)
}
