//! Content-Security-Policy.

use url::{Host, Url};

use crate::pages::{CHECK_SESSION_SHA256, LEAVE_SHA256, SUBMIT_SHA256};

/// For everything that does not need more: no script at all, styles and images of our own, no frame around it.
pub(super) const DEFAULT: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                                  frame-ancestors 'none'; base-uri 'none'";

/// Schemes that no app can be reached by, and a page could be attacked with.
const NEVER: [&str; 8] = ["about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"];

/// The policy of a page whose form leads to one of `form_targets`: proved redirect URIs. It may show the `image` of the app that
/// it speaks of, and no other of that origin's making.
///
/// Chromium applies `form-action` to the redirect after a POST too, so a form that ends at an app must name it. What goes into
/// the policy is taken from the parsed URL, so that no target can add a directive. A target that cannot be named is left out.
#[must_use]
pub(crate) fn page_policy(form_targets: &[String], image: Option<&str>) -> String {
    let mut sources = vec!["'self'".to_owned()];
    for source in form_targets.iter().filter_map(|target| source(target)) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    let policy = DEFAULT.replace("form-action 'self'", &format!("form-action {}", sources.join(" ")));
    match image.and_then(source) {
        Some(image) => policy.replace("img-src 'self'", &format!("img-src 'self' {image}")),
        None => policy,
    }
}

/// The policy of the page that posts an answer to `action`, a proved redirect URI, by the script whose hash stands in it.
///
/// An application may lead on from there to an origin of its own that we do not know, and Chromium applies `form-action` to that
/// too: so it is the scheme that is named.
#[must_use]
pub(crate) fn posting_policy(action: &str) -> String {
    let scheme = Url::parse(action).ok().filter(|url| !NEVER.contains(&url.scheme()));
    let scheme = scheme.map_or_else(|| "'none'".to_owned(), |url| format!("{}:", url.scheme()));
    DEFAULT.replace("form-action 'self'", &format!("script-src 'sha256-{SUBMIT_SHA256}'; form-action {scheme}"))
}

/// The policy of the page that tells applications of a sign-out: it frames their origins and no other, by the script whose hash
/// stands in it.
#[must_use]
pub(crate) fn leaving_policy(frames: &[String]) -> String {
    let mut sources: Vec<String> = frames.iter().filter_map(|frame| source(frame)).collect();
    sources.sort_unstable();
    sources.dedup();
    let frames = if sources.is_empty() { "'none'".to_owned() } else { sources.join(" ") };
    let more = format!("script-src 'sha256-{LEAVE_SHA256}'; frame-src {frames}; form-action 'none'");
    DEFAULT.replace("form-action 'self'", &more)
}

/// The policy of the one page that anybody may frame: it runs its one script, and does nothing else.
#[must_use]
pub(crate) fn checking_policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{CHECK_SESSION_SHA256}'; form-action 'none'; frame-ancestors *; base-uri 'none'"
    )
}

fn source(target: &str) -> Option<String> {
    let url = Url::parse(target).ok()?;
    let scheme = url.scheme();
    if !matches!(scheme, "http" | "https") {
        // An app on the same device, by a scheme of its own. The parser lets through letters, digits, `+`, `-` and `.` only.
        return (!NEVER.contains(&scheme)).then(|| format!("{scheme}:"));
    }
    match url.host()? {
        // The grammar of sources knows no IPv6 address: only the scheme can be named.
        Host::Ipv6(_) => Some(format!("{scheme}:")),
        Host::Ipv4(_) => Some(url.origin().ascii_serialization()),
        Host::Domain(name) => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            name.bytes().all(plain).then(|| url.origin().ascii_serialization())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form_action(targets: &[&str]) -> String {
        let targets: Vec<_> = targets.iter().map(|target| (*target).to_owned()).collect();
        let policy = page_policy(&targets, None);
        assert_eq!(policy.matches(';').count(), DEFAULT.matches(';').count(), "{policy}");
        let directive = policy.split("; ").find_map(|directive| directive.strip_prefix("form-action "));
        directive.expect("a form-action").to_owned()
    }

    #[test]
    fn a_form_may_lead_to_the_origin_of_its_app_and_nowhere_else() {
        assert_eq!(form_action(&[]), "'self'");
        assert_eq!(
            form_action(&["https://app.example/cb?x=1", "https://app.example/other"]),
            "'self' https://app.example"
        );
        assert_eq!(form_action(&["http://127.0.0.1:4711/cb"]), "'self' http://127.0.0.1:4711");
        assert_eq!(form_action(&["com.example.app:/cb"]), "'self' com.example.app:");
        assert_eq!(form_action(&["http://[::1]:4711/cb"]), "'self' http:");
    }

    #[test]
    fn a_logo_adds_its_origin_to_the_images_and_nothing_else() {
        let policy = page_policy(&[], Some("https://cdn.example/logo.png?a=1;%20script-src%20*"));
        assert_eq!(policy, DEFAULT.replace("img-src 'self'", "img-src 'self' https://cdn.example"));
        assert_eq!(page_policy(&[], Some("data:image/png;base64,AA")), DEFAULT);
    }

    #[test]
    fn a_page_that_posts_an_answer_runs_its_one_script_and_posts_by_one_scheme() {
        let policy = posting_policy("https://app.example/cb?x=1;%20script-src%20*");
        assert!(policy.contains("script-src 'sha256-") && policy.contains("; form-action https:;"), "{policy}");
        assert!(!policy.contains(['*', '?']) && !policy.contains("unsafe"), "{policy}");
        assert!(posting_policy("com.example.app:/cb").contains("; form-action com.example.app:;"));
        assert!(posting_policy("javascript:alert(1)").contains("; form-action 'none';"));
    }

    #[test]
    fn a_page_that_tells_applications_frames_them_and_nobody_else_a11() {
        let frames =
            ["https://a.example/out?iss=x;%20frame-src%20*", "https://b.example:8443/", "https://a.example/", "data:x"];
        let policy = leaving_policy(&frames.map(str::to_owned));
        assert!(
            policy.contains("; frame-src https://a.example https://b.example:8443; form-action 'none';"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains(['*', '?']), "{policy}");
        assert!(leaving_policy(&[]).contains("frame-src 'none'"));
    }

    #[test]
    fn no_target_can_widen_the_policy_a11() {
        for evil in [
            "https://a.example; frame-ancestors *",
            "https://a;b.example/",
            "https://*/",
            "javascript:alert(1)",
            "data:text/html,x",
            "*",
            "'unsafe-inline'",
            "",
        ] {
            let action = form_action(&[evil]);
            assert!(!action.contains(['*', ';']) && !action.contains("unsafe"), "{evil}: {action}");
        }
        assert_eq!(form_action(&["javascript:alert(1)", "data:text/html,x"]), "'self'");
    }
}
