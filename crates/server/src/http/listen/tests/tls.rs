//! TLS with a certificate made for the test.

use std::{io, sync::Arc, time::Duration};

use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, StatusCode, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{PATIENCE, Server, TlsFiles, limits};

pub(super) struct Identity {
    pub(super) files: TlsFiles,
    pub(super) roots: RootCertStore,
    _directory: TempDir,
}

pub(super) fn identity() -> Identity {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let directory = tempfile::tempdir().expect("a directory");
    let files = TlsFiles {
        certificate: directory.path().join("cert.pem"),
        key: directory.path().join("key.pem"),
        clients: None,
    };
    std::fs::write(&files.certificate, made.cert.pem()).expect("written");
    std::fs::write(&files.key, made.signing_key.serialize_pem()).expect("written");
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a root");
    Identity { files, roots, _directory: directory }
}

async fn connect(server: &Server, roots: RootCertStore, protocols: &[&str]) -> TlsStream<TcpStream> {
    try_connect(server, roots, protocols).await.expect("a handshake")
}

pub(super) async fn try_connect(
    server: &Server,
    roots: RootCertStore,
    protocols: &[&str],
) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn get(server: &Server, roots: RootCertStore, path: &str) -> (http2::SendRequest<Empty<Bytes>>, String) {
    let stream = connect(server, roots, &["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let request = Request::get(format!("https://localhost{path}")).body(Empty::new()).expect("a request");
    let response = sender.send_request(request).await.expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (sender, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn http2_is_agreed_by_alpn() {
    let Identity { files, roots, _directory } = identity();
    let server = Server::start_with(limits(), Some(files)).await;
    assert_eq!(get(&server, roots, "/who").await.1, "127.0.0.1 true HTTP/2.0");
}

#[tokio::test]
async fn a_client_without_http2_gets_http_1_1() {
    let Identity { files, roots, _directory } = identity();
    let server = Server::start_with(limits(), Some(files)).await;
    let mut stream = connect(&server, roots, &["http/1.1"]).await;
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.ends_with("127.0.0.1 true HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn an_idle_http2_connection_is_closed_and_so_is_one_that_never_asked() {
    let Identity { files, roots, _directory } = identity();
    let server = Server::start_with(limits(), Some(files)).await;
    let mut silent = connect(&server, roots.clone(), &["h2"]).await;
    let (sender, _) = get(&server, roots, "/").await;
    let mut sender = sender;
    let closed = async {
        while sender.ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await
        }
    };
    timeout(PATIENCE, closed).await.expect("it is closed");
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, silent.read_to_end(&mut rest)).await.expect("it is closed");
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_not_waited_for() {
    let Identity { files, _directory, .. } = identity();
    let server = Server::start_with(limits(), Some(files)).await;
    let mut client = server.client().await;
    let (answer, kept) = client.read_to_end().await;
    assert!(answer.is_empty() && kept < Duration::from_secs(6), "{answer:?} after {kept:?}");
}

#[tokio::test]
async fn a_drain_over_http2_finishes_what_is_under_way() {
    let Identity { files, roots, _directory } = identity();
    let server = Server::start_with(limits(), Some(files)).await;
    let (mut sender, _) = get(&server, roots, "/").await;
    let request = Request::get("https://localhost/slow").body(Empty::new()).expect("a request");
    let answer = tokio::spawn(sender.send_request(request));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let took = server.stopped().await;
    assert_eq!(answer.await.expect("no panic").expect("an answer").status(), StatusCode::OK);
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[test]
fn files_that_cannot_be_used_are_named_with_what_is_wrong() {
    let (good, other) = (identity(), identity());
    assert!(good.files.check().is_ok());
    let TlsFiles { certificate, key, .. } = good.files.clone();
    let nowhere = certificate.with_file_name("nowhere.pem");
    for (certificate, key, words) in [
        (nowhere.clone(), key.clone(), "cannot read"),
        (key.clone(), key.clone(), "holds no certificate in PEM"),
        (certificate.clone(), certificate.clone(), "holds no private key in PEM"),
        (certificate, other.files.key, "cannot be used"),
    ] {
        let error = TlsFiles { certificate, key, clients: None }.check().expect_err(words).to_string();
        assert!(error.contains(words) && error.contains(".pem"), "{error}");
    }
}
