//! The layers around the router, in the order that [`super`] explains.

use std::time::Duration;

use poem::{Endpoint, EndpointExt as _, IntoEndpoint, Response};
use url::Url;
use vestibule_core::Random;
use vestibule_metrics::DurationsBy;

use super::{
    TrustedProxies,
    body_limit::BodyLimit,
    catch_panic::CatchPanic,
    cors::{Cors, OpenPath},
    error_answers::ErrorAnswers,
    journal::Journal,
    layer::Layer as _,
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
    /// Where request ids come from.
    pub random: Random,
    /// How long requests take.
    pub requests: DurationsBy<2>,
}

impl Stack {
    /// The router with all layers around it. What comes out always answers, never with an `Err`.
    pub(crate) fn around<E>(self, router: E) -> impl Endpoint<Output = Response> + 'static
    where
        E: IntoEndpoint<Endpoint: 'static>,
    {
        let https = self.public_url.scheme() == "https";
        let endpoint = BodyLimit(self.max_body).around(router.into_endpoint().map_to_response());
        let endpoint = TimeLimit(self.request_timeout).around(endpoint);
        let endpoint = CatchPanic.around(endpoint);
        let endpoint = ErrorAnswers { site: self.site }.around(endpoint);
        let endpoint = Cors(self.open).around(endpoint);
        let endpoint = SecurityHeaders { https }.around(endpoint);
        Journal { proxies: self.proxies, random: self.random, polled: self.polled, requests: self.requests }
            .around(endpoint)
    }
}
