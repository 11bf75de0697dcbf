//! Request objects by reference (RFC 9101 section 5.2, OpenID Connect Core section 6.2).

use std::time::Duration;

use vestibule_jose::{Algorithm, sha256};
use vestibule_tests::{Answer, AuthorizeRequest, KeySite, Page, TestApp, unsigned};

use crate::request_objects::{Scene, told};

/// A provider that may fetch from this machine, and an application that publishes an object at a site of its own.
struct Published {
    scene: Scene,
    site: KeySite,
    request: AuthorizeRequest,
}

impl Published {
    /// It registers what `registers` makes of the site's address.
    async fn new(registers: impl FnOnce(&str) -> Vec<String>) -> Self {
        let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
        let site = KeySite::with("").await;
        let uris = registers(&site.url());
        let scene = Scene::on(app, Algorithm::Es256, |spec| spec.with(|new| new.metadata.request_uris = uris)).await;
        let request = scene.client.request();
        let published = Self { scene, site, request };
        published.site.publish_text(&published.object());
        published
    }

    /// The object that it publishes.
    fn object(&self) -> String {
        self.scene.jar(&self.scene.object(&self.request, |_| {}))
    }

    async fn first(&self, uri: &str) -> Page {
        self.scene.app.browser().open(&self.scene.client.opening(uri)).await
    }

    /// Asserts that `uri` leads to tokens.
    async fn assert_taken(&self, uri: &str) {
        let mut browser = self.scene.app.browser_of(&self.scene.alice);
        let page = browser.open(&self.scene.client.opening(uri)).await;
        let answer = browser.finish(page, &self.request).await;
        assert_eq!(answer.state.as_deref(), self.request.get("state"));
        self.scene.client.redeem(&answer).await;
    }
}

#[tokio::test]
async fn the_object_at_a_registered_address_is_fetched_each_time() {
    let published = Published::new(|url| vec!["https://rp.example/other".to_owned(), url.to_owned()]).await;
    published.assert_taken(&published.site.url()).await;
    published.assert_taken(&published.site.url()).await;
    assert_eq!(published.site.asked(), 2);
    published.site.publish_text(&format!("\n{}\n", published.object()));
    published.assert_taken(&published.site.url()).await;
}

#[tokio::test]
async fn a50_what_stands_beside_the_address_does_not_count() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    let sent = published.request.clone().set("state", "evil").set("redirect_uri", "https://evil.example/");
    let sent = sent.set("scope", "openid email").add("request_uri", &published.site.url());
    let mut browser = published.scene.app.browser_of(&published.scene.alice);
    let page = browser.open(&sent.url()).await;
    let answer = browser.finish(page, &published.request).await;
    assert_eq!(answer.state.as_deref(), published.request.get("state"));
    assert_eq!(published.scene.client.redeem(&answer).await.body["scope"], "openid");
}

#[tokio::test]
async fn a51_no_other_address_is_fetched() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    let url = published.site.url();
    for other in [
        format!("{url}?a=b"),
        format!("{url}/"),
        url.replace("/jwks.json", "/"),
        url.replace("127.0.0.1", "localhost"),
        "https://rp.example/request".to_owned(),
        "file:///etc/passwd".to_owned(),
        "x".to_owned(),
    ] {
        assert_eq!(told(&published.first(&other).await), "invalid_request_uri");
    }
    assert_eq!(published.site.asked(), 0);
    let sent = published.request.clone().add("request_uri", &format!("{url}/"));
    let page = published.scene.app.browser().get(&sent.url()).await;
    assert_eq!(Answer::read(&page, &published.request).error(), "invalid_request_uri", "where its address is proved");
}

#[tokio::test]
async fn a51_an_address_in_a_network_of_ours_is_not_fetched() {
    let site = KeySite::with("").await;
    let url = site.url();
    let scene = Scene::with(Algorithm::Es256, |spec| spec.with(|new| new.metadata.request_uris = vec![url])).await;
    let page = scene.app.browser().open(&scene.client.opening(&site.url())).await;
    assert_eq!(told(&page), "invalid_request_uri");
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn an_application_without_registered_addresses_hears_that_it_has_none() {
    let published = Published::new(|_| Vec::new()).await;
    assert_eq!(told(&published.first(&published.site.url()).await), "request_uri_not_supported");
    assert_eq!(published.site.asked(), 0);
}

#[tokio::test]
async fn a_fragment_says_the_hash_of_the_object_which_is_kept_for_a_while() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    let object = published.object();
    published.site.publish_text(&object);
    let uri = format!("{}#{}", published.site.url(), sha256(object.as_bytes()));
    published.assert_taken(&uri).await;
    published.assert_taken(&uri).await;
    assert_eq!(published.site.asked(), 1);
    published.site.publish_text("another");
    published.assert_taken(&uri).await;
    published.scene.app.clock().advance(Duration::from_secs(601));
    assert_eq!(told(&published.first(&uri).await), "invalid_request_object");
    assert_eq!(published.site.asked(), 2);
}

#[tokio::test]
async fn an_object_is_not_kept_whose_fragment_is_not_its_hash() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    published.site.publish_text(&published.object());
    for (asked, fragment) in [sha256(b"another"), "x".to_owned(), String::new()].iter().enumerate() {
        let uri = format!("{}#{fragment}", published.site.url());
        published.assert_taken(&uri).await;
        published.assert_taken(&uri).await;
        assert_eq!(published.site.asked(), 2 * (asked + 1), "{fragment}");
    }
}

#[tokio::test]
async fn a_site_that_is_down_or_shows_something_else_is_told_in_the_same_words() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    published.site.publish_text(&"x".repeat(40_000));
    assert_eq!(told(&published.first(&published.site.url()).await), "invalid_request_uri");
    published.site.publish_text("<html></html>");
    assert_eq!(told(&published.first(&published.site.url()).await), "invalid_request_object");
    published.site.go_down();
    assert_eq!(told(&published.first(&published.site.url()).await), "invalid_request_uri");
}

#[tokio::test]
async fn an_unsigned_object_by_reference_is_in_openid_connects_way() {
    let published = Published::new(|url| vec![url.to_owned()]).await;
    let claims = published.scene.object(&published.request, |claims| {
        claims.as_object_mut().unwrap().remove("state");
    });
    published.site.publish_text(&unsigned(&claims, "none"));
    let sent = published.request.beside_an_object().add("state", "beside").add("request_uri", &published.site.url());
    let mut browser = published.scene.app.browser_of(&published.scene.alice);
    let page = browser.open(&sent.url()).await;
    assert_eq!(browser.finish(page, &published.request).await.state.as_deref(), Some("beside"));
}
