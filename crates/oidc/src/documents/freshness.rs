//! For how long a document counts, by what came with it (RFC 9111 sections 4.2 and 5.2.2), within an operator's bounds.

use std::time::Duration;

use chrono::DateTime;
use vestibule_core::Timestamp;
use vestibule_outbound::Fetched;

use super::DocumentPolicy;

/// Where nothing is said of it.
const UNSAID: Duration = Duration::from_secs(3600);

/// For how long what was fetched need not be fetched again.
pub(super) fn lifetime(fetched: &Fetched, policy: &DocumentPolicy, now: Timestamp) -> Duration {
    let all = |name: &str| -> Vec<&str> {
        fetched.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    };
    let said = said(&all("cache-control").join(","), all("age").first(), all("expires").first(), now);
    // The least bound is the stronger: it is what keeps us from fetching at every request.
    said.unwrap_or(UNSAID).min(policy.longest).max(policy.shortest)
}

/// What the headers say; nothing where they say nothing that can be read.
fn said(control: &str, age: Option<&&str>, expires: Option<&&str>, now: Timestamp) -> Option<Duration> {
    let mut directives = control.split(',').map(|directive| directive.trim().to_ascii_lowercase());
    let mut longest = None;
    let stored = directives.all(|directive| {
        if let Some(seconds) = directive.strip_prefix("max-age=") {
            // Where it stands twice, or is no number, the answer counts as stale (section 4.2.1).
            let seconds = seconds.trim_matches('"').parse().unwrap_or(0);
            longest = Some(longest.map_or(seconds, |before: u64| before.min(seconds)));
        }
        !matches!(directive.as_str(), "no-store" | "no-cache")
    });
    if !stored {
        return Some(Duration::ZERO);
    }
    if let Some(seconds) = longest {
        let age = age.and_then(|age| age.trim().parse().ok()).unwrap_or(0);
        return Some(Duration::from_secs(seconds.saturating_sub(age)));
    }
    // A date that cannot be read lies in the past (section 5.3).
    let ends = DateTime::parse_from_rfc2822(expires?.trim()).map_or(0, |date| date.timestamp());
    Some(Duration::from_secs(u64::try_from(ends.saturating_sub(now.seconds())).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(control: &str, age: Option<&str>, expires: Option<&str>) -> Option<u64> {
        // Wed, 21 Oct 2015 07:28:00 GMT
        let now = Timestamp::from_seconds(1_445_412_480);
        said(control, age.as_ref(), expires.as_ref(), now).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn the_headers_say_how_long_a_document_counts() {
        assert_eq!(seconds("", None, None), None);
        assert_eq!(seconds("public, Max-Age=600", None, None), Some(600));
        assert_eq!(seconds("max-age=600", Some("200"), None), Some(400), "less what it spent on the way");
        assert_eq!(seconds("", None, Some("Wed, 21 Oct 2015 07:29:00 GMT")), Some(60));
        assert_eq!(
            seconds("max-age=5", None, Some("Wed, 21 Oct 2015 07:29:00 GMT")),
            Some(5),
            "max-age is the stronger"
        );
    }

    #[test]
    fn what_must_not_be_kept_or_cannot_be_read_counts_for_nothing() {
        for control in ["no-store", "max-age=600, no-cache", "max-age=many", "max-age=-1", "max-age=600, max-age=0"] {
            assert_eq!(seconds(control, None, None), Some(0), "{control}");
        }
        for expires in ["0", "yesterday", "Wed, 21 Oct 2015 07:27:00 GMT"] {
            assert_eq!(seconds("", None, Some(expires)), Some(0), "{expires}");
        }
        assert_eq!(seconds("max-age=10", Some("600"), None), Some(0));
    }
}
