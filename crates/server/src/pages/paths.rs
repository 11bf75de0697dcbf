//! Where our own pages are, for the links between them.

/// What belongs to the person who is signed in.
pub const ACCOUNT: &str = "/account";
/// Changing the password.
pub const PASSWORD: &str = "/account/password";
/// E-mail addresses and phone numbers.
pub const EMAILS: &str = "/account/emails";
/// The second factor: on or off.
pub const SECOND_FACTOR: &str = "/account/second-factor";
/// Where somebody is signed in.
pub const SESSIONS: &str = "/account/sessions";
/// What apps were allowed.
pub const APPLICATIONS: &str = "/account/applications";
/// API tokens.
pub const TOKENS: &str = "/account/tokens";
/// Names and attributes.
pub const PROFILE: &str = "/account/profile";
/// For whoever forgot the password.
pub const RECOVER: &str = "/recover";
/// For whoever has no account.
pub const REGISTER: &str = "/register";
