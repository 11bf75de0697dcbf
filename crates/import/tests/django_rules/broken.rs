//! Sources that are broken, and files that are none.

use serde_json::json;

use super::*;

fn error(file: &str) -> String {
    read_dump(file.as_bytes(), &Choice::default()).unwrap_err().to_string()
}

#[test]
fn what_is_no_dump_is_refused_with_what_to_do() {
    for file in ["", "<?xml version=\"1.0\"?>", "Loading settings…\n[]", "[{]", "[] []", "\"x\"", "7"] {
        assert!(error(file).contains("manage.py dumpdata"), "{file}: {}", error(file));
    }
    assert!(error(&"[".repeat(100_000)).contains("recursion"), "depth is bounded");
}

#[test]
fn a_record_that_is_none_blocks_and_is_told_by_its_number() {
    for strange in [json!(7), json!({"pk": 1}), json!({"model": 3, "fields": {}}), json!({"model": "a.b"})] {
        let plan = plan(vec![user(1, "ann", json!({})), strange]);
        assert!(blocks(&plan)[0].1.contains("record 2"), "{plan}");
    }
}

#[test]
fn a_user_without_a_name_blocks() {
    assert_eq!(blocks(&plan(vec![user(1, "", json!({})), user(2, "ann", json!({}))]))[0].0, "username");
}

#[test]
fn what_belongs_to_nobody_stays_behind() {
    let address = json!({"user": 9, "email": "x@example.com", "verified": true, "primary": true});
    let plan = plan(vec![user(1, "ann", json!({})), record("account.emailaddress", 1, address)]);
    assert!(plan.ready);
    assert_eq!(those(&plan.problems, Weight::LeftOut)[0].0, "user");
}

#[test]
fn a_password_that_cannot_be_verified_stays_behind_and_its_user_comes() {
    let plan = plan(vec![
        user(1, "ann", json!({"password": "sha1$salt$0123"})),
        user(2, "bob", json!({"password": "md5$s$01"})),
    ]);
    assert_eq!(those(&plan.problems, Weight::LeftOut)[0].0, "password");
    assert_eq!(those(&plan.problems, Weight::Differs)[0].0, "password");
    assert_eq!((plan.passwords["unusable"], plan.passwords["md5"]), (1, 1));
}

#[test]
fn a_mark_of_byte_order_and_lines_of_records_are_understood() {
    let records = [user(1, "ann", json!({})), user(2, "bob", json!({}))];
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    for file in [lines, format!("\u{feff} {}", json!(records))] {
        assert_eq!(read_dump(file.as_bytes(), &Choice::default()).unwrap().users.len(), 2);
    }
}

#[test]
fn a_plan_is_told_in_words_and_as_json_and_shows_no_secret() {
    let plan = plan(vec![
        user(1, "ann\u{1b}[2J", json!({"password": "pbkdf2_sha256$1$salt$SECRETHASH"})),
        application("rp", json!({"client_secret": "SECRETTEXT"})),
    ]);
    let shown = format!("{plan} {} {plan:?}", serde_json::to_string(&plan).unwrap());
    assert!(!shown.contains("SECRET"));
    assert!(!plan.to_string().contains('\u{1b}'));
    assert!(plan.to_string().ends_with("Nothing comes before this is settled."));
}
