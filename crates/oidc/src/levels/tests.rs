//! Which levels are reached, asked for, and refused.

use std::time::Duration;

use vestibule_core::Timestamp;
use vestibule_tokens::Authentication;

use super::{Level, LevelWish, Levels, LevelsError, Missing, Need, Shown};
use Need::{Certificate, Password, SecondFactor};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn level(name: &str, needs: &[Need], minutes: Option<u64>) -> Level {
    let within = minutes.map(|minutes| Duration::from_secs(60 * minutes));
    Level { name: name.to_owned(), needs: needs.iter().copied().collect(), within }
}

/// Bronze by any way, silver by a certificate, gold with a second factor of the last ten minutes.
fn metals() -> Levels {
    let levels = vec![
        level("bronze", &[], None),
        level("silver", &[Certificate], None),
        level("gold", &[Password, SecondFactor], Some(10)),
    ];
    Levels::new(levels).unwrap()
}

fn methods(methods: &[&str]) -> Vec<String> {
    methods.iter().map(|method| (*method).to_owned()).collect()
}

fn reached(levels: &Levels, amr: &[&str], minutes_ago: u64) -> Option<String> {
    let (methods, at) = (methods(amr), NOW - Duration::from_secs(60 * minutes_ago));
    levels.reached(Shown { methods: &methods, at }, NOW).map(str::to_owned)
}

fn missing(levels: &Levels, wish: &LevelWish, amr: &[&str], minutes_ago: u64) -> Missing {
    let (methods, at) = (methods(amr), NOW - Duration::from_secs(60 * minutes_ago));
    levels.missing(wish, Shown { methods: &methods, at }, NOW)
}

#[test]
fn the_highest_level_whose_needs_are_met_is_reached() {
    for (amr, ago, level) in [
        (&["pwd"][..], 60, Some("bronze")),
        (&["remote_user"], 0, Some("bronze")),
        (&["sc"], 60, Some("silver")),
        (&["pwd", "otp", "mfa"], 10, Some("gold")),
        (&["pwd", "otp", "mfa"], 11, Some("bronze")),
        (&["sc", "otp", "mfa"], 0, Some("silver")),
        (&[], 0, None),
    ] {
        assert_eq!(reached(&metals(), amr, ago).as_deref(), level, "{amr:?} {ago}");
    }
}

#[test]
fn where_nothing_is_configured_two_factors_are_2_and_anything_else_1() {
    let levels = Levels::default();
    assert!(Levels::new(levels.0.clone()).is_ok());
    assert_eq!(reached(&levels, &["pwd"], 0).as_deref(), Some("1"));
    assert_eq!(reached(&levels, &["sc", "otp", "mfa"], 600).as_deref(), Some("2"));
}

#[test]
fn what_was_told_is_told_again_while_it_holds() {
    let told = |acr: &str, minutes: u64| {
        let how = Authentication {
            time: NOW - Duration::from_secs(60 * minutes),
            acr: Some(acr.to_owned()),
            amr: methods(&["pwd", "otp", "mfa"]),
        };
        metals().as_of(NOW, how).acr
    };
    assert_eq!(told("gold", 10).as_deref(), Some("gold"));
    assert_eq!(told("gold", 11).as_deref(), Some("bronze"), "it is too long ago");
    assert_eq!(told("bronze", 1).as_deref(), Some("bronze"), "an application was told the lower one");
    assert_eq!(told("2", 1).as_deref(), Some("gold"), "of names that there are no more nobody is told");
}

#[test]
fn what_is_missing_is_the_least_that_leads_to_a_level_that_was_asked_for() {
    let levels = metals();
    let of = |names: &[&str], essential| levels.wish(names.iter().copied(), essential);
    for (names, essential, amr, ago, expected) in [
        (&["gold"][..], false, &["pwd"][..], 1, Missing::SecondFactor),
        (&["gold"], false, &["pwd"], 11, Missing::Recency),
        (&["gold"], false, &["pwd", "otp", "mfa"], 11, Missing::Recency),
        (&["gold"], false, &["sc"], 1, Missing::AnotherWay),
        (&["silver"], false, &["pwd"], 1, Missing::AnotherWay),
        (&["silver"], false, &["pwd", "otp", "mfa"], 1, Missing::Nothing),
        (&["silver"], true, &["pwd", "otp", "mfa"], 1, Missing::AnotherWay),
        (&["gold", "bronze"], false, &["pwd"], 1, Missing::SecondFactorIfPossible),
        (&["gold", "bronze"], false, &["pwd"], 11, Missing::Nothing),
        (&["bronze", "gold"], false, &["pwd"], 1, Missing::Nothing),
        (&["gold"], false, &[], 1, Missing::AnotherWay),
        (&["platinum"], false, &["pwd"], 1, Missing::Nothing),
        (&[], false, &["pwd"], 1, Missing::Nothing),
    ] {
        let wish = of(names, essential);
        assert_eq!(missing(&levels, &wish, amr, ago), expected, "{names:?} {essential} {amr:?} {ago}");
    }
}

#[test]
fn an_essential_level_is_told_by_the_name_that_was_asked_for() {
    let levels = metals();
    let methods = methods(&["pwd", "otp", "mfa"]);
    let shown = Shown { methods: &methods, at: NOW };
    let told = |essential| {
        let wish = levels.wish(["bronze"], essential);
        levels.told(&wish, shown, NOW).map(str::to_owned)
    };
    assert_eq!((told(false).as_deref(), told(true).as_deref()), (Some("gold"), Some("bronze")));
}

#[test]
fn levels_that_make_no_sense_are_refused() {
    use LevelsError::{Empty, Name, NeverTold, Twice, TwoWays};
    let never = |lower: &str, higher: &str| NeverTold { lower: lower.to_owned(), higher: higher.to_owned() };
    for (levels, error) in [
        (vec![], Empty),
        (vec![level("a", &[], None), level("a", &[SecondFactor], None)], Twice("a".to_owned())),
        (vec![level("a b", &[], None)], Name("a b".to_owned())),
        (vec![level("", &[], None)], Name(String::new())),
        (vec![level("a", &[Password, Certificate], None)], TwoWays("a".to_owned())),
        (vec![level("a", &[], None), level("b", &[], None)], never("a", "b")),
        (vec![level("a", &[SecondFactor], None), level("b", &[], None)], never("a", "b")),
        (vec![level("a", &[], Some(5)), level("b", &[], Some(10))], never("a", "b")),
        (vec![level("a", &[Password], Some(5)), level("b", &[], None)], never("a", "b")),
    ] {
        assert_eq!(Levels::new(levels), Err(error));
    }
    for levels in [
        vec![level("a", &[], None), level("b", &[], Some(10)), level("c", &[], Some(5))],
        vec![level("a", &[Certificate], None), level("b", &[Password], None)],
        vec![level("a", &[SecondFactor], None), level("b", &[Password], Some(5))],
    ] {
        assert!(Levels::new(levels).is_ok());
    }
}

#[test]
fn what_every_level_needs_that_was_asked_for_must_be_had() {
    let levels = metals();
    let wish = |names: &[&str]| levels.wish(names.iter().copied(), false);
    assert!(levels.must_have(&wish(&["gold"]), Password));
    assert!(!levels.must_have(&wish(&["gold", "silver"]), Password));
    assert!(!levels.must_have(&wish(&[]), Password));
    assert!(levels.may_need(&wish(&["gold", "silver"]), Certificate));
    assert!(!levels.may_need(&wish(&["gold"]), Certificate));
}
