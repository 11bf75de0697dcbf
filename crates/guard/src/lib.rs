#![doc = include_str!("../README.md")]
//!
//! # How a request is admitted
//!
//! ```text
//! Authorization, DPoP ──credentials──▶ is the token good? ──▶ is it its holder who sends it? ──▶ Claims, in the request
//!                                       │ local: signature,     dpop, certificate
//!                                       │   typ, iss, aud, exp
//!                                       │ introspection: asked, kept in `verdicts`
//!                                       └ `revocations`, in memory: was it ended before its time?
//! ```
//! Every phase is a module of that name; `admission` walks through them. What a route asks for besides (a scope, a permission, a
//! recent sign-in) stands in `require` and is asked of the [`Claims`]. A refusal is one of [`Denied`], a closed set, and
//! [`Refusal`] is its answer with the challenge of RFC 6750, 9449 and 9470.
//!
//! # What is kept in memory, and for how long it may be out of date
//!
//! | | bounded by | out of date for at most |
//! | --- | --- | --- |
//! | the provider's metadata and keys | 256 KiB each | ten minutes, an hour while the provider does not answer, then requests are answered with 503 |
//! | JWTs whose signature was verified | [`Builder::memory`] | not at all: expiry and the keys are asked each time |
//! | answers of introspection, while the stream of revocations is there | [`Builder::memory`] | permissions 60 seconds, revocations not at all |
//! | the same without the stream | [`Builder::memory`] | 5 seconds |
//! | revocations | a million entries | what the network takes; a connection that is cut silently is noticed within 30 seconds |
//! | proofs that were seen | 500,000 | |
//!
//! With a client ([`Builder::client`]) JWTs are ended by the stream too. While it is down they are asked about like opaque tokens.
//! Where the provider does not answer those questions either, they are believed for 30 seconds more ([`Builder::believe_blindly`])
//! and then refused with 503. Without a client, a JWT is good until it expires.
//!
//! Each process remembers for itself which proofs it saw. Where several replicas stand behind one name, a proof could be used once
//! at each of them within two minutes; [`Builder::require_nonces`] narrows that to the life of a nonce, and no further.

mod admission;
mod builder;
mod certificate;
mod challenge;
mod claims;
mod credentials;
mod denied;
mod dpop;
mod extract;
mod guard;
mod introspection;
mod keeper;
mod local;
mod metadata;
mod provider;
mod require;
mod revocations;
mod verdicts;

pub use builder::{BuildError, Builder};
pub use certificate::ClientCertificate;
pub use challenge::Refusal;
pub use claims::Claims;
pub use denied::{Denied, ProofFault, TokenFault};
pub use extract::{Permissions, Scopes, Subject};
pub use guard::{Guard, Guarded};
pub use metadata::ResourceMetadata;
pub use require::{Required, Requirement, StepUp, require_authentication, require_permission, require_scope};
pub use vestibule_core::{Clock, Random, ScopeSet, Timestamp};
pub use vestibule_jose::Algorithm;
pub use vestibule_outbound::fetch::{FetchRules, Fetcher};
