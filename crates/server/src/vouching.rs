//! What others may say of who sends a request: a header of a trusted proxy, a client certificate.
//!
//! From anyone but a trusted proxy the headers mean nothing (attack A63's kin): a request that did not come from one is read as
//! if they were not there.

use std::net::IpAddr;

use poem::{Request, http::HeaderName};
use vestibule_oidc::client::SenderCertificate;
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
        let mut evidence = Evidence {
            certificate: request
                .extensions()
                .get::<PeerCertificate>()
                .filter(|certificate| certificate.is_vouched())
                .map(|certificate| certificate.der().to_vec()),
            ..Evidence::default()
        };
        if self.is_from_a_proxy(request) {
            evidence.remote_user = single(request, self.remote_user.as_ref());
            evidence.certificate = evidence.certificate.or_else(|| self.forwarded(request));
        }
        evidence
    }

    /// The client certificate of a request: that of the connection, or the one that a trusted proxy forwards. An application is
    /// held against it, and tokens are bound to it.
    pub(crate) fn sender(&self, request: &Request) -> Option<SenderCertificate> {
        if let Some(certificate) = request.extensions().get::<PeerCertificate>() {
            return Some(SenderCertificate::new(certificate.der().to_vec(), certificate.is_vouched()));
        }
        // What a proxy forwards it has verified: that is what it is trusted for.
        self.forwarded(request).map(|der| SenderCertificate::new(der, true))
    }

    fn forwarded(&self, request: &Request) -> Option<Vec<u8>> {
        let value = self.is_from_a_proxy(request).then(|| single(request, self.certificate.as_ref()))??;
        forwarded_certificate(&value).unwrap_or_else(|error| {
            tracing::warn!(%error, "a forwarded client certificate cannot be read");
            None
        })
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

/// A header that stands there once, and can be read.
fn single(request: &Request, name: Option<&HeaderName>) -> Option<String> {
    let mut values = request.headers().get_all(name?).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::to_owned),
        _ => None,
    }
}
