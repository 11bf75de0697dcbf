//! Forgetting those that registered themselves for nothing.

use std::time::Duration;

use tokio::sync::watch;
use vestibule_audit::{Actor, Event, Kind, ObjectType};

use crate::{Provider, Unavailable, client::ClientsError};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(600);

impl Provider {
    /// Forgets now and then the applications that registered themselves and that nobody ever allowed anything, and the initial
    /// access tokens that have run out; until `shutdown` turns true or its sender is gone.
    pub async fn sweep_registrations(self, mut shutdown: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.forget_unused().await {
                tracing::warn!(%error, "applications that nobody uses could not be forgotten; it is tried again");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = shutdown.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// One turn of it: everything that is due.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn forget_unused(&self) -> Result<(), Unavailable> {
        self.initial_access_tokens().sweep().await?;
        let mut last = String::new();
        while let Some((unused, end)) =
            self.clients().unused(self.settings().registration.unused_lifetime, &last).await?
        {
            for id in &unused {
                let event = Event::new(Kind::Deleted, Actor::System).object(ObjectType::Client, id.as_str());
                self.revoke_client(id).await?;
                match self.audit().with_change(event, self.clients().delete(id)).await {
                    // Another replica was quicker.
                    Ok(()) | Err(ClientsError::NoSuchClient(_)) => {}
                    Err(other) => return Err(Unavailable::because(other)),
                }
            }
            last = end;
        }
        Ok(())
    }
}
