//! The middleware.

use std::sync::Arc;

use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

use crate::{
    Builder, Denied, ResourceMetadata,
    admission::{Admission, Admitted},
    credentials::Scheme,
};

/// Lets only requests with a good access token through to the routes that it stands around. Cheap to clone; clones share what
/// they know.
#[derive(Clone, Debug)]
pub struct Guard {
    admission: Arc<Admission>,
    metadata: ResourceMetadata,
}

impl Guard {
    /// One for tokens that `issuer` makes for `audience`, the API's own identifier.
    #[must_use]
    pub fn builder(issuer: &str, audience: &str) -> Builder {
        Builder::new(issuer, audience)
    }

    pub(crate) fn new(admission: Arc<Admission>, metadata: ResourceMetadata) -> Self {
        Self { admission, metadata }
    }

    /// Waits until the provider's keys are there and, with a client, its stream of revocations. Calling it is not needed: without
    /// it the first requests do that.
    ///
    /// # Errors
    /// [`Denied::Unavailable`] where the keys cannot be had.
    pub async fn ready(&self) -> Result<(), Denied> {
        self.admission.ready().await
    }

    /// The metadata of the API (RFC 9728), an endpoint to serve at [`ResourceMetadata::path`], outside of the guard.
    #[must_use]
    pub fn metadata(&self) -> ResourceMetadata {
        self.metadata.clone()
    }
}

impl<E: Endpoint> Middleware<E> for Guard {
    type Output = Guarded<E>;

    fn transform(&self, endpoint: E) -> Self::Output {
        Guarded { endpoint, admission: self.admission.clone() }
    }
}

/// What a [`Guard`] stands around.
#[derive(Debug)]
pub struct Guarded<E> {
    endpoint: E,
    admission: Arc<Admission>,
}

impl<E: Endpoint> Endpoint for Guarded<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let admitted: Admitted = self.admission.admit(&request).await?;
        let by = admitted.by;
        request.set_data(admitted);
        let mut answer = self.endpoint.call(request).await?.into_response();
        // The next proof needs a new one soon (RFC 9449 section 8.2).
        let nonce = if by == Scheme::Dpop { self.admission.nonce() } else { None };
        if let Some(nonce) = nonce.and_then(|nonce| nonce.parse().ok()) {
            answer.headers_mut().insert("dpop-nonce", nonce);
        }
        Ok(answer)
    }
}
