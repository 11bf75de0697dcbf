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
    task::JoinSet,
    time::timeout,
};

use super::{
    Limits, Phase, TlsError, TlsFiles,
    accept::Acceptor,
    connection::{BoxError, Host},
    keeper::Keeper,
    tls::Tls,
};

/// How long connections that are cut off may take to notice it.
const CUT_TIME: Duration = Duration::from_secs(1);

/// Sockets that are served alike.
#[derive(Debug)]
pub struct Door {
    /// The sockets.
    pub listeners: Vec<TcpListener>,
    /// How TLS is spoken there; else it is not. The files are read again when they change.
    pub tls: Option<TlsFiles>,
}

/// What a server is told while it serves.
#[derive(Clone, Debug)]
pub struct Orders {
    /// To stop: when it holds true, or its sender is gone.
    pub shutdown: watch::Receiver<bool>,
    /// To look at the files of TLS at once, whenever something is sent. They are looked at without it, too.
    pub reload: watch::Receiver<()>,
}

impl From<watch::Receiver<bool>> for Orders {
    /// Nobody asks for a look at the files.
    fn from(shutdown: watch::Receiver<bool>) -> Self {
        Self { shutdown, reload: watch::channel(()).1 }
    }
}

/// Serves `service` on `doors` until it is told to stop.
///
/// Each request carries its [`super::Connection`] in its extensions. Then the sockets are closed, so that new connections are
/// refused, idle ones end, and requests under way have `drain_timeout` to finish before they are cut off. It returns when the
/// last connection is gone.
///
/// When the files of TLS change, new connections get what they hold then, and those that are there go on as they are. Files that
/// cannot be used any more are logged, and what they held before is used on.
///
/// # Errors
/// TLS files that cannot be used at the start; nothing is accepted then.
pub async fn serve<S, B>(
    doors: Vec<Door>,
    service: S,
    limits: Limits,
    orders: impl Into<Orders>,
) -> Result<(), TlsError>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    B: Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let Orders { mut shutdown, reload } = orders.into();
    let (mut listeners, mut acceptors, mut keepers) = (Vec::new(), Vec::new(), JoinSet::new());
    for Door { listeners: sockets, tls } in doors {
        let listening = sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect();
        let keeper = tls.map(|files| Keeper::new(files, listening)).transpose()?;
        acceptors.extend(sockets.iter().map(|_| keeper.as_ref().map(Keeper::tls)));
        keepers.extend(keeper.map(|keeper| keeper.follow(reload.clone())));
        listeners.extend(sockets);
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
    // Nobody shakes hands any more.
    keepers.abort_all();
    drop(host);
    drain(&phase, &slots, places, limits.drain_timeout).await;
    Ok(())
}

/// Starts a task for each connection, and never more at once than there are `slots`. It does not return.
async fn accept<S, B>(
    listeners: Vec<TcpListener>,
    acceptors: &[Option<watch::Receiver<Tls>>],
    host: &Host<S>,
    slots: &Arc<Semaphore>,
) where
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
        let tls = acceptors.get(socket).and_then(Option::as_ref).map(|tls| tls.borrow().clone());
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
