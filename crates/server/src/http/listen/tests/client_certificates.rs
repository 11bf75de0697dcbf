//! A listener that asks for client certificates: who is vouched for, who is let in, and who comes without.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore, SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{ClientCertificates, Server, TlsFiles, limits};

/// A certificate and its key.
type Held = (CertificateDer<'static>, PrivateKeyDer<'static>);

/// One that its holder made.
fn self_signed() -> Held {
    let made = rcgen::generate_simple_self_signed(["app.example.com".to_owned()]).expect("a certificate");
    (made.cert.der().clone(), PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key"))
}

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

    fn person(&self) -> Held {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, params: CertificateParams) -> Held {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        (certificate.der().clone(), PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
    }
}

/// A server that trusts `authority` for people, and what its own certificate is proved by.
async fn server(authority: &Authority) -> (Server, RootCertStore, TempDir) {
    server_that(authority, true).await
}

/// `told`: it tells clients which authority it means.
async fn server_that(authority: &Authority, told: bool) -> (Server, RootCertStore, TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cert.pem"), made.cert.pem()).expect("written");
    std::fs::write(path("key.pem"), made.signing_key.serialize_pem()).expect("written");
    std::fs::write(path("ca.pem"), &authority.pem).expect("written");
    let clients = Some(ClientCertificates { authorities: path("ca.pem"), told });
    let files = TlsFiles { certificate: path("cert.pem"), key: path("key.pem"), clients };
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    (Server::start_with(limits(), Some(files)).await, roots, folder)
}

/// What the server answers whoever holds `certificate`; an error where it does not let them in.
async fn ask(server: &Server, roots: RootCertStore, certificate: Option<Held>) -> std::io::Result<String> {
    let config = holder(roots, certificate);
    ask_as(server, config).await
}

fn holder(roots: RootCertStore, certificate: Option<Held>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config = config.with_root_certificates(roots);
    Arc::new(match certificate {
        Some((certificate, key)) => config.with_client_auth_cert(vec![certificate], key).expect("a pair"),
        None => config.with_no_client_auth(),
    })
}

async fn ask_as(server: &Server, config: Arc<ClientConfig>) -> std::io::Result<String> {
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = TlsConnector::from(config).connect(name, stream).await?;
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
    let expected = format!("{} bytes, vouched", person.0.len());
    assert_eq!(ask(&server, roots, Some(person)).await.expect("an answer"), expected);
}

#[tokio::test]
async fn whoever_comes_without_a_certificate_is_let_in_as_nobody() {
    let (server, roots, _folder) = server(&Authority::new()).await;
    assert_eq!(ask(&server, roots, None).await.expect("an answer"), "none");
}

#[tokio::test]
async fn a38_nobody_vouches_for_a_certificate_of_another_authority_or_of_its_holders_own() {
    let authority = Authority::new();
    let (server, roots, _folder) = server(&authority).await;
    let mut for_servers = CertificateParams::new(Vec::new()).expect("parameters");
    for_servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut expired = CertificateParams::new(Vec::new()).expect("parameters");
    expired.not_after = rcgen::date_time_ymd(2001, 1, 1);
    let others = [Authority::new().person(), self_signed(), authority.issue(for_servers), authority.issue(expired)];
    for held in others {
        let expected = format!("{} bytes, its own word", held.0.len());
        assert_eq!(ask(&server, roots.clone(), Some(held)).await.expect("an answer"), expected);
    }
}

#[tokio::test]
async fn a38_a_certificate_whose_key_the_client_does_not_hold_is_refused_in_the_handshake() {
    let authority = Authority::new();
    let (server, roots, _folder) = server(&authority).await;
    for victim in [authority.person().0, self_signed().0] {
        let mut thief = (*holder(roots.clone(), None)).clone();
        thief.client_auth_cert_resolver = Arc::new(Stolen { certificate: victim, key: self_signed().1 });
        assert!(ask_as(&server, Arc::new(thief)).await.is_err());
    }
}

/// Shows a certificate with another key than its own.
#[derive(Debug)]
struct Stolen {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl ResolvesClientCert for Stolen {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&self.key).expect("a key");
        Some(Arc::new(CertifiedKey::new(vec![self.certificate.clone()], key)))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_session_that_is_resumed_is_judged_again() {
    let authority = Authority::new();
    let (server, roots, _folder) = server(&authority).await;
    for (held, word) in [(authority.person(), "vouched"), (self_signed(), "its own word")] {
        let expected = format!("{} bytes, {word}", held.0.len());
        let config = holder(roots.clone(), Some(held));
        for _ in 0..3 {
            assert_eq!(ask_as(&server, config.clone()).await.expect("an answer"), expected);
        }
    }
}

#[tokio::test]
async fn the_authorities_are_told_where_browsers_are_to_choose_by_them() {
    let authority = Authority::new();
    for told in [true, false] {
        let (server, roots, _folder) = server_that(&authority, told).await;
        let asked = Arc::new(Asked(Mutex::new(None)));
        let mut config = (*holder(roots, None)).clone();
        config.client_auth_cert_resolver = asked.clone();
        assert_eq!(ask_as(&server, Arc::new(config)).await.expect("an answer"), "none");
        assert_eq!(*asked.0.lock().expect("unpoisoned"), Some(usize::from(told)));
    }
}

/// Sends no certificate, and notes how many authorities are named.
#[derive(Debug)]
struct Asked(Mutex<Option<usize>>);

impl ResolvesClientCert for Asked {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().expect("unpoisoned") = Some(hints.len());
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn authorities_that_are_replaced_count_for_new_connections_and_for_resumed_sessions() {
    let (old, new) = (Authority::new(), Authority::new());
    let (server, roots, folder) = server(&old).await;
    let [before, after] = [&old, &new].map(|authority| holder(roots.clone(), Some(authority.person())));
    let word = async |config: &Arc<ClientConfig>| {
        let answer = ask_as(&server, config.clone()).await.expect("an answer");
        answer.split_once(", ").map(|(_, word)| word.to_owned()).unwrap_or(answer)
    };
    assert_eq!((word(&before).await, word(&after).await), ("vouched".to_owned(), "its own word".to_owned()));
    std::fs::write(folder.path().join("ca.pem"), &new.pem).expect("written");
    server.reload.send_replace(());
    let replaced = async { while word(&after).await != "vouched" {} };
    tokio::time::timeout(super::PATIENCE, replaced).await.expect("the new authority counts");
    assert_eq!(word(&before).await, "its own word");
}
