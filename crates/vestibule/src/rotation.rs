//! Signing keys follow each other on a schedule (`keys.rotate_every`).

use std::time::Duration;

use tokio::sync::watch;
use vestibule_audit::{Actor, Audit, Details, Event, Kind, ObjectType};
use vestibule_tokens::{KeyRing, Rotation};

use crate::{cli::LONGEST_TOKEN, config::Config};

/// How often is looked.
const EVERY: Duration = Duration::from_secs(60);

/// What the schedule is.
pub(crate) struct Schedule {
    every: Duration,
    rotation: Rotation,
}

impl Schedule {
    /// As the configuration says; nothing where keys are rotated by hand.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        let keys = &config.keys;
        let rotation = Rotation { publish_ahead: keys.publish_ahead, keep: LONGEST_TOKEN };
        (!keys.rotate_every.is_zero()).then_some(Self { every: keys.rotate_every, rotation })
    }

    /// Makes new keys when it is time, until `shutdown` turns true or its sender is gone.
    pub(crate) async fn keep(self, ring: KeyRing, audit: Audit, mut shutdown: watch::Receiver<bool>) {
        loop {
            match ring.rotate_due(self.every, self.rotation).await {
                Ok(kids) => tell(&ring, &audit, &kids).await,
                Err(error) => {
                    tracing::error!(%error, "old signing keys could not be followed by new ones; it is tried again")
                }
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                _ = shutdown.wait_for(|stop| *stop) => return,
            }
        }
    }
}

async fn tell(ring: &KeyRing, audit: &Audit, kids: &[String]) {
    for key in ring.list().into_iter().filter(|key| kids.contains(&key.kid)) {
        tracing::info!(kid = key.kid, algorithm = %key.algorithm, "a new signing key was made, and signs once it was published long enough");
        let event = Event::new(Kind::KeysRotated, Actor::System).object(ObjectType::Key, &key.kid);
        if let Err(error) = audit.record(event.details(Details::new().name(&key.algorithm.to_string()))).await {
            tracing::error!(%error, "what happened could not be recorded");
        }
    }
}
