//! A document of the provider's, kept: fetched again when it is old or does not suffice, not too often, by one at a time; and
//! used for a while longer where the provider does not answer.
//!
//! ```text
//!   age   0 ───────────── FRESH ───────────────────────── STALE
//!         used as it is │ fetched again with the next use │ nothing
//!                       │ (failed: used as it is)         │
//! ```

use std::{
    future::Future,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use vestibule_core::{Clock, Timestamp};

/// How old a document may be before it is fetched again.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How old it may be at all, where fetching it again fails.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How long after a try the next may be, whatever came of the first: made-up key ids cost the provider a request in that time at
/// most (attack A48).
const PAUSE: Duration = Duration::from_secs(10);

/// Keeps one document.
#[derive(Debug)]
pub(crate) struct Keeper<T> {
    clock: Clock,
    state: RwLock<State<T>>,
    /// Held by the one that fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State<T> {
    kept: Option<(Arc<T>, Timestamp)>,
    tried_at: Option<Timestamp>,
}

impl<T> Keeper<T> {
    pub(crate) fn new(clock: Clock) -> Self {
        let state = RwLock::new(State { kept: None, tried_at: None });
        Self { clock, state, fetching: tokio::sync::Mutex::new(()) }
    }

    /// The document. `fetch` is asked for it where there is none, or an old one.
    pub(crate) async fn get<E>(&self, fetch: impl Future<Output = Result<T, E>>) -> Option<Arc<T>> {
        let usable = match self.kept() {
            Some((kept, age)) if age < FRESH => return Some(kept),
            kept => kept.filter(|(_, age)| *age < STALE).map(|(kept, _)| kept),
        };
        let Some(usable) = usable else {
            let _held = self.fetching.lock().await;
            return match self.kept() {
                Some((kept, age)) if age < STALE => Some(kept),
                _ => self.try_to(fetch).await,
            };
        };
        // Whoever finds somebody fetching uses what is there.
        let fetched = match self.fetching.try_lock() {
            Ok(_held) => self.try_to(fetch).await,
            Err(_) => None,
        };
        fetched.or(Some(usable))
    }

    /// A document that is newer than `seen`, which did not suffice. Nothing where there is none yet, and none may be fetched.
    pub(crate) async fn newer<E>(&self, seen: &Arc<T>, fetch: impl Future<Output = Result<T, E>>) -> Option<Arc<T>> {
        let other = || self.kept().map(|(kept, _)| kept).filter(|kept| !Arc::ptr_eq(kept, seen));
        if let Some(newer) = other() {
            return Some(newer);
        }
        if !self.may_try() && self.fetching.try_lock().is_ok() {
            return None;
        }
        let _held = self.fetching.lock().await;
        match other() {
            Some(newer) => Some(newer),
            None => self.try_to(fetch).await,
        }
    }

    /// What is kept, and how old it is.
    fn kept(&self) -> Option<(Arc<T>, Duration)> {
        let now = self.clock.now();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.kept.as_ref().map(|(kept, at)| (kept.clone(), now.since(*at)))
    }

    fn may_try(&self) -> bool {
        let now = self.clock.now();
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.tried_at.is_none_or(|at| now.since(at) >= PAUSE)
    }

    /// Fetches, if that may be. The caller holds `fetching`.
    async fn try_to<E>(&self, fetch: impl Future<Output = Result<T, E>>) -> Option<Arc<T>> {
        if !self.may_try() {
            return None;
        }
        let now = self.clock.now();
        self.state.write().unwrap_or_else(PoisonError::into_inner).tried_at = Some(now);
        let fetched = Arc::new(fetch.await.ok()?);
        self.state.write().unwrap_or_else(PoisonError::into_inner).kept = Some((fetched.clone(), now));
        Some(fetched)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Source {
        asked: AtomicUsize,
        up: bool,
    }

    impl Source {
        fn new() -> Self {
            Self { asked: AtomicUsize::new(0), up: true }
        }

        async fn document(&self) -> Result<usize, ()> {
            let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
            if self.up { Ok(asked) } else { Err(()) }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    async fn kept(keeper: &Keeper<usize>, source: &Source) -> Option<usize> {
        keeper.get(source.document()).await.map(|document| *document)
    }

    #[tokio::test]
    async fn a_document_is_fetched_once_and_again_when_it_is_old() {
        let (clock, source) = (Clock::system(), Source::new());
        let keeper = Keeper::new(clock.clone());
        assert_eq!(kept(&keeper, &source).await, Some(1));
        clock.advance(FRESH - Duration::from_secs(1));
        assert_eq!(kept(&keeper, &source).await, Some(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(kept(&keeper, &source).await, Some(2));
    }

    #[tokio::test]
    async fn a_provider_that_is_down_is_bridged_for_an_hour() {
        let (clock, mut source) = (Clock::system(), Source::new());
        let keeper = Keeper::new(clock.clone());
        assert_eq!(kept(&keeper, &source).await, Some(1));
        source.up = false;
        clock.advance(STALE - Duration::from_secs(1));
        assert_eq!(kept(&keeper, &source).await, Some(1));
        clock.advance(PAUSE);
        assert_eq!(kept(&keeper, &source).await, None);
        source.up = true;
        clock.advance(PAUSE);
        assert_eq!(kept(&keeper, &source).await, Some(4));
    }

    #[tokio::test]
    async fn a48_what_does_not_suffice_is_fetched_again_once_in_ten_seconds_however_many_ask() {
        let (clock, source) = (Clock::system(), Source::new());
        let keeper = Keeper::new(clock.clone());
        let seen = keeper.get(source.document()).await.unwrap();
        for _ in 0..50 {
            assert!(keeper.newer(&seen, source.document()).await.is_none(), "it was fetched just now");
        }
        assert_eq!(source.asked(), 1);
        clock.advance(PAUSE);
        assert_eq!(keeper.newer(&seen, source.document()).await.as_deref(), Some(&2));
        assert_eq!(keeper.newer(&seen, source.document()).await.as_deref(), Some(&2), "the one that is newer is there");
        assert_eq!(source.asked(), 2);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fifty_who_need_it_at_once_share_one_fetch() {
        let source = Arc::new(Source::new());
        let keeper = Arc::new(Keeper::new(Clock::system()));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (source, keeper) = (source.clone(), keeper.clone());
                tokio::spawn(async move { kept(&keeper, &source).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), Some(1));
        }
        assert_eq!(source.asked(), 1);
    }

    #[tokio::test]
    async fn a_provider_that_was_never_there_is_asked_every_ten_seconds() {
        let (clock, mut source) = (Clock::system(), Source::new());
        source.up = false;
        let keeper = Keeper::new(clock.clone());
        for _ in 0..5 {
            assert_eq!(kept(&keeper, &source).await, None);
        }
        assert_eq!(source.asked(), 1);
        clock.advance(PAUSE);
        assert_eq!(kept(&keeper, &source).await, None);
        assert_eq!(source.asked(), 2);
    }
}
