//! Applications whose `client_id` is the address of a document that says what they are
//! (draft-ietf-oauth-client-id-metadata-document; sections as of -01).
//!
//! ```text
//! client_id ──▶ an address? ──▶ let in by the operator? ──▶ a row, and fresh? ──yes──▶ that application
//!                  │ no: as registered     │ no: unknown              │ no
//!                  ▼                       ▼                          ▼
//!                                one caller fetches, at a pace ──▶ names itself, no secret ──▶ the rules of registration ──▶ row
//!                                                        │ failed
//!                                                        └──▶ the row, where it is no older than a day; else refused
//! ```
//! What a document says becomes a row of the table of applications (`client/documented.rs`), so that everything that stands on one
//! (consents, grants, revocation, introspection, sign-out) goes on as for any other, also while the document cannot be had.

mod address;
mod content;
mod freshness;
mod limit;

use std::{sync::Arc, time::Duration};

use vestibule_core::ClientId;
use vestibule_outbound::Fetch;

pub use address::{AddressError, AllowedAddress, is_address};
pub(crate) use limit::Slots;

use crate::{
    Provider, Unavailable,
    client::{Client, ClientsError, DocumentCopy, SelfRegistered, Written},
    registration::{RegistrationError, Vouching},
};
use address::DocumentAddress;

/// How old a document may be where it cannot be fetched again, for a request that begins something.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Which documents count, and for how long (`client_documents`).
#[derive(Clone, Debug, Default)]
pub struct DocumentPolicy {
    /// From where (`client_documents.allow`). Where that is empty, none do.
    pub allow: Vec<AllowedAddress>,
    /// For how long at least, whatever comes with one (`client_documents.shortest_cache`).
    pub shortest: Duration,
    /// For how long at most (`client_documents.longest_cache`).
    pub longest: Duration,
    /// How many applications there can be (`client_documents.most`).
    pub most: u64,
}

impl DocumentPolicy {
    /// Whether any document counts.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.allow.is_empty()
    }

    fn lets_in(&self, address: &DocumentAddress) -> bool {
        self.allow.iter().any(|allowed| allowed.lets_in(address))
    }
}

/// Why a `client_id` that is an address leads to no application.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It can be none.
    #[error("this client_id cannot be the address of a document: {0}")]
    Address(#[from] AddressError),
    /// The operator does not let it in.
    #[error("applications of this address are not known here")]
    NotAllowed,
    /// It is left alone for a moment, since it gave nothing that could be used.
    #[error("the document at this client_id could not be used a moment ago; try again in some seconds")]
    JustFailed,
    /// Too many were asked for.
    #[error("too many applications are looked up at the moment; try again in some seconds")]
    TooMany,
    /// There are too many of them.
    #[error("no more applications can be known by a document at the moment")]
    Full,
    /// It cannot be had. Why, the log says.
    #[error("the document at this client_id could not be fetched")]
    Fetch,
    /// It says what cannot be honoured.
    #[error("the document at this client_id cannot be used: {0}")]
    Content(String),
    /// Something that this needs does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<RegistrationError> for DocumentError {
    fn from(error: RegistrationError) -> Self {
        match error {
            RegistrationError::Unavailable(error) => Self::Unavailable(error),
            other => Self::Content(other.to_string()),
        }
    }
}

impl From<ClientsError> for DocumentError {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::Unavailable(error) => Self::Unavailable(error),
            other => Self::Content(other.to_string()),
        }
    }
}

impl Provider {
    /// The application that begins something under that id. Where the id is the address of a document, what that says now, or said
    /// a day ago at most.
    pub(crate) async fn beginning(&self, id: &ClientId) -> Result<Option<Arc<Client>>, DocumentError> {
        let known = self.clients().find(id).await?;
        if !is_address(id) || known.as_ref().is_some_and(|client| !is_documented(client)) {
            return Ok(known);
        }
        let policy = &self.settings().client_documents;
        if !policy.is_on() {
            return Ok(None);
        }
        let address = DocumentAddress::parse(id.as_str())?;
        if !policy.lets_in(&address) {
            return Err(DocumentError::NotAllowed);
        }
        let now = self.clock().now();
        let younger =
            |client: &&Arc<Client>, than: Duration| client.document.is_some_and(|copy| now < copy.fetched_at + than);
        if known.as_ref().is_some_and(|client| is_fresh(client, now)) {
            return Ok(known);
        }
        let usable = known.as_ref().filter(|client| younger(client, STALE));
        match self.renewed(id, &address, usable).await {
            Err(DocumentError::Unavailable(error)) => Err(error.into()),
            Err(error) => match usable {
                Some(client) => {
                    tracing::info!(client_id = %id, reason = %error, "a client metadata document stays as it was");
                    Ok(Some(Arc::clone(client)))
                }
                None => Err(error),
            },
            renewed => renewed,
        }
    }

    /// Whether an application may go on under that id with what it has: its row is enough for that, however old. Where a document
    /// can be had, the row says afterwards what that does.
    pub(crate) async fn may_go_on(&self, id: &ClientId) -> Result<bool, Unavailable> {
        if !is_address(id) {
            return Ok(true);
        }
        match self.beginning(id).await {
            Ok(found) => Ok(found.is_some()),
            Err(DocumentError::Unavailable(error)) => Err(error),
            Err(error @ (DocumentError::Address(_) | DocumentError::NotAllowed)) => {
                tracing::info!(client_id = %id, reason = %error, "an application is not let in");
                Ok(false)
            }
            Err(error) => {
                tracing::info!(client_id = %id, reason = %error, "an application is known by an old document at most");
                Ok(true)
            }
        }
    }

    /// Fetches the document, unless somebody else just has, or does while there is one that can be `usable`.
    async fn renewed(
        &self,
        id: &ClientId,
        address: &DocumentAddress,
        usable: Option<&Arc<Client>>,
    ) -> Result<Option<Arc<Client>>, DocumentError> {
        let slot = self.document_slots().of(id);
        let mut failed = match (slot.try_lock(), usable) {
            (Ok(failed), _) => failed,
            (Err(_), Some(client)) => return Ok(Some(Arc::clone(client))),
            (Err(_), None) => slot.lock().await,
        };
        let now = self.clock().now();
        if let Some(client) = self.clients().find(id).await?
            && (is_fresh(&client, now) || !is_documented(&client))
        {
            return Ok(Some(client));
        }
        if limit::rests(*failed, now) {
            return Err(DocumentError::JustFailed);
        }
        self.count_fetch(address).await?;
        match self.fetched(id, address).await {
            Ok(()) => Ok(self.clients().find(id).await?),
            Err(error) => {
                *failed = Some(now);
                Err(error)
            }
        }
    }

    async fn fetched(&self, id: &ClientId, address: &DocumentAddress) -> Result<(), DocumentError> {
        let policy = &self.settings().client_documents;
        let fetch = Fetch::get(address.as_str()).of_type(&["application/json"]).at_most(content::LONGEST);
        // Why it fails, the fetcher logs. Others learn nothing of it (attack A51).
        let fetched = self.fetcher().fetch(fetch).await.map_err(|_| DocumentError::Fetch)?;
        // Section 4: no other status will do.
        if fetched.status.as_u16() != 200 {
            return Err(DocumentError::Fetch);
        }
        let document = content::of_itself(address, &fetched.body)?;
        let before = self.clients().find(id).await?;
        let held = before.as_ref().and_then(|client| client.metadata.software_statement.as_deref());
        let vouching = Vouching { held, needed: false };
        let new = content::as_read(self.read_registration(&document, vouching).await?)?;
        let fetched_at = self.clock().now();
        let fresh_until = fetched_at + freshness::lifetime(&fetched, policy, fetched_at);
        let copy = DocumentCopy { fetched_at, fresh_until };
        let written = self.clients().write_document(id, new, copy, policy.most, self.audit()).await?;
        tracing::info!(client_id = %id, ?written, "a client metadata document was fetched");
        match written {
            Written::Full => Err(DocumentError::Full),
            // What it was given is bound by other rules than it now lives under.
            Written::OtherKind => Ok(self.revoke_client(id).await?),
            Written::New | Written::Same | Written::Changed | Written::NotOurs => Ok(()),
        }
    }
}

fn is_documented(client: &Client) -> bool {
    client.self_registered == Some(SelfRegistered::Document)
}

fn is_fresh(client: &Client, now: vestibule_core::Timestamp) -> bool {
    client.document.is_some_and(|copy| now < copy.fresh_until)
}
