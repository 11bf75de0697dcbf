//! TLS from two PEM files.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{ServerConfig, crypto::CryptoProvider};
use rustls_pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject as _},
};
use tokio_rustls::TlsAcceptor;

use super::clients::ClientVerifier;

/// Where the certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// A PEM file with the certificate, then its chain.
    pub certificate: PathBuf,
    /// A PEM file with the certificate's private key, not encrypted.
    pub key: PathBuf,
    /// With it clients are asked for a certificate, and may come without.
    pub clients: Option<ClientCertificates>,
}

/// How clients are asked for a certificate.
#[derive(Clone, Debug)]
pub struct ClientCertificates {
    /// A PEM file with the certification authorities that vouch for clients.
    pub authorities: PathBuf,
    /// Whether clients are told these authorities: browsers then offer only certificates of theirs. Programs that hold a
    /// certificate of their own making may keep it back then, since it is not what was asked for.
    pub told: bool,
}

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no {wanted}: {why}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        wanted: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// Certificate and key do not work together.
    #[error("the certificate in {} and the key in {} cannot be used: {why}", .certificate.display(), .key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        why: rustls::Error,
    },
}

impl TlsFiles {
    /// Reads both files, and proves that the key is the certificate's.
    ///
    /// # Errors
    /// What is wrong, with the file that it is wrong with.
    pub fn check(&self) -> Result<(), TlsError> {
        self.tls(&self.read()?).map(drop)
    }

    /// What the files hold at this moment.
    pub(super) fn read(&self) -> Result<Contents, TlsError> {
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            authorities: self.clients.as_ref().map(|clients| read(&clients.authorities)).transpose()?,
        })
    }

    /// How TLS is spoken with `contents`, which were read from these files.
    pub(super) fn tls(&self, contents: &Contents) -> Result<Tls, TlsError> {
        let pair = |why| TlsError::Pair { certificate: self.certificate.clone(), key: self.key.clone(), why };
        let provider = CryptoProvider::get_default()
            .cloned()
            .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(pair)?;
        let clients = self.clients.as_ref().zip(contents.authorities.as_deref());
        let clients = clients.map(|(clients, pem)| ClientVerifier::new(clients, pem, provider)).transpose()?;
        let clients = clients.map(Arc::new);
        let builder = match clients.clone() {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let chain = certificates(&self.certificate, &contents.certificate)?;
        let mut config = builder.with_single_cert(chain, key(&self.key, &contents.key)?).map_err(pair)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), clients })
    }
}

/// What the files held when they were read: one moment of all of them, so that what is compared is what is used.
#[derive(Hash)]
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Option<Vec<u8>>,
}

/// How TLS is spoken.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// Where clients are asked for a certificate: who tells whether the authorities vouch for it.
    pub(super) clients: Option<Arc<ClientVerifier>>,
}

pub(super) fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = |why| TlsError::Content { path: path.to_owned(), wanted: "certificate in PEM", why };
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| content(error.to_string()))?;
    if chain.is_empty() { Err(content("no section begins with BEGIN CERTIFICATE".to_owned())) } else { Ok(chain) }
}

fn key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| TlsError::Content {
        path: path.to_owned(),
        wanted: "private key in PEM",
        why: match error {
            PemError::NoItemsFound => {
                "no section begins with BEGIN PRIVATE KEY; an encrypted key must be decrypted first".to_owned()
            }
            other => other.to_string(),
        },
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
}
