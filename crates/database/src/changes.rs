//! What changed, told to every process that keeps something in memory.
//!
//! ```text
//! a writer: begin ─▶ change rows ─▶ ChangeLog::record, last ─▶ commit ─▶ ChangeLog::announce
//! every server: follow ─▶ new rows, every 400 ms ─▶ Changes::next, at whoever keeps a cache
//! ```
//! A process hears of its own changes at once by `announce`, and of all changes from the table. Whoever keeps a cache drops
//! what a [`Change`] names, and all of it on [`Change::is_everything`]: after a while in which the table could not be read.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::{
    sync::{Mutex, broadcast, watch},
    time::{MissedTickBehavior, interval},
};
use vestibule_core::{Clock, Timestamp};

use crate::{Database, LATE, Place};

/// How often the table is read. Others rely on half a second.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How long a row is kept, for processes that could not read meanwhile.
const KEPT: Duration = Duration::from_secs(600);
/// How often what nobody needs any more is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Rows read or deleted at a time.
const PAGE: u64 = 500;
/// How many changes a listener may be behind before it is told that everything changed.
const BACKLOG: usize = 1024;

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// What people may do: the subject is a user's id, or empty where a change to groups or permissions touches many.
    Access,
    /// What is known of people: the subject is a user's id, or empty where many are touched.
    People,
    /// Which attributes are declared.
    Attributes,
    /// What was said of an application: the subject is its `client_id`.
    Clients,
    /// Which APIs there are, and what was said of them.
    Apis,
}

impl Topic {
    const ALL: [Self; 5] = [Self::Access, Self::People, Self::Attributes, Self::Clients, Self::Apis];

    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::People => "people",
            Self::Attributes => "attributes",
            Self::Clients => "clients",
            Self::Apis => "apis",
        }
    }
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about; nothing where everything may have changed.
    pub topic: Option<Topic>,
    /// Which one of its things; empty where it may be all of them.
    pub subject: String,
}

impl Change {
    /// Of one thing of a topic.
    #[must_use]
    pub fn of(topic: Topic, subject: impl Into<String>) -> Self {
        Self { topic: Some(topic), subject: subject.into() }
    }

    /// Of a topic as a whole.
    #[must_use]
    pub fn all_of(topic: Topic) -> Self {
        Self::of(topic, "")
    }

    fn everything() -> Self {
        Self { topic: None, subject: String::new() }
    }

    /// Whether anything may have changed.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.topic.is_none()
    }
}

/// The table of changes, and those who listen to it in this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ChangeLog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    clock: Clock,
    listeners: broadcast::Sender<Change>,
    place: Mutex<Place>,
    read_at: watch::Sender<Timestamp>,
}

/// What changes from now on, for one listener.
#[derive(Debug)]
pub struct Changes(broadcast::Receiver<Change>);

impl Changes {
    /// The next change; `None` once nobody can tell of any more. A listener that fell behind is told that everything changed.
    pub async fn next(&mut self) -> Option<Change> {
        match self.0.recv().await {
            Ok(change) => Some(change),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::everything()),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// What has arrived and was not looked at yet: to be called before something kept is relied on, where a task of its own
    /// would be one too many.
    pub fn arrived(&mut self) -> Option<Change> {
        match self.0.try_recv() {
            Ok(change) => Some(change),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Change::everything()),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }
}

impl ChangeLog {
    /// On a database whose schema is up to date. What changed before is nothing to a process that keeps nothing yet.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn open(database: Database, clock: Clock) -> Result<Self, DbErr> {
        let now = clock.now();
        let log = Self(Arc::new(Inner {
            database,
            listeners: broadcast::channel(BACKLOG).0,
            place: Mutex::default(),
            read_at: watch::channel(now).0,
            clock,
        }));
        log.catch_up().await?;
        Ok(log)
    }

    /// Hears what changes from now on.
    #[must_use]
    pub fn listen(&self) -> Changes {
        Changes(self.0.listeners.subscribe())
    }

    /// Writes a change down in the transaction that makes it; as its last statement, so that the row is not numbered long before
    /// it can be seen. After the commit, [`ChangeLog::announce`] tells this process.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn record(&self, transaction: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
        let Some(topic) = change.topic else { return Ok(()) };
        let row = row::ActiveModel {
            id: NotSet,
            topic: Set(topic.as_str().to_owned()),
            subject: Set(change.subject.clone()),
            changed_at: Set(self.0.clock.now().millis()),
        };
        row::Entity::insert(row).exec_without_returning(transaction).await.map(drop)
    }

    /// Tells the listeners of this process at once.
    pub fn announce(&self, change: Change) {
        // Nobody listening is no error.
        let _ = self.0.listeners.send(change);
    }

    /// When the table was last read to its end: how old what is kept in memory may be.
    #[must_use]
    pub fn read_at(&self) -> Timestamp {
        *self.0.read_at.borrow()
    }

    /// Reads what has been added to the table, and tells the listeners.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn catch_up(&self) -> Result<(), DbErr> {
        let mut place = self.0.place.lock().await;
        let began = self.0.clock.now();
        // Rows may have been deleted unread meanwhile.
        let missed = began.since(self.read_at()) >= KEPT;
        let mut after = place.settled();
        loop {
            let rows = row::Entity::find()
                .filter(row::Column::Id.gt(after))
                .order_by_asc(row::Column::Id)
                .limit(PAGE)
                .all(self.0.database.reader())
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            let page_is_full = rows.len() as u64 == PAGE;
            for row in rows {
                if place.note(row.id, began)
                    && let Some(topic) = Topic::ALL.into_iter().find(|topic| topic.as_str() == row.topic)
                {
                    self.announce(Change::of(topic, row.subject));
                }
            }
            if !page_is_full {
                break;
            }
        }
        place.settle(began - LATE);
        if missed {
            self.announce(Change::everything());
        }
        self.0.read_at.send_replace(began);
        Ok(())
    }

    /// Keeps up with the table until `shutdown` turns true or its sender is gone.
    pub async fn follow(self, mut shutdown: watch::Receiver<bool>) {
        let (mut look, mut sweep) = (interval(LOOK_EVERY), interval(SWEEP_EVERY));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut out = false;
        loop {
            tokio::select! {
                () = told_to_stop(&mut shutdown) => return,
                _ = look.tick() => match self.catch_up().await {
                    Err(error) if !out => {
                        out = true;
                        tracing::error!(%error, "what others change cannot be read");
                    }
                    Ok(()) if out => {
                        out = false;
                        self.announce(Change::everything());
                        tracing::info!("what others change can be read again");
                    }
                    _ => {}
                },
                _ = sweep.tick() => if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "old changes cannot be deleted");
                },
            }
        }
    }

    /// Deletes what every process has read long since, in small batches.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sweep(&self) -> Result<u64, DbErr> {
        let old = (self.0.clock.now() - KEPT - LATE).millis();
        let mut swept = 0;
        loop {
            let ids: Vec<i64> = row::Entity::find()
                .select_only()
                .column(row::Column::Id)
                .filter(row::Column::ChangedAt.lt(old))
                .limit(PAGE)
                .into_tuple()
                .all(self.0.database.reader())
                .await?;
            if ids.is_empty() {
                return Ok(swept);
            }
            let batch = row::Column::Id.is_in(ids);
            swept += row::Entity::delete_many().filter(batch).exec(self.0.database.writer()).await?.rows_affected;
        }
    }
}

/// Ends when `shutdown` turns true or its sender is gone. (What `wait_for` returns must not be held across an await.)
async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// The table.
mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "changes")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "Text")]
        pub topic: String,
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        pub changed_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
