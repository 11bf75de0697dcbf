//! Where an application publishes what it says of itself: a site on this machine, over plain HTTP, that answers as a test wants.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

/// A site that answers every request in the same way.
pub struct DocumentSite {
    port: u16,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl DocumentSite {
    /// One that answers that there is nothing, until it publishes something.
    ///
    /// # Panics
    /// Where this machine has no port left.
    pub async fn start() -> Self {
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
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address of the document.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/client.json", self.origin())
    }

    /// A public application that is right in every part, with `more` in it.
    ///
    /// # Panics
    /// Where `more` is no object.
    #[must_use]
    pub fn document(&self, more: Value) -> Value {
        let mut document = json!({
            "client_id": self.url(),
            "client_name": "Notes",
            "redirect_uris": ["https://app.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let Value::Object(more) = more else { panic!("members are an object") };
        document.as_object_mut().expect("an object").extend(more);
        document
    }

    /// Publishes a document.
    pub fn publish(&self, document: &Value) {
        self.publish_with("", document);
    }

    /// Publishes a document, with more headers, each with its line break.
    pub fn publish_with(&self, headers: &str, document: &Value) {
        self.answers("200 OK", &format!("Content-Type: application/json\r\n{headers}"), &document.to_string());
    }

    /// Answers with this status, these headers and this body.
    ///
    /// # Panics
    /// Never, unless it panicked before.
    pub fn answers(&self, status: &str, headers: &str, body: &str) {
        let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        *self.answer.lock().expect("unpoisoned") = answer;
    }

    /// Answers with errors from now on.
    pub fn go_down(&self) {
        self.answers("503 Service Unavailable", "", "");
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
