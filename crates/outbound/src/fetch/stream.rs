//! An answer that goes on: read piece by piece as it comes, by the same rules as one that ends.

use std::time::Duration;

use reqwest::Response;

use super::{Fetch, FetchError, Fetcher, Reason, request, where_to};

/// How long one may go on. Whoever reads it opens another then.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// An answer that goes on, such as a stream of events. Dropping it closes it.
#[derive(Debug)]
pub struct Stream(Response);

impl Fetcher {
    /// Opens an answer that goes on. Until it begins, the time of a fetch runs; how long its pieces may keep one waiting, the
    /// caller decides.
    ///
    /// # Errors
    /// One for all that can go wrong; its [`Reason`] is in the log.
    pub async fn open(&self, fetch: Fetch<'_>) -> Result<Stream, FetchError> {
        let (within, place, types) = (self.time_of(&fetch), where_to(fetch.url), fetch.types);
        let opening = async {
            let answer = self.request(fetch)?.timeout(LONGEST).send().await?;
            request::check(&answer, types)?;
            Ok(Stream(answer))
        };
        let opened = tokio::time::timeout(within, opening).await.unwrap_or(Err(Reason::TooSlow));
        opened.map_err(|reason| failed(&place, reason))
    }
}

impl Stream {
    /// The next piece; nothing where it has ended.
    ///
    /// # Errors
    /// A connection that broke.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, FetchError> {
        let piece = self.0.chunk().await.map_err(|error| FetchError(error.into()))?;
        Ok(piece.map(|bytes| bytes.to_vec()))
    }
}

/// Notes why, and keeps it from others.
pub(super) fn failed(place: &str, reason: Reason) -> FetchError {
    // As text, which the log quotes: names and numbers in it are others'.
    tracing::warn!(address = place, reason = reason.to_string(), "an address could not be fetched");
    FetchError(reason)
}
