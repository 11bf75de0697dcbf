//! One connection: what it sends next, and what it makes of an answer.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Task, jar::Jar, take::take};
use crate::{
    answer::{Answer, find},
    description::script::{Request, Script, Values},
    failure::{Failure, While},
};

/// What is read at once; answers are shorter.
const ROOM: usize = 16 * 1024;
/// How much of an answer an error shows.
const SHOWN: usize = 300;

/// What came of a step.
pub(super) enum Step {
    /// A request is on its way, or there is nothing to do.
    Waiting,
    /// An operation is complete.
    Done { taken: Duration },
    /// The provider has ended the connection between two requests, as it may.
    Ended,
    /// The operation went wrong.
    Failed(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    /// What comes first; then it is parked, or operates again at once.
    Preparing {
        again: bool,
    },
    Parked,
    Operating,
    /// Waits for its next turn.
    Resting,
}

/// So often a provider may end a connection without an answer before that is an error.
const MOST_ENDS: u32 = 5;

pub(super) struct Connection {
    authority: String,
    stream: TcpStream,
    /// The answer before said that the connection ends.
    closed: bool,
    ends: u32,
    task: Task,
    task_number: usize,
    number: usize,
    doing: Doing,
    next: usize,
    values: Values,
    jar: Jar,
    /// The request that is on its way.
    request: Vec<u8>,
    body: Vec<u8>,
    target: Vec<u8>,
    answer: Answer,
    room: Vec<u8>,
    begun: Instant,
    due: Instant,
    said: Option<Vec<String>>,
}

impl Connection {
    pub(super) fn open(authority: &str, task: Task, task_number: usize, number: usize) -> Result<Self, Failure> {
        let values = Values::new(&task.names, number);
        Ok(Self {
            authority: authority.to_owned(),
            stream: connect(authority)?,
            closed: false,
            ends: 0,
            task,
            task_number,
            number,
            doing: Doing::Preparing { again: false },
            next: 0,
            values,
            jar: Jar::default(),
            request: Vec::with_capacity(2048),
            body: Vec::new(),
            target: Vec::new(),
            answer: Answer::default(),
            room: vec![0; ROOM],
            begun: Instant::now(),
            due: Instant::now(),
            said: None,
        })
    }

    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn task_number(&self) -> usize {
        self.task_number
    }

    pub(super) fn is_parked(&self) -> bool {
        self.doing == Doing::Parked
    }

    /// Whether the next operation begins at once.
    pub(super) fn goes_on(&self) -> bool {
        self.task.pace.is_none()
    }

    /// Whether it rests, and its time has come.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.doing == Doing::Resting && self.due <= now
    }

    /// From now on, keeps what it says and hears, for people.
    pub(super) fn keep_what_is_said(&mut self) {
        self.said.get_or_insert_default();
    }

    pub(super) fn said(&self) -> impl Iterator<Item = &str> {
        self.said.iter().flatten().map(String::as_str)
    }

    pub(super) fn begin_preparing(&mut self) -> Step {
        self.prepare(false)
    }

    fn prepare(&mut self, again: bool) -> Step {
        self.doing = Doing::Preparing { again };
        self.values.begin();
        self.go_to(0)
    }

    pub(super) fn begin_operation(&mut self) -> Step {
        let now = Instant::now();
        let pace = self.task.pace.unwrap_or_default();
        // One that keeps a pace begins when it was due: a request that could not be sent in time has waited too. Beats that were
        // missed altogether are let go, else one long wait would be counted again and again.
        let on_the_beat = self.doing == Doing::Resting && now.saturating_duration_since(self.due) < pace;
        self.begun = if on_the_beat { self.due } else { now };
        self.due = self.begun + pace;
        self.doing = Doing::Operating;
        self.values.begin();
        self.go_to(0)
    }

    /// Bytes have come, or the connection has ended.
    pub(super) fn readable(&mut self) -> Step {
        let read = match self.stream.read(&mut self.room) {
            Ok(read) => read,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                return Step::Waiting;
            }
            Err(error) if self.answer.is_empty() && error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => return Step::Failed(format!("the connection broke: {error}")),
        };
        if read == 0 {
            return match self.answer.ended() {
                true => self.answered(),
                false if self.answer.is_empty() => self.ended(),
                false => Step::Failed("the connection ended in the middle of an answer".to_owned()),
            };
        }
        match self.answer.take(&self.room[..read]) {
            Ok(true) => self.answered(),
            Ok(false) => Step::Waiting,
            Err(why) => Step::Failed(why.to_string()),
        }
    }

    /// Connects anew, and sends again what was not answered.
    pub(super) fn reconnect(&mut self) -> Result<Step, Failure> {
        self.connect()?;
        Ok(if self.request.is_empty() { Step::Waiting } else { self.send() })
    }

    /// Connects anew, and prepares again, for the operation that went wrong may have left nothing to go on with.
    pub(super) fn start_over(&mut self) -> Result<Step, Failure> {
        self.connect()?;
        self.jar.clear();
        self.values = Values::new(&self.task.names, self.number);
        Ok(self.prepare(!matches!(self.doing, Doing::Preparing { again: false } | Doing::Parked)))
    }

    fn connect(&mut self) -> Result<(), Failure> {
        self.stream = connect(&self.authority)?;
        self.closed = false;
        self.answer.clear();
        Ok(())
    }

    fn ended(&mut self) -> Step {
        self.ends += 1;
        if self.ends > MOST_ENDS {
            return Step::Failed("the connection was ended without an answer, again and again".to_owned());
        }
        Step::Ended
    }

    fn script(&self) -> &Arc<Script> {
        if matches!(self.doing, Doing::Preparing { .. }) { &self.task.prepare } else { &self.task.steps }
    }

    fn go_to(&mut self, step: usize) -> Step {
        self.next = step;
        let script = Arc::clone(self.script());
        match script.steps.get(step) {
            Some(request) => {
                self.write(request);
                self.send()
            }
            None => self.completed(),
        }
    }

    fn completed(&mut self) -> Step {
        self.request.clear();
        let Doing::Preparing { again } = self.doing else {
            self.doing = Doing::Resting;
            return Step::Done { taken: self.begun.elapsed() };
        };
        if !self.task.keep_cookies {
            self.jar.clear();
        }
        self.doing = Doing::Parked;
        if again { self.begin_operation() } else { Step::Waiting }
    }

    fn write(&mut self, request: &Request) {
        if request.forget_cookies {
            self.jar.clear();
        }
        self.target.clear();
        request.target.write(&self.values, &mut self.target);
        // An address that the provider gave stands whole.
        let origin = self.target.strip_prefix(b"http://").and_then(|rest| rest.strip_prefix(self.authority.as_bytes()));
        let target = origin.unwrap_or(&self.target);
        self.request.clear();
        self.request.extend_from_slice(request.method.as_bytes());
        self.request.push(b' ');
        self.request.extend_from_slice(if target.is_empty() { b"/" } else { target });
        self.request.extend_from_slice(b" HTTP/1.1\r\n");
        request.fields.write(&self.values, &mut self.request);
        self.jar.write(&mut self.request);
        self.body.clear();
        if let Some(body) = &request.body {
            body.write(&self.values, &mut self.body);
            let _ = write!(self.request, "Content-Length: {}\r\n", self.body.len());
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(&self.body);
        if let Some(said) = &mut self.said {
            said.push(format!(">>> {}", String::from_utf8_lossy(&self.request)));
        }
    }

    fn send(&mut self) -> Step {
        if self.closed {
            return Step::Ended;
        }
        let mut sent = 0;
        while sent < self.request.len() {
            match self.stream.write(&self.request[sent..]) {
                Ok(written) => sent += written,
                // A request fits the socket's buffer, so that this is for a moment if ever.
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    std::thread::yield_now();
                }
                Err(_) => return self.ended(),
            }
        }
        Step::Waiting
    }

    /// Looks at a complete answer, and goes to the next step.
    fn answered(&mut self) -> Step {
        self.ends = 0;
        self.closed = self.answer.closes();
        if let Some(said) = &mut self.said {
            let mut text = format!("<<< {}\n", self.answer.status());
            self.answer.fields(|name, value| text.push_str(&format!("{name}: {value}\n")));
            said.push(format!("{text}\n{}\n", String::from_utf8_lossy(self.answer.body())));
        }
        let script = Arc::clone(self.script());
        let Some(request) = script.steps.get(self.next) else {
            return Step::Failed("an answer came that nobody asked for".to_owned());
        };
        if let Err(wrong) = self.check(request) {
            let target = String::from_utf8_lossy(&self.target);
            return Step::Failed(format!(
                "{} {}: {wrong}",
                request.method,
                target.split('?').next().unwrap_or_default()
            ));
        }
        let browses = script.steps.len() > 1 || self.task.keep_cookies || matches!(self.doing, Doing::Preparing { .. });
        if browses {
            let jar = &mut self.jar;
            self.answer.fields(|name, value| {
                if name.eq_ignore_ascii_case("set-cookie") {
                    jar.set(value);
                }
            });
        }
        self.answer.clear();
        self.go_to(self.next + 1)
    }

    fn check(&mut self, request: &Request) -> Result<(), String> {
        let shown = || {
            let text = String::from_utf8_lossy(self.answer.body()).into_owned();
            text.chars().take(SHOWN).collect::<String>()
        };
        if self.answer.status() != request.status {
            return Err(format!("status {} instead of {}: {}", self.answer.status(), request.status, shown()));
        }
        if let Some(text) = &request.contains
            && find(self.answer.body(), text).is_none()
        {
            return Err(format!("{:?} does not stand in {}", String::from_utf8_lossy(text), shown()));
        }
        for (place, name, source) in &request.take {
            let found = take(&self.answer, source).ok_or_else(|| format!("there is no {name} in {}", shown()))?;
            self.values.set(*place, found);
        }
        Ok(())
    }
}

fn connect(authority: &str) -> Result<TcpStream, Failure> {
    let told = || format!("no connection to {authority}");
    let stream = TcpStream::connect(authority).doing(told)?;
    stream.set_nodelay(true).doing(told)?;
    stream.set_nonblocking(true).doing(told)?;
    Ok(stream)
}
