//! The words of the field, and the rules that need no I/O.
//!
//! Every other crate stands on this one, so it knows nothing of databases, HTTP or configuration. What is here is either a
//! type that proves a check ([`RedirectUri`], [`ScopeSet`]), a value with a meaning ([`UserId`], [`Timestamp`]), or one of the
//! few primitives that must exist exactly once: the clock, the source of randomness, the keyed hash, the seal, and how a thread
//! gives way.

mod background;
mod clock;
mod digest;
mod identifier;
mod ids;
mod parameters;
mod random;
mod redirect_uri;
mod scope;
mod seal;
mod this_machine;

pub use background::work_in_background;
pub use clock::{Clock, Timestamp};
pub use digest::{Digest, HashKey};
pub use identifier::{IdentifierError, NormalisedIdentifier, nfkc_casefold};
pub use ids::{ApiTokenId, ClientId, GrantId, GroupId, PermissionId, PublicSessionId, TokenId, UserId};
pub use parameters::{Duplicate, Malformed, Parameters};
pub use random::Random;
pub use redirect_uri::{RedirectUri, RedirectUriError};
pub use scope::{ScopeSet, ScopeSyntaxError};
pub use seal::{SealError, Vault};
pub use this_machine::is_this_machine;
