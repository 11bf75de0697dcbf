//! Where an application publishes something: a site on this machine, over plain HTTP, that answers as a test wants.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// A site that answers every request in the same way.
pub(crate) struct Site {
    port: u16,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    /// One that answers that there is nothing, until it is told otherwise.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port of this machine");
        let port = listener.local_addr().expect("an address").port();
        let site = Self { port, answer: Arc::default(), asked: Arc::default() };
        site.answers("404 Not Found", "", "");
        let (telling, counting) = (site.answer.clone(), site.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counting.fetch_add(1, Ordering::SeqCst);
                let answer = telling.lock().expect("unpoisoned").clone();
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(answer.as_bytes()).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        site
    }

    /// Its own address, without a path.
    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers with this status, these headers (each with its line break) and this body from now on.
    pub(crate) fn answers(&self, status: &str, headers: &str, body: &str) {
        let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        *self.answer.lock().expect("unpoisoned") = answer;
    }

    /// Answers with errors from now on.
    pub(crate) fn go_down(&self) {
        self.answers("503 Service Unavailable", "", "");
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Where an application publishes its keys, or its request objects.
pub struct KeySite(Site);

impl KeySite {
    /// One that publishes `keys`.
    pub async fn start(keys: &Value) -> Self {
        Self::with(&keys.to_string()).await
    }

    /// One that publishes any document.
    ///
    /// # Panics
    /// Where this machine has no port left.
    pub async fn with(document: &str) -> Self {
        let site = Self(Site::start().await);
        site.publish_text(document);
        site
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/jwks.json", self.0.origin())
    }

    /// Publishes other keys.
    pub fn publish(&self, keys: &Value) {
        self.publish_text(&keys.to_string());
    }

    /// Publishes another document.
    pub fn publish_text(&self, document: &str) {
        self.0.answers("200 OK", "", document);
    }

    /// Answers with errors from now on.
    pub fn go_down(&self) {
        self.0.go_down();
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.0.asked()
    }
}
