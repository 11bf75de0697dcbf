//! What is told of a walk: a line a step while it happens, or one JSON document at the end.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::{
    Target,
    browser::Browser,
    walk::{Unexpected, walk},
};
use crate::{
    cli::{Failure, Output},
    demo::http::client,
};

/// How long a page may take: hashing a password takes a while on a small machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A step that was taken.
#[derive(Debug, Serialize)]
struct Step {
    /// What was done, and what is right.
    step: &'static str,
    /// The status of the last answer, where there was one.
    status: Option<u16>,
    millis: u128,
    passed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unexpected: Option<Unexpected>,
}

#[derive(Debug, Serialize)]
struct Summary<'a> {
    passed: bool,
    issuer: &'a str,
    app_url: &'a str,
    api_url: &'a str,
    username: &'a str,
    millis: u128,
    steps: &'a [Step],
}

/// A walk comes to an end at the first step that goes wrong: the next ones stand on it.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A step went otherwise than it should.
    Wrong,
    /// Nobody can be told.
    Silenced(Failure),
}

/// The browser, and the steps that it took.
pub(super) struct Journey<'a> {
    browser: Browser,
    steps: Vec<Step>,
    /// Where each step is told at once, if it is.
    aloud: Option<&'a mut Output>,
}

impl Journey<'_> {
    /// Takes a step, measures it and tells it.
    pub(super) async fn step<T>(
        &mut self,
        step: &'static str,
        take: impl AsyncFnOnce(&mut Browser) -> Result<T, Unexpected>,
    ) -> Result<T, Stopped> {
        let began = Instant::now();
        let taken = take(&mut self.browser).await;
        let millis = began.elapsed().as_millis();
        let status = self.browser.take_last_status().map(|status| status.as_u16());
        let (value, unexpected) = match taken {
            Ok(value) => (Some(value), None),
            Err(unexpected) => (None, Some(unexpected)),
        };
        let step = Step { step, status, millis, passed: unexpected.is_none(), unexpected };
        if let Some(output) = self.aloud.as_mut() {
            output.text(&step.line()).map_err(Stopped::Silenced)?;
        }
        self.steps.push(step);
        value.ok_or(Stopped::Wrong)
    }
}

impl Step {
    fn line(&self) -> String {
        let mark = if self.passed { '✓' } else { '✗' };
        let status = self.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        let mut line = format!("  {mark}  {status:>3}  {:>6} ms  {}\n", self.millis, self.step);
        if let Some(Unexpected { expected, found }) = &self.unexpected {
            line.push_str(&format!("{:21}expected: {expected}\n{:21}found:    {found}\n", "", ""));
        }
        line
    }
}

/// Walks through a sign-in and tells how that went.
///
/// # Errors
/// Where a step went wrong, or nobody could be told.
pub(in crate::demo) async fn check(target: Target<'_>, json: bool, output: &mut Output) -> Result<(), Failure> {
    let client = client(PATIENCE).map_err(|error| Failure::new(format!("no HTTP client can be made: {error}")))?;
    if !json {
        let Target { issuer, app_url, username, .. } = target;
        output.text(&format!("Signing in to {app_url} as {username}, through {issuer}\n\n"))?;
    }
    let began = Instant::now();
    let aloud = (!json).then_some(&mut *output);
    let mut journey = Journey { browser: Browser::new(client), steps: Vec::new(), aloud };
    let stopped = walk(target, &mut journey).await;
    let (steps, millis) = (journey.steps, began.elapsed().as_millis());
    if let Err(Stopped::Silenced(failure)) = stopped {
        return Err(failure);
    }
    let passed = stopped.is_ok();
    if json {
        let Target { issuer, app_url, api_url, username, .. } = target;
        output.json(&Summary { passed, issuer, app_url, api_url, username, millis, steps: &steps })?;
    } else if passed {
        output.text(&format!("\nAll {} steps went as they should, in {millis} ms.\n", steps.len()))?;
    }
    match steps.last() {
        Some(step) if !passed => Err(Failure::new(format!("The check failed at step {}: {}.", steps.len(), step.step))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_went_wrong_says_what_was_expected() {
        let unexpected = Some(Unexpected::new("form#login", "400 at http://localhost:8080/login"));
        let step = Step { step: "Sign in", status: Some(400), millis: 7, passed: false, unexpected };
        let lines: Vec<String> = step.line().lines().map(str::to_owned).collect();
        assert_eq!(lines[0], "  ✗  400       7 ms  Sign in");
        assert_eq!(lines[1].trim(), "expected: form#login");
        assert_eq!(lines[2].trim(), "found:    400 at http://localhost:8080/login");
    }
}
