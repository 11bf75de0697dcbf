//! The definitions in memory, until somebody changes one.

use std::sync::{Arc, Mutex, PoisonError};

use vestibule_database::{Changes, Database, Topic};

use super::{Definition, table};
use crate::Unavailable;

#[derive(Debug)]
pub(super) struct Cache(Mutex<State>);

#[derive(Debug)]
struct State {
    changes: Changes,
    /// Moves with every change that is heard: what was read before it is not kept.
    generation: u64,
    kept: Option<Arc<[Definition]>>,
}

impl Cache {
    pub(super) fn new(changes: Changes) -> Self {
        Self(Mutex::new(State { changes, generation: 0, kept: None }))
    }

    /// All definitions, as they are after every change that was heard of.
    pub(super) async fn definitions(&self, database: &Database) -> Result<Arc<[Definition]>, Unavailable> {
        let generation = match self.with(|state| (state.kept.clone(), state.generation)) {
            (Some(kept), _) => return Ok(kept),
            (None, generation) => generation,
        };
        let read: Arc<[Definition]> = table::definitions(database.reader(), false).await?.into();
        self.with(|state| {
            if state.generation == generation {
                state.kept = Some(Arc::clone(&read));
            }
        });
        Ok(read)
    }

    /// Does something once all that has arrived was heard.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(change) = state.changes.arrived() {
            if change.is_everything() || change.topic == Some(Topic::Attributes) {
                state.generation += 1;
                state.kept = None;
            }
        }
        act(&mut state)
    }
}
