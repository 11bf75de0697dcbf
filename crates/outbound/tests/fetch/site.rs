//! A site on this machine that answers every connection as it is told, and remembers what it was asked.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// How it answers.
#[derive(Clone)]
pub(crate) enum Behaviour {
    /// These bytes, then the end.
    Says(Vec<u8>),
    /// These bytes, then one byte more every few milliseconds for ever.
    Drips(Vec<u8>),
    /// These bytes, then more as fast as anybody takes them.
    Pours(Vec<u8>),
    /// Nothing at all.
    Waits,
}

pub(crate) struct Site {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

/// A JSON answer with `body`.
pub(crate) fn json(body: &str) -> Behaviour {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    Behaviour::Says(format!("{head}{body}").into_bytes())
}

/// An answer that is only a status line and these headers.
pub(crate) fn answer(status: &str, headers: &str) -> Behaviour {
    Behaviour::Says(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes())
}

impl Site {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::listen(behaviour, None).await
    }

    /// Over TLS.
    pub(crate) async fn secure(behaviour: Behaviour, certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> Self {
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = builder.with_no_client_auth().with_single_cert(chain, key).unwrap();
        Self::listen(behaviour, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, seen) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let noting = seen.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let index = noting.lock().unwrap().len();
                noting.lock().unwrap().push(String::new());
                let (behaviour, noting, tls) = (behaviour.clone(), noting.clone(), tls.clone());
                tokio::spawn(async move {
                    let note = move |text: String| noting.lock().unwrap()[index] = text;
                    match tls {
                        Some(tls) => match tls.accept(socket).await {
                            Ok(socket) => serve(socket, behaviour, note).await,
                            Err(_) => note("no handshake".to_owned()),
                        },
                        None => serve(socket, behaviour, note).await,
                    }
                });
            }
        });
        Self { port, seen }
    }

    /// What came by each connection so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

async fn serve(mut socket: impl AsyncRead + AsyncWrite + Unpin, behaviour: Behaviour, note: impl Fn(String)) {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    // Requests of these tests come in one piece, with their body.
    while !request.contains("\r\n\r\n") {
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => request.push_str(&String::from_utf8_lossy(&buffer[..read])),
        }
    }
    note(request);
    match behaviour {
        Behaviour::Says(bytes) => {
            let _ = socket.write_all(&bytes).await;
            let _ = socket.shutdown().await;
        }
        Behaviour::Drips(bytes) => {
            let _ = socket.write_all(&bytes).await;
            while socket.write_all(b"1").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Behaviour::Pours(bytes) => {
            let _ = socket.write_all(&bytes).await;
            let chunk = format!("{:x}\r\n{}\r\n", 8192, "x".repeat(8192));
            while socket.write_all(chunk.as_bytes()).await.is_ok() {}
            note("hung up".to_owned());
        }
        Behaviour::Waits => std::future::pending().await,
    }
}
