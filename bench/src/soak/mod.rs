//! The soak: does what is stored level off, or grow without end?
//!
//! People sign in, refresh, revoke and are forgotten at a steady rate, for longer than anything is kept. So that this takes
//! minutes, the provider's clock runs faster (libfaketime, around the program as anybody runs it), and what it keeps is kept as
//! briefly as its configuration allows. Meanwhile the rows of every table are counted, and the sizes of the files read.
//!
//! ```text
//! load (steady pace) ─▶ provider (fast clock) ─▶ files ◀─ sizes (every few seconds) ─▶ document (docs/storage.md, .svg)
//! ```

mod document;
mod plot;
mod sizes;

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

use self::sizes::{Sample, Sampler};
use crate::{
    arguments::Arguments,
    description::{Description, SOAK, VESTIBULE},
    failure::{Failure, While},
    load::{self, Outcome, Span, Task},
    machine::Cores,
    provider::{FastClock, Hash, Running, Vestibule},
    run::{revision, target, tasks},
};

/// How often sizes are taken.
const EVERY: Duration = Duration::from_secs(5);
/// How many connections a kind of operation has.
const CONNECTIONS: usize = 8;

/// What a soak found.
#[derive(Debug, Serialize)]
struct Soak {
    revision: String,
    /// How much faster the provider's clock ran.
    speed: u32,
    /// Operations a second of its clock, and all of them.
    per_second: f64,
    operations: u64,
    samples: Vec<Sample>,
}

/// Runs it, and tells what came of it.
pub(crate) fn run(arguments: &Arguments, cores: Cores) -> Result<(), Failure> {
    let clock = FastClock::find(arguments.speed)?;
    let mut description = Description::parse(VESTIBULE)?;
    description.rows = Description::parse(SOAK)?.rows;
    let provider = Vestibule::register(
        &arguments.vestibule,
        &arguments.folder.join("soak"),
        Hash::AlmostNone,
        CONNECTIONS,
        cores,
    )?
    .keeping_briefly()?;
    let (running, _) = provider.start_with(&clock)?;
    let target = target(&provider, &running, &description);
    let mut kinds = Vec::new();
    for row in &description.rows {
        let mut of_row = tasks(&target.description, row, CONNECTIONS)?;
        // Each of the connections begins an operation once in this time.
        let pace = Duration::from_secs_f64(CONNECTIONS as f64 * description.rows.len() as f64 / arguments.rate);
        of_row.iter_mut().for_each(|task| task.pace = Some(pace));
        kinds.extend(of_row);
    }
    eprintln!(
        "Soaking for {:.0} minutes, which are {:.1} hours to the provider.",
        arguments.soak.as_secs_f64() / 60.0,
        arguments.soak.as_secs_f64() * f64::from(arguments.speed) / 3600.0
    );
    let span = Span { warm: Duration::ZERO, measured: arguments.soak, pids: running.pids(), cores };
    let (outcome, samples) = soaked(target.description.authority()?, &kinds, &span, &provider, &running, arguments)?;
    if let Some(first) = &outcome.first_error {
        eprintln!("{} operations went wrong; first: {first}", outcome.errors);
    }
    let operations: u64 = outcome.latencies.iter().map(|latencies| latencies.count() as u64).sum();
    let found = Soak {
        revision: revision(&arguments.project),
        speed: arguments.speed,
        per_second: operations as f64 / outcome.elapsed.as_secs_f64() / f64::from(arguments.speed),
        operations,
        samples,
    };
    print!("{}", document::table(&found));
    if let Some(file) = &arguments.json {
        let text = serde_json::to_string_pretty(&found).doing(|| "the figures cannot be written".to_owned())?;
        fs::write(file, text).doing(|| format!("{} cannot be written", file.display()))?;
    }
    if arguments.write_docs {
        document::write(&found, &arguments.project)?;
    }
    Ok(())
}

/// Loads the provider, and takes sizes meanwhile.
fn soaked(
    authority: &str,
    kinds: &[Task],
    span: &Span,
    provider: &Vestibule,
    running: &Running,
    arguments: &Arguments,
) -> Result<(Outcome, Vec<Sample>), Failure> {
    let over = AtomicBool::new(false);
    let sampler = Sampler::open(provider.folder().to_owned(), arguments.speed)?;
    thread::scope(|scope| {
        let taken = scope.spawn(|| sampled(&sampler, running, &over));
        let outcome = load::run(authority, kinds, span);
        over.store(true, Ordering::Relaxed);
        let samples = taken.join().map_err(|_| Failure::because("the sizes could not be taken"))?;
        Ok((outcome?, samples?))
    })
}

fn sampled(sampler: &Sampler, running: &Running, over: &AtomicBool) -> Result<Vec<Sample>, Failure> {
    let mut samples = Vec::new();
    let mut due = Instant::now();
    while !over.load(Ordering::Relaxed) {
        if Instant::now() < due {
            thread::sleep(Duration::from_millis(50));
            continue;
        }
        due += EVERY;
        let sample = sampler.take(running.usage())?;
        eprintln!("{}", document::progress(&sample));
        samples.push(sample);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A soak in which grants came and stayed as many, and people were there from the beginning.
    pub(super) fn soak() -> Soak {
        let sample = |hours: u32| Sample {
            hours: f64::from(hours),
            database: 2 << 20,
            ephemeral: 1 << 20,
            resident: 30 << 20,
            rows: BTreeMap::from([("grants".to_owned(), if hours == 0 { 0 } else { 1000 }), ("users".to_owned(), 8)]),
        };
        let samples = (0..=30).map(sample).collect();
        Soak { revision: "0123456789".to_owned(), speed: 96, per_second: 0.25, operations: 27_000, samples }
    }

    #[test]
    fn every_kind_of_operation_can_be_run() {
        let mut description = Description::parse(VESTIBULE).unwrap();
        description.base = "http://127.0.0.1:1".to_owned();
        for name in ["refreshing_client", "refreshing_client_basic"] {
            description.variables.insert(name.to_owned(), "x".to_owned());
        }
        for row in Description::parse(SOAK).unwrap().rows {
            assert_eq!(tasks(&description, &row, 1).unwrap().len(), 1, "{}", row.name);
        }
    }
}
