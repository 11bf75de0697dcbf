//! The table at the end of `cargo xtask test`.

use std::{fs, path::Path, time::Duration};

use super::{Stage, counts::Counts};
use crate::failure::{Failure, While};

/// What became of a stage.
pub(crate) struct StageResult {
    pub(crate) stage: Stage,
    pub(crate) took: Duration,
    pub(crate) counts: Counts,
    /// What went wrong, in words; none where all is well.
    pub(crate) problem: Option<String>,
}

/// Prints a row for each stage and, last, `N passed, N failed`, which is also left in `output`/summary.txt.
///
/// A stage that failed though none of its tests did, say because something does not compile, counts as one failure.
pub(crate) fn print(results: &[StageResult], output: &Path) -> Result<(), Failure> {
    println!("\n{:<10} {:>8} {:>8} {:>8} {:>8}", "stage", "time", "passed", "failed", "skipped");
    let mut total = Counts::default();
    for result in results {
        let Counts { passed, failed, skipped } = result.counts;
        let verdict = result.problem.as_deref().unwrap_or("ok");
        println!(
            "{:<10} {:>8} {passed:>8} {failed:>8} {skipped:>8}  {verdict}",
            result.stage.name(),
            readable(result.took)
        );
        total += result.counts;
        total.failed += u64::from(result.problem.is_some() && failed == 0);
    }
    let summary = format!("{} passed, {} failed", total.passed, total.failed);
    let file = output.join("summary.txt");
    fs::write(&file, format!("{summary}\n")).doing(|| format!("{} could not be written", file.display()))?;
    println!("\n{summary}");
    match results.iter().filter(|result| result.problem.is_some()).count() {
        0 => Ok(()),
        1 => Err(Failure::because("one stage failed")),
        several => Err(Failure::because(format!("{several} stages failed"))),
    }
}

/// `7.3s` or `4m05s`.
pub(crate) fn readable(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 60.. => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{:.1}s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(failed: u64, problem: Option<&str>) -> StageResult {
        let counts = Counts { passed: 2, failed, skipped: 0 };
        StageResult { stage: Stage::Rust, took: Duration::ZERO, counts, problem: problem.map(str::to_owned) }
    }

    #[test]
    fn a_stage_that_did_not_compile_counts_as_a_failure() {
        let output = tempfile::tempdir().unwrap();
        let results = [result(0, None), result(3, Some("tests failed")), result(0, Some("did not build"))];
        assert!(print(&results, output.path()).is_err());
        assert_eq!(fs::read_to_string(output.path().join("summary.txt")).unwrap(), "6 passed, 4 failed\n");
    }

    #[test]
    fn times_are_told_in_minutes_from_one_minute_on() {
        assert_eq!(readable(Duration::from_millis(7_300)), "7.3s");
        assert_eq!(readable(Duration::from_secs(245)), "4m05s");
    }
}
