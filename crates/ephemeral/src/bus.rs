//! Word of what changed, from whoever publishes to all who listen within this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::broadcast;

/// How many messages a slow listener may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// Hands messages to the listeners of a topic.
#[derive(Default)]
pub(crate) struct Bus {
    topics: Mutex<HashMap<String, broadcast::Sender<Arc<[u8]>>>>,
}

impl Bus {
    pub(crate) fn publish(&self, topic: &str, message: &[u8]) {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        // `send` fails where nobody listens any more; then the topic is of no use either.
        if topics.get(topic).is_some_and(|sender| sender.send(message.into()).is_err()) {
            topics.remove(topic);
        }
    }

    pub(crate) fn subscribe(&self, topic: &str) -> Subscription {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = topics.entry(topic.to_owned()).or_insert_with(|| broadcast::channel(BACKLOG).0);
        Subscription { topic: topic.to_owned(), receiver: sender.subscribe() }
    }

    /// Ends every subscription, once it has heard what is published already.
    pub(crate) fn close(&self) {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Hears what is published on one topic.
pub struct Subscription {
    topic: String,
    receiver: broadcast::Receiver<Arc<[u8]>>,
}

impl Subscription {
    /// The next message; `None` once the store is closed.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.receiver.recv().await {
                Ok(message) => return Some(message.to_vec()),
                Err(broadcast::error::RecvError::Closed) => return None,
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(topic = %self.topic, missed, "A listener was too slow and missed messages");
                }
            }
        }
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("topic", &self.topic).finish_non_exhaustive()
    }
}
