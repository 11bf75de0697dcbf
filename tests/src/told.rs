//! Where an application hears that sessions have ended.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use url::form_urlencoded;

/// A site on this machine that writes down each logout token that is posted to it.
pub struct LogoutSite {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    heard: Mutex<Vec<String>>,
    requests: Mutex<Vec<String>>,
    /// What it answers; nothing here: it never does.
    status: Mutex<Option<u16>>,
}

impl LogoutSite {
    /// One that answers each message with 200.
    ///
    /// # Panics
    /// Where this machine has no port left.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port of this machine");
        let port = listener.local_addr().expect("an address").port();
        let shared =
            Arc::new(Shared { heard: Mutex::default(), requests: Mutex::default(), status: Mutex::new(Some(200)) });
        let telling = shared.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let shared = telling.clone();
                tokio::spawn(async move { shared.answer(socket).await });
            }
        });
        Self { port, shared }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/backchannel", self.port)
    }

    /// Answers with this status from now on.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn answers(&self, status: u16) {
        *self.shared.status.lock().expect("unpoisoned") = Some(status);
    }

    /// Answers nothing from now on.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn falls_silent(&self) {
        *self.shared.status.lock().expect("unpoisoned") = None;
    }

    /// The logout tokens that came.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        self.shared.heard.lock().expect("unpoisoned").clone()
    }

    /// The heads of the requests that came.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().expect("unpoisoned").clone()
    }

    /// Waits until so many logout tokens came.
    ///
    /// # Panics
    /// Where they do not come in time.
    pub async fn hears(&self, count: usize) -> Vec<String> {
        let come = async {
            while self.heard().len() < count {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let come = timeout(Duration::from_secs(10), come).await;
        assert!(come.is_ok(), "{} of {count} messages came", self.heard().len());
        self.heard()
    }
}

impl Shared {
    async fn answer(&self, mut socket: TcpStream) {
        let mut request = Vec::new();
        let mut chunk = [0; 4096];
        let token = loop {
            let Ok(read) = socket.read(&mut chunk).await else { return };
            if read == 0 {
                return;
            }
            request.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() < length.unwrap_or(0) {
                continue;
            }
            self.requests.lock().expect("unpoisoned").push(head.to_owned());
            let mut fields = form_urlencoded::parse(body.as_bytes());
            break fields.find_map(|(name, value)| (name == "logout_token").then(|| value.into_owned()));
        };
        self.heard.lock().expect("unpoisoned").extend(token);
        let status = *self.status.lock().expect("unpoisoned");
        match status {
            Some(status) => {
                let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.shutdown().await;
            }
            None => sleep(Duration::from_secs(60)).await,
        }
    }
}
