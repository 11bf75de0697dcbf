//! Having signed out, while applications are told by way of the browser (OpenID Connect Front-Channel Logout 1.0).

use askama::Template;

use super::{Label, page};

/// The script of the page: it goes on once each application has loaded, or after four seconds. The policy of its answer names the
/// hash of this text and allows no other.
pub const LEAVE: &str = "(function(){var s=document.currentScript,n=+s.dataset.apps,seen=[],gone=false;\
function go(){if(!gone){gone=true;location.replace(document.getElementById('continue').href)}}\
document.addEventListener('load',function(e){var t=e.target;if(t.tagName==='IFRAME'&&seen.indexOf(t)<0){seen.push(t);\
if(seen.length>=n)go()}},true);setTimeout(go,4000)})()";

/// The SHA-256 hash of [`LEAVE`], as a policy names it.
pub const LEAVE_SHA256: &str = "WLCn+xlEfwI/zwXTAMndn8xHI/UKZLUSfiGyvrTvlvI=";

/// For how long a browser waits that runs no script, in seconds.
pub const LEAVE_WITHIN: u32 = 6;

/// `#signed-out`: it is done, and each application loads in a frame that shows nothing. `#continue` leads back to the app that
/// asked for it, if there is one.
#[derive(Clone, Debug, Template)]
#[template(path = "leaving.html")]
pub struct Leaving {
    /// The name of this identity provider.
    pub site: Label,
    /// What is loaded: proved addresses of applications.
    pub frames: Vec<String>,
    /// Where the person goes then: a proved redirect URI.
    pub onward: Option<String>,
}

page!(Leaving);

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    fn shown(onward: Option<&str>) -> String {
        let hostile = "https://a.example/out?x=\"><script>alert('x')</script>".to_owned();
        let frames = vec![hostile, "https://b.example/".to_owned()];
        Leaving { site: "Vestibule".into(), frames, onward: onward.map(str::to_owned) }.render()
    }

    #[test]
    fn the_hash_is_that_of_the_script() {
        assert_eq!(STANDARD.encode(digest(&SHA256, LEAVE.as_bytes())), LEAVE_SHA256);
    }

    #[test]
    fn a_frame_shows_nothing_and_can_lead_nobody_away() {
        let html = shown(Some("https://rp.example/out?state=\"a"));
        assert_eq!(html.matches("<iframe ").count(), 2, "{html}");
        assert_eq!(html.matches(" sandbox=\"allow-scripts allow-same-origin\"").count(), 2, "{html}");
        assert!(!html.contains("alert('x')") && html.contains(&format!("data-apps=\"2\">{LEAVE}</script>")), "{html}");
        assert_eq!(html.matches("<script").count(), 1, "{html}");
    }

    #[test]
    fn without_an_app_to_go_back_to_there_is_no_script() {
        assert!(!shown(None).contains("<script"));
    }
}
