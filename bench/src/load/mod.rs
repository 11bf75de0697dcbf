//! The generator: a closed loop over keep-alive connections, in one thread.
//!
//! Each connection sends its next request when its last one is answered. One thread looks for answers (epoll), so that the
//! generator's core switches between no threads, and has time to spare where the provider's core is full. It does not sleep
//! meanwhile: to wake it would be work for the provider's core (an interrupt of the other), of some ten microseconds on a virtual
//! machine, and only where operations are slow enough for it to fall asleep, which those of the limits are not.
//!
//! ```text
//! connections: prepare ─▶ parked ─▶ (all are there) ─▶ warm ─▶ measured ─▶ over
//! ```
//! [`connection`] has what one connection does, [`jar`] its cookies, [`take`] what it finds in an answer; this module the waiting
//! and the clock.

mod connection;
mod jar;
mod take;

use std::{
    os::fd::OwnedFd,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, EventData, EventFlags},
    },
};

use self::connection::{Connection, Step};
use crate::{
    description::{Names, Script},
    failure::{Failure, While},
    machine::{self, Cores, Usage},
    statistics::Latencies,
};

/// A provider that answers nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many operations may fail before a row is given up.
const MOST_ERRORS: u64 = 100;

/// What some connections do again and again.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) names: Arc<Names>,
    pub(crate) prepare: Arc<Script>,
    pub(crate) steps: Arc<Script>,
    pub(crate) keep_cookies: bool,
    /// How many connections.
    pub(crate) connections: usize,
    /// The time between the beginnings of two operations; none for as fast as answers come.
    pub(crate) pace: Option<Duration>,
}

/// How long to measure, and whom.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) warm: Duration,
    pub(crate) measured: Duration,
    /// The provider's processes.
    pub(crate) pids: Vec<i32>,
    pub(crate) cores: Cores,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Those of each task, in their order.
    pub(crate) latencies: Vec<Latencies>,
    /// Operations that went wrong, and what the first of them said.
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// Connections that the provider ended and that were made anew.
    pub(crate) reconnected: u64,
    /// How long was measured in fact.
    pub(crate) elapsed: Duration,
    /// What the provider's processes took meanwhile; memory as it was at the end.
    pub(crate) usage: Usage,
    /// How long the provider's core was busy with anything.
    pub(crate) server_core: Duration,
    /// How long the generator had something to do.
    pub(crate) generating: Duration,
}

/// Where the clock stands.
enum Phase {
    Preparing,
    Warm { until: Instant },
    Measured { since: Instant, until: Instant, before: Before },
    Over,
}

/// What the machine had done when the measurement began.
struct Before {
    usage: Usage,
    server_core: Duration,
    idle: Duration,
}

/// Runs the tasks side by side against `authority` for a while.
pub(crate) fn run(authority: &str, tasks: &[Task], span: &Span) -> Result<Outcome, Failure> {
    let mut load = Load::begin(authority, tasks, false)?;
    let mut phase = Phase::Preparing;
    while !matches!(phase, Phase::Over) {
        load.turn()?;
        phase = load.advance(phase, span);
    }
    Ok(load.outcome)
}

/// Runs each task's operation once, on one connection, and hands over what was said.
pub(crate) fn rehearse(authority: &str, tasks: &[Task], mut told: impl FnMut(&str)) -> Result<(), Failure> {
    for task in tasks {
        let alone = Task { connections: 1, pace: Some(Duration::from_secs(3600)), ..task.clone() };
        let mut load = Load::begin(authority, &[alone], true)?;
        load.counting = true;
        let mut released = false;
        while load.outcome.latencies[0].count() == 0 {
            load.turn()?;
            if load.outcome.errors > 0 {
                load.connections[0].said().for_each(&mut told);
                return Err(Failure::because(load.outcome.first_error.unwrap_or_default()));
            }
            if !released && load.all_are_parked() {
                load.release();
                released = true;
            }
        }
        load.connections[0].said().for_each(&mut told);
    }
    Ok(())
}

struct Load {
    epoll: OwnedFd,
    connections: Vec<Connection>,
    paced: bool,
    outcome: Outcome,
    /// Whether operations that are completed now count.
    counting: bool,
    heard: Instant,
    /// How long there was nothing to do.
    idle: Duration,
    events: Vec<epoll::Event>,
    ready: Vec<usize>,
}

impl Load {
    fn begin(authority: &str, tasks: &[Task], listen: bool) -> Result<Self, Failure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).doing(|| "epoll cannot be used".to_owned())?;
        let mut load = Self {
            epoll,
            connections: Vec::new(),
            paced: tasks.iter().any(|task| task.pace.is_some()),
            outcome: Outcome { latencies: vec![Latencies::default(); tasks.len()], ..Outcome::default() },
            counting: false,
            heard: Instant::now(),
            idle: Duration::ZERO,
            events: Vec::new(),
            ready: Vec::new(),
        };
        for (number, task) in tasks.iter().enumerate() {
            for nth in 0..task.connections {
                let place = load.connections.len();
                let mut connection = Connection::open(authority, task.clone(), number, nth)?;
                if listen {
                    connection.keep_what_is_said();
                }
                load.watch(&connection, place)?;
                load.connections.push(connection);
            }
        }
        load.events.reserve(load.connections.len().max(1));
        for place in 0..load.connections.len() {
            let step = load.connections[place].begin_preparing();
            load.note(place, step)?;
        }
        Ok(load)
    }

    fn watch(&self, connection: &Connection, place: usize) -> Result<(), Failure> {
        epoll::add(&self.epoll, connection.stream(), EventData::new_u64(place as u64), EventFlags::IN)
            .doing(|| "a connection cannot be waited for".to_owned())
    }

    /// Waits for answers, and lets each connection that has one go on.
    fn turn(&mut self) -> Result<(), Failure> {
        let began = Instant::now();
        // With a pace to keep, it sleeps until it is time to look at the clock: what is done at a pace takes no core for itself.
        let wait = if self.paced { Duration::from_micros(200) } else { Duration::ZERO };
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::because(format!("connections cannot be waited for: {error}"))),
        }
        self.ready.clear();
        self.ready.extend(self.events.iter().map(|event| event.data.u64() as usize));
        if self.paced || self.ready.is_empty() {
            self.idle += began.elapsed();
        }
        for index in 0..self.ready.len() {
            let place = self.ready[index];
            let step = self.connections[place].readable();
            self.note(place, step)?;
        }
        if self.paced {
            let now = Instant::now();
            for place in 0..self.connections.len() {
                if self.connections[place].is_due(now) {
                    let step = self.connections[place].begin_operation();
                    self.note(place, step)?;
                }
            }
        }
        if !self.ready.is_empty() {
            self.heard = Instant::now();
        } else if self.heard.elapsed() > PATIENCE {
            return Err(Failure::because(format!("nothing was answered for {} s", PATIENCE.as_secs())));
        }
        Ok(())
    }

    /// Notes what came of a step, and does what it asks for.
    fn note(&mut self, place: usize, step: Step) -> Result<(), Failure> {
        match step {
            Step::Waiting => {}
            Step::Done { taken } => {
                if self.counting {
                    let task = self.connections[place].task_number();
                    self.outcome.latencies[task].push(taken);
                }
                if self.connections[place].goes_on() {
                    let step = self.connections[place].begin_operation();
                    return self.note(place, step);
                }
            }
            Step::Ended => {
                self.outcome.reconnected += 1;
                let step = self.connections[place].reconnect()?;
                self.watch(&self.connections[place], place)?;
                return self.note(place, step);
            }
            Step::Failed(why) => {
                self.outcome.errors += 1;
                self.outcome.first_error.get_or_insert_with(|| why.clone());
                if self.outcome.errors >= MOST_ERRORS {
                    return Err(Failure::because(format!("too much went wrong; first: {why}")));
                }
                let step = self.connections[place].start_over()?;
                self.watch(&self.connections[place], place)?;
                return self.note(place, step);
            }
        }
        Ok(())
    }

    fn all_are_parked(&self) -> bool {
        self.connections.iter().all(Connection::is_parked)
    }

    fn release(&mut self) {
        for place in 0..self.connections.len() {
            let step = self.connections[place].begin_operation();
            // What goes wrong here is met again at the next turn.
            if let Err(why) = self.note(place, step) {
                self.outcome.first_error.get_or_insert(why.to_string());
            }
        }
    }

    fn advance(&mut self, phase: Phase, span: &Span) -> Phase {
        let now = Instant::now();
        match phase {
            Phase::Preparing if self.all_are_parked() => {
                self.release();
                Phase::Warm { until: now + span.warm }
            }
            Phase::Warm { until } if now >= until => {
                self.counting = true;
                let before = Before {
                    usage: Usage::of(&span.pids),
                    server_core: machine::busy(span.cores.server),
                    idle: self.idle,
                };
                let since = Instant::now();
                Phase::Measured { since, until: since + span.measured, before }
            }
            Phase::Measured { since, until, before } if now >= until => {
                self.outcome.elapsed = since.elapsed();
                let mut usage = Usage::of(&span.pids);
                usage.processor = usage.processor.saturating_sub(before.usage.processor);
                self.outcome.usage = usage;
                self.outcome.server_core = machine::busy(span.cores.server).saturating_sub(before.server_core);
                self.outcome.generating = self.outcome.elapsed.saturating_sub(self.idle.saturating_sub(before.idle));
                Phase::Over
            }
            same => same,
        }
    }
}

#[cfg(test)]
mod tests;
