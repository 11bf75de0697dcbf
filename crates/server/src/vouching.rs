//! What others may say of who sends a request: a header of a trusted proxy, a client certificate.
//!
//! From anyone but a trusted proxy the headers mean nothing (attack A63's kin): a request that did not come from one is read as
//! if they were not there.

use std::net::IpAddr;

use poem::{Request, http::HeaderName};
use vestibule_users::{Evidence, forwarded_certificate};

use crate::http::{Connection, PeerCertificate, TrustedProxies};

/// Which headers count, and from whom.
#[derive(Clone, Debug, Default)]
pub struct Vouching {
    /// The proxies in front of us (`http.trusted_proxies`).
    pub proxies: TrustedProxies,
    /// Where a proxy names the person whom it has authenticated (`authentication.remote_user.header`).
    pub remote_user: Option<HeaderName>,
    /// Where a proxy forwards a client certificate that it has verified (`http.mtls.forwarded_header`).
    pub certificate: Option<HeaderName>,
    /// Where browsers reach the listener that asks for client certificates (`http.mtls.listen`), without a path.
    pub listener: Option<String>,
}

impl Vouching {
    /// What the request brings to prove who sends it, beside what is typed. A header that stands there twice, or that cannot
    /// be read, brings nothing.
    pub(crate) fn evidence(&self, request: &Request) -> Evidence {
        let header = |name: &Option<HeaderName>| {
            let mut values = request.headers().get_all(name.as_ref()?).iter();
            match (values.next(), values.next()) {
                (Some(value), None) => value.to_str().ok().map(str::to_owned),
                _ => None,
            }
        };
        let mut evidence = Evidence {
            certificate: request
                .extensions()
                .get::<PeerCertificate>()
                .filter(|certificate| certificate.is_vouched())
                .map(|certificate| certificate.der().to_vec()),
            ..Evidence::default()
        };
        if self.is_from_a_proxy(request) {
            evidence.remote_user = header(&self.remote_user);
            let forwarded = header(&self.certificate);
            let forwarded = forwarded.and_then(|value| match forwarded_certificate(&value) {
                Ok(certificate) => certificate,
                Err(error) => {
                    tracing::warn!(%error, "a forwarded client certificate cannot be read");
                    None
                }
            });
            evidence.certificate = evidence.certificate.or(forwarded);
        }
        evidence
    }

    /// Whether the request came by the listener that asks for client certificates.
    pub(crate) fn is_mutual(request: &Request) -> bool {
        request.extensions().get::<Connection>().is_some_and(|connection| connection.mutual)
    }

    fn is_from_a_proxy(&self, request: &Request) -> bool {
        let peer = request.remote_addr().as_socket_addr().map(|address| IpAddr::to_canonical(&address.ip()));
        peer.is_some_and(|peer| self.proxies.contains(peer))
    }
}
