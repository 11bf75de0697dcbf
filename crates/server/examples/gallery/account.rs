//! The pages of `/account`: what there is, and signing in.

use std::time::Duration;

use vestibule_core::Timestamp;
use vestibule_server::pages::{
    Account, ChangePassword, EmailLine, Emails, Label, Moment, PasswordState, PhoneLine, SecondFactorSettings,
    SecondFactorState,
};

use super::{alice, hidden, long_person, site, ways_in::password};

/// 15 May 2026, 09:30:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_778_837_400);
const HOUR: u64 = 3600;
pub(crate) const DAY: u64 = 24 * HOUR;

pub(crate) fn ago(seconds: u64) -> Moment {
    Moment::new(NOW - Duration::from_secs(seconds), NOW)
}

pub(crate) fn ahead(seconds: u64) -> Moment {
    Moment::new(NOW + Duration::from_secs(seconds), NOW)
}

pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let mut all = home();
    all.extend(sign_in());
    all.extend(emails());
    all
}

fn home() -> Vec<(&'static str, String)> {
    let plain = Account {
        site: site(),
        action: "/logout".into(),
        hidden: hidden(),
        person: alice(),
        beside_others: false,
        done: None,
        password: PasswordState::Set { since: Some(ago(40 * DAY)) },
        email: Some(("alice@example.com".into(), true)),
        more_emails: 1,
        phone: Some("+44 20 7946 0123".into()),
        second_factor: Some(SecondFactorState { since: ago(9 * DAY), codes_left: 8 }),
        sessions: 3,
        applications: 2,
        tokens: 1,
    };
    let bare = Account {
        person: long_person(),
        done: Some("Your password is changed.".into()),
        password: PasswordState::None,
        email: Some(("hubert.blaine.wolfeschlegelsteinhausenbergerdorff@philadelphia.example.com".into(), false)),
        more_emails: 0,
        phone: None,
        second_factor: None,
        sessions: 1,
        applications: 0,
        tokens: 0,
        ..plain.clone()
    };
    vec![("account", plain.render()), ("account-bare", bare.render())]
}

fn sign_in() -> Vec<(&'static str, String)> {
    let change = ChangePassword {
        site: site(),
        action: "/account/password".into(),
        hidden: hidden(),
        person: alice(),
        password: password(false),
        error: None,
    };
    let off = SecondFactorSettings {
        site: site(),
        action: "/account/second-factor".into(),
        hidden: hidden(),
        done: None,
        error: None,
        state: None,
        required: false,
    };
    let on = SecondFactorSettings {
        done: Some("The second factor is on.".into()),
        state: Some(SecondFactorState { since: ago(2 * HOUR), codes_left: 10 }),
        ..off.clone()
    };
    let required = SecondFactorSettings {
        done: None,
        state: Some(SecondFactorState { since: ago(90 * DAY), codes_left: 1 }),
        required: true,
        ..on.clone()
    };
    let sure = on.render().replace("<details", "<details open");
    vec![
        ("account-password-failed", ChangePassword { password: password(true), ..change.clone() }.render()),
        ("account-password", change.render()),
        ("account-second-factor-off", off.render()),
        ("account-second-factor-on", on.render()),
        ("account-second-factor-sure", sure),
        ("account-second-factor-required", required.render()),
    ]
}

fn emails() -> Vec<(&'static str, String)> {
    let line = |address: &str, primary, verified| EmailLine {
        value: address.into(),
        address: address.into(),
        primary,
        verified,
        can_be_primary: !primary && verified,
        can_be_removed: !primary,
    };
    let plain = Emails {
        site: site(),
        action: "/account/emails".into(),
        hidden: hidden(),
        done: Some("A link is on its way to alice@liddell.example.".into()),
        emails: vec![
            line("alice@example.com", true, true),
            line("alice.pleasance.liddell@christ-church.oxford.example.ac.uk", false, true),
            line("alice@liddell.example", false, false),
        ],
        phones: vec![
            PhoneLine { number: "+44 20 7946 0123".into(), primary: true, verified: true },
            PhoneLine { number: "+44 20 7946 0456".into(), primary: false, verified: false },
        ],
        can_send: true,
        email: Label::default(),
        email_error: None,
        error: None,
    };
    let failed = Emails {
        done: None,
        emails: Vec::new(),
        phones: Vec::new(),
        can_send: true,
        email: "alice@example".into(),
        email_error: Some("This is not an e-mail address.".into()),
        ..plain.clone()
    };
    vec![("account-emails", plain.render()), ("account-emails-failed", failed.render())]
}
