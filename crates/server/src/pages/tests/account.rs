//! What holds for the pages of `/account`.

use std::time::Duration;

use secrecy::SecretString;
use vestibule_core::Timestamp;

use super::{
    samples::{Sample, app, hidden, label, person},
    ways_in::{fields, password},
};
use crate::pages::*;

/// 15 May 2026, 09:30:00 UTC.
const NOW: Timestamp = Timestamp::from_seconds(1_778_837_400);

fn ago(seconds: u64) -> Moment {
    Moment::new(NOW - Duration::from_secs(seconds), NOW)
}

fn home(text: &str) -> Account {
    Account {
        site: label(text),
        action: "/logout".into(),
        hidden: hidden(text),
        person: person(text),
        beside_others: true,
        done: Some(label(text)),
        password: PasswordState::Set { since: Some(ago(60)) },
        email: Some((label(text), false)),
        more_emails: 2,
        phone: Some(label(text)),
        second_factor: Some(SecondFactorState { since: ago(60), codes_left: 1 }),
        sessions: 3,
        applications: 1,
        tokens: 0,
    }
}

fn emails(text: &str) -> Emails {
    let line = |primary| EmailLine {
        value: text.to_owned(),
        address: label(text),
        primary,
        verified: primary,
        can_be_primary: !primary,
        can_be_removed: !primary,
    };
    Emails {
        site: label(text),
        action: "/account/emails".into(),
        hidden: hidden(text),
        done: Some(label(text)),
        emails: vec![line(true), line(false)],
        phones: vec![PhoneLine { number: label(text), primary: true, verified: false }],
        can_send: true,
        email: label(text),
        email_error: Some(label(text)),
        error: Some(label(text)),
    }
}

fn second_factor(text: &str) -> SecondFactorSettings {
    SecondFactorSettings {
        site: label(text),
        action: "/account/second-factor".into(),
        hidden: hidden(text),
        done: Some(label(text)),
        error: Some(label(text)),
        state: Some(SecondFactorState { since: ago(86_400), codes_left: 2 }),
        required: false,
    }
}

fn sessions(text: &str) -> Sessions {
    let line = |here| SessionLine {
        value: text.to_owned(),
        device: label(text),
        place: Some(label(text)),
        last_seen: ago(300),
        since: ago(86_400),
        here,
    };
    Sessions {
        site: label(text),
        action: "/account/sessions".into(),
        hidden: hidden(text),
        done: None,
        error: None,
        sessions: vec![line(true), line(false), line(false)],
    }
}

fn applications(text: &str) -> Applications {
    let line = ConsentLine {
        value: text.to_owned(),
        app: app(text),
        opens: WebAddress::parse(text),
        scopes: vec![ScopeLine::of_api(text, text, None)],
        since: ago(300),
    };
    Applications {
        site: label(text),
        action: "/account/applications".into(),
        hidden: hidden(text),
        done: None,
        error: Some(label(text)),
        consents: vec![line.clone(), line],
    }
}

fn tokens(text: &str) -> ApiTokens {
    let line = TokenLine {
        value: text.to_owned(),
        name: label(text),
        hint: label(text),
        scopes: vec![label(text)],
        created: ago(300),
        expires: Some(ago(60)),
        last_used: Some(ago(60)),
    };
    let form = TokenForm {
        name: label(text),
        name_error: Some(label(text)),
        lifetimes: vec![(text.to_owned(), label(text)), ("90".into(), "90 days".into())],
        lifetime: "90".into(),
        scopes: vec![TokenScope { value: label(text), title: label(text), chosen: true }],
        scopes_error: Some(label(text)),
    };
    ApiTokens {
        site: label(text),
        action: "/account/tokens".into(),
        hidden: hidden(text),
        done: None,
        tokens: vec![line.clone(), TokenLine { expires: None, last_used: None, ..line }],
        form: Some(form),
        error: None,
    }
}

fn new_token(text: &str) -> NewApiToken {
    NewApiToken { site: label(text), name: label(text), token: SecretString::from("vst_secret"), expires: Some(ago(0)) }
}

fn profile(text: &str) -> Profile {
    Profile {
        site: label(text),
        action: "/account/profile".into(),
        hidden: hidden(text),
        done: None,
        groups: vec![FieldGroup { title: label(text), fields: fields(text) }],
        facts: vec![Fact { label: label(text), value: label(text) }],
        error: None,
    }
}

pub(super) fn pages(text: &str) -> Vec<Sample> {
    let change = ChangePassword {
        site: label(text),
        action: "/account/password".into(),
        hidden: hidden(text),
        person: person(text),
        password: password(text),
        error: None,
    };
    let off = SecondFactorSettings { state: None, ..second_factor(text) };
    let required = SecondFactorSettings { required: true, ..second_factor(text) };
    vec![
        (
            home(text).render(),
            &[
                "account",
                "logout",
                "sign-out",
                "to-profile",
                "to-emails",
                "to-password",
                "to-second-factor",
                "to-sessions",
            ],
        ),
        (home(text).render(), &["to-applications", "to-tokens", "done"]),
        (change.render(), &["change-password", "new_password", "save", "error", "back"]),
        (emails(text).render(), &["add-email", "email", "add", "emails", "phones", "done", "error", "back"]),
        (second_factor(text).render(), &["new-codes", "make-codes", "switch-off", "turn-off", "codes-left", "error"]),
        (off.render(), &["switch-on", "turn-on"]),
        (required.render(), &["new-codes", "make-codes"]),
        (sessions(text).render(), &["sessions", "end-everywhere", "end-all", "back"]),
        (applications(text).render(), &["applications", "error", "back"]),
        (tokens(text).render(), &["tokens", "create-token", "name", "expires_in", "create", "error", "back"]),
        (new_token(text).render(), &["token", "continue"]),
        (profile(text).render(), &["profile", "field-text", "field-choice", "field-list", "save", "error", "back"]),
    ]
}

#[test]
fn the_session_of_this_browser_is_marked_and_only_the_others_can_be_ended() {
    let html = sessions("Firefox").render();
    assert_eq!(html.matches("This browser").count(), 1);
    assert_eq!(html.matches("name=\"action\" value=\"end\"").count(), 2);
    assert_eq!(html.matches("<input type=\"hidden\" name=\"session\" value=\"Firefox\">").count(), 2);
    assert!(html.contains("<time datetime=\"2026-05-15T09:25:00Z\">5 minutes ago</time>"), "{html}");
}

#[test]
fn the_primary_address_cannot_be_removed_and_an_unconfirmed_one_gets_its_link_again() {
    let html = emails("alice@example.com").render();
    for value in ["make-primary", "send-link", "remove"] {
        assert_eq!(html.matches(&format!("name=\"action\" value=\"{value}\"")).count(), 1, "{value}");
    }
}

#[test]
fn a_second_factor_that_is_required_cannot_be_turned_off() {
    assert!(second_factor("Alice").render().contains("id=\"turn-off\""));
    let required = SecondFactorSettings { required: true, ..second_factor("Alice") };
    assert!(!required.render().contains("id=\"turn-off\""));
}

#[test]
fn a_new_token_is_shown_once_and_in_no_log() {
    let page = new_token("Backup");
    assert_eq!(page.render().matches("vst_secret").count(), 1);
    assert!(!format!("{page:?}").contains("vst_secret"));
}

#[test]
fn an_expired_token_says_so_and_what_was_chosen_for_a_new_one_stays_chosen() {
    let html = tokens("Backup").render();
    assert_eq!((html.matches(">Expired<").count(), html.matches("does not end").count()), (1, 1), "{html}");
    assert!(html.contains("<option value=\"90\" selected>") && html.contains("value=\"Backup\" checked"), "{html}");
}

#[test]
fn whoever_has_as_many_tokens_as_can_be_is_offered_no_more() {
    let html = ApiTokens { form: None, ..tokens("Backup") }.render();
    assert!(!html.contains("create-token") && html.contains("as many as you can have"), "{html}");
}

#[test]
fn a_field_that_may_be_empty_says_so_and_a_choice_can_be_left_open() {
    let html = profile("Alice").render();
    assert_eq!(html.matches("(optional)").count(), 5, "all but the tick: {html}");
    assert!(html.contains("<option value=\"\">None</option>"), "{html}");
    assert!(html.contains("aria-invalid=\"true\" aria-describedby=\"field-text-error field-text-hint\""), "{html}");
}

#[test]
fn the_home_of_an_account_tells_how_each_thing_is() {
    let html = home("Alice").render();
    for words in
        ["Changed 1 minute ago", "On, 1 recovery code left", "Signed in at 3 places", "1 app may use your account"]
    {
        assert!(html.contains(words), "{words}: {html}");
    }
}
