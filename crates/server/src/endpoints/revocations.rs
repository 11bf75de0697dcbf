//! `/oauth2/revocations`: the log of revocations as server-sent events, for the clients of APIs (docs/revocations.md).
//!
//! ```text
//! who may listen, and is there room? ─▶ what is alive (or was added since Last-Event-ID) ─▶ ready ─▶ each entry as it is added
//! ```
//! A task of its own writes each stream, until its client has gone, may listen no more, or the server stops.

use std::{io, pin::Pin, task::Poll, time::Duration};

use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame};
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};
use vestibule_core::ClientId;
use vestibule_oidc::{feed::Entry, token::TokenErrorCode};
use vestibule_tokens::{Feed, News, Revocation, RevocationLog};

use super::{
    reply::json,
    token::{asked, asked_by_header, refusal, unreadable},
};
use crate::{state::State, streams::Place};

/// How often a stream says something where there is nothing to say, so that whoever stands between keeps it open; and how often
/// it is asked whether its client may still listen.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a client should come back whose stream broke, in milliseconds.
const RETRY: &str = "retry: 1000\n\n";
/// How many pieces wait for a slow client before the stream waits for it.
const WAITING: usize = 16;

/// GET with credentials in the header, or POST for those that stand in a form.
pub(crate) async fn revocations(state: State, mut request: Request) -> poem::Result<Response> {
    let since = last_event_id(request.headers());
    let read = if request.method() == Method::POST {
        asked(&state, &mut request).await?
    } else {
        asked_by_header(&state, &request).ok_or_else(unreadable)
    };
    let asked = match read {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let client = match state.provider().listener(asked.proof()).await {
        Ok(client) => client,
        Err(refused) => {
            let mut response = refusal(&refused, asked.by_header());
            if refused.code() == TokenErrorCode::UnauthorizedClient {
                response.set_status(StatusCode::FORBIDDEN);
            }
            return Ok(response);
        }
    };
    let Some(place) = state.streams().take(&client) else {
        tracing::warn!(client_id = %client, "there are too many streams of revocations");
        let mut response =
            json(StatusCode::SERVICE_UNAVAILABLE, &serde_json::json!({ "error": "temporarily_unavailable" }));
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        return Ok(response);
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    let stream = Stream { state: state.clone(), client, sender, told: since.unwrap_or(0), _place: place };
    tokio::spawn(stream.write(state.streams().shutdown()));
    Ok(Response::builder()
        .content_type("text/event-stream")
        // nginx would hold back what is to arrive at once.
        .header("x-accel-buffering", "no")
        .body(poem::Body::from(BoxBody::new(Pieces(receiver)))))
}

/// Where a client wants to go on (HTML Standard, server-sent events). What it cannot have from us begins anew.
fn last_event_id(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok().filter(|id| *id > 0)
}

/// One stream.
struct Stream {
    state: State,
    client: ClientId,
    sender: mpsc::Sender<Bytes>,
    /// Whatever the log held up to this number was told.
    told: i64,
    _place: Place,
}

/// Why a stream ends.
enum End {
    /// Its client has gone.
    Gone,
    /// The log cannot be read: its client comes back and goes on.
    Unreadable,
}

impl Stream {
    async fn write(mut self, mut shutdown: watch::Receiver<bool>) {
        let log = self.state.provider().tokens().revocations().clone();
        let ended = tokio::select! {
            ended = self.tell(&log) => ended,
            // A server that stops waits for nobody who only listens.
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        if let Err(End::Unreadable) = ended {
            tracing::warn!(client_id = %self.client, "a stream of revocations ends, since the log cannot be read");
        }
    }

    async fn tell(&mut self, log: &RevocationLog) -> Result<(), End> {
        // Before the table is read, so that nothing is missed between.
        let mut feed = log.listen();
        self.send(RETRY.to_owned()).await?;
        self.catch_up(log).await?;
        self.send("event: ready\ndata: {}\n\n".to_owned()).await?;
        self.follow(log, &mut feed).await
    }

    async fn follow(&mut self, log: &RevocationLog, feed: &mut Feed) -> Result<(), End> {
        let mut alive = interval(KEEP_ALIVE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        alive.reset();
        loop {
            tokio::select! {
                news = feed.next() => match news {
                    News::Added(revocation) => {
                        self.told = self.told.max(log.bookmark());
                        let events = self.events(&revocation).await?;
                        self.send(events).await?;
                    }
                    News::FellBehind => self.catch_up(log).await?,
                    News::Ended => return Ok(()),
                },
                _ = alive.tick() => {
                    if !self.may_listen().await? {
                        tracing::info!(client_id = %self.client, "a stream of revocations ends, since its client may listen no more");
                        return Ok(());
                    }
                    self.told = self.told.max(log.bookmark());
                    // A comment, and where to go on from.
                    self.send(format!(": {}\nid: {}\n\n", self.client, self.told)).await?;
                }
                () = self.sender.closed() => return Err(End::Gone),
            }
        }
    }

    /// Tells what is alive and was not told.
    async fn catch_up(&mut self, log: &RevocationLog) -> Result<(), End> {
        let mut after = self.told;
        while let Some((last, page)) = log.after(after).await.map_err(|_| End::Unreadable)? {
            after = last;
            // A row may still come below the last one.
            self.told = self.told.max(last.min(log.bookmark()));
            let mut text = String::new();
            for revocation in &page {
                text.push_str(&self.events(revocation).await?);
            }
            self.send(text).await?;
        }
        Ok(())
    }

    /// What is told of an entry of the log.
    async fn events(&self, revocation: &Revocation) -> Result<String, End> {
        let entries = self.state.provider().feed_entries(revocation).await.map_err(|_| End::Unreadable)?;
        Ok(entries.iter().map(|entry| event(entry, self.told)).collect())
    }

    async fn may_listen(&self) -> Result<bool, End> {
        self.state.provider().may_listen(&self.client).await.map_err(|_| End::Unreadable)
    }

    async fn send(&self, text: String) -> Result<(), End> {
        self.sender.send(text.into()).await.map_err(|_| End::Gone)
    }
}

fn event(entry: &Entry, id: i64) -> String {
    // Four members of plain text and numbers: nothing in them can fail to be JSON.
    let data = serde_json::to_string(entry).unwrap_or_default();
    format!("id: {id}\nevent: revocation\ndata: {data}\n\n")
}

/// What a stream's task has written, as a body.
struct Pieces(mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}
