//! The headers that keep browsers from being turned against us, on every answer.

use http::{
    HeaderName, HeaderValue,
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY,
        STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use poem::Response;

use super::policy;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// What no handler can change.
const ALWAYS: [(HeaderName, HeaderValue); 4] = [
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Under no-referrer browsers would post our own forms with `Origin: null`.
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()")),
];

/// What holds unless a handler has set its own.
///
/// There is no Cross-Origin-Opener-Policy among it: an app may sign people in by a popup (`display=popup`), which would lose
/// its opener on passing one page of ours that had such a policy.
const UNLESS_SET: [(HeaderName, HeaderValue); 2] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy::DEFAULT)),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// A year: for as long, a browser that was here once comes back by HTTPS alone.
const TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// How many headers are set here and by the layer around, at most.
const ROOM: usize = 9;

/// Marks an answer that anybody may frame, wherever they are. Its own policy says so, and what it may do there.
#[derive(Clone, Copy)]
pub(crate) struct MayBeFramed;

/// Puts the security headers on each answer, errors included.
pub(super) struct SecurityHeaders {
    /// Whether the public URL is HTTPS.
    pub(super) https: bool,
}

impl SecurityHeaders {
    pub(super) fn put_on(&self, response: &mut Response) {
        let framed = response.extensions().get::<MayBeFramed>().is_some();
        let headers = response.headers_mut();
        // At once for all that are set here and after: to grow step by step would sort them anew each time.
        headers.reserve(ROOM);
        for (name, value) in ALWAYS {
            headers.insert(name, value);
        }
        if framed {
            headers.remove(X_FRAME_OPTIONS);
        }
        for (name, value) in UNLESS_SET {
            headers.entry(name).or_insert(value);
        }
        if self.https {
            headers.insert(STRICT_TRANSPORT_SECURITY, TRANSPORT);
        }
        if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            let readers = if framed { "cross-origin" } else { "same-origin" };
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static(readers));
        }
    }
}
