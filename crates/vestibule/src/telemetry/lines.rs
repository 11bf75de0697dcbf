//! Where the lines of the log go: to one place, many with one write.
//!
//! ```text
//! a line ─▶ gathered ─▶ written together, when a tenth of a second has passed or enough have gathered
//!    └─ a warning or an error ─▶ written at once, behind all that came before it
//! ```
//! A write of its own for each line would cost more than many a request does. What is gathered is lost where the process is
//! killed outright (`kill -9`): a tenth of a second of lines that tell of nothing wrong. An orderly end and a panic lose none.

use std::{
    io::{self, Write},
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// For how long lines gather.
const PATIENCE: Duration = Duration::from_millis(100);
/// How many bytes gather at most.
const ENOUGH: usize = 32 * 1024;

/// Gathers lines, and writes them. A clone gathers into the same place.
pub(super) struct Lines<W>(Arc<Inner<W>>);

impl<W> Clone for Lines<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Inner<W> {
    gathered: Mutex<Vec<u8>>,
    /// Told when the first of several lines has come.
    begun: Condvar,
    output: Mutex<Output<W>>,
    /// Whether there is a thread that writes what has gathered; else every line is written at once.
    gathers: AtomicBool,
}

struct Output<W> {
    to: W,
    /// Changes places with what has gathered, so that neither is allocated anew.
    spare: Vec<u8>,
}

impl<W: Write + Send + 'static> Lines<W> {
    /// To `to`, by a thread of its own.
    pub(super) fn new(to: W) -> Self {
        let lines = Self(Arc::new(Inner {
            gathered: Mutex::default(),
            begun: Condvar::new(),
            output: Mutex::new(Output { to, spare: Vec::new() }),
            gathers: AtomicBool::new(false),
        }));
        let writing = lines.clone();
        let thread = thread::Builder::new().name("log".to_owned()).spawn(move || writing.write_for_ever());
        lines.0.gathers.store(thread.is_ok(), Ordering::Relaxed);
        lines
    }

    fn write_for_ever(&self) {
        loop {
            let gathered = lock(&self.0.gathered);
            drop(
                self.0
                    .begun
                    .wait_while(gathered, |gathered| gathered.is_empty())
                    .unwrap_or_else(PoisonError::into_inner),
            );
            thread::sleep(PATIENCE);
            self.flush();
        }
    }
}

impl<W: Write> Lines<W> {
    /// Writes what has gathered. What cannot be written is dropped: a closed standard error must not become a panic.
    pub(super) fn flush(&self) {
        // The output first, so that lines keep their order whoever writes them.
        let mut output = lock(&self.0.output);
        let Output { to, spare } = &mut *output;
        mem::swap(spare, &mut lock(&self.0.gathered));
        let _ = to.write_all(spare).and_then(|()| to.flush());
        spare.clear();
    }

    fn add(&self, line: &[u8], at_once: bool) {
        let mut gathered = lock(&self.0.gathered);
        let is_first = gathered.is_empty();
        gathered.extend_from_slice(line);
        let is_enough = gathered.len() >= ENOUGH || !self.0.gathers.load(Ordering::Relaxed);
        drop(gathered);
        if at_once || is_enough {
            self.flush();
        } else if is_first {
            self.0.begun.notify_one();
        }
    }
}

/// Nothing panics while one of the locks is held, and what they guard is whole between two lines.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes one line.
pub(super) struct Line<'a, W> {
    lines: &'a Lines<W>,
    at_once: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lines.add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, W: Write + 'a> MakeWriter<'a> for Lines<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { lines: self, at_once: true }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Self::Writer {
        Line { lines: self, at_once: *of.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Keeps each write apart.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl Writes {
        fn so_far(&self) -> Vec<String> {
            lock(&self.0).clone()
        }
    }

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !bytes.is_empty() {
                lock(&self.0).push(String::from_utf8_lossy(bytes).into_owned());
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_tell_of_nothing_wrong_are_written_together_and_soon() {
        let writes = Writes::default();
        let lines = Lines::new(writes.clone());
        for line in ["one\n", "two\n", "three\n"] {
            lines.add(line.as_bytes(), false);
        }
        let begun = Instant::now();
        while writes.so_far().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(10), "they were never written");
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(writes.so_far().concat(), "one\ntwo\nthree\n");
        assert!(writes.so_far().len() < 3, "{:?}", writes.so_far());
    }

    #[test]
    fn a_warning_is_written_at_once_behind_what_came_before_it() {
        let writes = Writes::default();
        let lines = Lines::new(writes.clone());
        lines.add(b"before\n", false);
        lines.add(b"wrong\n", true);
        assert_eq!(writes.so_far().concat(), "before\nwrong\n");
    }

    #[test]
    fn what_is_enough_is_written_without_waiting() {
        let writes = Writes::default();
        let lines = Lines::new(writes.clone());
        lines.add(&[b'a'; ENOUGH], false);
        assert_eq!(writes.so_far().concat().len(), ENOUGH);
    }

    #[test]
    fn no_line_is_lost_or_torn_between_fifty_threads() {
        let writes = Writes::default();
        let lines = Lines::new(writes.clone());
        thread::scope(|scope| {
            for number in 0..50 {
                let lines = &lines;
                scope.spawn(move || {
                    for count in 0..20 {
                        lines.add(format!("{number} {count}\n").as_bytes(), count % 7 == 0);
                    }
                });
            }
        });
        lines.flush();
        let written = writes.so_far().concat();
        for number in 0..50 {
            let of_one: Vec<&str> = written.lines().filter(|line| line.starts_with(&format!("{number} "))).collect();
            let expected: Vec<String> = (0..20).map(|count| format!("{number} {count}")).collect();
            assert_eq!(of_one, expected);
        }
    }
}
