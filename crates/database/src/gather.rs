//! One statement for what many ask at once.
//!
//! ```text
//! ask ─▶ the queue ─▶ is a task at work? ── yes: it comes back to the queue ── no: one begins
//! that task: all that is queued ─▶ one statement ─▶ each is answered ─▶ the queue once more, until it is empty
//! ```
//! A round trip to the engine costs as much for fifty rows as for one, and so does a commit; SQLite has one writer besides. Nobody
//! waits for others to come: who asks while nothing is at work is asked for alone, and whoever comes meanwhile goes next, together.
//!
//! A question that fails takes no other with it. An engine that cannot be reached is another matter: whoever waits then hears that
//! at once, since one after the other they would wait for a connection each. Whoever has gone before it was their turn is left out.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sea_orm::DbErr;
use tokio::sync::oneshot;

/// Why something gathered was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GatherError(String);

impl From<DbErr> for GatherError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

impl From<GatherError> for DbErr {
    fn from(error: GatherError) -> Self {
        Self::Custom(error.0)
    }
}

type Working<A> = Pin<Box<dyn Future<Output = Result<Vec<A>, DbErr>> + Send>>;
type Work<Q, A> = Box<dyn Fn(Vec<Q>) -> Working<A> + Send + Sync>;

/// What many ask at once, asked in groups. Cheap to clone.
pub struct Gather<Q, A>(Arc<Inner<Q, A>>);

struct Inner<Q, A> {
    queue: Mutex<Queue<Q, A>>,
    work: Work<Q, A>,
    most: usize,
}

struct Queue<Q, A> {
    waiting: Vec<Waiting<Q, A>>,
    /// Whether a task is at work that will look here again.
    at_work: bool,
}

struct Waiting<Q, A> {
    question: Q,
    answer: oneshot::Sender<Result<A, GatherError>>,
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Gather<Q, A> {
    /// Asks by `work`, which answers so many questions at most, in their order. Where it fails, each is asked by itself, so that
    /// none fails for another.
    pub fn new<W>(most: usize, work: impl Fn(Vec<Q>) -> W + Send + Sync + 'static) -> Self
    where
        W: Future<Output = Result<Vec<A>, DbErr>> + Send + 'static,
    {
        let queue = Mutex::new(Queue { waiting: Vec::new(), at_work: false });
        Self(Arc::new(Inner { queue, work: Box::new(move |questions| Box::pin(work(questions))), most: most.max(1) }))
    }

    /// The answer to a question. What it asks for may be done where the caller stops waiting.
    ///
    /// # Errors
    /// What hindered it.
    pub async fn ask(&self, question: Q) -> Result<A, GatherError> {
        let (answer, answered) = oneshot::channel();
        let at_work = {
            let mut queue = self.0.queue();
            queue.waiting.push(Waiting { question, answer });
            std::mem::replace(&mut queue.at_work, true)
        };
        if !at_work {
            tokio::spawn(Arc::clone(&self.0).until_empty());
        }
        answered.await.map_err(|_| GatherError("the task that asked is gone".to_owned()))?
    }
}

impl<Q: Clone + Send + 'static, A: Send + 'static> Inner<Q, A> {
    async fn until_empty(self: Arc<Self>) {
        let mut gone = Gone { inner: &self, ended: false };
        while let Some(group) = self.next_group() {
            let questions: Vec<Q> = group.iter().map(|waiting| waiting.question.clone()).collect();
            let many = questions.len();
            match (self.work)(questions).await {
                Ok(answers) if answers.len() == many => {
                    group.into_iter().zip(answers).for_each(|(waiting, answer)| waiting.hears(Ok(answer)));
                }
                Ok(_) => all_hear(group, &unanswered()),
                Err(error) if is_unreachable(&error) => self.nobody_is_answered(group, error),
                Err(error) if many == 1 => all_hear(group, &error.into()),
                Err(error) => {
                    tracing::warn!(%error, many, "what many asked could not be asked together; each is asked by itself");
                    self.one_by_one(group).await;
                }
            }
        }
        gone.ended = true;
    }

    async fn one_by_one(&self, group: Vec<Waiting<Q, A>>) {
        let mut group = group.into_iter();
        while let Some(waiting) = group.next() {
            match (self.work)(vec![waiting.question.clone()]).await {
                Ok(mut answers) => waiting.hears(answers.pop().ok_or_else(unanswered)),
                Err(error) if is_unreachable(&error) => {
                    let rest = std::iter::once(waiting).chain(group.by_ref()).collect();
                    self.nobody_is_answered(rest, error);
                }
                Err(error) => waiting.hears(Err(error.into())),
            }
        }
    }

    /// There is nobody to ask: these hear it, and all who wait behind them.
    fn nobody_is_answered(&self, group: Vec<Waiting<Q, A>>, error: DbErr) {
        let behind = std::mem::take(&mut self.queue().waiting);
        let error = GatherError::from(error);
        all_hear(group, &error);
        all_hear(behind, &error);
    }

    /// What is queued; nothing where nothing is, and then nobody is at work any more.
    fn next_group(&self) -> Option<Vec<Waiting<Q, A>>> {
        let mut queue = self.queue();
        queue.waiting.retain(|waiting| !waiting.answer.is_closed());
        let many = queue.waiting.len().min(self.most);
        if many == 0 {
            queue.at_work = false;
            return None;
        }
        Some(queue.waiting.drain(..many).collect())
    }
}

impl<Q, A> Inner<Q, A> {
    fn queue(&self) -> MutexGuard<'_, Queue<Q, A>> {
        // Nothing panics while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Waiting<Q, A> {
    fn hears(self, answer: Result<A, GatherError>) {
        // Whoever asked may have gone.
        let _ = self.answer.send(answer);
    }
}

/// Should the task panic or be dropped, whoever waits hears that nobody answers, and the next to come begins anew.
struct Gone<'a, Q, A> {
    inner: &'a Inner<Q, A>,
    ended: bool,
}

impl<Q, A> Drop for Gone<'_, Q, A> {
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self.inner.queue();
            queue.at_work = false;
            queue.waiting.clear();
        }
    }
}

fn all_hear<Q, A>(all: Vec<Waiting<Q, A>>, error: &GatherError) {
    all.into_iter().for_each(|waiting| waiting.hears(Err(error.clone())));
}

/// Whether no connection could be had: the next question would fare no better.
fn is_unreachable(error: &DbErr) -> bool {
    matches!(error, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
}

fn unanswered() -> GatherError {
    GatherError("the database did not answer all that it was asked".to_owned())
}

impl<Q, A> Clone for Gather<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q, A> fmt::Debug for Gather<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather").field("most", &self.0.most).finish_non_exhaustive()
    }
}

/// So many values that statements come in few shapes, which the engine need not plan anew: the next power of two, filled up with
/// `filler`.
pub fn in_few_shapes<T: Clone>(mut values: Vec<T>, filler: &T) -> Vec<T> {
    values.resize(values.len().next_power_of_two(), filler.clone());
    values
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering::SeqCst},
        time::Duration,
    };

    use sea_orm::ConnAcquireErr;
    use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

    use super::*;

    /// Doubles numbers, once it is let; 13 cannot be asked about, and 404 where nobody is reached.
    fn doubling(most: usize) -> (Gather<usize, usize>, Arc<Semaphore>, Arc<AtomicUsize>) {
        let (let_go, groups) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (gate, count) = (Arc::clone(&let_go), Arc::clone(&groups));
        let gather = Gather::new(most, move |questions: Vec<usize>| {
            let (gate, count) = (Arc::clone(&gate), Arc::clone(&count));
            async move {
                drop(gate.acquire().await);
                count.fetch_add(1, SeqCst);
                assert!(!questions.contains(&666), "a task that panics");
                if questions.contains(&404) {
                    return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
                }
                if questions.contains(&13) {
                    return Err(DbErr::Custom("13".to_owned()));
                }
                Ok(questions.into_iter().map(|number| number * 2).collect())
            }
        });
        (gather, let_go, groups)
    }

    async fn asked(
        gather: &Gather<usize, usize>,
        numbers: impl IntoIterator<Item = usize>,
    ) -> JoinSet<(usize, Result<usize, GatherError>)> {
        let mut asking = JoinSet::new();
        for number in numbers {
            let gather = gather.clone();
            asking.spawn(async move { (number, gather.ask(number).await) });
            tokio::task::yield_now().await;
        }
        asking
    }

    #[tokio::test]
    async fn whoever_comes_meanwhile_goes_together_and_hears_their_own_answer() {
        let (gather, let_go, groups) = doubling(40);
        let asking = asked(&gather, 100..200).await;
        let_go.add_permits(1000);
        for (number, answer) in asking.join_all().await {
            assert_eq!(answer, Ok(number * 2));
        }
        assert_eq!(groups.load(SeqCst), 4, "the first alone, then 40, 40 and 19");
        assert_eq!(gather.ask(4).await, Ok(8), "and it begins anew");
    }

    #[tokio::test]
    async fn nobody_fails_for_another() {
        let (gather, let_go, _) = doubling(100);
        let asking = asked(&gather, 10..20).await;
        let_go.add_permits(1000);
        for (number, answer) in asking.join_all().await {
            assert_eq!(answer.is_ok(), number != 13, "{number}: {answer:?}");
        }
    }

    #[tokio::test]
    async fn where_nobody_is_reached_all_who_wait_hear_it_at_once() {
        let (gather, let_go, groups) = doubling(10);
        let asking = asked(&gather, [404].into_iter().chain(1..100)).await;
        let_go.add_permits(1000);
        assert!(asking.join_all().await.iter().all(|(_, answer)| answer.is_err()));
        assert_eq!(groups.load(SeqCst), 1, "nobody waited for a connection of their own");
        let asking = asked(&gather, [1, 13, 404, 2].into_iter().chain(3..9)).await;
        asking.join_all().await;
        assert_eq!(gather.ask(4).await, Ok(8), "and it begins anew");
    }

    #[tokio::test]
    async fn whoever_went_before_their_turn_is_left_out() {
        let (gather, let_go, groups) = doubling(1);
        let first = asked(&gather, [1]).await;
        let mut gone = asked(&gather, 2..50).await;
        gone.abort_all();
        while gone.join_next().await.is_some() {}
        let last = asked(&gather, [50]).await;
        let_go.add_permits(1000);
        assert_eq!((first.join_all().await, last.join_all().await), (vec![(1, Ok(2))], vec![(50, Ok(100))]));
        assert_eq!(groups.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn whoever_goes_away_takes_nobody_along() {
        let (gather, let_go, _) = doubling(100);
        let mut gone = asked(&gather, 1..3).await;
        let here = asked(&gather, 3..5).await;
        gone.abort_all();
        while gone.join_next().await.is_some() {}
        let_go.add_permits(1000);
        let answers = timeout(Duration::from_secs(10), here.join_all()).await.expect("an answer");
        assert!(answers.iter().all(|(number, answer)| *answer == Ok(number * 2)));
    }

    #[tokio::test]
    async fn a_task_that_panics_leaves_nobody_waiting() {
        let (gather, let_go, _) = doubling(100);
        let asking = asked(&gather, [1, 666, 2]).await;
        let_go.add_permits(1000);
        let answers = timeout(Duration::from_secs(10), asking.join_all()).await.expect("an answer");
        assert_eq!(answers.iter().filter(|(_, answer)| answer.is_err()).count(), 2, "{answers:?}");
        assert_eq!(timeout(Duration::from_secs(10), gather.ask(2)).await, Ok(Ok(4)));
    }

    #[test]
    fn shapes_are_few() {
        assert_eq!(in_few_shapes(vec![1, 2, 3], &0), [1, 2, 3, 0]);
        assert_eq!(in_few_shapes(vec![1, 2], &0), [1, 2]);
        assert_eq!(in_few_shapes(vec![1], &0), [1]);
    }
}
