//! What holds for every page: the ids of the contract, and nothing that a hostile value, a script or another host could use.

use std::time::Duration;

use super::*;

mod account;
mod samples;
mod ways_in;

use samples::*;

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
        // Hidden values go back as they came: nobody sees them, and they are ours. So does what is edited in a field.
        let mut shown = html;
        for (from, to) in [
            ("<input type=\"hidden\"", ">"),
            ("<input id=\"field-", ">"),
            ("<textarea", "</textarea>"),
            ("<option", ">"),
        ] {
            shown = without(&shown, from, to);
        }
        assert!(!shown.contains('\u{202e}') && !shown.contains("\nSet-Cookie"), "{shown}");
    }
}

/// The text without each stretch that begins with `from` and ends with `to`.
fn without(html: &str, from: &str, to: &str) -> String {
    let mut parts = html.split(from);
    let before = parts.next().unwrap_or_default().to_owned();
    parts.map(|part| part.split_once(to).unwrap().1).fold(before, |all, part| all + part)
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
        // An authenticator app is no other host: the link opens it on this device.
        let html = html.replace(&format!(" href=\"{}", ways_in::OTPAUTH), "");
        // The listener that asks for client certificates is this provider at another port.
        let html = html.replace(&format!(" href=\"{}", samples::CERTIFICATES), "");
        // The logo of an app is the one thing that comes from elsewhere, by a policy that names its origin.
        let html = html.replace(" src=\"https://logos.example/", " data-logo=\"https:__logos.example/");
        let html = html.replace("https:__logos.example", "");
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
        for visible in ["<input id=\"", "<select id=\"", "<textarea id=\""] {
            for input in html.split(visible).skip(1) {
                let id = input.split('"').next().unwrap();
                assert!(html.contains(&format!("<label for=\"{id}\"")), "{id}");
            }
        }
    }
}

#[test]
fn every_form_carries_its_hidden_values_and_posts() {
    for (html, _) in pages("Alice") {
        assert_eq!(html.matches("<form").count(), html.matches(" method=\"post\"").count());
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            for name in ["csrf", "request"] {
                assert_eq!(form.matches(&format!("<input type=\"hidden\" name=\"{name}\"")).count(), 1, "{form}");
            }
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
    let app =
        App { policy_uri: address("policy"), tos_uri: address("terms"), logo_uri: address("logo"), ..app("Notes") };
    let entering = SignIn { app: Some(app.clone()), ..sign_in("Notes") }.render();
    let html = Consent { scopes, app, ..consent("Notes") }.render();
    for html in [&entering, &html] {
        assert!(html.contains("<img class=\"logo\" src=\"https://app.example/logo?a=1&#38;b=2\""), "{html}");
        assert!(html.contains("id=\"policy\"") && html.contains("id=\"tos\""), "{html}");
    }
    assert_eq!(html.matches("<li data-scope=").count(), 3);
    assert!(html.contains("<li data-scope=\"profile\">") && html.contains("See your name and profile"));
    assert_eq!(html.matches("rel=\"noopener noreferrer\"").count(), 2);
    assert!(html.contains("href=\"https://app.example/terms?a=1&#38;b=2\""), "{html}");
}
