//! What stands around the router, in the order that [`super`] explains.

use std::time::Duration;

use poem::{Endpoint, EndpointExt as _, IntoEndpoint, Request, Response, Result};
use tracing::Instrument as _;
use url::Url;
use vestibule_metrics::DurationsBy;

use super::{
    RequestId, TrustedProxies,
    body_limit::BodyLimit,
    catch_panic::caught,
    cors::{Cors, OpenPath},
    error_answers::{ErrorAnswers, Reader},
    journal::Journal,
    security_headers::SecurityHeaders,
    time_limit::TimeLimit,
};
use crate::pages::Label;

/// What the layers need to know.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// The issuer's URL.
    pub public_url: Url,
    /// The proxies in front of us.
    pub proxies: TrustedProxies,
    /// The longest body, in bytes.
    pub max_body: usize,
    /// The longest time from the head of a request to its answer.
    pub request_timeout: Duration,
    /// The name of this identity provider, for error pages.
    pub site: Label,
    /// The endpoints that pages of other origins may use.
    pub open: Vec<OpenPath>,
    /// The paths of which the log tells only what went wrong, unless it is to tell everything.
    pub polled: &'static [&'static str],
    /// How long requests take.
    pub requests: DurationsBy<2>,
}

impl Stack {
    /// The router with all layers around it. What comes out always answers, never with an `Err`.
    pub(crate) fn around<E>(self, router: E) -> impl Endpoint<Output = Response> + 'static
    where
        E: IntoEndpoint<Endpoint: 'static>,
    {
        Stacked {
            journal: Journal::new(self.proxies, self.polled, self.requests),
            headers: SecurityHeaders { https: self.public_url.scheme() == "https" },
            cors: Cors(self.open),
            errors: ErrorAnswers { site: self.site },
            time: TimeLimit(self.request_timeout),
            body: BodyLimit(self.max_body),
            router: router.into_endpoint().map_to_response(),
        }
    }
}

/// The layers and the router.
///
/// One endpoint and not one within the other: each would hand on the request and its answer, some hundred bytes each, by copying
/// them, and that costs more than most of what the layers do.
struct Stacked<E> {
    journal: Journal,
    headers: SecurityHeaders,
    cors: Cors,
    errors: ErrorAnswers,
    time: TimeLimit,
    body: BodyLimit,
    router: E,
}

impl<E: Endpoint<Output = Response>> Endpoint for Stacked<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let entry = self.journal.begin(&mut request);
        let open = self.cors.find(&request);
        let mut response = match open {
            Some(open) if OpenPath::is_asked_about(&request) => open.preflight(),
            _ => {
                let span = entry.span();
                self.answer(request).instrument(span).await
            }
        };
        if let Some(open) = open {
            open.open_up(&mut response);
        }
        self.headers.put_on(&mut response);
        self.journal.end(entry, &mut response);
        Ok(response)
    }
}

impl<E: Endpoint<Output = Response>> Stacked<E> {
    /// The router's answer, or that to its error.
    async fn answer(&self, request: Request) -> Response {
        let (reader, id) = (Reader::of(&request), RequestId::of(&request));
        match self.within_limits(request).await {
            Ok(response) => response,
            Err(error) => self.errors.answer(error, reader, &id),
        }
    }

    async fn within_limits(&self, mut request: Request) -> Result<Response> {
        let watching = self.time.watch(&mut request);
        self.body.hold(&mut request)?;
        self.time.hold(watching, caught(self.router.call(request))).await
    }
}
