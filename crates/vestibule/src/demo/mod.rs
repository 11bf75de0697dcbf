//! `vestibule demo`: somebody else's app and somebody else's API, which know of the provider only what any client may know.
//!
//! - [`web`] is a sample app, "Harbour Notes": it signs people in through discovery, the code flow and PKCE, with a client
//!   library that nobody here wrote, and signs them out again.
//! - [`api`] is a sample resource server: it gives its notes to whoever brings an access token made for it.
//! - [`check`] is a sample person: a careful browser without a window, which walks the whole sign-in and says what it saw.
//!
//! None of them reaches into the provider; all they share with it is HTTP. What they need to begin with, a registered client,
//! an API and some users, is made by whoever starts the provider:
//!
//! ```text
//! DemoServers::bind ──▶ register client, API, users ──▶ Demo::start ──▶ Demo::run | Demo::check
//!  (so that the app's                                    (issuer is
//!   addresses are known)                                  answering)
//! ```

mod api;
mod bind;
mod check;
mod discovery;
mod http;
mod people;
mod running;
mod serve;
mod web;

pub use bind::{DemoError, DemoServers};
pub use people::{DemoUser, demo_users};
pub use running::{Demo, DemoClient, Wiring};

/// The scope that the sample API asks for.
pub const NOTES_SCOPE: &str = "notes.read";

/// The scopes that the sample app asks for.
pub const APP_SCOPES: [&str; 4] = ["openid", "profile", "email", NOTES_SCOPE];

/// The name that the sample app is registered under.
pub const APP_NAME: &str = "Harbour Notes";
