//! The pages on the way in: second factor, recovery, registration.

use std::time::Duration;

use secrecy::SecretString;
use vestibule_server::pages::{
    CodeKind, EnrolReason, EnrolSecondFactor, Field, Input, Label, NewPassword, Notice, Recover, RecoveryCodes,
    Register, RegisterFinish, ResetPassword, SecondFactor, SecondFactorError, TotpLink, Trouble, VerifyEmail,
};

use super::{alice, hidden, long_app, long_person, notes, site};

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut all = second_factor();
    all.extend(recovery());
    all.extend(registration());
    all
}

pub(crate) fn password(problems: bool) -> NewPassword {
    let rules =
        ["At least 8 characters.", "Not one of the passwords that everybody uses.", "Not like your name or address."];
    let wrong = ["This password has fewer than 8 characters.", "It is one that many people use."];
    NewPassword {
        rules: rules.map(Label::from).into(),
        problems: if problems { wrong.map(Label::from).into() } else { Vec::new() },
    }
}

fn token() -> SecretString {
    SecretString::from("token")
}

fn second_factor() -> Vec<(&'static str, String)> {
    let plain = SecondFactor {
        site: site(),
        action: "/login/second-factor".into(),
        hidden: hidden(),
        app: Some(notes()),
        person: alice(),
        code: CodeKind::Authenticator,
        other_code: "/login/second-factor?code=recovery".into(),
        can_cancel: true,
        error: None,
    };
    let recovery = SecondFactor { code: CodeKind::Recovery, ..plain.clone() };
    let too_many = SecondFactorError::TooMany { retry_after: Duration::from_secs(120) };
    let link = "otpauth://totp/Vestibule:alice%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Vestibule";
    let mut pages = vec![
        ("second-factor-failed", SecondFactor { error: Some(SecondFactorError::WrongCode), ..plain.clone() }.render()),
        ("second-factor-recovery", recovery.render()),
        (
            "second-factor-long",
            SecondFactor { error: Some(too_many), person: long_person(), app: Some(long_app()), ..plain.clone() }
                .render(),
        ),
        ("second-factor", plain.render()),
    ];
    if let Some(link) = TotpLink::parse(link) {
        let chosen = EnrolSecondFactor {
            site: site(),
            action: "/account/second-factor/enrol".into(),
            hidden: hidden(),
            person: alice(),
            link,
            reason: EnrolReason::Chosen,
            error: None,
        };
        let required = EnrolReason::Required { app: Some(Box::new(notes())), can_cancel: true };
        let wrong = Some(SecondFactorError::WrongCode);
        pages.push(("enrol-required", EnrolSecondFactor { reason: required, error: wrong, ..chosen.clone() }.render()));
        pages.push(("enrol", chosen.render()));
    }
    let code = |at: u32| SecretString::from(format!("k7qp-{at:04}-mh{at}x"));
    let codes = RecoveryCodes {
        site: site(),
        person: alice(),
        codes: (0..10).map(code).collect(),
        next: "/account/second-factor".into(),
    };
    pages.push(("recovery-codes", codes.render()));
    pages
}

fn recovery() -> Vec<(&'static str, String)> {
    let recover = Recover {
        site: site(),
        action: "/recover".into(),
        hidden: hidden(),
        identifier_label: "Username or e-mail".into(),
        identifier: Label::default(),
        error: None,
    };
    let too_many = Trouble::TooMany { retry_after: Duration::from_secs(300) };
    let reset = ResetPassword {
        site: site(),
        action: "/recover/reset".into(),
        hidden: hidden(),
        token: token(),
        person: alice(),
        password: password(false),
        error: None,
    };
    vec![
        ("recover-too-many", Recover { error: Some(too_many.into()), ..recover.clone() }.render()),
        ("recover", recover.render()),
        ("recover-sent", Notice::recover_sent(site(), Duration::from_secs(1800)).render()),
        ("reset-password-failed", ResetPassword { password: password(true), ..reset.clone() }.render()),
        ("reset-password", reset.render()),
        ("reset-done", Notice::reset_done(site()).render()),
    ]
}

fn registration() -> Vec<(&'static str, String)> {
    let email = Label::from("alice@example.com");
    let field = |name: &str, label: &str, required, input| Field {
        name: name.into(),
        label: label.into(),
        hint: None,
        required,
        input,
        error: None,
    };
    let finish = RegisterFinish {
        site: site(),
        action: "/register/finish".into(),
        hidden: hidden(),
        token: token(),
        email: email.clone(),
        username: Label::default(),
        username_error: None,
        password: password(false),
        fields: vec![
            field("department", "Department", true, Input::Text { value: String::new(), autocomplete: None }),
            field("news", "Send me news", false, Input::Boolean { value: false }),
        ],
        error: None,
    };
    let wrong = RegisterFinish {
        username: "alice".into(),
        username_error: Some("This username is taken.".into()),
        password: password(true),
        ..finish.clone()
    };
    let register = Register {
        site: site(),
        action: "/register".into(),
        hidden: hidden(),
        app: None,
        can_cancel: false,
        email: Label::default(),
        error: None,
    };
    let for_an_app = Register { app: Some(notes()), can_cancel: true, ..register.clone() };
    let verify = VerifyEmail {
        site: site(),
        action: "/verify-email".into(),
        hidden: hidden(),
        token: token(),
        address: email.clone(),
        username: "alice".into(),
        error: None,
    };
    vec![
        ("register", register.render()),
        ("register-for-an-app", for_an_app.render()),
        ("register-sent", Notice::register_sent(site(), &email, Duration::from_secs(86_400)).render()),
        ("register-finish", finish.render()),
        ("register-finish-failed", wrong.render()),
        ("verify-email", verify.render()),
        ("email-verified", Notice::email_verified(site(), &email).with_next("Your account", "/account").render()),
    ]
}
