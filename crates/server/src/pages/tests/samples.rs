//! Every page with one text wherever a text can stand.

use super::{account, ways_in};
use crate::pages::*;

/// Where a browser signs in by a client certificate.
pub(super) const CERTIFICATES: &str = "https://id.example.com:8443/login";

/// A page, and the ids in it that the contract, scripts and our handlers count on.
pub(super) type Sample = (String, &'static [&'static str]);

/// Markup, a second line, reordering, and a template's own syntax.
pub(super) const HOSTILE: &str =
    "\"><script>alert('x')</script>\r\nSet-Cookie: a=b\u{202e}gpj.exe {{ 7 * 7 }} &amp; javascript:alert(1)";

pub(super) fn label(text: &str) -> Label {
    text.into()
}

pub(super) fn hidden(text: &str) -> Hidden {
    vec![("csrf", text.to_owned()), ("request", text.to_owned())]
}

pub(super) fn app(text: &str) -> App {
    App {
        name: label(text),
        host: Some(label(text)),
        published_at: Some(label(text)),
        on_this_device: true,
        logo_uri: WebAddress::parse("https://logos.example/1.png?a=1&b=2"),
        policy_uri: WebAddress::parse(text),
        tos_uri: WebAddress::parse("javascript:alert(1)"),
    }
}

pub(super) fn person(text: &str) -> Person {
    Person { name: label(text), identifier: format!("{text}!").into() }
}

pub(super) fn sign_in(text: &str) -> SignIn {
    SignIn {
        site: label(text),
        action: "/login".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        again: None,
        identifier_label: label(text),
        username: label(text),
        keep_signed_in: true,
        can_cancel: true,
        recover_link: true,
        register_link: Some("/register".to_owned()),
        certificate_link: Some(CERTIFICATES.to_owned()),
        error: Some(SignInError::WrongCredentials),
    }
}

pub(super) fn consent(text: &str) -> Consent {
    Consent {
        site: label(text),
        action: "/consent".into(),
        hidden: hidden(text),
        person: person(text),
        app: app(text),
        scopes: vec![ScopeLine::of_api(text, text, Some(text)), ScopeLine::of_api(text, text, None)],
    }
}

pub(super) fn setup(text: &str) -> Setup {
    Setup {
        site: label(text),
        action: "/setup".into(),
        hidden: hidden(text),
        username: label(text),
        email: label(text),
        password_rule: label(text),
        error: Some(label(text)),
        username_error: Some(label(text)),
        email_error: Some(label(text)),
        password_error: Some(label(text)),
    }
}

/// Every page with `text` wherever a text can stand, and the ids that the contract and our handlers count on.
pub(super) fn pages(text: &str) -> Vec<Sample> {
    let mut all = first(text);
    all.extend(ways_in::pages(text));
    all.extend(account::pages(text));
    all
}

fn first(text: &str) -> Vec<Sample> {
    let (site, action) = (label(text), "/logout".to_owned());
    let choose = SelectAccount {
        site: site.clone(),
        action: "/login".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        accounts: vec![
            Choice { value: "id".to_owned(), person: person(text) },
            Choice { value: "id".to_owned(), person: person(text) },
        ],
        can_cancel: true,
    };
    let logout = Logout {
        site: site.clone(),
        action: action.clone(),
        hidden: hidden(text),
        app: Some(app(text)),
        person: person(text),
        others: vec![person(text)],
    };
    let home = Home {
        site: site.clone(),
        action,
        hidden: hidden(text),
        person: Some(person(text)),
        choose: "/login".into(),
        others: vec![Choice { value: "id".to_owned(), person: person(text) }],
    };
    let code = DeviceCode {
        site: site.clone(),
        action: "/device".into(),
        hidden: hidden(text),
        user_code: label(text),
        error: Some(label(text)),
    };
    let device = DeviceConfirm {
        site: site.clone(),
        action: "/device".into(),
        hidden: hidden(text),
        person: person(text),
        app: app(text),
        user_code: label(text),
        scopes: vec![ScopeLine::of_api(text, text, Some(text))],
    };
    let failed = SignIn { again: Some(person(text)), ..sign_in(text) };
    vec![
        (
            sign_in(text).render(),
            &["login", "username", "password", "sign-in", "cancel", "error", "recover", "register"],
        ),
        (failed.render(), &["login", "password", "sign-in", "another", "cancel", "error"]),
        (choose.render(), &["select-account", "continue", "account-2", "another", "cancel"]),
        (consent(text).render(), &["consent", "allow", "deny", "another"]),
        (code.render(), &["device", "user_code", "continue", "error"]),
        (device.render(), &["device", "allow", "deny", "shown-code"]),
        (ErrorPage::new(site.clone(), text, text).with_detail(text).render(), &["error", "request-id"]),
        (logout.render(), &["logout", "sign-out", "stay"]),
        (SignedOut { site, back: None }.render(), &["signed-out"]),
        (setup(text).render(), &["setup", "username", "email", "password", "create", "error"]),
        (home.render(), &["home", "account", "logout", "sign-out", "accounts", "account-2"]),
        (Home { person: None, ..home.clone() }.render(), &["home", "accounts", "account-2"]),
        (Home { person: None, others: Vec::new(), ..home }.render(), &["home"]),
    ]
}
