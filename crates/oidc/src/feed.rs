//! The log of revocations as APIs hear of it, so that they need not ask about each token anew (docs/revocations.md).
//!
//! Whoever listens learns nothing but what concerns tokens that they have seen: an entry names a person, a session, a grant, a
//! client or a token by a hash of what stands in the token, so that those who never saw it cannot tell whose it is.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use vestibule_core::ClientId;
use vestibule_tokens::{Revocation, Subject};

use crate::{
    Provider, Unavailable,
    authorize::request_doubles,
    client::authentication::{AuthenticationError, Proof},
    token::TokenError,
};

/// An entry as an API is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `grant`, `session`, `user`, `client`, `consent` or `token`.
    pub kind: &'static str,
    /// Which one: base64url of the SHA-256 of `kind:value`.
    pub hash: String,
    /// Only what was minted at this millisecond or before; nothing: whenever it was minted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_before: Option<i64>,
    /// The millisecond from which on it can be forgotten.
    pub expires_at: i64,
}

impl Entry {
    /// What is told of an entry of the log, where tokens have its words as they are.
    fn of(revocation: &Revocation) -> Self {
        let (kind, value) = revocation.subject.to_columns();
        Self::about(kind, &value, revocation)
    }

    fn about(kind: &'static str, value: &str, revocation: &Revocation) -> Self {
        Self {
            kind,
            hash: URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("{kind}:{value}").as_bytes())),
            issued_before: revocation.issued_before.map(vestibule_core::Timestamp::millis),
            expires_at: revocation.expires_at.millis(),
        }
    }
}

impl Provider {
    /// What is told of an entry of the log: one entry, and of a person one more for each sector in which applications know them
    /// by a `sub` of its own.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn feed_entries(&self, revocation: &Revocation) -> Result<Vec<Entry>, Unavailable> {
        let tokens = self.tokens();
        match &revocation.subject {
            Subject::User(user) => {
                let sectors = self.clients().sectors().await?;
                let in_sectors =
                    sectors.iter().map(|sector| Entry::about("user", &tokens.subject(*user, Some(sector)), revocation));
                Ok(std::iter::once(Entry::of(revocation)).chain(in_sectors).collect())
            }
            Subject::Consent(user, client) => {
                let sector = self.clients().find(client).await?.and_then(|client| client.sector());
                let value = format!("{} {client}", tokens.subject(*user, sector.as_ref()));
                Ok(vec![Entry::about("consent", &value, revocation)])
            }
            _ => Ok(vec![Entry::of(revocation)]),
        }
    }

    /// The application that may listen: a client of an API.
    ///
    /// # Errors
    /// An application that did not prove itself or is no API's, or something of ours that does not answer.
    pub async fn listener(&self, request: Proof<'_>) -> Result<ClientId, TokenError> {
        if let Some(double) = request_doubles(request.parameters) {
            return Err(TokenError::InvalidRequest(double.to_string()));
        }
        let client = self.authenticate(request).await?;
        if client.is_public() {
            return Err(AuthenticationError::Refused("it is public, and proves nothing").into());
        }
        if self.may_listen(&client.id).await? { Ok(client.id.clone()) } else { Err(TokenError::OfNoApi) }
    }

    /// Whether an application is the client of an API.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn may_listen(&self, client: &ClientId) -> Result<bool, Unavailable> {
        self.apis().have_client(client).await
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::{Timestamp, UserId};

    use super::*;

    #[test]
    fn an_entry_names_by_a_hash_of_what_stands_in_the_token() {
        let user: UserId = "5f3c0f7e-8f2b-4a55-9d0a-2c8f6a1f7b11".parse().expect("an id");
        let revocation = Revocation {
            subject: Subject::User(user),
            issued_before: Some(Timestamp::from_millis(1_795_403_640_123)),
            expires_at: Timestamp::from_millis(1_795_490_040_123),
        };
        // printf 'user:5f3c0f7e-8f2b-4a55-9d0a-2c8f6a1f7b11' | openssl dgst -sha256 -binary | basenc --base64url
        let expected = serde_json::json!({
            "kind": "user",
            "hash": "JGGF_1UHThrShs4emx9sjiUP1YcNSwj2W-wsAHymKD8",
            "issued_before": 1_795_403_640_123_i64,
            "expires_at": 1_795_490_040_123_i64,
        });
        assert_eq!(serde_json::to_value(Entry::of(&revocation)).expect("JSON"), expected);
    }
}
