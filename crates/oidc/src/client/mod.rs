//! Applications (clients), and the APIs that they call.
//!
//! [`ClientMetadata`] is what is said of an application when it is registered, in the names of RFC 7591; [`Clients`] keeps
//! them; [`authentication`] lets one prove itself at the token endpoint; [`Apis`] keeps the resource servers, whose scopes
//! decide the audience of access tokens. The endpoints find both in memory (`known`, `api_lookup`).

mod api_lookup;
mod apis;
mod apps;
pub mod authentication;
mod certificate;
mod documented;
mod encryption;
mod import;
pub(crate) mod known;
mod logout;
mod metadata;
mod new_client;
mod proof;
mod registry;
mod request_object;
mod secret;
pub(crate) mod sector;
mod self_registered;
mod signing;
#[cfg(test)]
mod specimen;
mod trusted_issuer;

use std::sync::Arc;

use secrecy::SecretString;
use vestibule_core::{ClientId, Digest, RedirectUri, ScopeSet, Timestamp};
use vestibule_jose::JwkSet;

pub use apis::{Api, ApiError, ApiScope, Apis, NewApi};
pub use certificate::{CertificateName, SenderCertificate};
pub use documented::DocumentCopy;
pub(crate) use documented::Written;
pub use encryption::{EncryptionMetadata, NotEncrypted};
pub use import::{ImportedClient, ImportedSecret};
pub use metadata::{AccessTokenFormat, AuthMethod, ClientMetadata, MetadataError};
pub use new_client::NewClient;
pub(crate) use proof::is_fetched;
pub use registry::{ClientRules, Clients, ClientsError, CreatedClient};
pub use request_object::RequestObjectAlgorithm;
pub use sector::{SubjectType, check_sector};
pub use self_registered::SelfRegistered;
pub(crate) use signing::supported as supported_algorithms;
pub use trusted_issuer::TrustedIssuer;
pub use vestibule_jose::{ContentEncryption, Encryption, KeyManagement};

/// A registered application.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// The name that people are shown.
    pub name: String,
    /// How it proves itself; nothing here: by client_secret_basic or client_secret_post, as it likes.
    pub auth_method: Option<AuthMethod>,
    /// The rest of what was said at registration.
    pub metadata: ClientMetadata,
    /// Whether it is the organisation's own, so that nobody is asked for consent.
    pub first_party: bool,
    /// Whether it must use PKCE. A public one must in any case.
    pub require_pkce: bool,
    /// Whether people must show a second factor to sign in to it.
    pub require_second_factor: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When that last changed.
    pub updated_at: Timestamp,
    /// By which door it came, where it registered itself.
    pub self_registered: Option<SelfRegistered>,
    /// How old the document is that it is known by, where it is known by one.
    pub document: Option<DocumentCopy>,
    pub(crate) registration_digest: Option<Digest>,
    pub(crate) secret_digest: Option<Digest>,
    /// Its secret as it is, sealed, where an HMAC needs it.
    pub(crate) sealed_secret: Option<Vec<u8>>,
    /// The keys of its metadata, parsed.
    pub(crate) keys: Option<Arc<JwkSet>>,
    /// The hash that another system made of the secret, until the secret is first shown.
    pub(crate) imported_secret_hash: Option<SecretString>,
}

impl Client {
    /// What its secret is sealed for; it opens for nothing else.
    pub(crate) fn secret_context(id: &ClientId) -> String {
        format!("client secret {id}")
    }

    /// Whether it cannot keep a secret (RFC 6749 section 2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.auth_method == Some(AuthMethod::None)
    }

    /// The redirect URI to answer at, where `presented` is one of those registered (or the only one, and none is presented).
    #[must_use]
    pub fn redirect_uri(&self, presented: Option<&str>) -> Option<RedirectUri> {
        let registered = &self.metadata.redirect_uris;
        match presented {
            Some(presented) => registered.iter().find_map(|uri| uri.matching(presented)),
            None if registered.len() == 1 => registered.first().cloned(),
            None => None,
        }
    }

    /// Where to go after a sign-out, where `presented` is registered for that.
    #[must_use]
    pub fn post_logout_redirect_uri(&self, presented: &str) -> Option<RedirectUri> {
        self.metadata.post_logout_redirect_uris.iter().find_map(|uri| uri.matching(presented))
    }

    /// Whether it may use a grant type (RFC 7591 section 2).
    #[must_use]
    pub fn may_use_grant(&self, grant_type: &str) -> bool {
        self.metadata.grant_types.iter().any(|allowed| allowed == grant_type)
    }

    /// The scopes that it may ask for.
    #[must_use]
    pub fn allowed_scopes(&self) -> &ScopeSet {
        &self.metadata.scope
    }

    /// Whether nothing of it has changed since `other` was read: to prove it anew would come to the same.
    fn is_as(&self, other: &Self) -> bool {
        self.updated_at == other.updated_at
            && self.secret_digest == other.secret_digest
            && self.imported_secret_hash.is_some() == other.imported_secret_hash.is_some()
    }
}
