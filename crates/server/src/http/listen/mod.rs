//! From a TCP socket to one HTTP request: our own accept loop on hyper.
//!
//! poem brings a server of its own, but one without a time limit on request heads, and whose accept loop spins when the
//! process runs out of open files. Here every connection costs its client something: each stage (handshake, head, body,
//! answer, waiting for the next request) has a deadline, and the number of connections has a bound.
//!
//! It serves any hyper service, so that the small servers of the demo stand on it too:
//!
//! ```text
//! bind ──> serve ──> Acceptor ──> connection: TLS? ──> HTTP/1.1 or HTTP/2 ──> service
//!            │ shutdown                 │
//!            └── Draining ── Cut ───────┘
//! ```
//!
//! Over plain TCP only HTTP/1.1 is spoken: no browser speaks HTTP/2 there, and hyper's sniffing for its preface waits without a
//! deadline. Over TLS the protocol is agreed by ALPN; its files are followed by a [`keeper`].

mod accept;
mod bind;
mod clients;
mod connection;
mod keeper;
mod serve;
#[cfg(test)]
mod tests;
mod tls;
mod usage;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls_pki_types::CertificateDer;

pub use bind::{BindError, bind};
pub use serve::{Door, Orders, serve};
pub use tls::{ClientCertificates, TlsError, TlsFiles};

/// How much time and room clients get.
#[derive(Clone, Debug)]
pub struct Limits {
    /// For the TLS handshake, for the head of a request from its first byte, and for an idle connection until the next one.
    pub header_timeout: Duration,
    /// For a request once its head is read: its body, and the work on the answer. A second past it the client gets a bare
    /// 503, unless the service itself has answered.
    pub request_timeout: Duration,
    /// For requests under way when the shutdown begins.
    pub drain_timeout: Duration,
    /// Connections open at once. More wait in the operating system's queue.
    pub max_connections: usize,
    /// The request line and all header fields together, in bytes; at least 8192 are always allowed.
    pub max_header_bytes: usize,
    /// Header fields of one request.
    pub max_headers: usize,
}

/// What a service that bounds its own time gets beyond the limit, so that its answer, the better one, comes first.
const LENIENCE: Duration = Duration::from_secs(1);

impl Limits {
    /// When a request is given up, whatever the service still wants to do.
    fn longest_request(&self) -> Duration {
        self.request_timeout + LENIENCE
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            max_connections: 900,
            max_header_bytes: 32 * 1024,
            max_headers: 100,
        }
    }
}

/// The two ends of the connection on which a request came: in the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Our end.
    pub local: SocketAddr,
    /// The other end: the client, or a proxy.
    pub peer: SocketAddr,
    /// Whether it is encrypted, with us ending TLS.
    pub tls: bool,
    /// Whether the client was asked for a certificate.
    pub mutual: bool,
}

/// The certificate whose key the client proved to hold in the handshake: in the extensions of each request of such a
/// connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PeerCertificate {
    der: Arc<[u8]>,
    vouched: bool,
}

impl PeerCertificate {
    fn new(certificate: &CertificateDer<'_>, vouched: bool) -> Self {
        Self { der: certificate.as_ref().into(), vouched }
    }

    /// The certificate, as DER. What it says of its holder is its holder's own word, unless it is [vouched](Self::is_vouched)
    /// for.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether one of the authorities vouches for what it says.
    pub(crate) fn is_vouched(&self) -> bool {
        self.vouched
    }
}

/// How far the shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// There is none.
    Serving,
    /// Requests under way are finished; nothing new begins.
    Draining,
    /// Time is up.
    Cut,
}
