//! Following the stream: opening it, reading it, and opening it again.

use std::{
    sync::{PoisonError, Weak},
    time::Duration,
};

use http::HeaderValue;
use vestibule_core::Random;
use vestibule_outbound::fetch::{Fetch, Stream};

use super::{
    Revocations,
    events::{Event, Reader},
    touch::SILENCE,
    wire::Message,
};
use crate::{introspection::Client, provider::Provider};

const EVENTS: &[&str] = &["text/event-stream"];
/// How long is waited before the stream is opened again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// What it takes to follow the stream.
pub(crate) trait Follows: Send + Sync + 'static {
    fn provider(&self) -> &Provider;
    fn client(&self) -> Option<&Client>;
    fn revocations(&self) -> &Revocations;
    fn random(&self) -> &Random;
}

/// Follows the stream until nobody is there any more who would ask. All that came is kept when the connection breaks, and what
/// was missed comes with the next one.
pub(crate) async fn follow<T: Follows>(follower: Weak<T>) {
    let (mut last_id, mut pause) = (None, PAUSES.0);
    loop {
        let reached = once(&follower, &mut last_id).await;
        let Some(follower) = follower.upgrade() else { return };
        follower.revocations().touch.lost();
        pause = if reached { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
        // Followers that lost the provider together do not come back together.
        let [byte] = follower.random().bytes::<1>();
        let jitter = pause * u32::from(byte) / 512;
        drop(follower);
        tokio::time::sleep(pause / 2 + jitter).await;
    }
}

/// One connection, until it ends. Tells whether it had caught up.
async fn once<T: Follows>(follower: &Weak<T>, last_id: &mut Option<String>) -> bool {
    let Some(mut stream) = open(follower, last_id.as_deref()).await else { return false };
    let (mut reader, mut caught_up) = (Reader::default(), false);
    loop {
        // While it waits it keeps nobody alive: a guard that is dropped ends the stream.
        let piece = match tokio::time::timeout(SILENCE, stream.next()).await {
            Ok(Ok(Some(piece))) => piece,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => {
                tracing::warn!(reason = error.reason().to_string(), "the stream of revocations broke");
                break;
            }
            Err(_) => {
                tracing::warn!("the stream of revocations has been silent for too long");
                break;
            }
        };
        let Some(follower) = follower.upgrade() else { break };
        let revocations = follower.revocations();
        revocations.touch.heard();
        let Ok(events) = reader.read(&piece) else {
            tracing::error!("the stream of revocations holds a line that is too long");
            break;
        };
        let mut broken = false;
        for event in &events {
            match revocations.take_in(event) {
                Ok(found) => caught_up |= found,
                Err(()) => broken = true,
            }
        }
        if broken {
            break;
        }
        *last_id = reader.last_id().map(str::to_owned).or(last_id.take());
    }
    caught_up
}

async fn open<T: Follows>(follower: &Weak<T>, last_id: Option<&str>) -> Option<Stream> {
    let follower = follower.upgrade()?;
    let url = follower.provider().revocations();
    let mut headers = follower.client()?.headers();
    if let Some(id) = last_id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert("last-event-id", id);
    }
    let stream = follower.provider().fetcher().open(Fetch::get(&url).of_type(EVENTS).headers(headers)).await.ok()?;
    tracing::info!(address = url, "the provider's stream of revocations is open");
    Some(stream)
}

impl Revocations {
    /// Takes an event in. Tells whether everything up to now was heard.
    fn take_in(&self, event: &Event) -> Result<bool, ()> {
        let now = self.clock.now();
        match Message::of(event) {
            Ok(Message::Revoked(entry)) => {
                let added = self.memory.write().unwrap_or_else(PoisonError::into_inner).add(entry, now);
                added.map_err(|_| tracing::error!("there are more revocations than can be kept"))?;
            }
            Ok(Message::Unknown { expires_at }) => {
                tracing::warn!(
                    "a revocation is of a kind that this program does not know; it asks about each token meanwhile"
                );
                self.touch.not_understood(expires_at);
            }
            Ok(Message::CaughtUp) => {
                self.touch.found();
                return Ok(true);
            }
            Ok(Message::Other) => {}
            Err(_) => {
                tracing::error!(event = event.name, "an event of the stream of revocations cannot be read");
                return Err(());
            }
        }
        Ok(false)
    }
}
