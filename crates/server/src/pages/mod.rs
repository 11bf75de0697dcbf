//! The pages that people see: one struct a page, its template compiled into the program.
//!
//! A page here is only looks and words. It is given what to show, and [`render`](SignIn::render) makes the HTML; which page
//! comes next, and what a form's answer means, is decided elsewhere.
//!
//! Three rules hold for every page, and the tests of this module prove them:
//! - What others chose (names of apps, of people, of scopes) is a [`Label`] or a [`WebAddress`]: types that cannot carry
//!   control characters, text-reordering characters or a `javascript:` link. The templates escape them besides.
//! - There is no script, no inline style and nothing from another host, so `default-src 'none'; style-src 'self'` is enough.
//!   The one exception is [`FormPost`]: it posts an answer to an application by one fixed script, whose hash the policy names.
//! - Forms are plain. The button that does what the form is for sends no `action`, or the one its page names; other buttons
//!   send `action` with one of [`action`]'s values.

mod account;
mod api_reference;
mod assets;
mod check_session;
mod connect_device;
mod consent;
mod device;
mod error;
mod fields;
mod form_post;
mod home;
mod label;
mod leaving;
mod logout;
mod moment;
mod notice;
mod password;
pub mod paths;
mod place;
mod recover;
mod register;
mod second_factor;
mod select_account;
mod setup;
mod sign_in;
#[cfg(test)]
mod tests;
mod totp_link;
mod trouble;
mod web_address;

pub use account::{
    Account, ApiTokens, Applications, ConsentLine, EmailLine, Emails, NewApiToken, PasswordState, PhoneLine, Profile,
    SecondFactorSettings, SecondFactorState, SessionLine, Sessions, TokenForm, TokenLine, TokenScope,
};
pub use api_reference::{ApiEntry, ApiGroup, ApiReference, ApiRow, ApiTable};
pub use assets::{Asset, mark, stylesheet};
pub use check_session::{CHECK_SESSION, CHECK_SESSION_SHA256, CheckSession};
pub use connect_device::{DeviceCode, DeviceConfirm};
pub use consent::{Consent, ScopeLine};
pub use device::device_in_words;
pub use error::ErrorPage;
pub use fields::{Fact, Field, FieldGroup, Input};
pub use form_post::{FormPost, SUBMIT, SUBMIT_SHA256};
pub use home::Home;
pub use label::Label;
pub use leaving::{LEAVE, LEAVE_SHA256, LEAVE_WITHIN, Leaving};
pub use logout::{Logout, SignedOut};
pub use moment::{Moment, wait_in_words};
pub use notice::Notice;
pub use password::{ChangePassword, NewPassword, ResetPassword};
pub use place::place_in_words;
pub use recover::Recover;
pub use register::{Register, RegisterFinish, VerifyEmail};
pub use second_factor::{CodeKind, EnrolReason, EnrolSecondFactor, RecoveryCodes, SecondFactor, SecondFactorError};
pub use select_account::{Choice, SelectAccount};
pub use setup::Setup;
pub use sign_in::{SignIn, SignInError};
pub use totp_link::TotpLink;
pub use trouble::Trouble;
pub use web_address::WebAddress;

/// What a form carries unseen: the CSRF token, the id of the request that waits. Names are ours, values may be anything.
pub type Hidden = Vec<(&'static str, String)>;

/// What the field `action` of a form can hold: which button was pressed.
pub mod action {
    /// Give up, and go back to the app with `access_denied`.
    pub const CANCEL: &str = "cancel";
    /// Go on with the account that is signed in.
    pub const CONTINUE: &str = "continue";
    /// Sign in with another account.
    pub const SWITCH: &str = "switch";
    /// Sign in with an account that is there already, in place of making one.
    pub const HAS_ACCOUNT: &str = "has-account";
    /// Let the app have what it asks for.
    pub const ALLOW: &str = "allow";
    /// Refuse the app what it asks for.
    pub const DENY: &str = "deny";
    /// Sign out.
    pub const SIGN_OUT: &str = "sign-out";
    /// Stay signed in.
    pub const STAY: &str = "stay";
    /// Have messages sent to this address.
    pub const MAKE_PRIMARY: &str = "make-primary";
    /// Send the link that confirms this address once more.
    pub const SEND_LINK: &str = "send-link";
    /// Remove this address.
    pub const REMOVE: &str = "remove";
    /// Begin to use a second factor.
    pub const TURN_ON: &str = "turn-on";
    /// Use no second factor any more.
    pub const TURN_OFF: &str = "turn-off";
    /// Make new recovery codes, so that the old ones are good for nothing.
    pub const NEW_CODES: &str = "new-codes";
    /// End this session.
    pub const END: &str = "end";
    /// End every session but this one.
    pub const END_ALL: &str = "end-all";
    /// Take back what an app was allowed.
    pub const WITHDRAW: &str = "withdraw";
    /// Make this API token good for nothing.
    pub const REVOKE: &str = "revoke";
}

/// The app that a person is on the way to.
#[derive(Clone, Debug, Default)]
pub struct App {
    /// Its registered name.
    pub name: Label,
    /// The host that the browser will be sent back to, which unlike the name nobody can make up.
    pub host: Option<Label>,
    /// The host that says what it is, where it is known by a document of its own there.
    pub published_at: Option<Label>,
    /// Whether such an app is answered at a program on the person's own device, for which any other there could pass.
    pub on_this_device: bool,
    /// Its logo, where it registered one. A page that shows it needs a policy that lets it.
    pub logo_uri: Option<WebAddress>,
    /// Its privacy policy, where it registered one.
    pub policy_uri: Option<WebAddress>,
    /// Its terms of service, where it registered them.
    pub tos_uri: Option<WebAddress>,
}

/// The person a page speaks of.
#[derive(Clone, Debug)]
pub struct Person {
    /// How they are called: their full name where it is known, else the username.
    pub name: Label,
    /// What they sign in with: the e-mail address or the username.
    pub identifier: Label,
}

impl Person {
    /// The letter that stands in the circle beside the name.
    pub(crate) fn initial(&self) -> String {
        let letter = self.name.as_str().chars().find(|c| c.is_alphanumeric());
        letter.map_or_else(|| "•".to_owned(), |letter| letter.to_uppercase().collect())
    }

    /// Whether the identifier says anything that the name does not.
    pub(crate) fn has_identifier(&self) -> bool {
        !self.identifier.is_empty() && self.identifier != self.name
    }
}

/// Gives a template its public `render`.
macro_rules! page {
    ($name:ident) => {
        impl $name {
            /// The page as HTML.
            #[must_use]
            pub fn render(&self) -> String {
                // Rendering fails only where a filter or a `Display` fails, and these templates use none that can.
                askama::Template::render(self).unwrap_or_default()
            }
        }
    };
}
use page;
