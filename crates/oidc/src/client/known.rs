//! Applications as the endpoints look them up: from memory once seen, with the apps that they stand for.
//!
//! A change is told to every process ([`Topic::Clients`]) and drops what is kept, here at once and elsewhere within a second.
//! Nothing is told of an application that comes to be, so that nothing is kept of what is not there.

use std::sync::Arc;

use sea_orm::{DatabaseTransaction, DbErr, EntityTrait};
use vestibule_core::ClientId;
use vestibule_database::{Change, ChangeLog, Kept, KeptStatistics, Topic};

use super::{Client, Clients};
use crate::{Unavailable, tables::client};

/// An application, and what was asked of it together with that.
#[derive(Debug)]
pub(crate) struct Known {
    /// The application.
    pub(crate) client: Arc<Client>,
    /// The apps that it stands for, in order.
    pub(crate) apps: Vec<String>,
}

/// The applications that were seen.
pub(super) type Memory = Arc<Kept<ClientId, Known>>;

/// Keeps applications within so many bytes.
pub(super) fn memory(changes: &ChangeLog, clock: vestibule_core::Clock, bytes: u64) -> Memory {
    Arc::new(Kept::new(changes, Topic::Clients, |subject| Some(subject.into()), clock, bytes))
}

impl Clients {
    /// The application of that id, as it was at most a second ago.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn find(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Unavailable> {
        Ok(self.known(id).await?.map(|known| Arc::clone(&known.client)))
    }

    /// The application of that id, as it is now: for whoever is about to change it.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn read(&self, id: &ClientId) -> Result<Option<Client>, Unavailable> {
        let row = client::Entity::find_by_id(id.as_str()).one(self.database.reader()).await?;
        row.map(Client::try_from).transpose()
    }

    /// The apps that an application stands for, in order, as they were at most a second ago; none for one that is not there.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn apps(&self, id: &ClientId) -> Result<Vec<String>, Unavailable> {
        Ok(self.known(id).await?.map_or_else(Vec::new, |known| known.apps.clone()))
    }

    /// How the memory is doing that holds applications.
    #[must_use]
    pub fn kept(&self) -> KeptStatistics {
        self.kept.statistics()
    }

    /// An application with its apps, from memory where it was seen.
    pub(crate) async fn known(&self, id: &ClientId) -> Result<Option<Arc<Known>>, Unavailable> {
        match self.remembered(id) {
            Some(known) => Ok(Some(known)),
            None => self.learn(id).await,
        }
    }

    /// What is kept of an application.
    pub(super) fn remembered(&self, id: &ClientId) -> Option<Arc<Known>> {
        self.kept.get(id)
    }

    /// Asks the database of an application, and keeps what it says.
    pub(super) async fn learn(&self, id: &ClientId) -> Result<Option<Arc<Known>>, Unavailable> {
        let began = self.kept.begin();
        let Some(row) = client::Entity::find_by_id(id.as_str()).one(self.database.reader()).await? else {
            return Ok(None);
        };
        // The metadata are kept parsed, which takes about as much again.
        let mut bytes = size_of::<Client>() + 2 * row.metadata.len() + 4 * row.id.len() + row.name.len();
        let client = Arc::new(Client::try_from(row)?);
        let apps = self.read_apps(id).await?;
        bytes += apps.iter().map(|app| size_of::<String>() + 16 + app.len()).sum::<usize>();
        let known = Arc::new(Known { client, apps });
        self.kept.keep(id.clone(), &known, bytes, began);
        Ok(Some(known))
    }

    /// Ends a transaction that changed something of an application, and tells of it.
    pub(super) async fn commit(&self, transaction: DatabaseTransaction, id: &ClientId) -> Result<(), DbErr> {
        let change = Change::of(Topic::Clients, id.as_str());
        self.changes.record(&transaction, &change).await?;
        transaction.commit().await?;
        self.changes.announce(change);
        Ok(())
    }
}
