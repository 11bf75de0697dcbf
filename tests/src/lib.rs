//! What the end-to-end tests stand on: a whole provider in this process, and those who deal with it.
//!
//! - [`TestApp`] is the provider on a loopback port, with a clock that tests move. `VESTIBULE_TEST_BACKEND` chooses what it
//!   stands on: SQLite and the embedded store, or (`postgres`) the servers that `VESTIBULE_TEST_POSTGRES_URL` and
//!   `VESTIBULE_TEST_REDIS_URL` name.
//! - [`Person`] has an account there, [`ThirdParty`] is an application that is registered there.
//! - [`ClientKey`] is one that an application signs with, [`KeySite`] where it publishes its keys, [`DocumentSite`] what it
//!   says of itself, [`Certificate`] what it
//!   shows in a handshake, and [`Authority`] who issues it.
//! - [`Browser`] keeps cookies and shows [`Page`]s; a person at it signs in and consents.
//! - [`Authenticator`] is the app on somebody's phone that shows the codes of a second factor.
//! - [`Mail`] is what the provider sent.
//! - [`Administrator`] calls the administration API, and holds each answer against its document ([`Contract`]).
//! - [`DpopKey`] makes the proofs of an application that uses DPoP.
//! - [`FuzzScene`] is what inputs of strangers are tried on.
//! - [`AuthorizeRequest`] and [`TokenRequest`] are what an application sends: right by default, and free to be wrong.

mod administrator;
mod answer;
mod app;
mod authenticator;
mod authority;
mod backend;
mod browser;
mod client;
mod contract;
mod document_site;
mod dpop;
mod fuzz;
mod html;
mod jwt;
mod key;
mod mail;
mod page;
mod person;
mod request;
mod site;
mod token;
mod told;
mod wire;

pub use administrator::Administrator;
pub use answer::Answer;
pub use app::TestApp;
pub use authenticator::Authenticator;
pub use authority::{Authority, Certificate};
pub use browser::Browser;
pub use client::{ClientSpec, ThirdParty};
pub use contract::{Contract, Described, is_problem};
pub use document_site::DocumentSite;
pub use dpop::{DpopKey, DpopProof};
pub use fuzz::{FUZZ_TARGETS, FuzzScene};
pub use html::Form;
pub use jwt::{claims, header, unsigned};
pub use key::{ASSERTION_TYPE, ClientKey, signed};
pub use mail::Mail;
pub use page::Page;
pub use person::Person;
pub use request::AuthorizeRequest;
pub use site::KeySite;
pub use token::{JsonAnswer, TokenRequest, Tokens};
pub use told::LogoutSite;
pub use wire::Wire;
