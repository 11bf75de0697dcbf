//! The command line, read by hand.

use std::{path::PathBuf, time::Duration};

pub(crate) const HELP: &str = "\
cargo xtask bench [OPTION]...

Builds the provider in release, starts it pinned to one core, and loads it from another. In the same run it measures the
ceilings: a static answer and a parsed form through the same HTTP stack, raw signing and raw hashing.

  --rows A,B          only these rows (--list names them)
  --concurrency N,M   with how many connections at once [default: 16,64]
  --seconds S         how long a row is measured [default: 5]
  --warm S            how long it runs before that [default: 1]
  --cores A,B         the provider's core and the generator's [default: the first two]
  --json FILE         write everything that was measured there
  --write-docs        write the table and the plot into docs/performance.md (docs/storage.md of a soak)
  --against FILE      measure the provider that FILE describes (docs/benchmark.md); it runs already
  --pid N,M           that provider's processes, for its processor time and memory
  --trace             ask each row once, print what was said, and measure nothing
  --soak              load it steadily under a clock that runs fast (libfaketime), and measure what it stores instead
  --minutes M         how long that lasts [default: 20]
  --speed N           how much faster its clock runs [default: 96]
  --rate R            operations a second of ours [default: 20]
  --lag               measure how late a second replica hears of revocations instead; with both of these:
  --database URL      an empty PostgreSQL database
  --redis URL         a Redis
  --list              name the rows and end
  --no-build          take the programs as they were built last

Exit status: 0 done, 1 a row could not be measured, 2 wrong usage. A target that is missed is no failure.";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Asked {
    Help,
    Run(Box<Arguments>),
}

/// How to measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) rows: Vec<String>,
    pub(crate) concurrency: Vec<usize>,
    pub(crate) seconds: Duration,
    pub(crate) warm: Duration,
    pub(crate) cores: Option<(usize, usize)>,
    pub(crate) json: Option<PathBuf>,
    pub(crate) write_docs: bool,
    pub(crate) against: Option<PathBuf>,
    pub(crate) pids: Vec<i32>,
    pub(crate) trace: bool,
    pub(crate) list: bool,
    /// Whether to measure how late revocations are heard of.
    pub(crate) lag: bool,
    /// The database and the Redis that replicas share.
    pub(crate) database: Option<String>,
    pub(crate) redis: Option<String>,
    /// How long to soak; zero for the rows instead.
    pub(crate) soak: Duration,
    /// How much faster the provider's clock runs meanwhile.
    pub(crate) speed: u32,
    /// Operations a second meanwhile.
    pub(crate) rate: f64,
    /// The provider's program, said by xtask.
    pub(crate) vestibule: PathBuf,
    /// The ceilings' program, said by xtask.
    pub(crate) ceilings: PathBuf,
    /// A folder that is empty and goes when we have ended, said by xtask.
    pub(crate) folder: PathBuf,
    /// The project, said by xtask.
    pub(crate) project: PathBuf,
}

impl Default for Arguments {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            concurrency: vec![16, 64],
            seconds: Duration::from_secs(5),
            warm: Duration::from_secs(1),
            cores: None,
            json: None,
            write_docs: false,
            against: None,
            pids: Vec::new(),
            trace: false,
            list: false,
            lag: false,
            database: None,
            redis: None,
            soak: Duration::ZERO,
            speed: 96,
            rate: 20.0,
            vestibule: PathBuf::new(),
            ceilings: PathBuf::new(),
            folder: PathBuf::new(),
            project: PathBuf::new(),
        }
    }
}

/// Reads the arguments after the program's name; an error says what was wrong.
pub(crate) fn parse(given: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut arguments = Arguments::default();
    let (mut soaks, mut minutes) = (false, Duration::from_secs(20 * 60));
    let mut given = given;
    while let Some(argument) = given.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--write-docs" => arguments.write_docs = true,
            "--trace" => arguments.trace = true,
            "--list" => arguments.list = true,
            "--lag" => arguments.lag = true,
            "--soak" => soaks = true,
            // xtask has heard it.
            "--no-build" => {}
            _ => {
                let value = || inline.or_else(|| given.next()).ok_or(format!("{name} wants a value"));
                match name.as_str() {
                    "--minutes" => minutes = 60 * seconds(&name, &value()?)?,
                    _ => take(&mut arguments, &name, value)?,
                }
            }
        }
    }
    if soaks {
        arguments.soak = minutes;
    }
    if soaks && arguments.against.is_some() {
        return Err("--soak looks into Vestibule's own files, and --against measures another provider".to_owned());
    }
    if arguments.write_docs && arguments.against.is_some() {
        return Err("--write-docs tells of Vestibule, and --against measures another provider".to_owned());
    }
    Ok(Asked::Run(Box::new(arguments)))
}

fn take(arguments: &mut Arguments, name: &str, value: impl FnOnce() -> Result<String, String>) -> Result<(), String> {
    match name {
        "--rows" => arguments.rows = value()?.split(',').map(str::to_owned).collect(),
        "--concurrency" => arguments.concurrency = numbers(name, &value()?, 1)?,
        "--database" => arguments.database = Some(value()?),
        "--redis" => arguments.redis = Some(value()?),
        "--speed" => arguments.speed = u32::try_from(numbers(name, &value()?, 1)?[0]).unwrap_or(1),
        "--rate" => arguments.rate = numbers(name, &value()?, 1)?[0] as f64,
        "--seconds" => arguments.seconds = seconds(name, &value()?)?,
        "--warm" => arguments.warm = seconds(name, &value()?)?,
        "--cores" => match numbers(name, &value()?, 0)?.as_slice() {
            [server, load] => arguments.cores = Some((*server, *load)),
            _ => return Err("--cores wants two numbers, as in 0,1".to_owned()),
        },
        "--json" => arguments.json = Some(value()?.into()),
        "--against" => arguments.against = Some(value()?.into()),
        "--pid" => {
            let pids = numbers(name, &value()?, 1)?;
            arguments.pids = pids.into_iter().filter_map(|pid| i32::try_from(pid).ok()).collect();
        }
        "--vestibule" => arguments.vestibule = value()?.into(),
        "--ceilings" => arguments.ceilings = value()?.into(),
        "--folder" => arguments.folder = value()?.into(),
        "--project" => arguments.project = value()?.into(),
        other => return Err(format!("`{other}` is not known")),
    }
    Ok(())
}

fn numbers(name: &str, text: &str, least: usize) -> Result<Vec<usize>, String> {
    let number = |text: &str| text.trim().parse().ok().filter(|number| (least..=1_000_000_000).contains(number));
    text.split(',').map(|text| number(text).ok_or(format!("{name}: `{text}` is no number that fits"))).collect()
}

fn seconds(name: &str, text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| seconds.as_secs() < 86_400).ok_or(format!("{name}: `{text}` is no number of seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Arguments, String> {
        match parse(line.split_whitespace().map(str::to_owned))? {
            Asked::Run(arguments) => Ok(*arguments),
            Asked::Help => Err("help".to_owned()),
        }
    }

    #[test]
    fn options_come_with_a_space_or_an_equals_sign() {
        let arguments =
            parsed("--rows=discovery,jwks --concurrency 1,8 --seconds 0.5 --cores 2,3 --write-docs").unwrap();
        assert_eq!(arguments.rows, ["discovery", "jwks"]);
        assert_eq!(arguments.concurrency, [1, 8]);
        assert_eq!(arguments.seconds, Duration::from_millis(500));
        assert_eq!(arguments.cores, Some((2, 3)));
        assert!(arguments.write_docs && arguments.soak.is_zero());
        let soak = parsed("--minutes 2 --soak --speed 60").unwrap();
        assert_eq!((soak.soak, soak.speed), (Duration::from_secs(120), 60));
    }

    #[test]
    fn wrong_usage_says_what_was_wrong() {
        for (line, word) in [
            ("--rwos a", "`--rwos`"),
            ("--concurrency 0", "`0`"),
            ("--seconds soon", "`soon`"),
            ("--seconds -1", "`-1`"),
            ("--json", "--json wants"),
            ("--cores 1", "two numbers"),
            ("--soak --minutes never", "`never`"),
            ("--soak --against x", "own files"),
            ("--against x --write-docs", "another provider"),
        ] {
            assert!(parsed(line).unwrap_err().contains(word), "{line}");
        }
    }
}
