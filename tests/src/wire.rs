//! The way to the provider: whatever its public URL says, requests go to its port on this machine.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, header::HOST, redirect::Policy};
use url::Url;

use crate::Certificate;

/// Sends requests to a provider under test, as a proxy in front of it would. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Wire {
    client: reqwest::Client,
    issuer: Url,
    address: SocketAddr,
    /// The authority whose word is taken for the provider's certificate, where it speaks TLS, as PEM.
    authority: Option<String>,
}

impl Wire {
    pub(crate) fn new(issuer: &str, address: SocketAddr, authority: Option<String>) -> Self {
        let issuer = issuer.parse().expect("the issuer is a URL");
        Self { client: client(authority.as_deref(), None), issuer, address, authority }
    }

    /// The same, but whoever sends has a certificate.
    #[must_use]
    pub fn holding(&self, certificate: &Certificate) -> Self {
        Self { client: client(self.authority.as_deref(), Some(certificate)), ..self.clone() }
    }

    /// `path_or_url` as a whole URL: what begins with a slash lies below the issuer.
    ///
    /// # Panics
    /// Where it is neither.
    #[must_use]
    pub fn url(&self, path_or_url: &str) -> Url {
        self.issuer.join(path_or_url).unwrap_or_else(|error| panic!("{path_or_url} is no address: {error}"))
    }

    /// Whether a URL is the provider's.
    #[must_use]
    pub fn is_ours(&self, url: &Url) -> bool {
        url.origin() == self.issuer.origin()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The provider's origin, as browsers write it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.issuer.origin().ascii_serialization()
    }

    /// A request to the provider, to be completed and sent. Nothing is followed, and no cookie goes along.
    ///
    /// # Panics
    /// For a URL of somebody else: tests reach nobody else.
    pub fn request(&self, method: Method, path_or_url: &str) -> RequestBuilder {
        let mut url = self.url(path_or_url);
        assert!(self.is_ours(&url), "{url} is not the provider's, and tests reach nobody else");
        let host = url.host_str().unwrap_or_default().to_owned();
        let host = url.port().map_or(host.clone(), |port| format!("{host}:{port}"));
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        let there = url.set_scheme(scheme).and_then(|()| url.set_ip_host(self.address.ip()));
        there.and_then(|()| url.set_port(Some(self.address.port()))).expect("an address of this machine");
        self.client.request(method, url).header(HOST, host)
    }

    /// [`Wire::request`] by GET.
    pub fn get(&self, path_or_url: &str) -> RequestBuilder {
        self.request(Method::GET, path_or_url)
    }

    /// [`Wire::request`] by POST.
    pub fn post(&self, path_or_url: &str) -> RequestBuilder {
        self.request(Method::POST, path_or_url)
    }
}

fn client(authority: Option<&str>, certificate: Option<&Certificate>) -> reqwest::Client {
    let mut builder = reqwest::Client::builder().redirect(Policy::none()).no_proxy();
    if let Some(pem) = authority {
        let root = reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate");
        builder = builder.tls_certs_only([root]);
    }
    if let Some(certificate) = certificate {
        let pem = format!("{}{}", certificate.pem, certificate.key_pem);
        builder = builder.identity(reqwest::Identity::from_pem(pem.as_bytes()).expect("an identity"));
    }
    builder.build().expect("an HTTP client")
}
