//! Who sits at this browser: sessions, and requests that wait for the person at it.
//!
//! Everything lies in [`vestibule_ephemeral`]; nothing here knows of HTTP. Three random values of 256 bits are given out, and
//! none of them is kept: the store holds their keyed hashes.
//!
//! | value | where it travels | what it opens |
//! | --- | --- | --- |
//! | [`SessionToken`] | the session cookie | a [`Session`], by [`Sessions::find`] |
//! | [`BrowserToken`] | a cookie that says which browser this is, signed in or not | with a [`RequestId`], a waiting request; and the [`CsrfKey`]'s tokens |
//! | [`RequestId`] | addresses and forms of our pages | with the browser's token, a waiting request |
//!
//! ```text
//!              start (new id)                    start again: sign-in, step-up
//!  nobody ───────────────────▶ a session ◀──────────────────────────────────────▶ a session with another id
//!     ▲                            │
//!     └────────────────────────────┘  end, end_all, idle too long, absolute end
//!
//!            begin                update (compare and swap)         finish (taken once)
//!  ───────────────────▶ waiting ◀──────────────────────────▶ waiting ─────────────────▶ gone
//! ```

mod csrf;
mod pending;
mod policy;
mod session;
mod sessions;
mod token;

pub use csrf::CsrfKey;
pub use pending::{FinishError, Pending, PendingError, UpdateError, Waiting};
pub use policy::Policy;
pub use session::{Authentication, Origin, Session};
pub use sessions::Sessions;
pub use token::{BrowserToken, RequestId, SessionToken};

/// Why the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct Unavailable(#[from] vestibule_ephemeral::Error);
