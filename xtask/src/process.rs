//! Running other programs so that none of them outlives this one.
//!
//! Each runs in a process group of its own. Ctrl-C therefore reaches only this process, which notices it while waiting,
//! ends the group and returns [`Failure::Interrupted`]; the guards of running servers are then dropped on the way out.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::failure::{Failure, While};

const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether this process was asked to end.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on: the first signal is noticed, the second ends this process at once.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&asked))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&asked)))
                .doing(|| "signals cannot be listened to".to_owned())?;
        }
        Ok(Self(asked))
    }

    /// Fails once a signal came.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.0.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
    }
}

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: Command, interrupt: &Interrupt) -> Result<ExitStatus, Failure> {
    Group::start(command, false)?.wait(interrupt)
}

/// Runs a command to its end and hands over each line of its standard output as it comes.
pub(crate) fn run_reading(
    command: Command,
    interrupt: &Interrupt,
    mut line: impl FnMut(&str),
) -> Result<ExitStatus, Failure> {
    let mut group = Group::start(command, true)?;
    let (sender, lines) = mpsc::channel();
    if let Some(output) = group.child.stdout.take() {
        thread::spawn(move || send_lines(output, &sender));
    }
    loop {
        match lines.recv_timeout(POLL) {
            Ok(text) => line(&text),
            Err(RecvTimeoutError::Disconnected) => break,
            // Whatever the program left behind may hold its output open: what it printed itself is there by now.
            Err(RecvTimeoutError::Timeout) if group.ended()? => break,
            Err(RecvTimeoutError::Timeout) => interrupt.check()?,
        }
    }
    group.wait(interrupt)
}

fn send_lines(output: impl Read, sender: &mpsc::Sender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        if sender.send(String::from_utf8_lossy(&line).trim_end_matches('\n').to_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

/// A running program with all that it starts; dropped, it is ended.
struct Group {
    child: Child,
    name: String,
    reaped: bool,
}

impl Group {
    fn start(mut command: Command, read: bool) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null()).process_group(0);
        if read {
            command.stdout(Stdio::piped());
        }
        let child = command.spawn().doing(|| format!("`{name}` could not be started"))?;
        Ok(Self { child, name, reaped: false })
    }

    fn wait(mut self, interrupt: &Interrupt) -> Result<ExitStatus, Failure> {
        while !self.ended()? {
            interrupt.check()?;
            thread::sleep(POLL);
        }
        self.reap()
    }

    /// Whether the program has ended. It is not reaped by this, so its id still names the group and nothing else.
    fn ended(&self) -> Result<bool, Failure> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = rustix::process::waitid(WaitId::Pid(Pid::from_child(&self.child)), options)
            .doing(|| format!("`{}` cannot be waited for", self.name))?;
        Ok(status.is_some())
    }

    /// Ends what an ended program left running, then forgets it.
    fn reap(&mut self) -> Result<ExitStatus, Failure> {
        let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        self.reaped = true;
        self.child.wait().doing(|| format!("`{}` cannot be waited for", self.name))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while !self.ended().unwrap_or(true) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        let _ = self.reap();
    }
}

/// A server of ours; dropped, it is asked to end by `stop`, waited for, and killed where it does not.
pub(crate) struct Server {
    child: Child,
    stop: Signal,
}

impl Server {
    /// Starts it, its output going to `log`.
    pub(crate) fn start(mut command: Command, stop: Signal, log: std::fs::File) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let errors = log.try_clone().doing(|| "a log file cannot be used".to_owned())?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
        let child = command.spawn().doing(|| format!("`{name}` could not be started"))?;
        Ok(Self { child, stop })
    }

    /// Whether it ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended() {
            return;
        }
        let _ = rustix::process::kill_process(Pid::from_child(&self.child), self.stop);
        let deadline = Instant::now() + PATIENCE;
        while !self.ended() && Instant::now() < deadline {
            thread::sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that also ends where this process is killed outright, if the machine has util-linux's `setpriv`.
pub(crate) fn bound_to_us(program: impl AsRef<OsStr>, setpriv: Option<&OsStr>) -> Command {
    let Some(setpriv) = setpriv else { return Command::new(program) };
    let mut command = Command::new(setpriv);
    // SIGINT ends Redis, and PostgreSQL without waiting for its clients.
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Interrupt {
        Interrupt(Arc::default())
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn every_line_is_handed_over_and_the_status_kept() {
        let mut lines = Vec::new();
        let status = run_reading(shell("echo one; echo two; exit 3"), &quiet(), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(status.unwrap().code(), Some(3));
    }

    #[test]
    fn what_a_program_leaves_behind_neither_holds_us_up_nor_stays() {
        let mut lines = Vec::new();
        let started = Instant::now();
        run_reading(shell("sleep 60 & echo $!"), &quiet(), |line| lines.push(line.to_owned())).unwrap();
        assert!(started.elapsed() < PATIENCE);
        let left = Pid::from_raw(lines[0].parse().unwrap()).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while rustix::process::test_kill_process(left).is_ok() && !is_zombie(left) {
            assert!(Instant::now() < deadline, "process {left:?} still runs");
            thread::sleep(POLL);
        }
    }

    /// A killed orphan stays one until whoever adopted it reaps it.
    fn is_zombie(process: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())).unwrap_or_default();
        status.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with(['Z', 'X']))
    }

    #[test]
    fn an_interrupt_ends_the_program() {
        let interrupt = quiet();
        interrupt.0.store(true, Ordering::Relaxed);
        let started = Instant::now();
        assert!(matches!(run(shell("sleep 60"), &interrupt), Err(Failure::Interrupted)));
        assert!(started.elapsed() < PATIENCE);
    }
}
