//! What a browser loads, so that applications end what they hold in it (OpenID Connect Front-Channel Logout 1.0).

use url::Url;
use vestibule_core::PublicSessionId;

use super::Member;
use crate::{Provider, Unavailable};

impl Provider {
    /// The addresses of those among `members` that are told by way of the browser, each with `iss` and `sid` (section 3).
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn front_channel(&self, members: &[Member]) -> Result<Vec<String>, Unavailable> {
        let mut addresses = Vec::new();
        for member in members {
            let Some(client) = self.clients().find(&member.client).await? else { continue };
            let uri = client.metadata.frontchannel_logout_uri.as_deref();
            addresses.extend(uri.and_then(|uri| address(uri, self.issuer(), member.session)));
        }
        Ok(addresses)
    }
}

fn address(uri: &str, issuer: &str, session: PublicSessionId) -> Option<String> {
    let mut url = Url::parse(uri).ok()?;
    url.query_pairs_mut().append_pair("iss", issuer).append_pair("sid", &session.to_string());
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use vestibule_core::Random;

    use super::*;

    #[test]
    fn issuer_and_session_are_added_to_what_is_there() {
        let sid = PublicSessionId::random(&Random::system());
        let plain = address("https://rp.example/out", "https://id.example", sid).unwrap();
        assert_eq!(plain, format!("https://rp.example/out?iss=https%3A%2F%2Fid.example&sid={sid}"));
        let more = address("https://rp.example/out?app=1", "https://id.example", sid).unwrap();
        assert!(more.starts_with("https://rp.example/out?app=1&iss=") && more.ends_with(&sid.to_string()), "{more}");
    }
}
