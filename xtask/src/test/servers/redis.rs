//! A private Redis.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    time::Duration,
};

use rustix::process::Signal;

use super::{Instance, Place, free_port, log_file, password, wait_until};
use crate::{
    failure::Failure,
    process::{Interrupt, Server},
};

/// Starts one that keeps nothing on disk and returns once it answers.
pub(super) fn start(place: &Place, interrupt: &Interrupt, program: &Path) -> Result<Instance, Failure> {
    let folder = place.make("redis")?;
    let (port, password) = (free_port()?, password()?);
    let configuration = folder.join("redis.conf");
    place.write(
        &configuration,
        &format!(
            "bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave \"\"\nappendonly no\ndir {}\n",
            folder.display()
        ),
    )?;
    let mut command = place.command(program, &folder);
    command.arg(&configuration);
    let log = place.folder.join("redis.log");
    let mut server = Server::start(command, Signal::TERM, log_file(&log)?)?;
    wait_until(&mut server, interrupt, &log, "Redis", || answers(port, &password))?;
    Ok(Instance { _server: server, url: format!("redis://:{password}@127.0.0.1:{port}/") })
}

/// Whether it takes the password and answers a PING: another server on that port would not.
fn answers(port: u16, password: &str) -> bool {
    let ask = || {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(connection, "AUTH {password}\r\nPING\r\n")?;
        let mut answer = [0; 12];
        connection.read_exact(&mut answer)?;
        Ok::<_, std::io::Error>(answer)
    };
    ask().is_ok_and(|answer| &answer == b"+OK\r\n+PONG\r\n")
}
