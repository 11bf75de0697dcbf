//! What the commands on people, groups, permissions and attributes work with: all of it, opened once.
//!
//! What a command changes is written down as done by whoever runs commands here: in the transaction of the change where there
//! is one to be had ([`Desk::close`]), and else after it ([`Desk::note`]).

use vestibule_audit::{Actor, Audit, Event, Kind};
use vestibule_core::{GroupId, UserId};
use vestibule_database::{Database, DatabaseTransaction};
use vestibule_users::{Access, Attributes, Group, Touched, User, Users};

use super::{Context, Failure};

/// Everything about people.
pub(super) struct Desk {
    pub(super) context: Context,
    pub(super) database: Database,
    pub(super) users: Users,
    pub(super) access: Access,
    pub(super) attributes: Attributes,
    audit: Audit,
}

/// That whoever runs commands on this machine did this.
pub(super) fn done(kind: Kind) -> Event {
    Event::new(kind, Actor::Command)
}

impl Desk {
    pub(super) async fn open(context: Context) -> Result<Self, Failure> {
        let database = context.database().await?;
        let changes = context.changes(&database).await?;
        Ok(Self {
            users: context.users(&database, &changes)?,
            access: context.access(&database, &changes),
            attributes: Attributes::new(database.clone(), changes, context.clock.clone()),
            audit: context.audit(&database),
            context,
            database,
        })
    }

    /// The same, with the permissions of our own administration, which a server registers when it starts.
    pub(super) async fn with_own_permissions(context: Context) -> Result<Self, Failure> {
        let desk = Self::open(context).await?;
        desk.access.register_builtin().await.map_err(Failure::of)?;
        Ok(desk)
    }

    /// The user of that username or e-mail address, and else of that id.
    pub(super) async fn user(&self, name: &str) -> Result<User, Failure> {
        let mut found = self.users.find(name).await.map_err(Failure::of)?;
        if let (None, Ok(id)) = (&found, name.parse::<UserId>()) {
            found = self.users.get(id).await.map_err(Failure::of)?;
        }
        found
            .ok_or_else(|| Failure::new(format!("there is no user {name:?}; `vestibule users list` shows all of them")))
    }

    /// The group of that name, and else of that id.
    pub(super) async fn group(&self, name: &str) -> Result<Group, Failure> {
        let mut found = self.access.find_group(name).await.map_err(Failure::of)?;
        if let (None, Ok(id)) = (&found, name.parse::<GroupId>()) {
            found = self.access.group(id).await.map_err(Failure::of)?;
        }
        found.ok_or_else(|| {
            Failure::new(format!("there is no group {name:?}; `vestibule groups list` shows all of them"))
        })
    }

    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, Failure> {
        self.database.begin().await.map_err(Failure::of)
    }

    /// Ends a transaction with the records of what it changed, and tells running servers whom that concerns.
    pub(super) async fn close(
        &self,
        transaction: DatabaseTransaction,
        events: impl IntoIterator<Item = Event>,
        touched: Option<Touched>,
    ) -> Result<(), Failure> {
        for event in events {
            self.record(&transaction, event).await?;
        }
        if let Some(touched) = touched {
            self.access.record(&transaction, touched).await.map_err(Failure::of)?;
        }
        transaction.commit().await.map_err(Failure::of)?;
        if let Some(touched) = touched {
            self.access.announce(touched);
        }
        Ok(())
    }

    /// Writes down what a transaction does.
    pub(super) async fn record(&self, transaction: &DatabaseTransaction, event: Event) -> Result<(), Failure> {
        self.audit.record_in(transaction, event).await.map_err(Failure::of)
    }

    /// Writes down what was done already.
    pub(super) async fn note(&self, event: Event) -> Result<(), Failure> {
        self.context.note(&self.database, event).await
    }
}
