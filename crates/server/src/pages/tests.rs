//! What holds for every page: the ids of the contract, and nothing that a hostile value, a script or another host could use.

use std::time::Duration;

use super::*;

/// Markup, a second line, reordering, and a template's own syntax.
const HOSTILE: &str =
    "\"><script>alert('x')</script>\r\nSet-Cookie: a=b\u{202e}gpj.exe {{ 7 * 7 }} &amp; javascript:alert(1)";

fn label(text: &str) -> Label {
    text.into()
}

fn hidden(text: &str) -> Hidden {
    vec![("csrf", text.to_owned()), ("request", text.to_owned())]
}

fn app(text: &str) -> App {
    App { name: label(text), host: Some(label(text)) }
}

fn person(text: &str) -> Person {
    Person { name: label(text), identifier: format!("{text}!").into() }
}

fn sign_in(text: &str) -> SignIn {
    SignIn {
        site: label(text),
        action: "/login".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        again: None,
        username: label(text),
        keep_signed_in: true,
        can_cancel: true,
        error: Some(SignInError::WrongCredentials),
    }
}

fn consent(text: &str) -> Consent {
    Consent {
        site: label(text),
        action: "/consent".into(),
        hidden: hidden(text),
        person: person(text),
        app: app(text),
        scopes: vec![ScopeLine::of_api(text, text, Some(text)), ScopeLine::of_api(text, text, None)],
        policy_uri: WebAddress::parse(text),
        tos_uri: WebAddress::parse("javascript:alert(1)"),
    }
}

fn setup(text: &str) -> Setup {
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
fn pages(text: &str) -> Vec<(String, &'static [&'static str])> {
    let (site, action) = (label(text), "/logout".to_owned());
    let choose = SelectAccount {
        site: site.clone(),
        action: "/login".into(),
        hidden: hidden(text),
        app: Some(app(text)),
        person: person(text),
        can_cancel: true,
    };
    let logout = Logout {
        site: site.clone(),
        action: action.clone(),
        hidden: hidden(text),
        app: Some(app(text)),
        person: person(text),
    };
    let home = Home { site: site.clone(), action, hidden: hidden(text), person: Some(person(text)) };
    let failed = SignIn { again: Some(person(text)), ..sign_in(text) };
    vec![
        (sign_in(text).render(), &["login", "username", "password", "sign-in", "cancel", "error"]),
        (failed.render(), &["login", "password", "sign-in", "another", "cancel", "error"]),
        (choose.render(), &["select-account", "continue", "another", "cancel"]),
        (consent(text).render(), &["consent", "allow", "deny", "another"]),
        (ErrorPage::new(site.clone(), text, text).with_detail(text).render(), &["error", "request-id"]),
        (logout.render(), &["logout", "sign-out", "stay"]),
        (SignedOut { site, back: None }.render(), &["signed-out"]),
        (setup(text).render(), &["setup", "username", "email", "password", "create", "error"]),
        (home.render(), &["home", "logout", "sign-out"]),
        (Home { person: None, ..home }.render(), &["home"]),
    ]
}

#[test]
fn hostile_values_are_escaped_on_every_page() {
    for (html, _) in pages(HOSTILE) {
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("alert('x')"), "quotes are escaped: {html}");
        assert!(html.contains("{{ 7 * 7 }}"), "a value is never a template: {html}");
        assert!(
            html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"),
            "the text is shown as text: {html}"
        );
        assert!(html.contains("&#38;amp;") || html.contains("&amp;amp;"), "{html}");
    }
}

#[test]
fn what_is_shown_has_no_line_breaks_and_reorders_nothing() {
    for (html, _) in pages(HOSTILE) {
        // Hidden values go back as they came: nobody sees them, and they are ours.
        let mut parts = html.split("<input type=\"hidden\"");
        let before = parts.next().unwrap_or_default();
        let shown = parts.map(|part| part.split_once("\">").unwrap().1).fold(before.to_owned(), |all, part| all + part);
        assert!(!shown.contains('\u{202e}') && !shown.contains("\nSet-Cookie"), "{shown}");
    }
}

#[test]
fn no_page_has_script_or_inline_style() {
    for (html, _) in pages("Alice") {
        for inline in ["<script", "<style", " style=", "javascript:", "<iframe", "<object", "<base", "<meta http-equiv"]
        {
            assert!(!html.contains(inline), "{inline}: {html}");
        }
        assert!(
            !html.split(' ').any(|word| word.starts_with("on") && word.contains("=\"")),
            "an event handler: {html}"
        );
    }
}

#[test]
fn no_page_loads_from_or_posts_to_another_host() {
    for (html, _) in pages("Alice") {
        assert!(!html.contains("://"), "{html}");
        for attribute in [" href=\"", " src=\"", " action=\"", " formaction=\""] {
            for value in html.split(attribute).skip(1) {
                assert!(value.starts_with('/') && !value.starts_with("//"), "{attribute}{}", &value[..20]);
            }
        }
    }
}

#[test]
fn every_page_has_the_ids_that_others_rely_on_each_once() {
    for (html, ids) in pages("Alice") {
        for id in ids {
            assert_eq!(html.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}: {html}");
        }
        let all: Vec<_> = html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len(), "an id stands twice: {all:?}");
    }
}

#[test]
fn every_page_names_its_language_its_title_and_one_main_heading() {
    for (html, _) in pages("Alice") {
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{html}");
        assert!(html.contains(" · Alice</title>"), "{html}");
        assert_eq!((html.matches("<main").count(), html.matches("<h1").count()), (1, 1), "{html}");
    }
}

#[test]
fn every_button_says_what_kind_it_is_and_every_visible_input_has_a_label() {
    for (html, _) in pages("Alice") {
        assert_eq!(html.matches("<button").count(), html.matches(" type=\"submit\"").count(), "{html}");
        for input in html.split("<input id=\"").skip(1) {
            let id = input.split('"').next().unwrap();
            assert!(html.contains(&format!("<label for=\"{id}\"")), "{id}");
        }
    }
}

#[test]
fn every_form_carries_its_hidden_values_and_posts() {
    for (html, _) in pages("Alice") {
        assert_eq!(html.matches("<form").count(), html.matches(" method=\"post\"").count());
        if html.contains("<form") {
            assert_eq!(html.matches("<input type=\"hidden\"").count(), 2, "{html}");
        }
    }
}

#[test]
fn the_enter_key_signs_in_since_its_button_comes_first() {
    for (html, _) in pages("Alice").iter().take(2) {
        let first = html.split("<button").nth(1).unwrap();
        assert!(first.split('>').next().unwrap().contains("id=\"sign-in\""), "{first}");
    }
}

#[test]
fn password_managers_find_their_fields() {
    let html = sign_in("Alice").render();
    let again = SignIn { again: Some(person("Alice")), ..sign_in("Alice") }.render();
    for page in [&html, &again] {
        assert!(page.contains("autocomplete=\"username\"") && page.contains("autocomplete=\"current-password\""));
        assert!(page.contains("name=\"username\"") && page.contains("name=\"password\""));
    }
    assert!(setup("Alice").render().contains("autocomplete=\"new-password\""));
}

#[test]
fn a_failed_try_is_announced_and_bound_to_the_fields() {
    let failed = sign_in("alice").render();
    assert!(failed.contains("id=\"error\" role=\"alert\"") && failed.contains("<title>Error: Sign in"));
    assert_eq!(failed.matches("aria-invalid=\"true\" aria-describedby=\"error\"").count(), 2);
    let busy = SignInError::Busy { retry_after: Duration::from_secs(3) };
    let busy = SignIn { error: Some(busy), ..sign_in("alice") }.render();
    assert!(busy.contains("again in 3 seconds") && !busy.contains("aria-invalid"));
}

#[test]
fn an_error_tells_its_code_and_request_to_scripts_and_people() {
    let html = ErrorPage::new(label("Site"), "invalid_redirect_uri", "req-1").render();
    assert!(html.contains("<main id=\"error\" data-error=\"invalid_redirect_uri\">"), "{html}");
    assert!(html.contains("<code id=\"request-id\">req-1</code>"), "{html}");
}

#[test]
fn consent_says_each_scope_in_words_and_links_what_the_app_registered() {
    let address = |path: &str| WebAddress::parse(&format!("https://app.example/{path}?a=1&b=2"));
    let scopes = ["openid", "profile", "email"].into_iter().filter_map(ScopeLine::standard).collect();
    let html =
        Consent { scopes, policy_uri: address("policy"), tos_uri: address("terms"), ..consent("Notes") }.render();
    assert_eq!(html.matches("<li data-scope=").count(), 3);
    assert!(html.contains("<li data-scope=\"profile\">") && html.contains("See your name and profile"));
    assert_eq!(html.matches("rel=\"noopener noreferrer\"").count(), 2);
    assert!(html.contains("href=\"https://app.example/terms?a=1&#38;b=2\""), "{html}");
}
