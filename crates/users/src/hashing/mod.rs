//! Passwords are hashed here, by a few threads of their own.
//!
//! Argon2id takes 19 MiB and some 20 ms of a core on purpose, so a storm of sign-ins must not decide how much of either is
//! in use. A fixed number of workers, each with one block of memory that it keeps while it is busy, takes jobs from a bounded
//! queue. A full queue answers [`HashingError::Busy`] at once; everything else on the machine goes on as before.
//!
//! `policy` says how to hash and how much to bear; `formats` knows one hash, ours or one that was brought along; `imported` is
//! the door for the latter; `queue` is where requests wait; `memory` is what a worker works in; `pace` is how long a refusal
//! takes.

mod formats;
mod imported;
mod memory;
mod pace;
mod policy;
mod queue;

use std::{fmt, io, sync::Arc, thread, time::Duration, time::Instant};

use argon2::Params;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;
use vestibule_core::{Random, work_in_background};

use self::{
    formats::{Format, Stored, argon},
    memory::Memory,
    pace::Pace,
    queue::{Held, Job, Next, Queue, Reply},
};
pub use imported::{ImportedHash, UnknownHash};
pub use policy::{HashingPolicy, HashingPolicyError};

/// What came of holding a password against a stored hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it is the password.
    pub matches: bool,
    /// Whether today's policy would hash it differently, so that it should be hashed anew while it is known.
    pub needs_rehash: bool,
}

/// Why a password could not be hashed or verified.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashingError {
    /// Too many wait already.
    #[error("too many sign-ins at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When those who wait now will have been served: whole seconds, at least one.
        retry_after: Duration,
    },
    /// The stored hash cannot be held against any password.
    #[error("the stored password hash cannot be verified: {0}")]
    Unverifiable(&'static str),
    /// The hash could not be computed.
    #[error("the password could not be hashed: {0}")]
    Failed(&'static str),
    /// The workers have ended.
    #[error("the threads that hash passwords have stopped")]
    Stopped,
}

/// Why no pool could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The policy cannot be followed.
    #[error(transparent)]
    Policy(#[from] HashingPolicyError),
    /// A hash that nobody knows the password of could not be written.
    #[error(transparent)]
    Decoy(#[from] HashingError),
    /// The system gave no thread.
    #[error("a thread for hashing passwords could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// The pool of hashing workers. A clone is another handle to the same pool; its threads end with the last handle.
#[derive(Clone)]
pub struct PasswordHasher {
    pool: Arc<Pool>,
}

struct Pool {
    queue: Arc<Queue>,
    params: Params,
    accept_md5: bool,
    random: Random,
    decoy: String,
    pace: Pace,
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl PasswordHasher {
    /// Starts the workers.
    ///
    /// # Errors
    /// A policy that cannot be followed, or no threads to be had.
    pub fn new(policy: HashingPolicy, random: Random) -> Result<Self, StartError> {
        let params = policy.params()?;
        let decoy = argon::decoy(&params, random.bytes(), random.bytes())?;
        let queue = Arc::new(Queue::new(policy.queue, policy.workers));
        let pool = Arc::new(Pool {
            queue: Arc::clone(&queue),
            params: params.clone(),
            accept_md5: policy.accept_md5,
            random,
            decoy,
            pace: Pace::default(),
        });
        for number in 0..policy.workers {
            let (queue, params) = (Arc::clone(&queue), params.clone());
            thread::Builder::new().name(format!("password-{number}")).spawn(move || {
                work_in_background();
                work(&queue, &params, policy.idle);
            })?;
        }
        Ok(Self { pool })
    }

    /// How many passwords wait for a worker at this moment, for operators.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.queue.waiting()
    }

    /// Hashes a new password, with a new salt, into a PHC string.
    ///
    /// # Errors
    /// [`HashingError::Busy`] when too many wait already.
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashingError> {
        let (password, salt) = (password.clone(), self.pool.random.bytes());
        self.ask(|reply| Job::Hash { password, salt, reply }).await
    }

    /// Holds a password against a stored hash, at the cost that the hash names.
    ///
    /// Where the hash is not one of today's and the password is wrong, one of today's is computed as well: some functions take
    /// no time to speak of, and an answer that comes sooner than that for an unknown name would tell that the name is known.
    /// Others take longer, for which there is [`Self::level`].
    ///
    /// # Errors
    /// [`HashingError::Unverifiable`] for a text that is no hash, or one beyond the bounds of [`HashingPolicy`];
    /// [`HashingError::Busy`] when too many wait already.
    pub async fn verify(&self, password: &SecretString, hash: &str) -> Result<Verdict, HashingError> {
        let stored = Stored::read(hash, &self.pool.params, self.pool.accept_md5)?;
        let needs_rehash = !stored.is_up_to_date();
        let Held { matches, took } = self.hold(password, stored).await?;
        if !needs_rehash {
            self.pool.pace.ours(took);
            return Ok(Verdict { matches, needs_rehash });
        }
        self.pool.pace.other(name_of(hash), took, Instant::now());
        if !matches {
            self.verify_nothing(password).await?;
        }
        Ok(Verdict { matches, needs_rehash })
    }

    /// Takes as long as [`Self::verify`] does and finds nothing: for a user who does not exist, so that the time of an answer
    /// does not tell.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verify_nothing(&self, password: &SecretString) -> Result<(), HashingError> {
        let decoy = Stored::read(&self.pool.decoy, &self.pool.params, false)?;
        let Held { took, .. } = self.hold(password, decoy).await?;
        self.pool.pace.ours(took);
        Ok(())
    }

    /// Waits until a refusal whose verification began at `began` may be told: as long for an unknown name as for somebody whose
    /// hash was brought along and takes longer than ours. Where there are no such hashes, that is at once.
    pub(crate) async fn level(&self, began: Instant) {
        let takes = self.pool.pace.refusal(Instant::now());
        tokio::time::sleep(takes.saturating_sub(began.elapsed())).await;
    }

    /// Lets a worker do something else about a password that takes long, so that it has its place in the same queue. It must
    /// not panic: the worker would be gone.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, HashingError> {
        self.ask(|reply: Reply<T>| {
            Job::Run(Box::new(move || {
                let _ = reply.send(work());
            }))
        })
        .await
    }

    async fn hold(&self, password: &SecretString, stored: Stored) -> Result<Held, HashingError> {
        let (password, stored) = (password.clone(), Box::new(stored));
        self.ask(|reply| Job::Verify { password, stored, reply }).await
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, HashingError> {
        let (reply, answer) = oneshot::channel();
        self.pool.queue.push(job(reply))?;
        answer.await.unwrap_or(Err(HashingError::Stopped))
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher").field("params", &self.pool.params).finish_non_exhaustive()
    }
}

/// By which function a stored hash was made, such as `argon2id` or Django's `pbkdf2_sha256`.
pub(crate) fn name_of(hash: &str) -> &'static str {
    Format::of(hash).map_or("unknown", Format::name)
}

/// A worker's life: take a job, do it, give the memory back when there is nothing to do for a while.
fn work(queue: &Queue, params: &Params, idle: Duration) {
    let mut memory = Memory::default();
    loop {
        let patience = if memory.is_empty() { None } else { Some(idle) };
        match queue.take(patience) {
            Next::Closed => return,
            Next::Nothing => memory.release(),
            Next::Job(job) => {
                let began = Instant::now();
                perform(job, params, &mut memory);
                queue.took(began.elapsed());
                memory.release_above(params.block_count());
            }
        }
    }
}

/// Does one job. Whoever asked may have gone while it was done; then nobody hears the answer.
fn perform(job: Job, params: &Params, memory: &mut Memory) {
    match job {
        Job::Hash { password, salt, reply } => {
            let _ = reply.send(argon::hash(params, salt, password.expose_secret().as_bytes(), memory));
        }
        Job::Verify { password, stored, reply } => {
            let began = Instant::now();
            let matches = stored.matches(password.expose_secret().as_bytes(), memory);
            let _ = reply.send(matches.map(|matches| Held { matches, took: began.elapsed() }));
        }
        Job::Run(work) => work(),
    }
}

#[cfg(test)]
mod tests;
