//! The authorization server, without HTTP: what OAuth 2.0 and OpenID Connect decide, and its own tables.
//!
//! - [`Provider`] is what the endpoints call; it holds the settings and the rooms below.
//! - [`authorize`] turns parameters into a [`ValidRequest`](authorize::ValidRequest), says what is still missing
//!   ([`Next`](authorize::Next)), and finishes with a code.
//! - [`token`] redeems grants, in phases that no grant can skip.
//! - [`introspection`] says what is to be known of a token, [`revocation`] takes one back, [`feed`] lets APIs hear of that.
//! - [`userinfo`], [`end_session`] and [`discovery`] are the endpoints beside.
//! - [`PresentedToken`] is an access token at one of our own resources, with the proof of its key (DPoP).
//! - [`registration`] lets applications register themselves.
//! - [`levels`] says how sure we are of somebody (`acr`).
//! - [`client`] holds the applications, the APIs they call, and how an application proves itself.
//!
//! Below it stand `users`, `sessions`, `tokens` and `jose`; above it `server`, which speaks HTTP.

mod access_claims;
pub mod authorize;
mod claims;
pub mod client;
mod code;
mod code_grant;
mod consents;
mod device;
pub mod discovery;
pub mod documents;
mod dpop;
pub mod end_session;
pub mod feed;
mod grants;
pub mod introspection;
pub mod levels;
mod logout;
mod network;
mod presence;
mod presented;
mod provider;
mod pushed;
pub mod registration;
mod requested_claims;
pub mod revocation;
mod scope;
mod second_factor;
mod session_state;
mod sign_out;
mod tables;
mod target;
pub mod token;
pub mod userinfo;

pub use claims::{OFFLINE_ACCESS, STANDARD_SCOPES};
pub use consents::{Consented, Consents};
pub use device::{DeviceAnswer, DeviceError, Guess};
pub use dpop::{DpopRefusal, DpopRequest};
pub use grants::{EndingError, Grants, ImportedGrant, ImportedToken, RefreshPolicy, Whose, end_grants};
pub use logout::{Herald, Member, end_members};
pub use presence::Present;
pub use presented::{PresentedError, PresentedToken, TokenScheme};
pub use provider::{Parts, Provider, Settings};
pub use requested_claims::RequestedClaims;
pub use second_factor::SecondFactorStep;

/// Something that every request needs (the database, the store of what expires, a signing key) does not answer. The request
/// fails and changes nothing more; trying again later may help.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(String);

impl Unavailable {
    /// For whatever went wrong below, in its own words.
    pub fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

macro_rules! unavailable_from {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Unavailable {
            fn from(error: $error) -> Self {
                Self::because(error)
            }
        })+
    };
}

unavailable_from!(
    sea_orm::DbErr,
    serde_json::Error,
    vestibule_database::GatherError,
    vestibule_ephemeral::Error,
    vestibule_tokens::RevocationError,
    vestibule_tokens::MintError,
    vestibule_users::Unavailable,
);
