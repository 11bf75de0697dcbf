//! The order of things: ceilings, rows, ceilings again.
//!
//! The ceilings are taken before the rows and after them and averaged, since on a shared machine the minutes differ. What
//! matters is the fraction, and the processor time of an operation, which other programs disturb least.

use std::{collections::BTreeSet, fs, path::Path, process::Command, time::Duration};

use crate::{
    arguments::Arguments,
    description::{CEILINGS, Description, Names, Row, Script, VESTIBULE},
    failure::{Failure, While},
    lag,
    limits::{Rate, Rates},
    load::{self, Outcome, Span, Task},
    machine::{self, Cores},
    provider::{self, Hash, Running, Vestibule},
    raw,
    report::{self, Beside, Figures, Machine, Memory, Report, Start},
    soak,
    statistics::{median, millis},
};

/// How long a raw rate is taken.
const RAW: Duration = Duration::from_secs(2);
/// How often the provider is started for the time until its first answer.
const STARTS: usize = 5;
/// How long the provider has nothing to do before its memory is read once more: longer than it keeps the memory of a password's hash.
const REST: Duration = Duration::from_secs(3);
/// The row for which passwords are hashed as cheaply as can be. All others run on the provider's defaults.
const WITHOUT_THE_HASH: &str = "sign-in";

/// Does what the command line asks for.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let description = match &arguments.against {
        Some(file) => {
            Description::parse(&fs::read_to_string(file).doing(|| format!("{} cannot be read", file.display()))?)?
        }
        None => Description::parse(VESTIBULE)?,
    };
    let rows = chosen(&description, &arguments.rows)?;
    if arguments.list {
        rows.iter().for_each(|row| println!("{:<26}{}", row.name, row.title));
        return Ok(());
    }
    let cores = Cores::take(arguments.cores)?;
    if arguments.lag {
        return lag::run(arguments, cores);
    }
    if !arguments.soak.is_zero() {
        return soak::run(arguments, cores);
    }
    let mut bench = Bench { arguments, cores, rates: Rates::default(), figures: Vec::new() };
    let report = bench.measure(description, &rows)?;
    if arguments.trace {
        return Ok(());
    }
    print!("\n{}", report::table::text(&report));
    if let Some(file) = &arguments.json {
        fs::write(file, report::json(&report)?).doing(|| format!("{} cannot be written", file.display()))?;
    }
    if arguments.write_docs {
        report::document::write(&report, &arguments.project)?;
    }
    let failed: Vec<&str> = report.rows.iter().filter(|row| row.error.is_some()).map(|row| row.name.as_str()).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::because(format!("not measured rightly: {}", failed.join(", "))))
    }
}

/// The rows that were named, or all.
fn chosen(description: &Description, names: &[String]) -> Result<Vec<Row>, Failure> {
    for name in names {
        if !description.rows.iter().any(|row| row.name == *name) {
            return Err(Failure::because(format!("there is no row {name:?}; --list names them")));
        }
    }
    Ok(description.rows.iter().filter(|row| names.is_empty() || names.contains(&row.name)).cloned().collect())
}

struct Bench<'a> {
    arguments: &'a Arguments,
    cores: Cores,
    rates: Rates,
    figures: Vec<Figures>,
}

/// A provider that runs: where, and which processes it has.
pub(crate) struct Target {
    pub(crate) description: Description,
    pids: Vec<i32>,
}

impl Bench<'_> {
    fn measure(&mut self, description: Description, rows: &[Row]) -> Result<Report, Failure> {
        self.take_ceilings(rows)?;
        let (start, memory) = match self.arguments.against {
            Some(_) => {
                let target = Target { description: description.clone(), pids: self.arguments.pids.clone() };
                self.take_rows(&target, rows);
                (None, None)
            }
            None => self.take_vestibule(&description, rows)?,
        };
        self.take_ceilings(rows)?;
        for row in &mut self.figures {
            if let Some(source) = rows.iter().find(|source| source.name == row.name) {
                row.hold_against(self.rates.limit(&source.limit, row.concurrency), source.target);
            }
        }
        Ok(Report {
            name: description.name,
            revision: revision(&self.arguments.project),
            machine: Machine { processor: machine::processor(), cores: self.cores },
            seconds: self.arguments.seconds.as_secs_f64(),
            rates: self.rates.iter().map(report::Ceiling::from).collect(),
            rows: std::mem::take(&mut self.figures),
            start,
            memory,
        })
    }

    /// Vestibule as it is by default for all rows but one, which has a provider of its own.
    fn take_vestibule(
        &mut self,
        description: &Description,
        rows: &[Row],
    ) -> Result<(Option<Start>, Option<Memory>), Failure> {
        let (without, with): (Vec<Row>, Vec<Row>) = rows.iter().cloned().partition(|row| row.name == WITHOUT_THE_HASH);
        let mut told = (None, None);
        if !with.is_empty() {
            let provider = self.register(Hash::Default, "default")?;
            let (running, start) = self.start(&provider)?;
            self.take_rows(&target(&provider, &running, description), &with);
            if !self.arguments.trace {
                eprintln!("Letting the provider rest.");
                std::thread::sleep(REST);
            }
            told = (Some(start), Some(Memory::of(running.usage())));
        }
        if !without.is_empty() {
            let provider = self.register(Hash::AlmostNone, "almost-no-hash")?;
            let (running, _) = provider.start()?;
            self.take_rows(&target(&provider, &running, description), &without);
        }
        Ok(told)
    }

    fn register(&self, hash: Hash, name: &str) -> Result<Vestibule, Failure> {
        let people = self.arguments.concurrency.iter().copied().max().unwrap_or(1);
        let folder = self.arguments.folder.join(name);
        Vestibule::register(&self.arguments.vestibule, &folder, hash, people, self.cores)
    }

    /// Starts it several times, the last time to stay. The very first start makes keys, and is told apart.
    fn start(&self, provider: &Vestibule) -> Result<(Running, Start), Failure> {
        eprintln!("Starting the provider {STARTS} times.");
        let (running, first) = provider.start()?;
        drop(running);
        let mut again = Vec::new();
        let mut last = None;
        for _ in 0..STARTS {
            drop(last.take());
            let (running, taken) = provider.start()?;
            again.push(millis(taken));
            last = Some(running);
        }
        let start = Start { first_ms: millis(first), again_ms: median(&mut again), target_ms: report::START_TARGET_MS };
        last.map(|running| (running, start)).ok_or_else(|| Failure::because("the provider was not started"))
    }

    fn take_rows(&mut self, target: &Target, rows: &[Row]) {
        for row in rows {
            for concurrency in self.concurrencies(row) {
                let mut figures = self
                    .take_row(target, row, concurrency)
                    .unwrap_or_else(|why| Figures { error: Some(why.to_string()), ..Figures::of(row, concurrency) });
                if !self.arguments.trace {
                    figures.hold_against(self.rates.limit(&row.limit, concurrency), row.target);
                    eprintln!("{}", report::table::progress(&figures));
                } else if let Some(why) = &figures.error {
                    eprintln!("{}: {why}", row.name);
                }
                let failed = figures.error.is_some();
                self.figures.push(figures);
                // What cannot be asked once with 16 connections cannot with 64.
                if failed || self.arguments.trace {
                    break;
                }
            }
        }
    }

    fn concurrencies(&self, row: &Row) -> Vec<usize> {
        row.concurrency.clone().unwrap_or_else(|| self.arguments.concurrency.clone())
    }

    fn take_row(&self, target: &Target, row: &Row, concurrency: usize) -> Result<Figures, Failure> {
        let tasks = tasks(&target.description, row, concurrency)?;
        let authority = target.description.authority()?;
        let told = |line: &str| {
            if self.arguments.trace {
                println!("{}: {line}", row.name);
            }
        };
        load::rehearse(authority, &tasks, told)?;
        if self.arguments.trace {
            return Ok(Figures::of(row, concurrency));
        }
        let outcome = load::run(authority, &tasks, &self.span(target.pids.clone()))?;
        Ok(figures(row, concurrency, outcome))
    }

    fn span(&self, pids: Vec<i32>) -> Span {
        Span { warm: self.arguments.warm, measured: self.arguments.seconds, pids, cores: self.cores }
    }

    /// Measures what the rows' limits are made of.
    fn take_ceilings(&mut self, rows: &[Row]) -> Result<(), Failure> {
        if self.arguments.trace {
            return Ok(());
        }
        let wanted: BTreeSet<&String> = rows.iter().flat_map(|row| row.limit.keys()).collect();
        for name in raw::NAMES.into_iter().filter(|name| wanted.iter().any(|wanted| *wanted == name)) {
            let rate = raw::measure(name, RAW.min(self.arguments.seconds), self.cores)?;
            eprintln!("ceiling {name}: {:.0}/s, {:.1} µs", rate.per_second, rate.processor_us);
            self.rates.note(name, None, rate);
        }
        let (running, authority) =
            provider::start_ceilings(&self.arguments.ceilings, &self.arguments.folder, self.cores)?;
        let mut description = Description::parse(CEILINGS)?;
        description.base = format!("http://{authority}");
        let target = Target { description, pids: running.pids() };
        let concurrencies: BTreeSet<usize> = rows.iter().flat_map(|row| self.concurrencies(row)).collect();
        for row in target.description.rows.iter().filter(|row| wanted.contains(&row.name)) {
            for concurrency in &concurrencies {
                let figures = self.take_row(&target, row, *concurrency)?;
                if let Some(error) = figures.error {
                    return Err(Failure::because(format!("the ceiling {} cannot be measured: {error}", row.name)));
                }
                eprintln!("ceiling {}", report::table::progress(&figures));
                let rate = Rate { per_second: figures.per_second, processor_us: figures.processor_us };
                self.rates.note(&row.name, Some(*concurrency), rate);
            }
        }
        Ok(())
    }
}

pub(crate) fn target(provider: &Vestibule, running: &Running, description: &Description) -> Target {
    let mut description = description.clone();
    description.base = format!("http://{}", provider.authority());
    description.variables.extend(provider.variables.clone());
    Target { description, pids: running.pids() }
}

/// What a row asks, and what is asked beside it.
pub(crate) fn tasks(description: &Description, row: &Row, concurrency: usize) -> Result<Vec<Task>, Failure> {
    let mut names = Names::of(description, row)?;
    let prepare = Script::to_prepare(row, description, &mut names)?;
    let steps = Script::of(row, description, &mut names)?;
    let main = Task {
        names: names.into(),
        prepare: prepare.into(),
        steps: steps.into(),
        keep_cookies: row.keep_cookies,
        connections: concurrency,
        pace: None,
    };
    let Some(beside) = &row.beside else { return Ok(vec![main]) };
    let mut names = Names::of(description, row)?;
    let steps = Script::compile(&beside.steps, description, &mut names)?;
    let beside = Task {
        names: names.into(),
        prepare: Script::default().into(),
        steps: steps.into(),
        keep_cookies: false,
        connections: 1,
        pace: Some(Duration::from_millis(beside.every_ms.max(1))),
    };
    Ok(vec![main, beside])
}

fn figures(row: &Row, concurrency: usize, mut outcome: Outcome) -> Figures {
    let seconds = outcome.elapsed.as_secs_f64().max(f64::EPSILON);
    let beside = row.beside.as_ref().and_then(|beside| {
        let latencies = outcome.latencies.get_mut(1)?;
        Some(Beside {
            title: beside.title.clone(),
            p50_ms: millis(latencies.percentile(0.5)),
            p99_ms: millis(latencies.percentile(0.99)),
            target_p99_ms: beside.p99_ms,
        })
    });
    let error = match (&outcome.first_error, outcome.latencies.first().map_or(0, |latencies| latencies.count())) {
        (Some(first), _) => Some(format!("{} operations went wrong; first: {first}", outcome.errors)),
        (None, 0) => Some("no operation was completed while it was measured".to_owned()),
        (None, _) => None,
    };
    let Some(latencies) = outcome.latencies.first_mut() else { return Figures::of(row, concurrency) };
    let rate = Rate::of(latencies.count() as f64, outcome.elapsed, outcome.usage.processor);
    let share = |part: Duration| part.as_secs_f64() / seconds;
    Figures {
        per_second: rate.per_second,
        processor_us: rate.processor_us,
        p50_ms: millis(latencies.percentile(0.5)),
        p99_ms: millis(latencies.percentile(0.99)),
        most_ms: millis(latencies.percentile(1.0)),
        core_share: share(outcome.usage.processor),
        others_share: share(outcome.server_core.saturating_sub(outcome.usage.processor)),
        generator_share: share(outcome.generating),
        resident_mib: outcome.usage.resident as f64 / 1024.0,
        reconnected: outcome.reconnected,
        beside,
        error,
        ..Figures::of(row, concurrency)
    }
}

/// The commit that was built, where this is a checkout.
pub(crate) fn revision(project: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(project).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    git(&["rev-parse", "--short=10", "HEAD"]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_chosen_by_name_in_the_descriptions_order() {
        let description = Description::parse(VESTIBULE).unwrap();
        let names = ["jwks".to_owned(), "discovery".to_owned()];
        let rows = chosen(&description, &names).unwrap();
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["discovery", "jwks"]);
        assert_eq!(chosen(&description, &[]).unwrap().len(), description.rows.len());
        assert!(chosen(&description, &["nothing".to_owned()]).is_err());
    }

    #[test]
    fn every_row_of_ours_can_be_run_and_its_limit_is_measured() {
        let mut description = Description::parse(VESTIBULE).unwrap();
        description.base = "http://127.0.0.1:1".to_owned();
        for name in ["refreshing_client", "refreshing_client_basic"] {
            description.variables.insert(name.to_owned(), "x".to_owned());
        }
        assert!(description.rows.iter().any(|row| row.name == WITHOUT_THE_HASH));
        let ceilings = Description::parse(CEILINGS).unwrap();
        for row in &description.rows {
            tasks(&description, row, 1).unwrap();
            for part in row.limit.keys() {
                let measured = raw::NAMES.contains(&part.as_str()) || ceilings.rows.iter().any(|row| row.name == *part);
                assert!(measured, "{}: nobody measures {part}", row.name);
            }
        }
    }
}
