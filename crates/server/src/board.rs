//! The board of this provider: which instruments there are, and under which names (docs/metrics.md).

use vestibule_database::KeptStatistics;
use vestibule_metrics::{Board, DurationsBy, Reading};
use vestibule_oidc::Provider;

use crate::streams::Streams;

/// What requests are told apart by.
pub(crate) fn requests() -> DurationsBy<2> {
    DurationsBy::new(["endpoint", "status"])
}

/// Everything that is measured.
pub(crate) fn board(provider: &Provider, streams: &Streams, requests: &DurationsBy<2>) -> Board {
    let mut board = Board::default();
    let help = "How long requests took, from their head to the head of their answer";
    board.durations_by("http_request_duration_seconds", help, requests);
    board.counts_by("tokens_issued", "Good answers of the token endpoint", provider.issued());
    of_revocations(&mut board, provider, streams);
    of_memories(&mut board, provider);
    let waiting = provider.clone();
    single(&mut board, "passwords_waiting", "Passwords that wait for a worker", move || {
        waiting.users().hasher().waiting() as u64
    });
    board
}

fn of_revocations(board: &mut Board, provider: &Provider, streams: &Streams) {
    let log = provider.tokens().revocations();
    board.durations("revocation_lag_seconds", "From a revocation to when this replica knew it", log.lag());
    let (subjects, age, clock) = (log.clone(), log.clone(), provider.clock().clone());
    single(board, "revocation_subjects", "What the log of revocations names that is still alive", move || {
        subjects.len() as u64
    });
    single(board, "revocation_log_age_seconds", "How long ago the log of revocations was read to its end", move || {
        clock.now().since(age.caught_up_at()).as_secs()
    });
    let streams = streams.clone();
    single(board, "revocation_streams", "Those who listen to revocations", move || streams.count() as u64);
}

fn of_memories(board: &mut Board, provider: &Provider) {
    let numbers = |pick: fn(KeptStatistics) -> u64| {
        let provider = provider.clone();
        move || {
            vec![
                ("tokens", pick(provider.tokens().kept())),
                ("clients", pick(provider.clients().kept())),
                ("apis", pick(provider.apis().kept())),
                ("people", pick(provider.portraits().kept())),
                ("permissions", pick(provider.access().kept())),
            ]
        }
    };
    board.looked_up(Reading::Level, "kept_bytes", "Memory in use", "of", numbers(|kept| kept.bytes));
    board.looked_up(Reading::Total, "kept_hits", "Questions answered from memory", "of", numbers(|kept| kept.hits));
    board.looked_up(Reading::Total, "kept_misses", "Questions not answered so", "of", numbers(|kept| kept.misses));
}

/// One number, without a label.
fn single(board: &mut Board, name: &'static str, help: &'static str, look: impl Fn() -> u64 + Send + Sync + 'static) {
    board.looked_up(Reading::Level, name, help, "", move || vec![("", look())]);
}
