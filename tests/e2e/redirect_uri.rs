//! Where an answer may go: to a registered address, compared as a whole, and nowhere else.

use vestibule_oidc::client::{ClientsError, NewClient};
use vestibule_tests::{AuthorizeRequest, Browser, ClientSpec, TestApp, ThirdParty};

use crate::scene;

/// Asserts that each of these addresses is answered by a page, for somebody who is signed in.
async fn assert_refused(app: &TestApp, client: &ThirdParty, addresses: &[&str]) {
    let mut browser = Browser::sign_in(app, &app.user("alice").await).await;
    for address in addresses {
        let page = browser.get(&client.request().set("redirect_uri", address).url()).await;
        assert_eq!(page.error_code().as_deref(), Some("invalid_redirect_uri"), "{address}: {page}");
        page.assert_error("invalid_redirect_uri");
    }
}

/// Why an application cannot be registered with this document.
async fn refusal_of(app: &TestApp, document: &str) -> String {
    let registered = match NewClient::from_document(document) {
        Ok(new) => app.provider().clients().create(new).await.map(|_| ()),
        Err(error) => Err(ClientsError::from(error)),
    };
    registered.expect_err(document).to_string()
}

#[tokio::test]
async fn a01_an_address_that_is_not_registered_is_an_error_page_and_no_redirect() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default().at(&["https://rp.example/cb", "https://rp.example/q?a=1"])).await;
    let others = [
        "https://evil.example/cb",
        "https://sub.rp.example/cb",
        "https://rp.example/",
        "https://rp.example/cb/",
        "https://rp.example/cb/more",
        "https://rp.example/CB",
        "https://RP.example/cb",
        "HTTPS://rp.example/cb",
        "http://rp.example/cb",
        "https://rp.example:443/cb",
        "https://rp.example:8443/cb",
        "https://rp.example/cb?x=1",
        "https://rp.example/cb?",
        "https://rp.example/q",
        "https://rp.example/q?a=2",
        "https://rp.example/q?a=1&b=2",
        "https://rp.example/c%62",
    ];
    assert_refused(&app, &client, &others).await;
}

#[tokio::test]
async fn an_address_with_a_registered_query_keeps_it_in_the_answer() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let client = app.client(ClientSpec::default().at(&["https://rp.example/cb?tenant=a&x=%20"])).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert!(answer.url.as_str().starts_with("https://rp.example/cb?tenant=a&x=%20&code="), "{}", answer.url);
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a02_a_dot_is_no_wildcard_and_a_prefix_is_not_enough() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default().at(&["https://foo.example.com", "https://rp.example/cb"])).await;
    let others = [
        "https://fooaexample.com",
        "https://foo.example.com.evil.example",
        "https://foo.example.com/",
        "https://foo.example.comevil",
        "https://rp.example/cb.evil",
        "https://rp.example/cbx",
    ];
    assert_refused(&app, &client, &others).await;
}

#[tokio::test]
async fn a03_tricks_with_users_dots_and_slashes_lead_nowhere() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    let tricks = [
        "https://rp.example@evil.example/cb",
        "https://rp.example:x@evil.example/cb",
        "https://a@b@evil.example/cb",
        "https://rp.example\\@evil.example/cb",
        "https://rp.example\\cb",
        "https://rp.example/x/../cb",
        "https://rp.example/x/%2e%2e/cb",
        "https://rp.example/x/..;/cb",
        "https://rp.example/./cb",
        "https://rp.example//cb",
        "//rp.example/cb",
        "//evil.example",
        "/cb",
        "https:rp.example/cb",
        "https:///rp.example/cb",
        "\thttps://rp.example/cb",
        "https://rp.example/cb\n",
        "https://rp.example/cb ",
        "https://rp.exa\tmple/cb",
        "https://rp。example/cb",
        "https://ｒｐ.example/cb",
        "https://rp.example.:443/cb",
        "https://rp.example./cb",
    ];
    assert_refused(&app, &client, &tricks).await;
}

#[tokio::test]
async fn a04_the_port_of_a_literal_loopback_address_may_vary() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let client = app.client(ClientSpec::public().at(&["http://127.0.0.1/cb", "http://[::1]:1/cb"])).await;
    let mut browser = app.browser_of(&alice);
    for address in ["http://127.0.0.1:51004/cb", "http://[::1]:51004/cb", "http://127.0.0.1/cb"] {
        let answer = browser.authorize(&client, |request| request.set("redirect_uri", address)).await;
        assert!(answer.url.as_str().starts_with(&format!("{address}?code=")), "{}", answer.url);
        client.redeem(&answer).await;
    }
}

#[tokio::test]
async fn a04_nothing_else_of_a_loopback_address_may_vary() {
    let app = TestApp::start().await;
    let spec = ClientSpec::public().at(&["http://127.0.0.1/cb", "http://localhost:3000/cb", "https://127.0.0.1/cb"]);
    let client = app.client(spec).await;
    let others = [
        "http://localhost:3001/cb",
        "http://localhost/cb",
        "http://127.0.0.2:80/cb",
        "http://127.1/cb",
        "http://2130706433/cb",
        "http://[::1]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004/cb?x=1",
        "http://127.0.0.1:051004/cb",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://127.0.0.1:80.evil.example/cb",
        "https://127.0.0.1:8443/cb",
    ];
    assert_refused(&app, &client, &others).await;
}

#[tokio::test]
async fn a05_a_fragment_or_a_parameter_of_ours_is_refused_at_the_authorization_endpoint() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    let others = [
        "https://rp.example/cb#",
        "https://rp.example/cb#code=x",
        "https://rp.example/cb?code=x",
        "https://rp.example/cb?state=x",
        "https://rp.example/cb?iss=x",
        "https://rp.example/cb?error=x",
    ];
    assert_refused(&app, &client, &others).await;
}

#[tokio::test]
async fn a05_a_fragment_or_a_parameter_of_ours_is_refused_at_registration() {
    let app = TestApp::start().await;
    for bad in ["#x", "?code=x", "?a=1&state=x", "?iss=x", "?error=x", "?response=x"] {
        let uri = format!("https://rp.example/cb{bad}");
        let said = refusal_of(&app, &format!(r#"{{"client_name": "A", "redirect_uris": ["{uri}"]}}"#)).await;
        assert!(said.contains("redirect_uris") && said.contains(&uri), "{said}");
    }
}

#[tokio::test]
async fn a06_schemes_that_run_or_read_something_cannot_be_registered_anywhere() {
    let app = TestApp::start().await;
    for bad in ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"] {
        let documents = [
            format!(r#"{{"client_name": "A", "redirect_uris": ["{bad}"]}}"#),
            format!(
                r#"{{"client_name": "A", "redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": ["{bad}"]}}"#
            ),
        ];
        let links = ["client_uri", "logo_uri", "policy_uri", "tos_uri"].map(|member| {
            format!(r#"{{"client_name": "A", "redirect_uris": ["https://a.example/"], "{member}": "{bad}"}}"#)
        });
        for document in documents.iter().chain(&links) {
            refusal_of(&app, document).await;
        }
    }
}

#[tokio::test]
async fn a06_such_a_scheme_is_refused_at_the_authorization_endpoint() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    let others = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"];
    assert_refused(&app, &client, &others).await;
}

#[tokio::test]
async fn a07_without_an_address_and_with_two_registered_there_is_no_answer() {
    let app = TestApp::start().await;
    app.api("https://api.example", &["notes.read"]).await;
    let spec = ClientSpec::default().at(&["https://rp.example/cb", "https://rp.example/cb2"]);
    let client = app.client(spec.for_scope("openid notes.read")).await;
    for scope in ["openid", "notes.read"] {
        let request = client.request().without("redirect_uri").set("scope", scope);
        app.browser().get(&request.url()).await.assert_error("invalid_redirect_uri");
    }
}

#[tokio::test]
async fn openid_connect_needs_the_address_though_only_one_is_registered() {
    let (app, _, client) = scene().await;
    for request in [client.request().without("redirect_uri"), client.request().set("redirect_uri", "")] {
        app.browser().get(&request.url()).await.assert_error("invalid_redirect_uri");
    }
}

#[tokio::test]
async fn oauth_alone_may_leave_out_the_only_address_at_both_endpoints() {
    let app = TestApp::start().await;
    app.api("https://api.example", &["notes.read"]).await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default().for_scope("notes.read")).await);
    let change = |request: AuthorizeRequest| request.without("redirect_uri").set("scope", "notes.read");
    let answer = app.browser_of(&alice).authorize(&client, change).await;
    assert!(answer.url.as_str().starts_with(&client.redirect_uri));
    assert_eq!(client.redeem(&answer).await.id_token, "");
}

#[tokio::test]
async fn a07_an_address_sent_at_authorize_must_be_sent_the_same_at_token() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    for changed in [None, Some("https://rp.example/other"), Some("https://rp.example/cb/")] {
        let answer = browser.authorize(&client, |request| request).await;
        let exchange = client.exchange(&answer).without("redirect_uri");
        let exchange = changed.map_or(exchange.clone(), |uri| exchange.set("redirect_uri", uri));
        assert_eq!(exchange.send().await.error(), "invalid_grant", "{changed:?}");
    }
}
