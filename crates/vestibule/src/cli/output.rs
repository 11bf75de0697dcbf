//! How a command reports: one JSON document or lines for people, on standard output; and how it fails.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
};

use clap::Args;
use serde::Serialize;

/// Why a command failed: what went wrong and what to do, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// From a line that says what went wrong and what to do.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// From an error that says both by itself.
    pub fn of(error: impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<crate::config::ConfigError> for Failure {
    fn from(error: crate::config::ConfigError) -> Self {
        Self(error.to_string())
    }
}

/// How a command reports.
#[derive(Clone, Copy, Debug, Args)]
pub struct Report {
    /// Report as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Where a command reports to.
pub struct Output {
    to: Box<dyn Write + Send>,
}

impl Output {
    /// Standard output.
    #[must_use]
    pub fn standard() -> Self {
        Self { to: Box::new(io::stdout()) }
    }

    /// Any other place, such as a test's buffer.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self { to: Box::new(writer) }
    }

    /// Reports `value` as one JSON document.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value).map_err(|error| Failure::new(error.to_string()))?;
        self.text(&text)
    }

    /// Reports `text`, which gets a line end if it has none.
    ///
    /// # Errors
    /// Where it cannot be written. A reader that has seen enough (`vestibule … | head`) is no error.
    pub fn text(&mut self, text: &str) -> Result<(), Failure> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        match write!(self.to, "{text}{end}").and_then(|()| self.to.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Reports in the way that was asked for: `document` for programs, or `text` for people.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn report(&mut self, how: Report, document: &impl Serialize, text: &str) -> Result<(), Failure> {
        if how.json { self.json(document) } else { self.text(text) }
    }

    /// Reports rows in aligned columns under their headings.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn table(&mut self, headings: &[&str], rows: &[Vec<String>]) -> Result<(), Failure> {
        let headings: Vec<String> = headings.iter().map(|heading| heading.to_uppercase()).collect();
        let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
        let width = |column: usize| all.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        let line = |row: &&Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        self.text(&all.iter().map(line).collect::<String>())
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").finish_non_exhaustive()
    }
}
