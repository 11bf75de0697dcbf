//! Taking connections from several sockets, and standing it when there are none to be had.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use tokio::net::{TcpListener, TcpStream};

/// The first pause after an error that is not the connection's own, doubled until [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How long new clients wait at most once the shortage is over.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The listening sockets, asked in turn so that none starves another.
pub(super) struct Acceptor {
    listeners: Vec<TcpListener>,
    next: usize,
}

impl Acceptor {
    pub(super) fn new(listeners: Vec<TcpListener>) -> Self {
        Self { listeners, next: 0 }
    }

    /// The next connection, the address of its other end, and the number of the socket that it came to.
    ///
    /// A lack of open files or memory is logged and waited out: to try again at once would burn a processor core on
    /// something that only time cures.
    pub(super) async fn accept(&mut self) -> (TcpStream, SocketAddr, usize) {
        let mut pause = FIRST_PAUSE;
        loop {
            match poll_fn(|context| self.poll(context)).await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_the_client(&error) => {
                    tracing::debug!(%error, "a client gave up before it was accepted")
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections; is the limit on open files (ulimit -n) too low?");
                    tokio::time::sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr, usize)>> {
        let count = self.listeners.len();
        for offset in 0..count {
            let index = (self.next + offset) % count;
            if let Poll::Ready(result) = self.listeners[index].poll_accept(context) {
                self.next = index + 1;
                return Poll::Ready(result.map(|(stream, peer)| (stream, peer, index)));
            }
        }
        Poll::Pending
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
