//! How soon a password would be guessed, by the estimate of zxcvbn.
//!
//! Its lists hold thirty thousand common passwords and as many words and names; on top of them it knows repetitions, rows of
//! keys, dates, and letters written as digits. Its time grows faster than the length, up to seconds for texts made to be
//! slow, so it runs on the hashing workers and sees no more than the beginning of a long password.

use std::panic::{AssertUnwindSafe, catch_unwind};

use zxcvbn::{Entropy, zxcvbn};

use crate::HashingError;

/// What would be tried this soon is common: behind whatever stands in the lists, and before two words.
const SOON: u64 = 100_000;

/// Above the length of whatever stands in the lists.
const LONGEST_COMMON: usize = 24;

/// A longer password is judged by its first characters. Its strength is that of these or more.
const LOOKED_AT: usize = 40;

/// The most words about the person that it is told.
const MOST_WORDS: usize = 64;

/// Whether it is among the first hundred thousand that anyone tries, in capitals or not.
pub(super) fn is_common(password: &str) -> Result<bool, HashingError> {
    if password.chars().nth(LONGEST_COMMON).is_some() {
        return Ok(false);
    }
    Ok(estimate(&password.to_lowercase(), &[])?.guesses() <= SOON)
}

/// The score from 0 to 4 for one who knows these words about its owner.
pub(super) fn score(password: &str, words: &[String]) -> Result<u8, HashingError> {
    let beginning: String = password.chars().take(LOOKED_AT).collect();
    let words: Vec<&str> = words.iter().take(MOST_WORDS).map(String::as_str).collect();
    Ok(estimate(&beginning, &words)?.score().into())
}

/// A worker must not end with a text that the crate was not ready for.
fn estimate(password: &str, words: &[&str]) -> Result<Entropy, HashingError> {
    catch_unwind(AssertUnwindSafe(|| zxcvbn(password, words)))
        .map_err(|_| HashingError::Failed("its strength could not be estimated; take another one"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_anyone_tries_is_common() {
        let common = [
            "password",
            "PassWord",
            "12345678",
            "qwertyuiop",
            "iloveyou1",
            "trustno1",
            "p@ssw0rd",
            "aaaaaaaa",
            "monkey12",
            "01011990",
            "superman",
            "passwordstandard",
            "12345678900987654321",
            "baseball",
            "abcdefgh",
            "1q2w3e4r5t",
        ];
        for one in common {
            assert!(is_common(one).unwrap(), "{one}");
        }
    }

    #[test]
    fn what_nobody_tries_is_not() {
        for one in ["correct horse battery", "another password", "xkq7-vhrm", "tr0ub4dor&3", &"x".repeat(1024)] {
            assert!(!is_common(one).unwrap(), "{one}");
        }
    }

    #[test]
    fn a_word_about_the_person_makes_a_password_weak() {
        assert!(score("wonderful pleasance", &[]).unwrap() >= 3);
        assert!(score("pleasanceliddell", &["pleasanceliddell".into()]).unwrap() < 3);
        assert_eq!(score("", &[]), Ok(0));
    }

    #[test]
    fn a_long_password_is_judged_by_its_beginning() {
        let began = std::time::Instant::now();
        assert_eq!(score(&"(4@[{<3690!|15$+7%2".repeat(50), &[]), Ok(4));
        assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_goes_unjudged(text in ".{0,48}") {
            prop_assert!(is_common(&text).is_ok());
            prop_assert!(score(&text, &[]).is_ok_and(|score| score <= 4));
        }
    }
}
