//! How many tests ran, read from what the test runners print.

use std::ops::AddAssign;

/// What became of the tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Ignored by libtest, or skipped or left to do by Node's runner.
    pub(crate) skipped: u64,
}

impl Counts {
    /// Adds what one line of output tells, if it is a summary of libtest (`test result: …`) or of Node (`ℹ pass 3`).
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colour(line);
        if let Some((_, summary)) = line.split_once("test result:") {
            for part in summary.split([';', '.']) {
                self.add(part.trim());
            }
        } else if let Some(summary) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) {
            self.add_turned(summary.trim());
        }
    }

    /// `12 passed`
    fn add(&mut self, part: &str) {
        let Some((number, word)) = part.split_once(' ') else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        match word {
            "passed" => self.passed += number,
            "failed" => self.failed += number,
            "ignored" => self.skipped += number,
            _ => {}
        }
    }

    /// `pass 12`
    fn add_turned(&mut self, summary: &str) {
        let Some((word, number)) = summary.split_once(' ') else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        match word {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// The line without the escape sequences of a terminal's colours (`ESC [ … m`).
fn without_colour(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: &[&str]) -> Counts {
        let mut counts = Counts::default();
        lines.iter().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn summaries_of_cargo_add_up() {
        let lines = [
            "running 5 tests",
            "test result: \u{1b}[31mFAILED\u{1b}[m. 3 passed; 1 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.01s",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.52s",
        ];
        assert_eq!(counted(&lines), Counts { passed: 5, failed: 1, skipped: 1 });
    }

    #[test]
    fn summaries_of_node_add_up() {
        let lines = ["ℹ tests 9", "ℹ suites 0", "ℹ pass 5", "ℹ fail 1", "ℹ cancelled 1", "ℹ skipped 1", "ℹ todo 1"];
        assert_eq!(counted(&lines), Counts { passed: 5, failed: 2, skipped: 2 });
    }

    #[test]
    fn names_of_tests_are_not_counted() {
        assert_eq!(counted(&["test a::b ... ok", "✔ pass 3 (5 ms)", "pass 3"]), Counts::default());
    }
}
