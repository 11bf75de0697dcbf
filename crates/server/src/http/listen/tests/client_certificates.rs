//! A listener that asks for client certificates: whose count, and who comes without.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{Server, TlsFiles, limits};

/// A certification authority for people.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn person(&self) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
    }
}

/// A server that trusts `authority` for people, and what its own certificate is proved by.
async fn server(authority: &Authority) -> (Server, RootCertStore, TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("written");
    std::fs::write(path("ca.pem"), &authority.pem).expect("written");
    let files = TlsFiles { certificate: path("cert.pem"), key: path("key.pem"), client_ca: Some(path("ca.pem")) };
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    (Server::start_with(limits(), Some(files)).await, roots, folder)
}

/// What the server answers whoever holds `certificate`; an error where it does not let them in.
async fn ask(
    server: &Server,
    roots: RootCertStore,
    certificate: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> std::io::Result<String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots);
    let config = match certificate {
        Some((certificate, key)) => config.with_client_auth_cert(vec![certificate], key).expect("a pair"),
        None => config.with_no_client_auth(),
    };
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /certificate HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.rsplit("\r\n").next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_certificate_of_the_authority_is_told_to_the_service() {
    let authority = Authority::new();
    let (server, roots, _folder) = server(&authority).await;
    let person = authority.person();
    let expected = format!("{} bytes", person.0.len());
    assert_eq!(ask(&server, roots, Some(person)).await.expect("an answer"), expected);
}

#[tokio::test]
async fn whoever_comes_without_a_certificate_is_let_in_as_nobody() {
    let (server, roots, _folder) = server(&Authority::new()).await;
    assert_eq!(ask(&server, roots, None).await.expect("an answer"), "none");
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused_in_the_handshake() {
    let (server, roots, _folder) = server(&Authority::new()).await;
    assert!(ask(&server, roots, Some(Authority::new().person())).await.is_err());
}
