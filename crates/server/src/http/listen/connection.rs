//! One connection, from its first byte to its last.

use std::{error::Error, future::Future, io, pin::pin, sync::Arc, time::Duration};

use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue},
    http::Version,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use super::{
    Connection, Limits, PeerCertificate, Phase,
    tls::Tls,
    usage::{Answer, Usage},
};

/// hyper's least.
const LEAST_BUFFER: usize = 8192;
/// Requests that one HTTP/2 connection may have under way.
const MAX_STREAMS: u32 = 100;
/// Streams that a client may reset before we have taken them up: more is an attack ("rapid reset").
const MAX_RESETS: usize = 20;
/// How often an HTTP/2 client with requests under way is asked whether it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long it may take to answer.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Whatever an error of a service or a body is.
pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// What a connection is served with.
#[derive(Clone)]
pub(super) struct Host<S> {
    pub(super) service: S,
    pub(super) limits: Arc<Limits>,
    pub(super) phase: watch::Receiver<Phase>,
}

impl<S, B> Host<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    /// Serves the connection until its end.
    pub(super) async fn connection(mut self, stream: TcpStream, peer: std::net::SocketAddr, tls: Option<Tls>) {
        let Ok(local) = stream.local_addr() else { return };
        // Answers are small and written whole: waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        let Some(Tls { acceptor, clients }) = tls else {
            return self.http1(stream, Connection { local, peer, tls: false, mutual: false }, None).await;
        };
        let handshake = timeout(self.limits.header_timeout, acceptor.accept(stream));
        let accepted = tokio::select! {
            accepted = handshake => accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            () = reached(&mut self.phase, Phase::Draining) => return,
        };
        let connection = Connection { local, peer, tls: true, mutual: clients.is_some() };
        match accepted {
            Ok(stream) => {
                let session = stream.get_ref().1;
                let certificate =
                    clients.zip(session.peer_certificates()).and_then(|(clients, chain)| clients.judge(chain));
                if session.alpn_protocol() == Some(b"h2") {
                    self.http2(stream, connection, certificate).await;
                } else {
                    self.http1(stream, connection, certificate).await;
                }
            }
            Err(error) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
        }
    }

    async fn http1<I: AsyncRead + AsyncWrite + Unpin + 'static>(
        self,
        io: I,
        connection: Connection,
        certificate: Option<PeerCertificate>,
    ) {
        let limits = self.limits.clone();
        let room = limits.max_header_bytes.max(LEAST_BUFFER);
        let usage = Arc::new(Usage::default());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_header_size(room)
            .max_buf_size(room)
            .max_headers(limits.max_headers);
        let service = within(self.service, limits.clone(), usage.clone(), connection, certificate);
        drive(http.serve_connection(TokioIo::new(io), service_fn(service)), &usage, &limits, self.phase).await;
    }

    async fn http2<I: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        self,
        io: I,
        connection: Connection,
        certificate: Option<PeerCertificate>,
    ) {
        let limits = self.limits.clone();
        let usage = Arc::new(Usage::default());
        let mut http = http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(u32::try_from(limits.max_header_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(MAX_RESETS)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        let service = within(self.service, limits.clone(), usage.clone(), connection, certificate);
        drive(http.serve_connection(TokioIo::new(io), service_fn(service)), &usage, &limits, self.phase).await;
    }
}

/// What becomes of a request within its bound.
type Answering<B, E> = std::pin::Pin<Box<dyn Future<Output = Result<Response<Answer<B>>, E>> + Send>>;

/// The service, with a bound on each request's time, the connection told to it, and its requests counted.
fn within<S, B>(
    service: S,
    limits: Arc<Limits>,
    usage: Arc<Usage>,
    connection: Connection,
    certificate: Option<PeerCertificate>,
) -> impl Fn(Request<Incoming>) -> Answering<B, S::Error>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    move |mut request| {
        let under_way = usage.begin();
        let version = request.version();
        request.extensions_mut().insert(connection);
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        let answer = timeout(limits.longest_request(), service.call(request));
        Box::pin(async move {
            Ok(match answer.await {
                Ok(answer) => answer?.map(|body| Answer { body: Some(body), request: under_way }),
                Err(_) => too_late(version, Answer { body: None, request: under_way }),
            })
        })
    }
}

fn too_late<B>(version: Version, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    if version <= Version::HTTP_11 {
        // The rest of the body may still be on its way: nothing sensible can follow on this connection.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Keeps the connection going until it ends, nothing moves on it any more, or the server stops.
async fn drive<C: GracefulConnection>(connection: C, usage: &Usage, limits: &Limits, mut phase: watch::Receiver<Phase>)
where
    C::Error: std::fmt::Display,
{
    let mut connection = pin!(connection);
    let deadline = tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        () = usage.quiet(limits) => limits.header_timeout,
        () = reached(&mut phase, Phase::Draining) => limits.drain_timeout,
    };
    // Browsers open connections ahead of need. A drain must not wait for them.
    if usage.is_unused() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => log_end(ended),
        () = tokio::time::sleep(deadline) => {}
        () = reached(&mut phase, Phase::Cut) => {}
    }
}

fn log_end<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// Returns once the shutdown has come as far as `phase`.
async fn reached(receiver: &mut watch::Receiver<Phase>, phase: Phase) {
    // A sender that is gone has nothing left to wait for.
    let _ = receiver.wait_for(|now| *now >= phase).await;
}
