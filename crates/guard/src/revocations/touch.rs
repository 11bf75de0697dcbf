//! Whether the stream is there.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use vestibule_core::{Clock, Timestamp};

/// How long the stream may be silent. The provider says something every 15 seconds.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Touch {
    clock: Clock,
    state: Mutex<State>,
    there: Notify,
}

#[derive(Debug)]
struct State {
    there: bool,
    last_heard: Timestamp,
    /// Until when an entry that could not be understood may hit something.
    not_understood_until: Timestamp,
}

impl Touch {
    pub(super) fn new(clock: Clock) -> Self {
        let state = State { there: false, last_heard: clock.now(), not_understood_until: Timestamp::default() };
        Self { clock, state: Mutex::new(state), there: Notify::new() }
    }

    /// Everything up to now was heard, on this connection.
    pub(super) fn found(&self) {
        self.change(|state, now| (state.there, state.last_heard) = (true, now));
        self.there.notify_waiters();
    }

    /// The stream spoke.
    pub(super) fn heard(&self) {
        self.change(|state, now| {
            if state.there {
                state.last_heard = now;
            }
        });
    }

    /// The connection is gone.
    pub(super) fn lost(&self) {
        self.change(|state, _| state.there = false);
    }

    /// An entry came that cannot be understood. Until it has expired, something may be ended that nobody here knows of.
    pub(super) fn not_understood(&self, until: Timestamp) {
        self.change(|state, _| state.not_understood_until = state.not_understood_until.max(until));
    }

    /// A process that was stopped for a while wakes up before its timers tell it, so that the clock is asked too.
    pub(super) fn is_there(&self) -> bool {
        self.change(|state, now| {
            state.there && now.since(state.last_heard) < SILENCE && state.not_understood_until <= now
        })
    }

    pub(super) fn last_heard(&self) -> Timestamp {
        self.change(|state, _| state.last_heard)
    }

    pub(super) async fn until_there(&self) {
        loop {
            let notified = self.there.notified();
            if self.is_there() {
                return;
            }
            notified.await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let now = self.clock.now();
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_and_a_lost_connection_are_out_of_touch() {
        let clock = Clock::system();
        let touch = Touch::new(clock.clone());
        touch.heard();
        assert!(!touch.is_there(), "before everything was heard");
        touch.found();
        assert!(touch.is_there());
        clock.advance(SILENCE - Duration::from_secs(1));
        touch.heard();
        clock.advance(SILENCE - Duration::from_secs(1));
        assert!(touch.is_there());
        clock.advance(Duration::from_secs(1));
        assert!(!touch.is_there());
        touch.found();
        touch.lost();
        assert!(!touch.is_there());
    }

    #[test]
    fn an_entry_that_is_not_understood_counts_as_out_of_touch_until_it_expires() {
        let clock = Clock::system();
        let touch = Touch::new(clock.clone());
        touch.found();
        touch.not_understood(clock.now() + Duration::from_secs(10));
        assert!(!touch.is_there());
        clock.advance(Duration::from_secs(10));
        assert!(touch.is_there());
    }
}
