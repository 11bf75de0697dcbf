//! The endpoints: each reads a request, asks the crates below, and writes the answer. Nothing is decided here that the
//! specifications decide; that is `vestibule-oidc`'s.
//!
//! - Protocol: [`authorize`], [`par`], [`token`], [`introspect`], [`revoke`], [`revocations`], [`userinfo`], [`documents`]
//!   (discovery and keys), [`end_session`], [`registration`] (of applications).
//! - Pages: [`login`], [`second_factor`], [`consent`], [`device`], [`logout`], [`setup`], [`home`]. Each form is posted back to
//!   its page, and each answer
//!   goes through [`flow`], where the dispatcher says what comes next.
//! - Behind mailed links, and on the way to them: [`recover`], [`verify_email`], [`register`]; [`links`] is what they share, and
//!   [`attribute_fields`] what is asked of people beyond that.
//! - [`account`]: what people look after themselves, each page behind a sign-in.
//! - [`health`] and [`metrics`] are for operators.

pub(crate) mod account;
mod accounts;
mod attribute_fields;
pub(crate) mod authorize;
pub(crate) mod browser;
pub(crate) mod consent;
pub(crate) mod device;
pub(crate) mod documents;
pub(crate) mod dpop;
pub(crate) mod end_session;
pub(crate) mod flow;
pub(crate) mod form;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod introspect;
mod leaving;
mod links;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod metrics;
pub(crate) mod par;
pub(crate) mod recover;
pub(crate) mod register;
mod registering;
pub(crate) mod registration;
pub(crate) mod reply;
pub(crate) mod revocations;
pub(crate) mod revoke;
pub(crate) mod second_factor;
mod select_account;
pub(crate) mod setup;
pub(crate) mod sign_in;
mod target;
pub(crate) mod token;
pub(crate) mod userinfo;
pub(crate) mod verify_email;
pub(crate) mod watched;
