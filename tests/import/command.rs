//! Commands, as somebody types them beside a running server.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use vestibule::cli::{Context, Failure, Output, run_in};
use vestibule_tests::TestApp;

/// What a command reports.
#[derive(Clone, Default)]
struct Report(Arc<Mutex<Vec<u8>>>);

impl Write for Report {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a command reports as JSON, and how it ends.
pub(crate) async fn tried(app: &TestApp, arguments: &[&str]) -> (Value, Result<(), Failure>) {
    let report = Report::default();
    let mut context = Context::new(app.config().clone(), Output::to(report.clone()));
    context.clock = app.clock().clone();
    let ended = run_in(context, arguments.iter().chain(&["--json"])).await;
    let bytes = report.0.lock().expect("nobody panics with it").clone();
    (serde_json::from_slice(&bytes).unwrap_or_default(), ended)
}

/// What a command reports that must succeed.
pub(crate) async fn json(app: &TestApp, arguments: &[&str]) -> Value {
    let (report, ended) = tried(app, arguments).await;
    ended.unwrap_or_else(|failure| panic!("{arguments:?}: {failure}"));
    report
}
