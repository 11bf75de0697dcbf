//! Files of TLS that change under a server that runs.

use std::{fs, time::Duration};

use http_body_util::Empty;
use hyper::{Request, StatusCode, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::RootCertStore;
use tokio::time::{sleep, timeout};

use super::{
    super::keeper::Keeper,
    PATIENCE, Server, TlsFiles, limits,
    tls::{Identity, identity, try_connect},
};
use crate::http::log::Log;

/// How often the log says something, where the server of the test runs on this thread too.
fn count(log: &Log, words: &str) -> usize {
    log.text().matches(words).count()
}

async fn says(log: &Log, words: &str) {
    let said = async {
        while count(log, words) == 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("it says {words:?}:\n{}", log.text()));
}

const CHANGED: &str = "new connections get what they hold now";
const UNUSABLE: &str = "the certificate of before is served on";

fn put(from: &TlsFiles, to: &TlsFiles) {
    fs::copy(&from.certificate, &to.certificate).expect("copied");
    fs::copy(&from.key, &to.key).expect("copied");
}

async fn is_proved_by(server: &Server, roots: &RootCertStore) -> bool {
    try_connect(server, roots.clone(), &["h2"]).await.is_ok()
}

/// A server with an identity, and another that it may change to.
async fn scene() -> (Server, Identity, Identity) {
    let (first, second) = (identity(), identity());
    let server = Server::start_with(limits(), Some(first.files.clone())).await;
    // Now it has read its files.
    assert!(is_proved_by(&server, &first.roots).await);
    (server, first, second)
}

#[tokio::test]
async fn a_renewed_certificate_is_for_new_handshakes_and_connections_live_on() {
    let (log, _guard) = Log::begin();
    let (server, first, second) = scene().await;
    let stream = try_connect(&server, first.roots.clone(), &["h2"]).await.expect("a handshake");
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(connection);
    let slow = Request::get("https://localhost/slow").body(Empty::<Bytes>::new()).expect("a request");
    let under_way = tokio::spawn(sender.send_request(slow));
    put(&second.files, &first.files);
    server.reload.send_replace(());
    says(&log, CHANGED).await;
    assert!(is_proved_by(&server, &second.roots).await && !is_proved_by(&server, &first.roots).await);
    assert_eq!(under_way.await.expect("no panic").expect("an answer").status(), StatusCode::OK);
    let again = Request::get("https://localhost/").body(Empty::new()).expect("a request");
    assert_eq!(sender.send_request(again).await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn files_that_change_are_noticed_without_an_order() {
    let (log, _guard) = Log::begin();
    let (server, first, second) = scene().await;
    // As Kubernetes and certbot do it: the name leads somewhere else from now on.
    fs::rename(&second.files.certificate, &first.files.certificate).expect("renamed");
    fs::rename(&second.files.key, &first.files.key).expect("renamed");
    says(&log, CHANGED).await;
    assert!(is_proved_by(&server, &second.roots).await);
}

#[tokio::test]
async fn a_pair_that_does_not_match_is_told_with_its_cure_and_the_old_one_is_kept() {
    let (log, _guard) = Log::begin();
    let (server, first, second) = scene().await;
    fs::copy(&second.files.key, &first.files.key).expect("copied");
    server.reload.send_replace(());
    says(&log, UNUSABLE).await;
    let text = log.text();
    for words in ["cert.pem", "key.pem", "cannot be used", "the key that belongs to it", "ERROR"] {
        assert!(text.contains(words), "{words:?} stands in\n{text}");
    }
    assert!(!text.contains("PRIVATE KEY"), "{text}");
    assert!(is_proved_by(&server, &first.roots).await);
    fs::copy(&second.files.certificate, &first.files.certificate).expect("copied");
    server.reload.send_replace(());
    says(&log, CHANGED).await;
    assert!(is_proved_by(&server, &second.roots).await);
}

#[tokio::test]
async fn what_stays_unusable_is_told_once_and_what_is_half_written_never() {
    let (log, _guard) = Log::begin();
    let (first, second) = (identity(), identity());
    let mut keeper = Keeper::new(first.files.clone(), Vec::new()).expect("good files");
    // Between two looks somebody writes one file after the other.
    fs::copy(&second.files.key, &first.files.key).expect("copied");
    keeper.look(false).await;
    fs::copy(&second.files.certificate, &first.files.certificate).expect("copied");
    keeper.look(false).await;
    assert_eq!((count(&log, CHANGED), count(&log, UNUSABLE)), (1, 0), "{}", log.text());
    fs::write(&first.files.key, "").expect("written");
    for told in [0, 1, 1, 1] {
        keeper.look(false).await;
        assert_eq!((count(&log, CHANGED), count(&log, UNUSABLE)), (1, told), "{}", log.text());
    }
    fs::write(&first.files.key, "something else that is no key").expect("written");
    for told in [1, 2, 2] {
        keeper.look(false).await;
        assert_eq!((count(&log, CHANGED), count(&log, UNUSABLE)), (1, told), "{}", log.text());
    }
    // What is put back needs no word.
    put(&second.files, &first.files);
    keeper.look(false).await;
    assert_eq!((count(&log, CHANGED), count(&log, UNUSABLE)), (1, 2), "{}", log.text());
}

#[tokio::test]
async fn a_file_that_is_gone_takes_nothing_away() {
    let (log, _guard) = Log::begin();
    let (server, first, _) = scene().await;
    fs::remove_file(&first.files.certificate).expect("removed");
    server.reload.send_replace(());
    says(&log, UNUSABLE).await;
    assert!(log.text().contains("cannot read") && is_proved_by(&server, &first.roots).await, "{}", log.text());
}
