//! What else is known of people: attributes that administrators declare, without a change of the schema.
//!
//! A [`Definition`] says what an attribute holds, who may see and who may edit it, and in which claim applications are told;
//! the values are rows of people. Definitions are data:
//!
//! ```text
//! define, change, remove ─▶ rows and a line of the change log ─▶ every process drops its copy within half a second, ours at once
//! a write of a person ─▶ the definitions as they are in that very transaction ─▶ all problems at once, or rows
//! claims, lists of definitions ─▶ the copy in memory
//! ```
//! `declare` judges a declaration, `value` a value, `write` the values of one person; `change` changes definitions and looks at
//! what is stored before it does.

mod cache;
mod change;
mod declare;
mod definition;
mod error;
mod read;
mod reserved;
pub(crate) mod table;
pub(crate) mod value;
pub(crate) mod write;

use std::sync::Arc;

use serde_json::{Map, Value};
use vestibule_core::Clock;
use vestibule_database::{ChangeLog, Database};

pub use definition::{AttributeKind, Audience, Declaration, Definition, Editor};
pub use error::{AttributeError, BadAttribute, BadAttributes, DefinitionError, Problem};
pub use read::Carried;

use crate::Unavailable;

/// The attributes that a deployment declares, and what people's are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Attributes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    changes: ChangeLog,
    clock: Clock,
    cache: cache::Cache,
}

impl Attributes {
    /// On a database whose schema is up to date. Whoever serves lets `changes` follow, to hear of what other processes change.
    #[must_use]
    pub fn new(database: Database, changes: ChangeLog, clock: Clock) -> Self {
        let cache = cache::Cache::new(changes.listen());
        Self(Arc::new(Inner { database, changes, clock, cache }))
    }

    /// All definitions, in the order of their positions and then their names.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list(&self) -> Result<Vec<Definition>, Unavailable> {
        Ok(self.0.cache.definitions(&self.0.database).await?.to_vec())
    }

    /// The definition of that name.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn get(&self, name: &str) -> Result<Option<Definition>, Unavailable> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        Ok(definitions.iter().find(|definition| definition.name == name).cloned())
    }

    /// Whether somebody new could be given these values by `editor`; a write finds it out by itself. That a value is unique is
    /// found out by the write alone.
    ///
    /// # Errors
    /// Everything that is wrong with them, or a store that does not answer.
    pub async fn check(&self, values: &Map<String, Value>, editor: Editor) -> Result<(), AttributeError> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        write::judged(&definitions, values, editor, &[]).map(drop).map_err(AttributeError::Refused)
    }
}
