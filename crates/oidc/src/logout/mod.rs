//! Applications that hear of the end of a session in which they were given tokens.
//!
//! ```text
//!  tokens are minted ──▶ a row of `session_clients`          (where the application wants to hear of the end)
//!  the session ends  ──▶ the row is taken, and in its place there is a job in the outbox    (one transaction)
//!                          ├──▶ Herald: a signed logout token, posted to backchannel_logout_uri, again until it arrives
//!                          └──▶ what was taken is told to whoever ended the session: the page loads frontchannel_logout_uri
//! ```
//! - [`roll`] is the table: who was given tokens in which session, and taking that at the end.
//! - [`herald`] sends logout tokens (OpenID Connect Back-Channel Logout 1.0).
//! - [`front`] makes the addresses that a browser loads (OpenID Connect Front-Channel Logout 1.0).
//!
//! Nobody waits for an application. Whoever is signed out is signed out before the first of them is told.

mod front;
mod herald;
mod roll;

pub use herald::Herald;
pub(crate) use roll::Roll;
pub use roll::{Member, end_members};
