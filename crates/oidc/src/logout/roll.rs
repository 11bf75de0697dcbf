//! The roll of each session: the applications that were given tokens in it and want to hear of its end.

use std::{collections::BTreeMap, time::Duration};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use vestibule_core::{ClientId, PublicSessionId, Timestamp, UserId};
use vestibule_database::{Database, Gather};
use vestibule_outbound::Outbox;

use super::herald;
use crate::{
    Provider, Unavailable, Whose,
    client::Client,
    tables::session_client::{Column, Entity, Model},
};

/// Rows deleted at a time, so that nobody waits for long.
const PAGE: u64 = 500;
/// How often rows are looked for whose time is over.
const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// An application that was given tokens in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The session.
    pub session: PublicSessionId,
    /// Whose it is.
    pub user: UserId,
    /// The application.
    pub client: ClientId,
}

/// So many entries are one statement at most.
const MOST: usize = 16;

/// Writes entries in groups.
fn entries(database: Database) -> Gather<Model, ()> {
    Gather::new(MOST, move |rows: Vec<Model>| {
        let database = database.clone();
        async move {
            let many = rows.len();
            // A statement may name a row only once: of two for the same, the last one counts.
            let rows: BTreeMap<_, _> =
                rows.into_iter().map(|row| ((row.session.clone(), row.client_id.clone()), row)).collect();
            let rows = rows.into_values().map(|row| row.into_active_model().reset_all());
            let known =
                OnConflict::columns([Column::Session, Column::ClientId]).update_column(Column::ExpiresAt).to_owned();
            Entity::insert_many(rows).on_conflict(known).exec_without_returning(database.writer()).await?;
            Ok(vec![(); many])
        }
    })
}

/// The table. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Roll {
    database: Database,
    entries: Gather<Model, ()>,
    outbox: Outbox,
}

impl Roll {
    pub(crate) fn new(database: Database, outbox: Outbox) -> Self {
        Self { entries: entries(database.clone()), database, outbox }
    }

    /// Writes down that an application is given tokens in a session, where it wants to hear of the end. Says whether it does.
    pub(crate) async fn enter(
        &self,
        client: &Client,
        user: UserId,
        session: PublicSessionId,
        until: Timestamp,
    ) -> Result<bool, Unavailable> {
        if !client.metadata.hears_of_logouts() {
            return Ok(false);
        }
        let row = Model {
            session: session.to_string(),
            client_id: client.id.to_string(),
            user_id: user.to_string(),
            expires_at: until.millis(),
        };
        self.entries.ask(row).await?;
        Ok(true)
    }

    /// Takes back what was written down of an application that was given nothing after all.
    pub(crate) async fn strike(&self, client: &ClientId, session: PublicSessionId) -> Result<(), Unavailable> {
        Entity::delete_by_id((session.to_string(), client.to_string())).exec(self.database.writer()).await?;
        Ok(())
    }

    /// Takes the members of sessions that end, and has each told. Of parallel callers one takes a member.
    pub(crate) async fn end(&self, whose: &Whose) -> Result<Vec<Member>, Unavailable> {
        Ok(end_members(&self.database, &self.outbox, whose).await?)
    }

    /// Deletes the rows of sessions that are over in any case. Returns how many that were.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<u64, DbErr> {
        let mut swept = 0;
        loop {
            let over = Entity::find().filter(Column::ExpiresAt.lte(now.millis())).limit(PAGE);
            let rows = over.all(self.database.reader()).await?;
            if rows.is_empty() {
                return Ok(swept);
            }
            for row in rows {
                // Asked once more: it may have been written anew meanwhile.
                let one = Entity::delete_by_id((row.session, row.client_id));
                let one = one.filter(Column::ExpiresAt.lte(now.millis()));
                swept += one.exec(self.database.writer()).await?.rows_affected;
            }
        }
    }
}

/// Takes the members of the sessions that end, and puts a job for each into the outbox, in one transaction. Grants and consents
/// are no sessions: their end takes none.
///
/// # Errors
/// A database that does not answer: nobody was taken then.
pub async fn end_members(database: &Database, outbox: &Outbox, whose: &Whose) -> Result<Vec<Member>, DbErr> {
    let which = match whose {
        Whose::User(user) => Condition::all().add(Column::UserId.eq(user.to_string())),
        Whose::Session(session) => Condition::all().add(Column::Session.eq(session.to_string())),
        Whose::Consent(..) | Whose::Grant(_) => return Ok(Vec::new()),
    };
    let transaction = database.begin().await?;
    let rows = Entity::delete_many().filter(which).exec_with_returning(&transaction).await?;
    let members: Vec<Member> = rows.into_iter().filter_map(member).collect();
    for member in &members {
        let told = outbox.enqueue_in(&transaction, herald::KIND, member).await;
        told.map_err(|error| DbErr::Custom(error.to_string()))?;
    }
    transaction.commit().await?;
    if !members.is_empty() {
        outbox.wake();
    }
    Ok(members)
}

fn member(row: Model) -> Option<Member> {
    Some(Member { session: row.session.parse().ok()?, user: row.user_id.parse().ok()?, client: row.client_id.into() })
}

impl Provider {
    /// Writes down that an application is about to be given tokens in a session, so that it hears of the end. `false` where the
    /// session has ended since `ended` last said otherwise: then nothing may be given.
    pub(crate) async fn joins(
        &self,
        client: &Client,
        user: UserId,
        session: PublicSessionId,
        ended: impl FnOnce() -> bool,
    ) -> Result<bool, Unavailable> {
        // Twice what a session lasts at most, since signing in anew prolongs one.
        let longest = self.sessions().longest().saturating_mul(2);
        if !self.roll().enter(client, user, session, self.clock().now() + longest).await? {
            return Ok(true);
        }
        // Whoever ends it says so in the log first and takes the members then: either they find this one, or it is said by now.
        if ended() {
            self.roll().strike(&client.id, session).await?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Forgets the members of sessions that are over, until `shutdown` turns true or its sender is gone.
    pub async fn sweep_roll(self, mut shutdown: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.roll().sweep(self.clock().now()).await {
                tracing::warn!(%error, "who was given tokens in sessions that are over cannot be forgotten; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(SWEEP_EVERY) => {}
                _ = shutdown.wait_for(|stop| *stop) => return,
            }
        }
    }
}
