//! The loops of a running server: keep up with what other processes write, and sweep what has expired.

use std::{fmt::Display, time::Duration};

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use vestibule_ephemeral::Subscription;

use crate::{KeyRing, RevocationLog, revocation::TOPIC};

/// How often the tables are looked at. Others rely on half a second.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// How often the table of revocations is swept.
const SWEEP_LOG_EVERY: Duration = Duration::from_secs(60);
/// How often long retired keys are looked for.
const SWEEP_RING_EVERY: Duration = Duration::from_secs(60 * 60);

impl KeyRing {
    /// Keeps the ring as its table is (`vestibule keys rotate` runs in another process), until `shutdown` turns true or its
    /// sender is gone.
    pub async fn follow(self, mut shutdown: watch::Receiver<bool>) {
        let (mut look, mut sweep) = (every(LOOK_EVERY), every(SWEEP_RING_EVERY));
        let mut looking = Outage::new("the signing keys cannot be read again; the known ones stay in use");
        let mut sweeping = Outage::new("the retired signing keys cannot be swept");
        loop {
            tokio::select! {
                () = stopped(&mut shutdown) => return,
                _ = look.tick() => looking.note(self.refresh().await.map(drop)),
                _ = sweep.tick() => sweeping.note(self.sweep().await.map(drop)),
            }
        }
    }
}

impl RevocationLog {
    /// Keeps the memory as the table is, until `shutdown` turns true or its sender is gone. The bus only makes it quicker.
    pub async fn follow(self, mut shutdown: watch::Receiver<bool>) {
        let (mut look, mut sweep) = (every(LOOK_EVERY), every(SWEEP_LOG_EVERY));
        let mut looking = Outage::new("the revocation log cannot be read: what others revoke is not known here");
        let mut sweeping = Outage::new("the revocation log cannot be swept");
        let mut hearing = Outage::new("the bus cannot be heard; revocations of others take up to half a second");
        let mut bus = None;
        loop {
            tokio::select! {
                () = stopped(&mut shutdown) => return,
                heard = next(&mut bus) => match heard {
                    Some(message) if self.is_own(&message) => {}
                    Some(_) => looking.note(self.catch_up().await),
                    None => bus = None,
                },
                _ = look.tick() => {
                    looking.note(self.catch_up().await);
                    if bus.is_none() {
                        let subscribed = self.bus().subscribe(TOPIC).await;
                        hearing.note(subscribed.map(|subscription| bus = Some(subscription)));
                    }
                }
                _ = sweep.tick() => sweeping.note(self.sweep().await.map(drop)),
            }
        }
    }
}

/// Comes back when it is time to stop.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, which is the same.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// The next message; without a subscription there is none to wait for.
async fn next(bus: &mut Option<Subscription>) -> Option<Vec<u8>> {
    match bus {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval(period);
    // After a pause one look is enough.
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// Tells of an outage when it begins and when it ends, not at every try in between.
struct Outage {
    consequence: &'static str,
    lasts: bool,
}

impl Outage {
    fn new(consequence: &'static str) -> Self {
        Self { consequence, lasts: false }
    }

    fn note(&mut self, result: Result<(), impl Display>) {
        match result {
            Err(error) if !self.lasts => {
                tracing::error!(%error, "{}", self.consequence);
                self.lasts = true;
            }
            Ok(()) if self.lasts => {
                tracing::info!("over: {}", self.consequence);
                self.lasts = false;
            }
            _ => {}
        }
    }
}
