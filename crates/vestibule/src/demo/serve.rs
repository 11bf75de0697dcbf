//! The accept loop of the demo's servers.

use std::{convert::Infallible, time::Duration};

use ::http::Request;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{net::TcpListener, sync::watch, time};

use super::http::Answer;

/// How long a connection may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long requests that are under way may take to end once the demo stops.
const DRAIN_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait after a connection could not be accepted, which most often means that file descriptors ran out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers what comes to `listener` until `shutdown` turns true or its sender is gone; then lets requests end.
pub(super) async fn serve<H, F>(listener: TcpListener, handler: H, mut shutdown: watch::Receiver<bool>)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(64 * 1024);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(64 * 1024).max_concurrent_streams(64);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let Ok((stream, _)) = accepted else {
            time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let handler = handler.clone();
        let service = service_fn(move |request| {
            let answering = handler(request);
            async move { Ok::<_, Infallible>(answering.await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::spawn(graceful.watch(connection));
    }
    drop(listener);
    // Whoever keeps a connection open beyond this loses it when the program ends.
    let _ = time::timeout(DRAIN_PATIENCE, graceful.shutdown()).await;
}
