//! What the HTTP stack can do when there is nothing to do behind it: the ceilings of `cargo xtask bench`.
//!
//! `ceilings HOST:PORT` serves, by the accept loop and the bridge that the provider stands on, a constant at `/static` and a
//! constant at `/form` once the posted form is parsed. None of the provider's layers is around them.

use std::io;

use poem::{
    Body, Request, Response, Route,
    endpoint::make,
    http::{StatusCode, header::CONTENT_TYPE},
};
use tokio::sync::watch;
use vestibule_server::{Bridge, Door, Limits, bind, serve};

/// The longest form.
const LONGEST: usize = 64 * 1024;
const ANSWER: &str = r#"{"status":"ok"}"#;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).ok_or_else(|| io::Error::other("name an address to listen on"))?;
    let listeners = bind(&[address]).await.map_err(io::Error::other)?;
    let routes = Route::new()
        .at("/static", make(|_| async { constant() }))
        .at("/form", make(|mut request: Request| async move { form(request.take_body()).await }));
    // Nobody tells it to stop but by a signal.
    let (_stop, shutdown) = watch::channel(false);
    serve(vec![Door { listeners, tls: None }], Bridge::new(routes), Limits::default(), shutdown)
        .await
        .map_err(io::Error::other)
}

fn constant() -> Response {
    Response::builder().header(CONTENT_TYPE, "application/json").body(ANSWER)
}

async fn form(body: Body) -> Response {
    let Ok(bytes) = body.into_bytes_limit(LONGEST).await else { return StatusCode::BAD_REQUEST.into() };
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(&bytes).into_owned().collect();
    if fields.is_empty() { StatusCode::BAD_REQUEST.into() } else { constant() }
}
