//! Whether a form was posted from a page of ours.

use http::header::ORIGIN;
use poem::Request;
use url::Url;

const FETCH_SITE: &str = "sec-fetch-site";

/// A request that changes something was sent from a page that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the form was sent from a page of another origin")]
pub(crate) struct ForeignOrigin;

/// Refuses a request that the browser says comes from elsewhere.
///
/// `Origin` must be the public URL's, never `null` (a sandboxed frame, a `data:` page); `Sec-Fetch-Site`, which no page can
/// forge, must be `same-origin`, or `none` for something the person did themselves. A request with neither may come from an old browser
/// or from a script: there the form's CSRF token decides.
///
/// # Errors
/// [`ForeignOrigin`].
pub(crate) fn check_origin(request: &Request, public_url: &Url) -> Result<(), ForeignOrigin> {
    let ours = public_url.origin().ascii_serialization();
    let all = |name: &str, fits: &dyn Fn(&[u8]) -> bool| {
        request.headers().get_all(name).iter().all(|value| fits(value.as_bytes()))
    };
    let same_origin = all(ORIGIN.as_str(), &|value| value == ours.as_bytes());
    let same_site = all(FETCH_SITE, &|value| value == b"same-origin" || value == b"none");
    if same_origin && same_site { Ok(()) } else { Err(ForeignOrigin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)]) -> Result<(), ForeignOrigin> {
        let url = Url::parse("https://id.example:443").expect("a URL");
        let request = headers.iter().fold(Request::builder(), |request, (name, value)| request.header(*name, *value));
        check_origin(&request.finish(), &url)
    }

    #[test]
    fn a_foreign_or_null_origin_is_refused_a15() {
        for foreign in [
            "null",
            "",
            "https://evil.example",
            "http://id.example",
            "https://id.example:8443",
            "https://id.example.evil.example",
            "https://sub.id.example",
        ] {
            assert_eq!(check(&[("origin", foreign)]), Err(ForeignOrigin), "{foreign:?}");
        }
        assert_eq!(check(&[("origin", "https://id.example"), ("origin", "null")]), Err(ForeignOrigin));
    }

    #[test]
    fn our_own_origin_passes_and_a_missing_one_is_left_to_the_token_a15() {
        assert_eq!(check(&[("origin", "https://id.example"), ("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(check(&[]), Ok(()));
    }

    #[test]
    fn what_the_browser_calls_cross_site_is_refused_even_without_an_origin_a15() {
        for site in ["cross-site", "same-site", "anything"] {
            assert_eq!(check(&[("sec-fetch-site", site)]), Err(ForeignOrigin), "{site}");
        }
    }

    #[test]
    fn the_host_header_does_not_say_who_we_are_a79() {
        let forged =
            [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("origin", "https://evil.example")];
        assert_eq!(check(&forged), Err(ForeignOrigin));
    }
}
