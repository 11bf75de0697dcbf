//! Logs: structured events on standard error, as text for people or JSON for machines.
//!
//! Standard output belongs to what a command reports. `lines` writes the lines.

mod lines;

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal, Stderr, Write},
    panic::PanicHookInfo,
    sync::OnceLock,
};

use tracing_subscriber::{Layer, filter::Targets, fmt, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt};

use self::lines::Lines;
use crate::config::{Log, LogFormat};

/// This process' log, once it has begun.
static LOG: OnceLock<Lines<Stderr>> = OnceLock::new();

/// Logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The level could not be understood. The configuration refuses it earlier.
    #[error("log.level cannot be understood: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Something in this process logs already.
    #[error("logging has begun already: {0}")]
    Begun(#[from] tracing_subscriber::util::TryInitError),
}

/// Begins to log to standard error, and logs panics too.
///
/// # Errors
/// Where this process logs already.
pub fn init(log: &Log) -> Result<(), Error> {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = Lines::new(io::stderr());
    subscriber(log, lines.clone(), colours)?.try_init()?;
    let _ = LOG.set(lines);
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Writes what of the log has gathered: to be called before the process ends.
pub fn flush() {
    if let Some(lines) = LOG.get() {
        lines.flush();
    }
}

fn subscriber<W>(log: &Log, writer: W, colours: bool) -> Result<impl SubscriberInitExt + Send + Sync + 'static, Error>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The schema's library tells each step twice; ours tells it once. Whoever names it in log.level hears it all the same.
    let levels: Targets = format!("sea_orm_migration=warn,{}", log.level.as_str()).parse()?;
    // A closed standard error must not become a panic: what cannot be written is dropped.
    let lines = fmt::layer().with_writer(writer).with_ansi(colours).log_internal_errors(false);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    };
    Ok(tracing_subscriber::registry().with(lines.with_filter(levels)))
}

/// Logs a panic as one event. Texts in fields are quoted, so that none can look like a line of its own.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = message(panic.payload());
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::capture();
    if tracing::enabled!(tracing::Level::ERROR) {
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tracing::error!(panic = message, location, thread, backtrace, "A part of the program panicked");
    } else {
        let _ = writeln!(io::stderr(), "A part of the program panicked: {message:?} at {location}");
    }
}

/// What the panic says, whatever it carries.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::config::Config;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, act: impl FnOnce()) -> String {
        let lines = Lines::default();
        let log = Log { format, ..Config::default().log };
        let writer = lines.clone();
        let guard = subscriber(&log, move || writer.clone(), false).expect("a level").set_default();
        act();
        drop(guard);
        let bytes = lines.0.lock().expect("no panic holds it").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn a_json_line_is_one_object_with_the_fields() {
        let line = logged(LogFormat::Json, || tracing::info!(client = "demo", "A code was redeemed"));
        let line: serde_json::Value = serde_json::from_str(&line).expect("one JSON object");
        assert_eq!((&line["message"], &line["client"]), (&"A code was redeemed".into(), &"demo".into()));
    }

    #[test]
    fn below_the_level_nothing_is_logged() {
        let lines = logged(LogFormat::Text, || {
            tracing::debug!("hidden");
            tracing::warn!("shown");
        });
        assert!(lines.contains("shown") && !lines.contains("hidden"), "{lines}");
    }

    #[test]
    fn a_panic_is_one_line_of_the_log() {
        let lines = logged(LogFormat::Text, || {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(log_panic));
            let _ = std::panic::catch_unwind(|| panic!("first\nsecond {}", 2));
            let _ = std::panic::catch_unwind(|| std::panic::panic_any(5));
            std::panic::set_hook(before);
        });
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.contains(r#"panic="first\nsecond 2""#) && lines.contains(r#"panic="no message""#), "{lines}");
    }
}
