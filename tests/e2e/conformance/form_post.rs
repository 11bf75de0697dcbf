//! The three plans of the form_post response mode: the same modules, and the answer is a form.

use super::plan::{HYBRID, IMPLICIT, modules};

/// Of the basic, the implicit and the hybrid plan.
fn all() -> impl Iterator<Item = &'static str> {
    ["code"].into_iter().chain(IMPLICIT.iter().copied()).chain(HYBRID.iter().copied())
}

modules!(all(), Some("form_post");
    oidcc_server,
    oidcc_alternate_happy_flow,
    oidcc_prompt_none_not_logged_in,
    oidcc_prompt_none_logged_in,
    oidcc_ensure_registered_redirect_uri,
    oidcc_ensure_post_request_succeeds,
    oidcc_response_type_missing,
);
