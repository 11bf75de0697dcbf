//! The addresses of the sample app and the sample API: taken first, because the client's redirect URI is made of one and the
//! API's identifier is the other.

use std::{io, net::Ipv4Addr};

use tokio::net::TcpListener;

/// Why the demo cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No port of the loopback address could be taken.
    #[error("the {what} cannot listen on 127.0.0.1: {error}; free a port and try again")]
    Listen {
        /// Which of the two.
        what: &'static str,
        /// What the operating system says.
        #[source]
        error: io::Error,
    },
    /// The HTTP client could not be made.
    #[error("the demo's HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The issuer is not a URL that a client can use.
    #[error("the issuer {0:?} is not a URL; set http.public_url to one")]
    Issuer(String),
}

/// The sample app and the sample API, bound but not yet answering.
#[derive(Debug)]
pub struct DemoServers {
    pub(super) web: Bound,
    pub(super) api: Bound,
}

/// A listener and the URL that leads to it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) listener: TcpListener,
    /// Scheme, host and port, with no slash at the end.
    pub(super) url: String,
}

impl DemoServers {
    /// Takes a port of 127.0.0.1 for each: 8081 and 8082 where they are free, else whichever is.
    ///
    /// The app is at an IP address while the provider is at `localhost`: browsers tell cookies apart by host, not by port,
    /// so this is what keeps the two strangers to each other.
    ///
    /// # Errors
    /// [`DemoError::Listen`] where there is no port to be had.
    pub async fn bind() -> Result<Self, DemoError> {
        Ok(Self { web: Bound::near(8081, "sample app").await?, api: Bound::near(8082, "sample API").await? })
    }

    /// Where the app is: scheme, host and port.
    #[must_use]
    pub fn app_url(&self) -> &str {
        &self.web.url
    }

    /// Where the API is, which is its identifier too: the audience that its tokens must name.
    #[must_use]
    pub fn api_url(&self) -> &str {
        &self.api.url
    }

    /// The redirect URI to register the app with.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.web.url)
    }

    /// The post-logout redirect URI to register the app with.
    #[must_use]
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.web.url)
    }
}

impl Bound {
    async fn near(preferred: u16, what: &'static str) -> Result<Self, DemoError> {
        let listen = async {
            let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, preferred)).await {
                Ok(listener) => listener,
                Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
            };
            let url = format!("http://{}", listener.local_addr()?);
            Ok(Self { listener, url })
        };
        listen.await.map_err(|error| DemoError::Listen { what, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_demo_finds_ports_of_its_own() {
        let (first, second) = (DemoServers::bind().await.unwrap(), DemoServers::bind().await.unwrap());
        assert_ne!(first.app_url(), second.app_url());
        assert_ne!(first.api_url(), second.api_url());
        assert_ne!(first.app_url(), first.api_url());
    }
}
