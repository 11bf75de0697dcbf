//! `oidcc-dynamic-certification-test-plan`, where it needs more than other plans: applications that register themselves for
//! one test.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_jose::Algorithm;
use vestibule_tests::{ClientKey, JsonAnswer, KeySite};

use super::suite::{CALLBACK, Suite};

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    let mut suite = Suite::new().await;
    let (client, told) = suite.registers(json!({ "id_token_signed_response_alg": "RS256" })).await;
    assert_eq!(told["id_token_signed_response_alg"], "RS256");
    let answer = suite.browser.authorize(&client, |request| request.without_pkce()).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(vestibule_tests::header(&tokens.id_token)["alg"], "RS256");
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let mut suite = Suite::new().await;
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let (client, told) = suite.registers(json!({ "userinfo_signed_response_alg": algorithm })).await;
        assert_eq!(told["userinfo_signed_response_alg"], algorithm);
        let answer = suite.browser.authorize(&client, |request| request.without_pkce()).await;
        let tokens = client.redeem(&answer).await;
        let request = suite.app.wire().get("/oauth2/userinfo").bearer_auth(&tokens.access_token);
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"application/jwt".parse().unwrap())
        );
        let token = answer.text().await.unwrap();
        assert!(crate::jose::is_signed(&token, &crate::jose::keys(&suite.app).await));
        assert_eq!(vestibule_tests::header(&token)["alg"], algorithm);
        let claims = vestibule_tests::claims(&token);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(suite.app.issuer()), &json!(client.client_id)));
        assert_eq!(claims["sub"], tokens.id_claims()["sub"]);
        // It is no ID token, though it looks like one.
        let hinted = client.request().without_pkce().set("id_token_hint", &token);
        let page = suite.browser.get(&hinted.url()).await;
        assert!(page.has("app-error"), "{page}");
    }
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    let suite = Suite::new().await;
    // The code flow would allow it. What is not signed proves nothing, and is not there: the suite skips the module.
    let document = json!({ "redirect_uris": [CALLBACK], "id_token_signed_response_alg": "none" });
    assert_eq!(suite.asks(&document).await.error(), "invalid_client_metadata");
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    let mut suite = Suite::new().await;
    let uris = json!({ "redirect_uris": [CALLBACK, "https://suite.example/test/a/other"] });
    let (client, _) = suite.registers(uris).await;
    let page = suite.shown(&client.request().without_pkce().without("redirect_uri")).await;
    assert_eq!(page.status, 400, "{page}");
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok() {
    let mut suite = Suite::new().await;
    let (client, _) = suite.registers(json!({ "redirect_uris": [format!("{CALLBACK}?dummy=value")] })).await;
    let request = client.request().without_pkce();
    assert_eq!(request.get("redirect_uri").unwrap(), format!("{CALLBACK}?dummy=value"));
    suite.completes(&client, request).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let mut suite = Suite::new().await;
    let (client, _) = suite.registers(json!({ "redirect_uris": [format!("{CALLBACK}?dummy=value")] })).await;
    let request = client.request().without_pkce().set("redirect_uri", &format!("{CALLBACK}?dummy=other"));
    assert_eq!(suite.shown(&request).await.status, 400);
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let mut suite = Suite::new().await;
    let (client, _) = suite.registers(json!({})).await;
    let request = client.request().without_pkce().set("redirect_uri", &format!("{CALLBACK}?dummy=value"));
    assert_eq!(suite.shown(&request).await.status, 400);
}

#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    let suite = Suite::new().await;
    let refused = suite.asks(&json!({ "redirect_uris": [format!("{CALLBACK}#fragment")] })).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_redirect_uri"));
}

/// What an application says of itself is on the page where somebody signs in to it.
async fn is_shown(member: &str, html: impl Fn(&str) -> String) {
    let mut suite = Suite::new().await;
    let there = format!("https://suite.example/{member}");
    let (client, told) = suite.registers(json!({ member: there })).await;
    assert_eq!(told[member], there);
    suite.browser.forget();
    let page = suite.shown(&client.request().without_pkce()).await;
    assert!(page.body.contains(&html(&there)), "{page}");
}

#[tokio::test]
async fn oidcc_registration_logo_uri() {
    is_shown("logo_uri", |uri| format!("src=\"{uri}\"")).await;
}

#[tokio::test]
async fn oidcc_registration_policy_uri() {
    is_shown("policy_uri", |uri| format!("<a id=\"policy\" href=\"{uri}\"")).await;
}

#[tokio::test]
async fn oidcc_registration_tos_uri() {
    is_shown("tos_uri", |uri| format!("<a id=\"tos\" href=\"{uri}\"")).await;
}

#[tokio::test]
async fn oidcc_registration_jwks_uri() {
    let mut suite = Suite::new().await;
    let key = ClientKey::new(Algorithm::Rs256);
    let site = KeySite::start(&key.jwks()).await;
    let more = json!({ "jwks_uri": site.url(), "token_endpoint_auth_method": "private_key_jwt" });
    let (client, told) = suite.registers(more).await;
    assert_eq!((&told["jwks_uri"], told.get("client_secret")), (&json!(site.url()), None));
    let answer = suite.browser.authorize(&client, |request| request.without_pkce()).await;
    let assertion = key.signs(&suite.app.statement(&client));
    let given = client.exchange(&answer).by_assertion(&assertion).send().await;
    assert_eq!(given.status, 200, "{}", given.body);
}

#[tokio::test]
async fn oidcc_3rd_party_init_login() {
    let suite = Suite::new().await;
    let (_, told) = suite.registers(json!({ "initiate_login_uri": "https://suite.example/login" })).await;
    assert_eq!(told["initiate_login_uri"], "https://suite.example/login");
    let address = told["registration_client_uri"].as_str().unwrap();
    let token = told["registration_access_token"].as_str().unwrap();
    let read = JsonAnswer::of(suite.app.wire().request(Method::GET, address).bearer_auth(token)).await;
    assert_eq!((read.status.as_u16(), &read.body["initiate_login_uri"]), (200, &told["initiate_login_uri"]));
}

#[tokio::test]
async fn oidcc_3rd_party_init_login_nohttps() {
    let suite = Suite::new().await;
    let document = json!({ "redirect_uris": [CALLBACK], "initiate_login_uri": "http://suite.example/login" });
    let refused = suite.asks(&document).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_client_metadata"));
}

#[tokio::test]
async fn oidcc_registration_sector_uri() {
    let mut suite = Suite::new().await;
    let site = KeySite::with(&json!([CALLBACK, "https://suite.example/test/b/cb"]).to_string()).await;
    for subject_type in ["public", "pairwise"] {
        let said = json!({ "sector_identifier_uri": site.url(), "subject_type": subject_type });
        let (client, told) = suite.registers(said).await;
        assert_eq!((&told["sector_identifier_uri"], &told["subject_type"]), (&json!(site.url()), &json!(subject_type)));
        let request = client.request().without_pkce();
        suite.completes(&client, request).await;
    }
}

#[tokio::test]
async fn oidcc_registration_sector_bad() {
    let suite = Suite::new().await;
    let site = KeySite::with("[]").await;
    let document = |more: Value| {
        let mut document = json!({ "redirect_uris": [CALLBACK], "sector_identifier_uri": site.url() });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    };
    for list in [
        json!([]),
        json!(["https://suite.example/test/a/cb/"]),
        json!([CALLBACK.to_uppercase()]),
        json!({ "uris": [CALLBACK] }),
        json!([[CALLBACK]]),
        json!(CALLBACK),
    ] {
        site.publish(&list);
        let answer = suite.asks(&document(json!({}))).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error()),
            (400, "invalid_client_metadata"),
            "{list}: {}",
            answer.body
        );
        assert!(answer.body["error_description"].as_str().unwrap().starts_with("sector_identifier_uri"));
    }
    site.go_down();
    assert_eq!(suite.asks(&document(json!({}))).await.status, 400, "what cannot be had says nothing");
    let two = json!({ "redirect_uris": [CALLBACK, "https://elsewhere.example/cb"], "sector_identifier_uri": null,
        "subject_type": "pairwise" });
    assert_eq!(suite.asks(&document(two)).await.error(), "invalid_client_metadata", "two hosts are no sector");
}

/// At each change the site is asked again.
#[tokio::test]
async fn a_sector_that_takes_a_redirect_uri_off_its_list_keeps_it_off() {
    let suite = Suite::new().await;
    let site = KeySite::with(&json!([CALLBACK]).to_string()).await;
    let (_, told) = suite.registers(json!({ "sector_identifier_uri": site.url(), "subject_type": "pairwise" })).await;
    site.publish(&json!([]));
    let mut document = told.clone();
    for ours in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        document.as_object_mut().unwrap().remove(ours);
    }
    let (path, token) =
        (told["registration_client_uri"].as_str().unwrap(), told["registration_access_token"].as_str().unwrap());
    let path = path.strip_prefix(suite.app.issuer()).unwrap();
    let put = suite.app.wire().request(Method::PUT, path).bearer_auth(token).json(&document);
    let answer = JsonAnswer::of(put).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_client_metadata"), "{}", answer.body);
}
