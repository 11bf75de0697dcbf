//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3.1.2), without HTTP.
//!
//! ```text
//!  sent ──resolve──> parameters ──address──> Addressee ──rules──> ValidRequest ──next──> Next::{SignIn, …, Consent, Finish}
//!                        │ (client and redirect URI proved)  │                     ↑          │            │
//!                        └─> PageError: a page, no redirect  └─> Answer: redirect  └──a page──┘            └─> Answer with the code
//! ```
//! - `resolve` says what counts: the parameters as they were sent, those of a request object (`object`, which `reference`
//!   fetches where only its address is sent), or those that were pushed before (`push`).
//! - [`request`] proves client and redirect URI first. Only what is proved can be answered at: an [`Addressee`] is the one
//!   way to make an [`Answer`].
//! - `rules` is the ordered table of what else a request must satisfy.
//! - [`dispatch`] is the one place that says what is missing; every page returns to it.
//! - `finish` issues the code, and mints what is to come with it or in its place; `response` says how that travels.

pub mod dispatch;
mod error;
mod finish;
mod object;
mod push;
mod reference;
pub mod request;
mod resolve;
mod response;
mod rules;

pub use dispatch::{HalfSignedIn, Next, Progress, Registered, SignedIn};
pub(crate) use error::request_doubles;
pub use error::{Answer, AuthorizeError, Delivery, ErrorCode, PageError};
pub use push::{PushError, PushedRequest};
pub(crate) use reference::References;
pub use request::{Addressee, Display, Prompt, ValidRequest};
pub(crate) use response::IMPLICIT;
pub use response::{ResponseMode, ResponseType};

pub use crate::pushed::PushedId;
