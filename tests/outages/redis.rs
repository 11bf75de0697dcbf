//! A Redis that a test may kill and start again.

use std::{
    env,
    fs::File,
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Keeps what it was told on disk before it answers, as a provider's Redis should. Ended when dropped.
pub(crate) struct Redis {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Redis {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut redis = Self { folder: tempfile::tempdir().expect("a folder"), port, child: None };
        redis.again();
        redis
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Starts it once more, on what it has kept.
    pub(crate) fn again(&mut self) {
        let program = env::var_os("VESTIBULE_TEST_REDIS_SERVER");
        let program = program.expect("VESTIBULE_TEST_REDIS_SERVER names the program: `cargo xtask test` brings it");
        let log = File::create(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new(program);
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always", "--dir"]).arg(self.folder.path()).stdout(log);
        self.child = Some(command.spawn().expect("started"));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "Redis does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("killed");
            child.wait().expect("ended");
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
