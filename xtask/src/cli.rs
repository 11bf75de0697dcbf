//! The command line: read by hand, since it is small and this tool should build in seconds.

use crate::{
    fuzz,
    test::{Choice, Stage},
};

const HELP: &str = "\
cargo xtask COMMAND

Commands:
  test [FILTER] [--only STAGE]...   pass every test, bringing up what the tests need
  fuzz [TARGET] [--seconds N]       look for inputs that break a promise
  bench [OPTION]...                 measure how fast it is, beside what the core can do
  docs [--check]                    write the generated documents, or tell whether they are fresh
  walls                             check what keeps the crates apart

`cargo xtask COMMAND --help` tells more of a command.
Exit status: 0 done, 1 failed, 2 wrong usage.";

const TEST_HELP: &str = "\
cargo xtask test [FILTER] [--only STAGE]...

Passes every test of the project. What the tests need is looked for on this machine: a Redis server (or Valkey),
PostgreSQL's server programs, Chromium, Node 20 or later and npm. What is missing is installed from Debian's packages where
this runs as root beside apt-get; elsewhere the packages are named and nothing is run. Servers are private ones, on free
ports of 127.0.0.1 in a temporary folder, and end with this command.

  FILTER         only tests whose names contain it
  --only STAGE   only this stage (may be repeated):
                   rust       what needs nothing but Rust: SQLite and the embedded engine
                   services   what needs Redis or PostgreSQL: every test target with `test = false`
                   postgres   the end-to-end tests again, on PostgreSQL and Redis
                   node       clients from npm, and Chromium through the demo

Screenshots are left in target/test-output, and the last line printed there in summary.txt.";

const FUZZ_HELP: &str = "\
cargo xtask fuzz [TARGET] [--seconds N]

Lets libFuzzer look for inputs that break a promise, by cargo-fuzz, which is installed into target/tools where it is missing.
It needs a C++ compiler and takes some minutes to build; no nightly compiler. Inputs that are worth keeping are left in
target/fuzz-corpus, those that broke something in tests/fuzz/artifacts. The normal tests play back what is in
tests/fuzz/corpus.

  TARGET        one of tests/fuzz/fuzz_targets; without one, each after the other
  --seconds N   for how long, each [default: 60]";

const DOCS_HELP: &str = "\
cargo xtask docs [--check]

Writes the documents that are generated from the program.

  --check   write nothing; fail where one of them is not what the program would write today";

const WALLS_HELP: &str = "\
cargo xtask walls

Checks that each crate names only what its room may name (ARCHITECTURE.md): dependencies between our crates point downward,
libraries stay behind the crate that owns them, and oxide-auth behind one file.";

/// What was asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Help(&'static str),
    Test(Choice),
    Fuzz(fuzz::Choice),
    /// What the benchmark is told; it reads that itself.
    Bench(Vec<String>),
    Docs {
        check: bool,
    },
    Walls,
}

/// Reads the arguments after the program's name; an error is the text to show for wrong usage.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let arguments: Vec<String> = arguments.collect();
    let (command, rest) = match arguments.split_first() {
        None => return Err(HELP.to_owned()),
        Some((command, rest)) => (command.as_str(), rest),
    };
    let help = rest.iter().any(|argument| argument == "--help" || argument == "-h");
    match command {
        "help" | "--help" | "-h" => Ok(Command::Help(HELP)),
        "test" if help => Ok(Command::Help(TEST_HELP)),
        "fuzz" if help => Ok(Command::Help(FUZZ_HELP)),
        "docs" if help => Ok(Command::Help(DOCS_HELP)),
        "walls" if help => Ok(Command::Help(WALLS_HELP)),
        // It tells of itself, too.
        "bench" => Ok(Command::Bench(rest.to_vec())),
        "test" => parse_test(rest).map(Command::Test),
        "fuzz" => parse_fuzz(rest).map(Command::Fuzz),
        "docs" => parse_docs(rest),
        "walls" => match rest.first() {
            None => Ok(Command::Walls),
            Some(extra) => Err(format!("error: `walls` takes no argument, but was given `{extra}`\n\n{WALLS_HELP}")),
        },
        other => Err(format!("error: there is no command `{other}`\n\n{HELP}")),
    }
}

fn parse_fuzz(arguments: &[String]) -> Result<fuzz::Choice, String> {
    let mut choice = fuzz::Choice { target: None, seconds: 60 };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let seconds = match argument.split_once('=') {
            Some(("--seconds", number)) => Some(number),
            _ if argument == "--seconds" => Some(arguments.next().map_or("", String::as_str)),
            _ => None,
        };
        if let Some(number) = seconds {
            // libFuzzer takes none for ever.
            let number = number.parse().ok().filter(|seconds| *seconds > 0);
            choice.seconds = number.ok_or(format!("error: `--seconds` takes a number from 1 on\n\n{FUZZ_HELP}"))?;
        } else if argument.starts_with('-') {
            return Err(format!("error: `fuzz` does not know `{argument}`\n\n{FUZZ_HELP}"));
        } else if let Some(first) = choice.target.replace(argument.clone()) {
            return Err(format!("error: one target is enough: `{first}` or `{argument}`\n\n{FUZZ_HELP}"));
        }
    }
    Ok(choice)
}

fn parse_docs(arguments: &[String]) -> Result<Command, String> {
    match arguments {
        [] => Ok(Command::Docs { check: false }),
        [only] if only == "--check" => Ok(Command::Docs { check: true }),
        _ => Err(format!("error: `docs` takes `--check` or nothing\n\n{DOCS_HELP}")),
    }
}

fn parse_test(arguments: &[String]) -> Result<Choice, String> {
    let mut choice = Choice::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let stage = match argument.split_once('=') {
            Some(("--only", name)) => Some(name),
            _ if argument == "--only" => Some(arguments.next().map_or("", String::as_str)),
            _ => None,
        };
        if let Some(name) = stage {
            let stage = Stage::named(name).ok_or(format!("error: `{name}` is not a stage\n\n{TEST_HELP}"))?;
            choice.only.push(stage);
        } else if argument.starts_with('-') {
            return Err(format!("error: `test` does not know `{argument}`\n\n{TEST_HELP}"));
        } else if let Some(first) = choice.filter.replace(argument.clone()) {
            return Err(format!("error: one filter is enough: `{first}` or `{argument}`\n\n{TEST_HELP}"));
        }
    }
    Ok(choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn stages_and_a_filter_come_in_any_order() {
        let Ok(Command::Test(choice)) = parsed("test --only=node consent --only rust") else { panic!("should parse") };
        assert_eq!(choice.filter.as_deref(), Some("consent"));
        assert_eq!(choice.only, [Stage::Node, Stage::Rust]);
    }

    #[test]
    fn a_target_and_seconds_come_in_any_order() {
        for line in ["fuzz authorize --seconds 5", "fuzz --seconds=5 authorize"] {
            let Ok(Command::Fuzz(choice)) = parsed(line) else { panic!("should parse") };
            assert_eq!(choice, fuzz::Choice { target: Some("authorize".to_owned()), seconds: 5 });
        }
        assert!(matches!(parsed("fuzz"), Ok(Command::Fuzz(fuzz::Choice { target: None, seconds: 60 }))));
    }

    #[test]
    fn what_the_benchmark_is_told_is_handed_on() {
        let Ok(Command::Bench(arguments)) = parsed("bench --rows jwks --help") else { panic!("should parse") };
        assert_eq!(arguments, ["--rows", "jwks", "--help"]);
    }

    #[test]
    fn wrong_usage_says_what_was_wrong() {
        for (line, word) in [
            ("tset", "`tset`"),
            ("test --only everything", "`everything`"),
            ("test a b", "`a`"),
            ("test --fast", "`--fast`"),
            ("fuzz a b", "`a`"),
            ("fuzz --seconds 0", "`--seconds`"),
            ("fuzz --seconds", "`--seconds`"),
        ] {
            assert!(parsed(line).unwrap_err().lines().next().unwrap().contains(word), "{line}");
        }
    }
}
