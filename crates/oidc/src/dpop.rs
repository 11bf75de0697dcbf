//! DPoP at our own endpoints (RFC 9449): a proof is held against the request that it came with, and taken once.
//!
//! ```text
//!  headers ──hold──▶ DpopProof ──take──▶ Confirmation
//!              │                   └─▶ Replayed: the same proof came before, to whichever replica
//!              └─▶ refused, and nothing is remembered
//! ```
//! What is remembered of a proof is a mark in `ephemeral` for as long as the proof could be taken again.

use vestibule_core::HashKey;
use vestibule_ephemeral::{Ephemeral, Kind};
use vestibule_jose::{DPOP_ALGORITHMS, DPOP_REMEMBER, DpopCheck, DpopError, DpopNonces, DpopProof};
use vestibule_tokens::Confirmation;

use crate::{Provider, Unavailable};

const SEEN: Kind = Kind::new("dpop-proof");

/// Why a request does not prove that it comes from the holder of a key.
#[derive(Debug, thiserror::Error)]
pub enum DpopRefusal {
    /// The proof does not hold.
    #[error(transparent)]
    Proof(#[from] DpopError),
    /// There is no proof where one is needed.
    #[error("a DPoP header with a proof is needed")]
    Missing,
    /// There are several: which one counts?
    #[error("there is more than one DPoP header")]
    Several,
    /// The proof came before.
    #[error("the DPoP proof was used before; sign a new one for each request")]
    Replayed,
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl DpopRefusal {
    /// The code that the client is told (RFC 9449 sections 5, 7.1 and 8).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Proof(error) => error.code(),
            Self::Missing | Self::Several | Self::Replayed => "invalid_dpop_proof",
            Self::Unavailable(_) => "temporarily_unavailable",
        }
    }
}

/// A request, as far as a proof speaks of it.
#[derive(Clone, Copy, Debug)]
pub struct DpopRequest<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its path below the issuer, as it was written.
    pub path: &'a str,
    /// Whether it came by the listener that asks for client certificates, where the same paths have a second address (RFC 8705
    /// section 5). The connection says so, and nothing that a request says of itself.
    pub by_mutual_tls: bool,
    /// The values of its `DPoP` headers.
    pub proofs: &'a [String],
}

/// What proofs are held against, and where they are remembered.
#[derive(Clone, Debug)]
pub(crate) struct Dpop {
    nonces: DpopNonces,
    store: Ephemeral,
}

impl Dpop {
    pub(crate) fn new(store: Ephemeral, key: &HashKey) -> Self {
        Self { nonces: DpopNonces::new(key), store }
    }
}

impl Provider {
    /// The nonce to give out in the header `DPoP-Nonce`, where proofs must carry one (`oidc.dpop_nonce`).
    #[must_use]
    pub fn dpop_nonce(&self) -> Option<String> {
        self.settings().dpop_nonce.then(|| self.dpop().nonces.current(self.clock().now()))
    }

    /// The algorithms that proofs may be signed with, divided by spaces, as challenges name them.
    #[must_use]
    pub fn dpop_algorithms() -> String {
        DPOP_ALGORITHMS.map(|algorithm| algorithm.name()).join(" ")
    }

    /// Holds the proof of a request, if it has one, against RFC 9449 section 4.3, all but whether it came before.
    pub(crate) fn hold_dpop(
        &self,
        request: &DpopRequest<'_>,
        access_token: Option<&str>,
    ) -> Result<Option<DpopProof>, DpopRefusal> {
        let proof = match request.proofs {
            [] => return Ok(None),
            [proof] => proof,
            _ => return Err(DpopRefusal::Several),
        };
        let addresses = self.addresses(request);
        let check = DpopCheck {
            method: request.method,
            urls: &addresses.iter().map(String::as_str).collect::<Vec<_>>(),
            access_token,
            nonces: &self.dpop().nonces,
            nonce_required: self.settings().dpop_nonce,
            now: self.clock().now(),
        };
        Ok(Some(check.verify(proof)?))
    }

    /// What a request may call the address that it came to (section 4.3 point 9): the issuer's endpoint, and at the other listener
    /// its alias too. What is for the one is taken at the other once, since both remember the same proofs.
    fn addresses(&self, request: &DpopRequest<'_>) -> Vec<String> {
        let alias = self.settings().mutual_origin.as_deref().filter(|_| request.by_mutual_tls);
        std::iter::once(self.issuer()).chain(alias).map(|origin| format!("{origin}{}", request.path)).collect()
    }

    /// Takes a proof: of any number of requests that carry it, one goes on.
    pub(crate) async fn take_dpop(&self, proof: &DpopProof) -> Result<Confirmation, DpopRefusal> {
        let first = self.dpop().store.mark_seen(SEEN, proof.replay_key(), DPOP_REMEMBER).await;
        if first.map_err(Unavailable::from)? {
            Ok(Confirmation::Jkt(proof.jkt().to_owned()))
        } else {
            Err(DpopRefusal::Replayed)
        }
    }
}
