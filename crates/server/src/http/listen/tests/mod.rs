//! Real sockets on this machine, and clients that do what they should not.

mod binding;
mod client_certificates;
mod clients;
mod draining;
mod renewal;
mod tls;

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    service::{Service, service_fn},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{ClientCertificates, Connection, Door, Limits, Orders, PeerCertificate, TlsFiles, bind, serve};

/// How long `/slow` takes.
const SLOW: Duration = Duration::from_millis(1500);

/// More than any of these tests should have to wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// `/slow` thinks, `/never` thinks for ever, `/read` tells how long the body is, `/who` whom it sees; all else is greeted.
fn service() -> impl Service<
    Request<Incoming>,
    Response = Response<Full<Bytes>>,
    Error = Infallible,
    Future: Future<Output = Result<Response<Full<Bytes>>, Infallible>> + Send + 'static,
> + Clone
+ Send
+ 'static {
    service_fn(|request: Request<Incoming>| async move {
        let answer = match request.uri().path() {
            "/slow" => {
                tokio::time::sleep(SLOW).await;
                "slow".to_owned()
            }
            "/never" => std::future::pending().await,
            "/read" => match request.into_body().collect().await {
                Ok(body) => format!("{} bytes", body.to_bytes().len()),
                Err(_) => "broken".to_owned(),
            },
            "/who" => {
                let connection = request.extensions().get::<Connection>().copied();
                let version = request.version();
                connection.map_or_else(String::new, |it| format!("{} {} {version:?}", it.peer.ip(), it.tls))
            }
            "/certificate" => {
                let certificate = request.extensions().get::<PeerCertificate>();
                let vouched = |it: &PeerCertificate| if it.is_vouched() { "vouched" } else { "its own word" };
                certificate.map_or_else(|| "none".to_owned(), |it| format!("{} bytes, {}", it.der().len(), vouched(it)))
            }
            _ => "hello".to_owned(),
        };
        Ok(Response::new(Full::new(Bytes::from(answer))))
    })
}

fn limits() -> Limits {
    Limits {
        header_timeout: Duration::from_secs(1),
        request_timeout: Duration::from_secs(10),
        drain_timeout: Duration::from_secs(10),
        ..Limits::default()
    }
}

struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    reload: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        Self::start_with(limits, None).await
    }

    async fn start_with(limits: Limits, tls: Option<TlsFiles>) -> Self {
        let listeners = bind(&["127.0.0.1:0".to_owned()]).await.expect("a free port");
        let address = listeners[0].local_addr().expect("an address");
        let ((stop, shutdown), (reload, asked)) = (watch::channel(false), watch::channel(()));
        let orders = Orders { shutdown, reload: asked };
        let task = tokio::spawn(async move {
            serve(vec![Door { listeners, tls }], service(), limits, orders).await.expect("good files")
        });
        Self { address, stop, reload, task }
    }

    async fn client(&self) -> Client {
        Client(TcpStream::connect(self.address).await.expect("a connection"))
    }

    /// Asks it to stop, and returns how long that took.
    async fn stopped(self) -> Duration {
        let begun = Instant::now();
        self.stop.send_replace(true);
        timeout(PATIENCE, self.task).await.expect("it stops").expect("without a panic");
        begun.elapsed()
    }
}

/// One that writes HTTP by hand.
struct Client(TcpStream);

impl Client {
    async fn send(&mut self, text: &str) {
        // The other end may have had enough already: what it says counts, not what it takes.
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    }

    /// Sends `text` every 50 ms for as long as anybody takes it, and returns what came until the connection was closed, and how
    /// long that took.
    async fn drip(self, text: &'static str) -> (String, Duration) {
        let begun = Instant::now();
        let (mut reader, mut writer) = self.0.into_split();
        let dripping = tokio::spawn(async move {
            while writer.write_all(text.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let mut answer = Vec::new();
        // A reset after the answer is an end like another.
        let _ = timeout(PATIENCE, reader.read_to_end(&mut answer)).await.expect("an end");
        dripping.abort();
        (String::from_utf8_lossy(&answer).into_owned(), begun.elapsed())
    }

    /// What comes until `end` has come, or the connection is closed.
    async fn read_until(&mut self, end: &str) -> String {
        let mut text = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(read) = timeout(PATIENCE, self.0.read(&mut buffer)).await.expect("an answer or an end") {
            text.extend_from_slice(&buffer[..read]);
            if read == 0 || String::from_utf8_lossy(&text).contains(end) {
                break;
            }
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// What comes until the connection is closed, and how long that takes.
    async fn read_to_end(&mut self) -> (String, Duration) {
        let begun = Instant::now();
        let text = self.read_until("\0").await;
        (text, begun.elapsed())
    }
}
