//! A08: a parameter stands once. Which of two would count is what attacks live on.

use vestibule_tests::Answer;

use crate::scene;

#[tokio::test]
async fn a08_a_doubled_client_id_or_redirect_uri_is_an_error_page_and_never_redirects() {
    let (app, _, client) = scene().await;
    for name in ["client_id", "redirect_uri"] {
        let same = client.request().get(name).unwrap().to_owned();
        for second in [same.as_str(), "https://evil.example/cb", ""] {
            let request = client.request().add(name, second);
            app.browser().get(&request.url()).await.assert_error("invalid_request");
        }
    }
}

#[tokio::test]
async fn a08_any_other_double_is_told_to_the_application_with_its_state() {
    let (app, _, client) = scene().await;
    let others =
        ["response_type", "scope", "nonce", "code_challenge", "code_challenge_method", "prompt", "max_age", "extra"];
    for name in others {
        let value = client.request().get(name).unwrap_or("1").to_owned();
        let request = client.request().set(name, &value).add(name, &value);
        let answer = Answer::read(&app.browser().get(&request.url()).await, &request);
        assert_eq!((answer.error(), answer.state.as_deref()), ("invalid_request", request.get("state")), "{name}");
        assert_eq!(answer.iss.as_deref(), Some(app.issuer()));
    }
}

#[tokio::test]
async fn a08_a_doubled_state_is_told_without_any_state() {
    let (app, _, client) = scene().await;
    let request = client.request().add("state", "another");
    let answer = Answer::read(&app.browser().get(&request.url()).await, &request);
    assert_eq!((answer.error(), answer.state.as_deref()), ("invalid_request", None));
}

#[tokio::test]
async fn a08_resource_and_audience_may_stand_several_times() {
    let (app, alice, client) = scene().await;
    app.api("https://a.example", &[]).await;
    app.api("https://b.example", &[]).await;
    for name in ["resource", "audience"] {
        let twice = |request: vestibule_tests::AuthorizeRequest| {
            request.add(name, "https://a.example").add(name, "https://b.example")
        };
        app.browser_of(&alice).authorize(&client, twice).await.code();
    }
}

#[tokio::test]
async fn a08_the_same_holds_of_a_posted_request() {
    let (app, _, client) = scene().await;
    for name in ["client_id", "redirect_uri"] {
        let request = client.request().add(name, "https://evil.example/cb");
        let page = app.browser().post_cross_site("/oauth2/authorize", &request.parameters).await;
        page.assert_error("invalid_request");
    }
    let request = client.request().add("scope", "openid");
    let page = app.browser().post_cross_site("/oauth2/authorize", &request.parameters).await;
    assert_eq!(Answer::read(&page, &request).error(), "invalid_request");
}

#[tokio::test]
async fn a08_one_in_the_query_and_one_in_the_body_are_two() {
    let (app, _, client) = scene().await;
    for name in ["client_id", "redirect_uri"] {
        let request = client.request();
        let path = format!("/oauth2/authorize?{name}=https%3A%2F%2Fevil.example");
        let page = app.browser().post_cross_site(&path, &request.parameters).await;
        page.assert_error("invalid_request");
    }
    let request = client.request();
    let page = app.browser().post_cross_site("/oauth2/authorize?scope=email", &request.parameters).await;
    assert_eq!(Answer::read(&page, &request).error(), "invalid_request");
}
