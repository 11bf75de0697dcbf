//! Who waits to be hashed: a bounded queue between the requests and the workers.
//!
//! ```text
//! push ──► waiting ──► take (a worker)         full: push answers at once, with when to come back
//!             └──► dropped, when the one who asked has gone
//! ```

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{
    HashingError,
    formats::{Stored, argon::SALT_BYTES},
};

/// Where the answer to a job goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, HashingError>>;

/// What came of holding a password against a hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Whether it is the password.
    pub(super) matches: bool,
    /// How long it took the worker.
    pub(super) took: Duration,
}

/// What a worker is asked to do.
pub(super) enum Job {
    /// Hash a new password.
    Hash { password: SecretString, salt: [u8; SALT_BYTES], reply: Reply<String> },
    /// Hold a password against a stored hash.
    Verify { password: SecretString, stored: Box<Stored>, reply: Reply<Held> },
    /// Something else about a password that takes long; it answers by itself.
    Run(Box<dyn FnOnce() + Send>),
}

impl Job {
    /// Whether nobody waits for the answer any more.
    pub(super) fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash { reply, .. } => reply.is_closed(),
            Self::Verify { reply, .. } => reply.is_closed(),
            Self::Run(_) => false,
        }
    }
}

/// What a worker finds when it comes for work.
pub(super) enum Next {
    /// Something to do.
    Job(Job),
    /// Nothing, for as long as it was ready to wait.
    Nothing,
    /// The pool is gone.
    Closed,
}

/// The waiting jobs.
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
    workers: u32,
}

struct State {
    waiting: VecDeque<Job>,
    closed: bool,
    /// How long a job takes a worker: a moving average, beginning with a guess.
    usual: Duration,
}

impl Queue {
    pub(super) fn new(capacity: usize, workers: usize) -> Self {
        let state = State { waiting: VecDeque::new(), closed: false, usual: Duration::from_millis(25) };
        let workers = u32::try_from(workers).unwrap_or(u32::MAX);
        Self { state: Mutex::new(state), arrived: Condvar::new(), capacity, workers }
    }

    /// How many wait now.
    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Lets a job wait for a worker. Where the queue is full, those who have gone make room first.
    pub(super) fn push(&self, job: Job) -> Result<(), HashingError> {
        let mut state = self.lock();
        if state.closed {
            return Err(HashingError::Stopped);
        }
        if state.waiting.len() >= self.capacity {
            state.waiting.retain(|job| !job.is_abandoned());
        }
        if state.waiting.len() >= self.capacity {
            return Err(HashingError::Busy { retry_after: self.time_to_empty(&state) });
        }
        state.waiting.push_back(job);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next job that somebody still waits for; a worker waits for one up to `patience`, or for as long as it takes.
    pub(super) fn take(&self, patience: Option<Duration>) -> Next {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let mut state = self.lock();
        loop {
            state = match patience {
                None => self.arrived.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    self.arrived.wait_timeout_while(state, patience, idle).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            if state.closed {
                return Next::Closed;
            }
            match state.waiting.pop_front() {
                None => return Next::Nothing,
                Some(job) if job.is_abandoned() => {}
                Some(job) => return Next::Job(job),
            }
        }
    }

    /// Learns how long a job took.
    pub(super) fn took(&self, duration: Duration) {
        let mut state = self.lock();
        state.usual = (state.usual * 7 + duration) / 8;
    }

    /// Ends the pool: whoever waits is told so, and every worker that comes for work goes home.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        drop(state);
        self.arrived.notify_all();
    }

    /// When everyone who waits now will have been served, in whole seconds as `Retry-After` has them: 1 to 60.
    fn time_to_empty(&self, state: &State) -> Duration {
        let waiting = u32::try_from(state.waiting.len()).unwrap_or(u32::MAX);
        let total = state.usual.saturating_mul(waiting) / self.workers.max(1);
        Duration::from_secs(total.as_secs().saturating_add(1).min(60))
    }

    /// Nothing panics while it holds the lock, and the state would be whole if it did.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
