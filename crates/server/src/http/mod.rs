//! Everything below the handlers: connections, and what each request passes on its way to its handler and back.
//!
//! [`listen`] owns the sockets and gives each request to a hyper service; [`Bridge`] makes one of a poem endpoint; [`Stack`]
//! puts around the router, in the one right order, what holds for every request:
//!
//! ```text
//! Journal           request id, client address, one line in the log
//! SecurityHeaders   on every answer, whoever gave it
//! Cors              opens the few endpoints that pages elsewhere may read
//! ErrorAnswers      an error becomes a page, or JSON on a protocol endpoint
//! BodyLimit         a body that is too long becomes an error
//! TimeLimit         a request that takes too long becomes an error
//! CatchPanic        a panic becomes an error
//! the router        with Methods, which answers 405 with Allow
//! ```
//!
//! For handlers there is besides: [`read_form`] and [`read_query`], [`check_origin`], [`Cookies`] and [`CookieRules`],
//! [`page_policy`], and [`Failure`], the error to return.

mod body_limit;
mod bridge;
mod catch_panic;
mod client_address;
mod cookies;
mod cors;
mod error_answers;
mod failure;
mod form;
mod journal;
mod listen;
#[cfg(test)]
mod log;
mod methods;
mod origin;
mod policy;
mod request_id;
mod security_headers;
mod stack;
#[cfg(test)]
mod tests;
mod time_limit;

pub use bridge::Bridge;
pub use client_address::{Networks, TrustedProxies};
pub(crate) use listen::PeerCertificate;
pub use listen::{BindError, ClientCertificates, Connection, Door, Limits, Orders, TlsError, TlsFiles, bind, serve};

pub(crate) use client_address::ClientAddress;
pub(crate) use cookies::{CookieName, CookieRules, Cookies};
pub(crate) use cors::OpenPath;
pub(crate) use error_answers::description as plain_description;
pub(crate) use failure::Failure;
pub(crate) use form::{FormError, is_of_type, read_form, read_query, read_whole};
pub(crate) use methods::Methods;
pub(crate) use origin::check_origin;
pub(crate) use policy::{checking_policy, leaving_policy, page_policy, posting_policy};
pub(crate) use request_id::RequestId;
pub(crate) use security_headers::MayBeFramed;
pub(crate) use stack::Stack;
