//! A running program; dropped, it is ended, by its id.

use std::{
    fs::File,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal};

use crate::{
    failure::{Failure, While},
    machine::{Cores, Usage},
};

/// How long a program may take to answer for the first time, and to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is tried. It is part of what is measured, so it is short.
const TRY: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub(crate) struct Running {
    what: &'static str,
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts it on the provider's core, and waits until it answers `path` with 200; says how long that took.
    pub(super) fn start(
        what: &'static str,
        mut command: Command,
        log: &Path,
        authority: &str,
        path: &str,
        cores: Cores,
    ) -> Result<(Self, Duration), Failure> {
        let told = || format!("{what} cannot be started");
        let output = File::options().create(true).append(true).open(log).doing(told)?;
        let errors = output.try_clone().doing(told)?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let begun = Instant::now();
        let child = cores.on_the_servers(|| command.spawn())?.doing(told)?;
        let mut running = Self { what, child, log: log.to_owned() };
        while !answers(authority, path) {
            if !matches!(running.child.try_wait(), Ok(None)) {
                return Err(Failure::because(format!("{what} has ended:\n{}", running.last_words())));
            }
            if begun.elapsed() > PATIENCE {
                return Err(Failure::because(format!("{what} does not answer:\n{}", running.last_words())));
            }
            thread::sleep(TRY);
        }
        Ok((running, begun.elapsed()))
    }

    /// Its processes.
    pub(crate) fn pids(&self) -> Vec<i32> {
        vec![Pid::from_child(&self.child).as_raw_pid()]
    }

    /// What it has taken so far.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(&self.pids())
    }

    /// What it logged last.
    pub(crate) fn last_words(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        if !ended(&mut self.child) {
            let _ = rustix::process::kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
        let begun = Instant::now();
        while !ended(&mut self.child) && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        if !ended(&mut self.child) {
            eprintln!("{} does not end, and is killed.", self.what);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a GET is answered with 200.
fn answers(authority: &str, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(authority)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").as_bytes())?;
        let mut begin = [0; 12];
        stream.read_exact(&mut begin)?;
        Ok(&begin == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::{io::BufRead, io::BufReader, net::TcpListener};

    use super::*;

    #[test]
    fn a_program_that_ends_at_once_is_told_with_what_it_said() {
        let log = std::env::temp_dir().join(format!("vestibule-bench-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such thing >&2; exit 1"]);
        let cores = Cores::take(None).unwrap();
        let failure = Running::start("it", command, &log, "127.0.0.1:9", "/", cores).unwrap_err().to_string();
        std::fs::remove_file(&log).unwrap();
        assert!(failure.contains("it has ended:\nno such thing"), "{failure}");
    }

    #[test]
    fn only_200_is_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for (stream, status) in listener.incoming().flatten().zip([503, 200]) {
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).unwrap();
                (&stream).write_all(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes()).unwrap();
            }
        });
        assert!(!answers(&authority, "/"));
        assert!(answers(&authority, "/"));
    }
}
