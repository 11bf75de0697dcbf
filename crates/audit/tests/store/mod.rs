//! What the audit records promise, whatever engine lies beneath. A test program includes this and says how to `open` one.

mod finding;
mod keeping;
mod writing;

use std::time::Duration;

use tempfile::TempDir;
use vestibule_audit::{Actor, Audit, Event, Filter, Kind, Page, Record};
use vestibule_core::{Clock, Random, UserId};
use vestibule_database::Database;

/// Longer than a millisecond, so that one moment can be told from another.
pub(crate) const A_WHILE: Duration = Duration::from_secs(5);

/// Records of nothing yet, and what they stand on.
pub(crate) struct Site {
    pub(crate) audit: Audit,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    _folder: Option<TempDir>,
}

impl Site {
    pub(crate) async fn new(database: Database, folder: Option<TempDir>) -> Self {
        database.migrate().await.unwrap();
        let clock = Clock::system();
        let audit = Audit::new(database.clone(), clock.clone(), Random::system());
        Self { audit, database, clock, _folder: folder }
    }

    /// Writes an event down, a while after the one before.
    pub(crate) async fn happens(&self, event: Event) {
        self.clock.advance(A_WHILE);
        self.audit.record(event).await.unwrap();
    }

    pub(crate) async fn sign_in(&self, user: UserId) {
        self.happens(Event::new(Kind::SignedIn, Actor::User(user)).subject(user).way("password")).await;
    }

    /// What the filter lets through, the newest first.
    pub(crate) async fn found(&self, filter: &Filter) -> Vec<Record> {
        self.audit.query(filter, &Page { limit: 500, ..Page::default() }).await.unwrap().records
    }

    pub(crate) async fn all(&self) -> Vec<Record> {
        self.found(&Filter::default()).await
    }
}

pub(crate) fn someone() -> UserId {
    UserId::random(&Random::system())
}
