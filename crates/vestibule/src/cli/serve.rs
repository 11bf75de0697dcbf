//! `vestibule serve`: the provider.

use std::io;

use clap::Args;
use serde_json::json;
use tokio::sync::watch;
use vestibule_core::{Clock, Random};
use vestibule_server::Orders;

use super::{Failure, Output};
use crate::{app::App, config::Loaded, telemetry};

/// The command's arguments.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Report the start as one JSON document
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, loaded: Loaded, mut output: Output) -> Result<(), Failure> {
        loaded.check_files()?;
        let config = &loaded.config;
        let app = App::open(config, Clock::system(), Random::system()).await.map_err(Failure::of)?;
        let listeners = app.bind().await.map_err(Failure::of)?;
        let setup = app.setup_link().await.map_err(Failure::of)?;
        let addresses: Vec<String> = listeners
            .listeners
            .iter()
            .chain(&listeners.mutual)
            .filter_map(|listener| listener.local_addr().ok())
            .map(|at| at.to_string())
            .collect();
        tracing::info!(issuer = %config.http.public_url, listening = ?addresses, "serving");
        if self.json {
            output.json(
                &json!({ "issuer": config.http.public_url.as_str(), "listening": addresses, "setup_url": setup }),
            )?;
        } else {
            output.text(&greeting(config.http.public_url.as_str(), &addresses, setup.as_deref()))?;
        }
        let served =
            app.run(listeners, Orders { shutdown: until_told()?, reload: hangups()? }).await.map_err(Failure::of);
        tracing::info!("stopped");
        served
    }
}

fn greeting(issuer: &str, addresses: &[String], setup: Option<&str>) -> String {
    let mut text = format!("Vestibule serves {issuer} on {}.\n", addresses.join(" and "));
    if let Some(link) = setup {
        text.push_str(&format!(
            "\nThere is no user yet. Create the first superuser within the hour, with this link, which is good once:\n\n    {link}\n"
        ));
    }
    text
}

/// Turns true at Ctrl-C or SIGTERM.
pub(super) fn until_told() -> Result<watch::Receiver<bool>, Failure> {
    let (sender, receiver) = watch::channel(false);
    let mut signals = Signals::new().map_err(deaf)?;
    tokio::spawn(async move {
        signals.next().await;
        tracing::info!("told to stop; requests under way are finished first");
        let _ = sender.send(true);
        // Once more, and it ends at once.
        signals.next().await;
        telemetry::flush();
        std::process::exit(1);
    });
    Ok(receiver)
}

/// Changes at each SIGHUP, which stops nothing.
#[cfg(unix)]
fn hangups() -> Result<watch::Receiver<()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(());
    let mut hangup = signal(SignalKind::hangup()).map_err(deaf)?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            tracing::info!("told by SIGHUP to look at the files of TLS; other settings are read at the start");
            sender.send_replace(());
        }
    });
    Ok(receiver)
}

#[cfg(not(unix))]
fn hangups() -> Result<watch::Receiver<()>, Failure> {
    Ok(watch::channel(()).1)
}

fn deaf(error: io::Error) -> Failure {
    Failure::new(format!("signals cannot be heard: {error}"))
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
