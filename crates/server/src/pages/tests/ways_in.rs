//! What holds for the pages of second factors, recovery and registration.

use std::time::Duration;

use secrecy::SecretString;

use super::samples::{Sample, app, hidden, label, person};
use crate::pages::*;

pub(super) const OTPAUTH: &str = "otpauth://totp/";

pub(super) fn password(text: &str) -> NewPassword {
    NewPassword { rules: vec![label(text); 2], problems: vec![label(text); 2] }
}

/// A field of each kind.
pub(super) fn fields(text: &str) -> Vec<Field> {
    let value = || text.to_owned();
    let inputs = [
        ("text", Input::Text { value: value(), autocomplete: Some("given-name") }),
        ("number", Input::Number { value: value() }),
        ("boolean", Input::Boolean { value: true }),
        ("date", Input::Date { value: value() }),
        ("choice", Input::Choice { options: vec![(value(), label(text))], chosen: value() }),
        ("list", Input::List { lines: vec![value(), value()] }),
    ];
    let field = |(name, input): (&str, Input)| Field {
        name: name.to_owned(),
        label: label(text),
        hint: Some(label(text)),
        required: false,
        input,
        error: Some(label(text)),
    };
    inputs.map(field).into()
}

fn second_factor(text: &str) -> SecondFactor {
    SecondFactor {
        site: label(text),
        action: "/login/second-factor".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        person: person(text),
        code: CodeKind::Authenticator,
        other_code: "/login/second-factor?code=recovery".into(),
        can_cancel: true,
        error: Some(SecondFactorError::WrongCode),
    }
}

fn enrol(text: &str) -> EnrolSecondFactor {
    let link = format!("{OTPAUTH}Vestibule:alice?secret=JBSWY3DPEHPK3PXP&issuer=Vestibule");
    EnrolSecondFactor {
        site: label(text),
        action: "/account/second-factor/enrol".into(),
        hidden: hidden(text),
        person: person(text),
        link: TotpLink::parse(&link).unwrap(),
        reason: EnrolReason::Required { app: Some(Box::new(app(text))), can_cancel: true },
        error: Some(SecondFactorError::WrongCode),
    }
}

fn codes(text: &str) -> RecoveryCodes {
    let codes = (0..10).map(|at| SecretString::from(format!("code-{at}"))).collect();
    RecoveryCodes { site: label(text), person: person(text), codes, next: "/account/second-factor".into() }
}

fn reset(text: &str) -> ResetPassword {
    ResetPassword {
        site: label(text),
        action: "/recover/reset".into(),
        hidden: hidden(text),
        token: SecretString::from("a-token"),
        person: person(text),
        password: password(text),
        error: None,
    }
}

fn finish(text: &str) -> RegisterFinish {
    RegisterFinish {
        site: label(text),
        action: "/register/finish".into(),
        hidden: hidden(text),
        token: SecretString::from("a-token"),
        email: label(text),
        username: label(text),
        username_error: Some(label(text)),
        password: password(text),
        fields: fields(text),
        error: None,
    }
}

fn verify(text: &str) -> VerifyEmail {
    VerifyEmail {
        site: label(text),
        action: "/verify-email".into(),
        hidden: hidden(text),
        token: SecretString::from("a-token"),
        address: label(text),
        username: label(text),
        error: Some(Trouble::Unavailable.into()),
    }
}

pub(super) fn pages(text: &str) -> Vec<Sample> {
    let recover = Recover {
        site: label(text),
        action: "/recover".into(),
        hidden: hidden(text),
        identifier_label: label(text),
        identifier: label(text),
        error: Some(Trouble::Expired.into()),
    };
    let register = Register {
        site: label(text),
        action: "/register".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        can_cancel: true,
        email: label(text),
        error: Some(label(text)),
    };
    let wait = Duration::from_secs(60);
    let notice = Notice::new(label(text), label(text), vec![label(text)]).with_next(label(text), "/");
    let by_recovery_code = SecondFactor { code: CodeKind::Recovery, ..second_factor(text) };
    let chosen = EnrolSecondFactor { reason: EnrolReason::Chosen, ..enrol(text) };
    vec![
        (
            second_factor(text).render(),
            &["second-factor", "code", "verify", "another", "cancel", "error", "use-recovery-code"],
        ),
        (by_recovery_code.render(), &["second-factor", "code", "verify", "error", "use-app"]),
        (
            enrol(text).render(),
            &["second-factor", "code", "verify", "another", "cancel", "error", "secret", "open-app"],
        ),
        (chosen.render(), &["second-factor", "code", "verify", "secret", "open-app", "back"]),
        (codes(text).render(), &["codes", "continue"]),
        (recover.render(), &["recover", "identifier", "send", "error", "back"]),
        (Notice::recover_sent(label(text), wait).render(), &["recover-sent"]),
        (reset(text).render(), &["reset-password", "new_password", "save", "error", "password-problems"]),
        (Notice::reset_done(label(text)).render(), &["reset-done", "next"]),
        (register.render(), &["register", "email", "send", "error", "back"]),
        (Notice::register_sent(label(text), &label(text), wait).render(), &["register-sent"]),
        (finish(text).render(), &["register-finish", "username", "password", "field-list", "create", "error"]),
        (verify(text).render(), &["verify-email", "verify", "error"]),
        (Notice::email_verified(label(text), &label(text)).render(), &["email-verified"]),
        (notice.render(), &["notice", "next"]),
    ]
}

#[test]
fn the_enter_key_verifies_a_code_since_its_button_comes_first() {
    for html in [second_factor("Alice").render(), enrol("Alice").render()] {
        let first = html.split("<button").nth(1).unwrap();
        assert!(first.split('>').next().unwrap().contains("id=\"verify\""), "{first}");
    }
}

#[test]
fn a_code_of_an_app_is_typed_on_digits_and_a_recovery_code_on_letters() {
    let html = second_factor("Alice").render();
    assert!(html.contains("inputmode=\"numeric\"") && html.contains("autocomplete=\"one-time-code\""));
    let html = SecondFactor { code: CodeKind::Recovery, ..second_factor("Alice") }.render();
    assert!(!html.contains("inputmode") && html.contains("maxlength=\"64\""));
}

#[test]
fn whoever_must_wait_with_a_code_is_told_for_how_long() {
    let error = SecondFactorError::TooMany { retry_after: Duration::from_secs(120) };
    let html = SecondFactor { error: Some(error), ..second_factor("Alice") }.render();
    assert!(
        html.contains("Too many tries. Please try again in 2 minutes.") && !html.contains("aria-invalid"),
        "{html}"
    );
}

#[test]
fn an_authenticator_gets_its_secret_as_a_code_as_a_link_and_in_letters() {
    let html = enrol("Alice").render();
    assert!(html.contains("<path d=\"M4 4h7v1h-7z"), "the first bar of the corner: {html}");
    assert!(html.contains("href=\"otpauth://totp/Vestibule:alice?secret=JBSWY3DPEHPK3PXP&#38;issuer=Vestibule\""));
    assert_eq!(html.matches("<span>").count(), 4, "{html}");
}

#[test]
fn every_recovery_code_is_shown_and_none_is_in_what_a_log_would_show() {
    let page = codes("Alice");
    let html = page.render();
    assert_eq!(html.matches("<li><code>code-").count(), 10);
    assert!(!format!("{page:?}").contains("code-"));
}

#[test]
fn the_token_of_a_link_goes_back_with_the_form_and_into_no_log() {
    for (html, debug) in [
        (reset("Alice").render(), format!("{:?}", reset("Alice"))),
        (finish("Alice").render(), format!("{:?}", finish("Alice"))),
        (verify("Alice").render(), format!("{:?}", verify("Alice"))),
    ] {
        assert!(html.contains("<input type=\"hidden\" name=\"token\" value=\"a-token\">"), "{html}");
        assert!(!debug.contains("a-token"), "{debug}");
    }
}

#[test]
fn what_a_new_password_must_be_is_told_before_and_what_was_wrong_after() {
    let before = NewPassword { problems: Vec::new(), ..password("A rule.") };
    let html = ResetPassword { password: before, ..reset("Alice") }.render();
    assert!(html.contains("aria-describedby=\"password-rules\"") && !html.contains("id=\"error\""), "{html}");
    let html = reset("Alice").render();
    assert!(html.contains("aria-describedby=\"password-problems password-rules\""), "{html}");
    assert!(html.contains("autocomplete=\"new-password\"") && html.contains("autocomplete=\"username\""));
}

#[test]
fn a_link_that_was_mailed_confirms_nothing_until_a_button_is_pressed() {
    let html = verify("Alice").render();
    assert!(
        html.contains("<form id=\"verify-email\" method=\"post\"") && html.contains("id=\"verify\" type=\"submit\"")
    );
}

#[test]
fn the_answer_to_a_recovery_does_not_name_whoever_was_named() {
    let html = Notice::recover_sent(label("Site"), Duration::from_secs(1800)).render();
    assert!(html.contains("If what you typed belongs to an account") && html.contains("within 30 minutes"), "{html}");
}

#[test]
fn what_is_edited_in_a_field_stands_there_as_it_was_typed() {
    let value = "two  blanks \u{200f}and a mark";
    let field = |input| Field { input, error: None, ..fields("Alice").remove(0) };
    let list = Input::List { lines: vec!["one".into(), "two".into()] };
    let fields = vec![field(Input::Text { value: value.into(), autocomplete: None })];
    let html = RegisterFinish { fields, ..finish("Alice") }.render();
    assert!(html.contains(&format!("value=\"{value}\"")), "{html}");
    let html = RegisterFinish { fields: vec![field(list)], ..finish("Alice") }.render();
    assert!(html.contains(">\none\ntwo\n</textarea>"), "{html}");
}
