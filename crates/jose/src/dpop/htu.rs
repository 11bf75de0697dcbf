//! Whether two URLs are one target (RFC 9449 section 4.3 point 9): after the normalisation of RFC 3986 sections 6.2.2 and 6.2.3,
//! without query and fragment.

use url::Url;

/// Whether `htu` names the endpoint at `url`.
pub(super) fn same_target(htu: &str, url: &str) -> bool {
    match (normalised(htu), normalised(url)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// Scheme and host in small letters, without the scheme's own port, dot segments, query and fragment; what need not be escaped
/// is not, and what must be is in capitals.
fn normalised(text: &str) -> Option<String> {
    // The URL standard forgives these; RFC 3986 does not know them.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    if !matches!(url.scheme(), "https" | "http") {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = unescaped(url.path());
    url.set_path(&path);
    Some(url.into())
}

/// Unescapes letters, digits, `-`, `.`, `_` and `~`, and writes every other escape in capitals.
fn unescaped(path: &str) -> String {
    let mut result = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let escape = rest.get(at + 1..at + 3);
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok().map(|byte| (byte, digits))) {
            Some((byte, _)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => result.push(byte.into()),
            Some((_, digits)) => {
                result.push('%');
                result.push_str(&digits.to_ascii_uppercase());
            }
            None => {
                result.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    result.push_str(rest);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://id.example/oauth2/userinfo";

    #[test]
    fn scheme_host_port_query_and_fragment_may_be_written_otherwise() {
        for same in [
            URL,
            "HTTPS://ID.EXAMPLE/oauth2/userinfo",
            "https://id.example:443/oauth2/userinfo",
            "https://id.example/oauth2/userinfo?a=b#c",
            "https://id.example/oauth2/./x/../userinfo",
            "https://id.example/oauth2/%75serinfo",
        ] {
            assert!(same_target(same, URL), "{same}");
        }
        assert!(same_target("https://id.example", "https://id.example/"));
        assert!(same_target("https://id.example/%c3%a4", "https://id.example/%C3%A4"));
    }

    #[test]
    fn anything_else_is_another_target() {
        for other in [
            "",
            "/oauth2/userinfo",
            "http://id.example/oauth2/userinfo",
            "https://id.example:8443/oauth2/userinfo",
            "https://id.example/oauth2/userinfo/",
            "https://id.example/oauth2/Userinfo",
            "https://id.example/oauth2%2Fuserinfo",
            "https://id.example.evil/oauth2/userinfo",
            "https://user@id.example/oauth2/userinfo",
            "https:\\\\id.example\\oauth2\\userinfo",
            " https://id.example/oauth2/userinfo",
            "https://id.example/oauth2/user\ninfo",
            "urn:https://id.example/oauth2/userinfo",
        ] {
            assert!(!same_target(other, URL), "{other}");
        }
    }

    #[test]
    fn a_broken_escape_is_left_as_it_is() {
        assert_eq!(unescaped("/%/%4/%zz/%41/%2f/%é"), "/%/%4/%zz/A/%2F/%é");
    }
}
