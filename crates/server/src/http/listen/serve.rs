//! The accept loop, and how it ends.

use std::{sync::Arc, time::Duration};

use hyper::{
    Request, Response,
    body::{Body, Incoming},
    service::Service,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
    time::timeout,
};

use super::{
    Limits, Phase, TlsError, TlsFiles,
    accept::Acceptor,
    connection::{BoxError, Host},
    tls::Tls,
};

/// How long connections that are cut off may take to notice it.
const CUT_TIME: Duration = Duration::from_secs(1);

/// Sockets that are served alike.
#[derive(Debug)]
pub struct Door {
    /// The sockets.
    pub listeners: Vec<TcpListener>,
    /// How TLS is spoken there; else it is not.
    pub tls: Option<TlsFiles>,
}

/// Serves `service` on `doors` until `shutdown` holds true, or its sender is gone.
///
/// Each request carries its [`super::Connection`] in its extensions. Then the sockets are closed, so that new connections are
/// refused, idle ones end, and requests under way have `drain_timeout` to finish before they are cut off. It returns when the
/// last connection is gone.
///
/// # Errors
/// TLS files that cannot be used; nothing is accepted then.
pub async fn serve<S, B>(
    doors: Vec<Door>,
    service: S,
    limits: Limits,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), TlsError>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let (mut listeners, mut acceptors) = (Vec::new(), Vec::new());
    for door in doors {
        let tls = door.tls.map(|files| files.acceptor()).transpose()?;
        acceptors.extend(door.listeners.iter().map(|_| tls.clone()));
        listeners.extend(door.listeners);
    }
    let limits = Arc::new(limits);
    let places = u32::try_from(limits.max_connections.max(1)).unwrap_or(u32::MAX);
    let slots = Arc::new(Semaphore::new(places as usize));
    let (phase, receiver) = watch::channel(Phase::Serving);
    let host = Host { service, limits: limits.clone(), phase: receiver };
    tokio::select! {
        () = accept(listeners, &acceptors, &host, &slots) => {}
        _ = shutdown.wait_for(|stop| *stop) => {}
    }
    drop(host);
    drain(&phase, &slots, places, limits.drain_timeout).await;
    Ok(())
}

/// Starts a task for each connection, and never more at once than there are `slots`. It does not return.
async fn accept<S, B>(listeners: Vec<TcpListener>, acceptors: &[Option<Tls>], host: &Host<S>, slots: &Arc<Semaphore>)
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let mut acceptor = Acceptor::new(listeners);
    // The semaphore is never closed, so this loop ends only by being dropped, and the sockets with it.
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let (stream, peer, socket) = acceptor.accept().await;
        let tls = acceptors.get(socket).cloned().flatten();
        let connection = host.clone().connection(stream, peer, tls);
        tokio::spawn(async move {
            connection.await;
            drop(slot);
        });
    }
}

/// Waits until every connection has given its slot back; past `patience` they are cut off.
async fn drain(phase: &watch::Sender<Phase>, slots: &Semaphore, places: u32, patience: Duration) {
    phase.send_replace(Phase::Draining);
    if timeout(patience, slots.acquire_many(places)).await.is_ok() {
        return;
    }
    let left = places as usize - slots.available_permits();
    tracing::warn!(connections = left, "requests are still under way, and are cut off");
    phase.send_replace(Phase::Cut);
    let _ = timeout(CUT_TIME, slots.acquire_many(places)).await;
}
