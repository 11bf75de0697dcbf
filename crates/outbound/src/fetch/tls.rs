//! Whom we believe to be who they say: the authorities that browsers know, and those that an operator adds.
//!
//! The list is compiled in, so that a container without any certificates fetches like any other machine.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::CryptoProvider};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use super::FetcherError;

pub(super) fn config(extra_roots: Option<&[u8]>) -> Result<ClientConfig, FetcherError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_roots {
        let bad = |why: &dyn ToString| FetcherError::ExtraRoots(why.to_string());
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| bad(&error))?;
        if certificates.is_empty() {
            return Err(bad(&"no section begins with BEGIN CERTIFICATE"));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| bad(&error))?;
        }
    }
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| FetcherError::Client(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
