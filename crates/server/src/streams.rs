//! Room for those who listen: how many streams there may be, and when they end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::watch;
use vestibule_core::ClientId;

/// One client may have this part of all streams, so that no other is kept out.
const SHARE: usize = 4;

/// The streams of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    most: usize,
    open: Arc<Mutex<HashMap<ClientId, usize>>>,
    shutdown: watch::Receiver<bool>,
}

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    streams: Streams,
    client: ClientId,
}

impl Streams {
    /// So many at most, which end when `shutdown` turns true or its sender is gone.
    pub(crate) fn new(most: usize, shutdown: watch::Receiver<bool>) -> Self {
        Self { most, open: Arc::default(), shutdown }
    }

    /// A place for a client, if there is one.
    pub(crate) fn take(&self, client: &ClientId) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.get(client).copied().unwrap_or(0);
        if open.values().sum::<usize>() >= self.most || own >= (self.most / SHARE).max(1) {
            return None;
        }
        open.insert(client.clone(), own + 1);
        Some(Place { streams: self.clone(), client: client.clone() })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// Turns true when they must end.
    pub(crate) fn shutdown(&self) -> watch::Receiver<bool> {
        self.shutdown.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_client_takes_the_place_of_all_others_and_who_leaves_makes_room() {
        let (_stop, shutdown) = watch::channel(false);
        let streams = Streams::new(8, shutdown);
        let places: Vec<_> = (0..3).map(|_| streams.take(&"one".into())).collect();
        assert_eq!(places.iter().flatten().count(), 2, "a quarter of them");
        let others: Vec<_> = (0..8).map(|number| streams.take(&format!("client{number}").into())).collect();
        assert_eq!(others.iter().flatten().count(), 6);
        assert_eq!(streams.count(), 8);
        drop(places);
        assert!(streams.count() == 6 && streams.take(&"one".into()).is_some());
    }
}
