//! The sample app and the sample API on the provider's own accept loop.

use std::convert::Infallible;

use ::http::Request;
use hyper::{body::Incoming, service::service_fn};
use tokio::{net::TcpListener, sync::watch};
use vestibule_server::Limits;

use super::http::Answer;

/// Answers what comes to `listener` until `shutdown` turns true or its sender is gone; then lets requests end.
pub(super) async fn serve<H, F>(listener: TcpListener, handler: H, shutdown: watch::Receiver<bool>)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answering = handler(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    // Only TLS files can be at fault, and there are none.
    let _ = vestibule_server::serve(
        vec![vestibule_server::Door { listeners: vec![listener], tls: None }],
        service,
        Limits::default(),
        shutdown,
    )
    .await;
}
