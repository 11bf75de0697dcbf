//! Where an application publishes its keys, or its request objects: a site on this machine, over plain HTTP.

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

/// A site that answers every request with the same document.
pub struct KeySite {
    port: u16,
    document: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

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
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port of this machine");
        let port = listener.local_addr().expect("an address").port();
        let (document, asked) = (Arc::new(Mutex::new(Some(document.to_owned()))), Arc::new(AtomicUsize::new(0)));
        let (telling, counting) = (document.clone(), asked.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                counting.fetch_add(1, Ordering::SeqCst);
                let answer = match telling.lock().expect("unpoisoned").clone() {
                    Some(keys) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{keys}", keys.len()),
                    None => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_owned(),
                };
                tokio::spawn(async move {
                    let mut request = [0; 4096];
                    let _ = socket.read(&mut request).await;
                    let _ = socket.write_all(answer.as_bytes()).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        Self { port, document, asked }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks.json", self.port)
    }

    /// Publishes other keys.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn publish(&self, keys: &Value) {
        self.publish_text(&keys.to_string());
    }

    /// Publishes another document.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn publish_text(&self, document: &str) {
        *self.document.lock().expect("unpoisoned") = Some(document.to_owned());
    }

    /// Answers with errors from now on.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn go_down(&self) {
        *self.document.lock().expect("unpoisoned") = None;
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
