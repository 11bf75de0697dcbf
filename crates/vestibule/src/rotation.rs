//! Signing keys follow each other on a schedule (`keys.rotate_every`).

use std::time::Duration;

use tokio::sync::watch;
use vestibule_audit::{Actor, Audit, Details, Event, Kind, ObjectType};
use vestibule_tokens::{KeyRing, Rotation};

use crate::config::Config;

/// No token lives longer, whatever is configured (`tokens.*_lifetime` end at 24 h); an hour more for clocks that differ.
pub(crate) const LONGEST_TOKEN: Duration = Duration::from_secs(25 * 60 * 60);

/// How often is looked.
const EVERY: Duration = Duration::from_secs(60);

/// When a rotation takes effect, by whom ever it is begun: a key that signs no more verifies for as long as a token may live.
#[must_use]
pub fn of(config: &Config) -> Rotation {
    Rotation { publish_ahead: config.keys.publish_ahead, keep: LONGEST_TOKEN }
}

/// Makes new keys `every` so often, until `shutdown` turns true or its sender is gone.
pub(crate) async fn keep(
    ring: KeyRing,
    audit: Audit,
    every: Duration,
    rotation: Rotation,
    mut shutdown: watch::Receiver<bool>,
) {
    // Then it is done by hand.
    if every.is_zero() {
        return;
    }
    loop {
        match ring.rotate_due(every, rotation).await {
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

async fn tell(ring: &KeyRing, audit: &Audit, kids: &[String]) {
    for key in ring.list().into_iter().filter(|key| kids.contains(&key.kid)) {
        tracing::info!(kid = key.kid, algorithm = %key.algorithm, "a new signing key was made, and signs once it was published long enough");
        let event = Event::new(Kind::KeysRotated, Actor::System).object(ObjectType::Key, &key.kid);
        if let Err(error) = audit.record(event.details(Details::new().name(&key.algorithm.to_string()))).await {
            tracing::error!(%error, "what happened could not be recorded");
        }
    }
}
