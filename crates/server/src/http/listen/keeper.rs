//! The files of TLS change while the server runs: certificates are renewed, and authorities replaced.
//!
//! ```text
//! served ── other contents, usable ──────────────▶ served (the new ones, for new connections)
//!    └───── other contents, not usable ── again ─▶ said once, and the old ones served on
//! ```
//!
//! The contents are compared, and not the times of the files: Kubernetes swaps a symbolic link, others copy with the time of
//! the original, and some file systems tell nobody of a change. A certificate and its key are two files, and whoever renews
//! them writes one after the other. So what cannot be used counts as a mistake only when it is still the same at the next look,
//! or when somebody asked for the look.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::SocketAddr,
    time::Duration,
};

use tokio::{sync::watch, task::spawn_blocking, time::sleep};

use super::{
    TlsError, TlsFiles,
    tls::{Contents, Tls},
};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Serves what the files hold, or held when they could last be used.
pub(super) struct Keeper {
    files: TlsFiles,
    /// Where it is served, for the log.
    listening: Vec<SocketAddr>,
    hasher: RandomState,
    served: u64,
    failed: Option<Failure>,
    tls: watch::Sender<Tls>,
}

/// What was wrong at the last look.
struct Failure {
    words: String,
    contents: Option<u64>,
    said: bool,
}

/// What a look at the files found.
enum Look {
    Same,
    Other(u64, Tls),
    Unusable(TlsError, Option<u64>),
}

impl Keeper {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn new(files: TlsFiles, listening: Vec<SocketAddr>) -> Result<Self, TlsError> {
        let contents = files.read()?;
        let tls = watch::Sender::new(files.tls(&contents)?);
        let hasher = RandomState::new();
        let served = hasher.hash_one(&contents);
        Ok(Self { files, listening, hasher, served, failed: None, tls })
    }

    /// How TLS is spoken now, and from now on.
    pub(super) fn tls(&self) -> watch::Receiver<Tls> {
        self.tls.subscribe()
    }

    /// Looks at the files every now and then, and at once when `reload` changes. It does not return.
    pub(super) async fn follow(mut self, mut reload: watch::Receiver<()>) {
        loop {
            let asked = tokio::select! {
                () = sleep(EVERY) => false,
                () = changed(&mut reload) => true,
            };
            self.look(asked).await;
        }
    }

    /// Looks once; whoever `asked` is told at once what is wrong.
    pub(super) async fn look(&mut self, asked: bool) {
        let (files, hasher, served) = (self.files.clone(), self.hasher.clone(), self.served);
        // A file on a network that is away keeps a thread waiting, and no request.
        match spawn_blocking(move || look(&files, &hasher, served)).await {
            Ok(Look::Same) => self.failed = None,
            Ok(Look::Other(hash, tls)) => {
                (self.served, self.failed) = (hash, None);
                self.tls.send_replace(tls);
                let certificate = self.files.certificate.display();
                tracing::info!(%certificate, listening = ?self.listening, "the files of TLS have changed; new connections get what they hold now");
            }
            Ok(Look::Unusable(error, contents)) => self.unusable(error.to_string(), contents, asked),
            Err(error) => tracing::error!(%error, "the files of TLS could not be looked at; it is tried again"),
        }
    }

    fn unusable(&mut self, words: String, contents: Option<u64>, asked: bool) {
        let before = self.failed.take().filter(|failure| failure.words == words && failure.contents == contents);
        let still = before.is_some();
        let said = before.is_some_and(|failure| failure.said);
        if asked || still && !said {
            tracing::error!(
                error = words,
                listening = ?self.listening,
                "the files of TLS have changed and cannot be used; the certificate of before is served on. Put a certificate with its chain and the key that belongs to it into the files of http.tls: they are looked at again every two seconds"
            );
        }
        self.failed = Some(Failure { words, contents, said: said || asked || still });
    }
}

fn look(files: &TlsFiles, hasher: &RandomState, served: u64) -> Look {
    let contents: Contents = match files.read() {
        Ok(contents) => contents,
        Err(error) => return Look::Unusable(error, None),
    };
    let hash = hasher.hash_one(&contents);
    if hash == served {
        return Look::Same;
    }
    match files.tls(&contents) {
        Ok(tls) => Look::Other(hash, tls),
        Err(error) => Look::Unusable(error, Some(hash)),
    }
}

/// Returns at the next order; never where nobody is left who could give one.
async fn changed(reload: &mut watch::Receiver<()>) {
    if reload.changed().await.is_err() {
        std::future::pending().await
    }
}
