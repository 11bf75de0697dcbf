//! The plan of the implicit flow (`oidcc-implicit-certification-test-plan`).

use super::plan::{IMPLICIT, modules};

modules!(IMPLICIT.iter().copied(), None;
    oidcc_server,
    oidcc_idtoken_signature,
    oidcc_ensure_request_without_nonce_fails,
    oidcc_scope_profile,
    oidcc_scope_email,
    oidcc_scope_all,
    oidcc_alternate_happy_flow,
    oidcc_display_page,
    oidcc_display_popup,
    oidcc_prompt_login,
    oidcc_prompt_none_not_logged_in,
    oidcc_prompt_none_logged_in,
    oidcc_max_age_1,
    oidcc_max_age_10000,
    oidcc_ensure_request_with_unknown_parameter_succeeds,
    oidcc_id_token_hint,
    oidcc_login_hint,
    oidcc_ui_locales,
    oidcc_claims_locales,
    oidcc_ensure_request_with_acr_values_succeeds,
    oidcc_ensure_registered_redirect_uri,
    oidcc_ensure_post_request_succeeds,
);
