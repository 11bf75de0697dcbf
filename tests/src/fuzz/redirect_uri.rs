//! Redirect URIs: what is registered, compared with what is presented.

use std::net::IpAddr;

use url::{Host, Url};
use vestibule_core::RedirectUri;

/// The input is what is registered, and on a second line what is presented.
pub(super) fn compared(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (registered, presented) = text.split_once('\n').unwrap_or((text, text));
    let Ok(registered) = RedirectUri::parse(registered) else { return };
    let url = is_safe(registered.as_str());
    assert_eq!(registered.matching(registered.as_str()).as_ref(), Some(&registered), "it matches itself");
    is_answered(&registered, &url);
    let Some(matching) = registered.matching(presented) else { return };
    assert_eq!(matching.as_str(), presented, "the answer goes where it was asked to go");
    if registered.as_str() != presented {
        is_another_port(&url, presented);
    }
}

/// What a browser makes of it is what was checked.
fn is_safe(text: &str) -> Url {
    let url = Url::parse(text).unwrap_or_else(|error| panic!("{text} was registered, and is no URL: {error}"));
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{text}");
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => assert!(url.has_host(), "{text}"),
        "http" => assert!(loopback, "{text}"),
        other => assert!(other.contains('.'), "{text}"),
    }
    url
}

/// Only a port may differ, and only of an address of this machine that is written as one (RFC 8252 section 7.3).
fn is_another_port(registered: &Url, presented: &str) {
    let url = is_safe(presented);
    let literal = registered.host_str().map(|host| host.trim_matches(['[', ']']).parse::<IpAddr>());
    assert!(literal.is_some_and(|ip| ip.is_ok_and(|ip| ip.is_loopback())), "{registered} and {presented}");
    let apart = |url: &Url| {
        (
            url.scheme().to_owned(),
            url.host_str().map(str::to_owned),
            url.path().to_owned(),
            url.query().map(str::to_owned),
        )
    };
    assert_eq!(apart(registered), apart(&url));
}

/// An answer goes to the same place, and says what it should at the end.
fn is_answered(registered: &RedirectUri, url: &Url) {
    let answer = [("code", "a b&c=d"), ("state", "#?%")];
    let sent = Url::parse(&registered.with_query(&answer)).expect("an address");
    let by_fragment = Url::parse(&registered.with_fragment(&answer)).expect("an address");
    for place in [&sent, &by_fragment] {
        assert_eq!(
            (place.scheme(), place.host(), place.port(), place.path()),
            (url.scheme(), url.host(), url.port(), url.path())
        );
    }
    let pairs: Vec<(String, String)> = sent.query_pairs().into_owned().collect();
    let told =
        |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!((told("code"), told("state")), (vec!["a b&c=d"], vec!["#?%"]), "{sent}");
    assert_eq!(by_fragment.query(), url.query());
}
