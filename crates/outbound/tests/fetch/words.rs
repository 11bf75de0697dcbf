//! What is said: to sites, and of what went wrong.

use vestibule_outbound::{Fetch, fetch::Reason};

use crate::{
    closed, open, refused,
    site::{Behaviour, Site, answer, json},
};

#[tokio::test]
async fn a51_whatever_goes_wrong_others_hear_the_same() {
    let (html, gone) = (Site::start(answer("200 OK", "")).await, Site::start(answer("404 Not Found", "")).await);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let urls = [gone.url("/"), format!("http://127.0.0.1:{nobody}/"), "https://10.0.0.1".into(), "no".into()];
    for url in urls {
        let error = closed().fetch(Fetch::get(&url)).await.unwrap_err();
        assert_eq!(error.to_string(), "the address could not be fetched");
        let error = open().fetch(Fetch::get(&url).within(std::time::Duration::from_millis(200))).await.unwrap_err();
        assert_eq!(error.to_string(), "the address could not be fetched");
    }
    let error = open().fetch(Fetch::get(&html.url("/")).of_type(&["application/json"])).await.unwrap_err();
    assert_eq!(error.to_string(), "the address could not be fetched");
}

#[tokio::test]
async fn what_is_no_success_or_no_http_is_an_error() {
    for (status, code) in [("404 Not Found", 404), ("500 Oops", 500), ("401 Unauthorized", 401), ("204 No Content", 0)]
    {
        let site = Site::start(answer(status, "")).await;
        let fetched = open().fetch(Fetch::get(&site.url("/"))).await;
        assert_eq!(fetched.err().map(|error| error.reason().clone()), (code > 0).then_some(Reason::Status(code)));
    }
    let nonsense = Site::start(Behaviour::Says(b"220 mail.example.com ESMTP\r\n".to_vec())).await;
    assert!(matches!(refused(&open(), &nonsense.url("/")).await, Reason::Unreachable(_)));
    let cut = Site::start(Behaviour::Says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}".to_vec())).await;
    assert!(matches!(refused(&open(), &cut.url("/")).await, Reason::Unreachable(_)));
}

#[tokio::test]
async fn what_should_be_json_must_call_itself_so() {
    let types: &[&str] = &["application/json", "application/jwk-set+json"];
    let page = Site::start(answer("200 OK", "Content-Type: text/html\r\n")).await;
    let fetched = open().fetch(Fetch::get(&page.url("/")).of_type(types)).await;
    assert_eq!(fetched.unwrap_err().reason(), &Reason::ContentType);
    let site = Site::start(json("{\"keys\":[]}")).await;
    let fetched = open().fetch(Fetch::get(&site.url("/keys?v=1")).of_type(types)).await.unwrap();
    assert_eq!(fetched.body, b"{\"keys\":[]}");
    let seen = site.seen()[0].to_lowercase();
    assert!(seen.starts_with("get /keys?v=1 http/1.1\r\n"), "{seen}");
    assert!(seen.contains("accept: application/json, application/jwk-set+json\r\n"), "{seen}");
    for unwanted in ["referer", "cookie", "authorization", "accept-encoding"] {
        assert!(!seen.contains(unwanted), "{seen}");
    }
}

#[tokio::test]
async fn a_form_is_posted() {
    let site = Site::start(json("{}")).await;
    let fields = [("logout_token", "a.b.c"), ("more", "ä &=")];
    assert!(open().fetch(Fetch::post_form(&site.url("/out"), &fields)).await.is_ok());
    let seen = site.seen().remove(0);
    assert!(seen.starts_with("POST /out HTTP/1.1\r\n"), "{seen}");
    assert!(seen.to_lowercase().contains("content-type: application/x-www-form-urlencoded\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\nlogout_token=a.b.c&more=%C3%A4+%26%3D"), "{seen}");
}
