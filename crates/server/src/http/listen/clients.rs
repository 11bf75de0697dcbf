//! Client certificates: whose are let in, and for whom somebody vouches.
//!
//! Two kinds of clients hold one. For people, and for applications that use `tls_client_auth`, an authority must vouch. An
//! application that uses `self_signed_tls_client_auth`, or that only binds its tokens to a certificate, made its own (RFC 8705
//! sections 2.2 and 3): nobody vouches for it, and it is compared with what is registered.
//!
//! So the handshake lets in every certificate whose key the client proves to hold, and the authorities are asked after it,
//! once for each connection, also for one that resumes an earlier session. What comes out is a [`PeerCertificate`] that says
//! whether it is vouched for; nothing that needs an authority's word reads one that is not.

use std::{sync::Arc, time::SystemTime};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::CryptoProvider,
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{
    PeerCertificate,
    tls::{ClientCertificates, TlsError, certificates},
};

/// The most certificates of a chain that are looked at.
const LONGEST_CHAIN: usize = 8;

/// Lets clients in, and tells whether an authority vouches for them.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    authorities: Arc<dyn ClientCertVerifier>,
    told: bool,
}

impl ClientVerifier {
    /// `pem` is what the file with the authorities holds.
    pub(super) fn new(
        clients: &ClientCertificates,
        pem: &[u8],
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let path = &clients.authorities;
        let content = |why: String| TlsError::Content { path: path.clone(), wanted: "certification authority", why };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(path, pem)? {
            roots.add(certificate).map_err(|error| content(error.to_string()))?;
        }
        let authorities = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|error| content(error.to_string()))?;
        Ok(Self { authorities, told: clients.told })
    }

    /// The certificate of a client that proved in the handshake to hold its key, where it sent one.
    pub(super) fn judge(&self, chain: &[CertificateDer<'_>]) -> Option<PeerCertificate> {
        let (first, more) = chain.split_first()?;
        let verdict = match more.len() < LONGEST_CHAIN {
            true => self.authorities.verify_client_cert(first, more, now()).map(drop),
            false => Err(Error::General("its chain is too long".to_owned())),
        };
        if let Err(error) = &verdict {
            tracing::debug!(%error, "no authority vouches for a client certificate");
        }
        Some(PeerCertificate::new(first, verdict.is_ok()))
    }
}

/// As the TLS library tells the time: certificates, our own among them, are held against the machine's clock.
#[allow(clippy::disallowed_methods, reason = "the handshake itself has no other clock")]
fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixTime::since_unix_epoch(since)
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        if self.told { self.authorities.root_hint_subjects() } else { &[] }
    }

    /// Whether anybody vouches for it is asked after the handshake.
    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}
