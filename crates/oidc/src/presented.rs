//! An access token at one of our own resources: that it is good, and that whoever presents it holds the key that it is bound to.

use vestibule_tokens::{AccessToken, Confirmation, TokenError};

use crate::{DpopRefusal, DpopRequest, Provider};

/// How an access token was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenScheme {
    /// `Authorization: Bearer`, or in a form (RFC 6750 section 2).
    Bearer,
    /// `Authorization: DPoP` (RFC 9449 section 7.1).
    Dpop,
}

/// An access token as a request presents it.
#[derive(Clone, Copy, Debug)]
pub struct PresentedToken<'a> {
    /// The token.
    pub token: &'a str,
    /// How it was presented.
    pub scheme: TokenScheme,
    /// The request around it.
    pub request: DpopRequest<'a>,
    /// The key of the TLS connection that it came by, where its client showed a certificate.
    pub certificate: Option<&'a Confirmation>,
}

/// Why a presented token opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum PresentedError {
    /// It is none of ours, has expired or was revoked.
    #[error("the access token is refused: {0}")]
    Token(#[from] TokenError),
    /// It is bound to a key by DPoP, and came as a bearer token: whoever stole it would do the same (section 7.2).
    #[error("the access token is bound by DPoP and came without a proof")]
    Downgraded,
    /// It came with a proof, and is not bound by DPoP.
    #[error("the access token is not bound by DPoP")]
    NotBound,
    /// It is bound to another key than the request proves.
    #[error("the access token is bound to another key than the request proves")]
    OtherKey,
    /// The proof is missing, or does not hold.
    #[error(transparent)]
    Dpop(#[from] DpopRefusal),
}

impl Provider {
    /// Proves that a presented access token is one of ours, alive, and in the hands of whoever it was given to. Whether it is for
    /// the resource at hand is the caller's to ask.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn presented(&self, presented: &PresentedToken<'_>) -> Result<AccessToken, PresentedError> {
        let token = self.tokens().verify_access_token(presented.token)?;
        match (presented.scheme, &token.confirmation) {
            (TokenScheme::Bearer, None) => Ok(token),
            (TokenScheme::Bearer, Some(Confirmation::Jkt(_))) => Err(PresentedError::Downgraded),
            (TokenScheme::Bearer, bound @ Some(Confirmation::X5tS256(_))) => {
                if presented.certificate == bound.as_ref() { Ok(token) } else { Err(PresentedError::OtherKey) }
            }
            (TokenScheme::Dpop, Some(Confirmation::Jkt(jkt))) => {
                let proof = self.hold_dpop(&presented.request, Some(presented.token))?;
                let proof = proof.ok_or(DpopRefusal::Missing)?;
                if proof.jkt() != jkt {
                    return Err(PresentedError::OtherKey);
                }
                self.take_dpop(&proof).await?;
                Ok(token)
            }
            (TokenScheme::Dpop, _) => Err(PresentedError::NotBound),
        }
    }
}
