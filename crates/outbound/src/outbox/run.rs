//! The workers of this process.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{Job, Lane, Outbox, claim::LEASE};

/// How often it is looked for what another process enqueued, and for what is due again.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long a handler may take at most: less than a claim lasts, so that it has stopped before another begins.
const LONGEST: Duration = Duration::from_secs(4 * 60);
const _: () = assert!(LONGEST.as_secs() + 30 <= LEASE.as_secs());
/// How long what was begun may go on after the shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// How often what failed long since is deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Why a job was not done. The words are kept and logged: they must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It may go well another time.
    #[error("for now: {0}")]
    Temporary(String),
    /// It never will.
    #[error("for good: {0}")]
    Permanent(String),
}

/// Does the jobs.
pub trait Handler: Send + Sync + 'static {
    /// Which jobs it does, and at what pace. Each handler runs by itself: none waits for what another is at.
    fn lane(&self) -> Lane {
        Lane::default()
    }

    /// Does one. It is dropped where it stands after four minutes, and then counts as temporary trouble.
    fn handle(&self, job: &Job) -> impl Future<Output = Result<(), Trouble>> + Send;
}

impl Outbox {
    /// Has what is due done by `handler`, until `shutdown` turns true or its sender is gone. What was begun may then end; what
    /// takes longer than ten seconds is left, and begun anew by whoever runs next, once its claim is over.
    pub async fn run(self, handler: impl Handler, mut shutdown: watch::Receiver<bool>) {
        let lane = handler.lane();
        let handler = Arc::new(handler);
        let mut news = self.news.subscribe();
        let mut begun = JoinSet::new();
        let (mut look, mut sweep) = (interval(LOOK_EVERY), interval(SWEEP_EVERY));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut out = false;
        loop {
            tokio::select! {
                () = stopped(&mut shutdown) => break,
                // A handler that panicked has ended too: its job is due again once its claim is over.
                Some(_) = begun.join_next() => {}
                // The sender lives as long as this outbox.
                _ = news.changed() => {}
                _ = look.tick() => {}
                _ = sweep.tick() => {
                    if let Err(error) = self.sweep().await {
                        tracing::warn!(%error, "what failed long since cannot be deleted");
                    }
                    continue;
                }
            }
            match self.begin_what_is_due(&handler, &lane, &mut begun).await {
                Err(error) if !out => {
                    out = true;
                    tracing::error!(%error, "the outbox cannot be read");
                }
                Ok(()) if out => {
                    out = false;
                    tracing::info!("the outbox can be read again");
                }
                _ => {}
            }
        }
        let ended = async { while begun.join_next().await.is_some() {} };
        let _ = timeout(GRACE, ended).await;
    }

    async fn begin_what_is_due(
        &self,
        handler: &Arc<impl Handler>,
        lane: &Lane,
        begun: &mut JoinSet<()>,
    ) -> Result<(), super::OutboxError> {
        let room = lane.parallel.saturating_sub(begun.len());
        if room == 0 {
            return Ok(());
        }
        for job in self.claim(lane, room as u64).await? {
            let (outbox, handler, tried_for) = (self.clone(), Arc::clone(handler), lane.tried_for);
            begun.spawn(async move { outbox.attempt(&*handler, &job, tried_for).await });
        }
        Ok(())
    }

    async fn attempt(&self, handler: &impl Handler, job: &Job, tried_for: Duration) {
        let result = timeout(LONGEST, handler.handle(job))
            .await
            .unwrap_or_else(|_| Err(Trouble::Temporary(format!("it took longer than {} s", LONGEST.as_secs()))));
        // What was done and cannot be put down would be done again: once the database is back is early enough to say so.
        for wait in [0, 1, 5, 20] {
            sleep(Duration::from_secs(wait)).await;
            match self.settle(job, result.clone(), tried_for).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(job = job.id, %error, "what became of a job cannot be written down yet"),
            }
        }
        tracing::error!(job = job.id, "what became of a job could not be written down: it will be begun again");
    }
}

async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // Where the sender is gone, nobody is left to stop us otherwise.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
