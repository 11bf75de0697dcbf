//! The provider.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use poem::{
    Body, Endpoint, Request, Response, Server,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, DuplexStream};
use vestibule_guard::{Algorithm, Builder, Clock, Guard};
use vestibule_jose::{EncodedHeader, PrivateKey, sha256, sign};

use crate::{API, claims, with};

/// A provider on this machine. Dropping it ends it.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    pub(crate) clock: Clock,
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) told: Arc<Told>,
    serving: tokio::task::JoinHandle<()>,
}

/// What it was told to say, and what it was asked.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) keys: Vec<Value>,
    /// By token.
    pub(crate) introspection: HashMap<String, Value>,
    /// How often each path was asked.
    pub(crate) asked: HashMap<String, usize>,
    /// The headers of the last request for the stream, and of the last introspection.
    pub(crate) authorization: Option<String>,
    pub(crate) last_event_id: Option<String>,
    streams: Vec<DuplexStream>,
    /// What a stream begins with.
    pub(crate) log: String,
    pub(crate) down: bool,
    pub(crate) stream_down: bool,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn new_key(algorithm: Algorithm) -> PrivateKey {
    PrivateKey::from_pkcs8(algorithm, &PrivateKey::generate(algorithm).unwrap()).unwrap()
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
        let issuer = format!("http://localhost:{port}");
        let (key, told) = (Arc::new(new_key(Algorithm::Es256)), Arc::new(Told::default()));
        told.state.lock().unwrap().keys.push(key.public().jwk().to_json());
        let site = Site { issuer: issuer.clone(), told: told.clone() };
        let serving = tokio::spawn(async move { Server::new_with_acceptor(acceptor).run(site).await.unwrap() });
        Self { issuer, clock: Clock::system(), key, told, serving }
    }

    /// A guard of an API at this provider, on its clock.
    pub(crate) fn guard(&self) -> Builder {
        Guard::builder(&self.issuer, API).clock(self.clock.clone())
    }

    pub(crate) fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.told.state.lock().unwrap())
    }

    pub(crate) fn asked(&self, path: &str) -> usize {
        self.state(|state| state.asked.get(path).copied().unwrap_or_default())
    }

    /// Good claims, changed.
    pub(crate) fn claims(&self, changes: Value) -> Value {
        with(claims(self, &self.clock), changes)
    }

    /// A token of its making, with these claims changed.
    pub(crate) fn token(&self, changes: Value) -> String {
        self.signed(json!({}), changes)
    }

    /// The same with a changed header.
    pub(crate) fn signed(&self, header: Value, changes: Value) -> String {
        let own = json!({ "alg": "ES256", "typ": "at+jwt", "kid": self.key.public().kid() });
        sign(&*self.key, &EncodedHeader::from_json(&with(own, header)), &self.claims(changes)).unwrap()
    }

    /// An opaque token about which it says this, with good claims changed.
    pub(crate) fn opaque(&self, token: &str, changes: Value) -> String {
        let said = with(with(self.claims(json!({})), json!({ "active": true })), changes);
        self.state(|state| state.introspection.insert(token.to_owned(), said));
        token.to_owned()
    }

    /// Ends something, as its log says, and waits until the streams have it.
    pub(crate) async fn revoke(&self, kind: &str, subject: &str) {
        let expires_at = self.clock.now() + Duration::from_secs(3600);
        let hash = sha256(format!("{kind}:{subject}").as_bytes());
        let entry = json!({ "kind": kind, "hash": hash, "expires_at": expires_at.millis() });
        self.tell(&format!("id: 7\nevent: revocation\ndata: {entry}\n\n")).await;
    }

    /// Writes to every stream, and into what later ones begin with.
    pub(crate) async fn tell(&self, text: &str) {
        let streams = self.state(|state| {
            state.log.push_str(text);
            std::mem::take(&mut state.streams)
        });
        let mut open = Vec::new();
        for mut stream in streams {
            if stream.write_all(text.as_bytes()).await.is_ok() {
                open.push(stream);
            }
        }
        self.state(|state| state.streams.extend(open));
    }

    /// Breaks every stream, and lets none begin.
    pub(crate) fn cut_the_stream(&self) {
        self.state(|state| {
            state.streams.clear();
            state.stream_down = true;
        });
    }
}

struct Site {
    issuer: String,
    told: Arc<Told>,
}

impl Endpoint for Site {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let path = request.uri().path().to_owned();
        let form = request.take_body().into_string().await?;
        let mut state = self.told.state.lock().unwrap();
        *state.asked.entry(path.clone()).or_default() += 1;
        let header = |name: &str| request.header(name).map(str::to_owned);
        if state.down {
            return Ok(StatusCode::SERVICE_UNAVAILABLE.into());
        }
        Ok(match path.as_str() {
            "/.well-known/openid-configuration" => json(&json!({
                "issuer": self.issuer,
                "jwks_uri": format!("{}/jwks", self.issuer),
                "introspection_endpoint": format!("{}/introspect", self.issuer),
            })),
            "/jwks" => json(&json!({ "keys": state.keys })),
            "/introspect" => {
                state.authorization = header("authorization");
                let token = form.split('&').find_map(|pair| pair.strip_prefix("token=")).unwrap_or_default();
                json(&state.introspection.get(token).cloned().unwrap_or(json!({ "active": false })))
            }
            "/oauth2/revocations" if !state.stream_down => {
                (state.authorization, state.last_event_id) = (header("authorization"), header("last-event-id"));
                let (mut writer, reader) = tokio::io::duplex(64 * 1024);
                let log = format!("{}event: ready\ndata: {{}}\n\n", state.log);
                tokio::spawn({
                    let told = self.told.clone();
                    async move {
                        if writer.write_all(log.as_bytes()).await.is_ok() {
                            told.state.lock().unwrap().streams.push(writer);
                        }
                    }
                });
                Response::builder().content_type("text/event-stream").body(Body::from_async_read(reader))
            }
            _ => StatusCode::NOT_FOUND.into(),
        })
    }
}

fn json(value: &Value) -> Response {
    Response::builder().content_type("application/json").body(value.to_string())
}
