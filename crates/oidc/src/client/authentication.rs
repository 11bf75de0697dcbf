//! How an application proves itself at the token endpoint (RFC 6749 section 2.3, OpenID Connect Core section 9).
//!
//! The credentials are read in one place and compared in one place. Whatever is wrong with them, the answer is the same
//! `invalid_client`: unknown applications, wrong secrets and methods that an application did not register cannot be told
//! apart, neither by the words nor by the time.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_core::{ClientId, Parameters};

use super::{AuthMethod, Client, Clients};
use crate::Unavailable;

/// Why an application did not prove itself. The reasons are for our log; the answer is one.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticationError {
    /// The request names no application.
    #[error("the request names no client")]
    Missing,
    /// The `Authorization` header is not Basic, or does not decode.
    #[error("the Authorization header is not well-formed Basic")]
    Malformed,
    /// Credentials stand in two places (RFC 6749 section 2.3: not more than one method).
    #[error("the request authenticates by two methods at once")]
    TwoMethods,
    /// `client_id` in the body is another than in the header.
    #[error("client_id differs from the Authorization header")]
    OtherClient,
    /// The application is unknown, its secret is wrong, or it did not register this method.
    #[error("the client did not prove itself ({0})")]
    Refused(&'static str),
    /// The table does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What a request carries to prove an application.
struct Credentials {
    id: ClientId,
    method: AuthMethod,
    secret: String,
}

impl Clients {
    /// The application that a request proves to come from. `authorization` is the header's value.
    ///
    /// # Errors
    /// Why it does not prove that.
    pub async fn authenticate(
        &self,
        authorization: Option<&str>,
        parameters: &Parameters,
    ) -> Result<Arc<Client>, AuthenticationError> {
        let credentials = Credentials::read(authorization, parameters)?;
        let Some(known) = self.remembered(&credentials.id) else {
            let client = self.learn(&credentials.id).await?.map(|known| Arc::clone(&known.client));
            return self.prove(client, &credentials).await;
        };
        match self.prove(Some(Arc::clone(&known.client)), &credentials).await {
            // It may have got a new secret elsewhere, in the second for which memory is relied on.
            Err(AuthenticationError::Refused(_)) => {
                self.prove(self.read(&credentials.id).await?.map(Arc::new), &credentials).await
            }
            proved => proved,
        }
    }

    async fn prove(
        &self,
        client: Option<Arc<Client>>,
        credentials: &Credentials,
    ) -> Result<Arc<Client>, AuthenticationError> {
        // Compared before anything else is looked at, so that each outcome costs the same; where the secret came as another
        // system's hash, more.
        let proved = self.has_secret(client.as_deref(), &credentials.secret).await?;
        let client = client.ok_or(AuthenticationError::Refused("unknown"))?;
        let allowed = match client.auth_method {
            Some(registered) => registered == credentials.method,
            None => credentials.method != AuthMethod::None,
        };
        match (allowed, credentials.method) {
            (false, _) => Err(AuthenticationError::Refused("it registered another method")),
            (true, AuthMethod::None) => Ok(client),
            (true, _) if proved => Ok(client),
            (true, _) => Err(AuthenticationError::Refused("wrong secret")),
        }
    }
}

impl Credentials {
    fn read(authorization: Option<&str>, parameters: &Parameters) -> Result<Self, AuthenticationError> {
        let in_body = parameters.get("client_id");
        let secret_in_body = parameters.has("client_secret");
        let Some(header) = authorization else {
            let id = in_body.ok_or(AuthenticationError::Missing)?.into();
            let method = if secret_in_body { AuthMethod::ClientSecretPost } else { AuthMethod::None };
            let secret = parameters.get("client_secret").unwrap_or_default().to_owned();
            return Ok(Self { id, method, secret });
        };
        if secret_in_body {
            return Err(AuthenticationError::TwoMethods);
        }
        let (id, secret) = basic(header).ok_or(AuthenticationError::Malformed)?;
        // A matching client_id beside Basic is no second method.
        if in_body.is_some_and(|in_body| in_body != id) {
            return Err(AuthenticationError::OtherClient);
        }
        Ok(Self { id: id.into(), method: AuthMethod::ClientSecretBasic, secret })
    }
}

/// Reads `Basic base64(urlencoded-id ":" urlencoded-secret)`. RFC 6749 section 2.3.1 has both form-urlencoded first, so that a
/// colon in the id arrives encoded and the first plain one divides them.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let divider = decoded.iter().position(|byte| *byte == b':')?;
    let (id, secret) = (&decoded[..divider], &decoded[divider + 1..]);
    Some((form_decode(id)?, form_decode(secret)?)).filter(|(id, _)| !id.is_empty())
}

fn form_decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    #[test]
    fn basic_credentials_are_form_urlencoded_before_base64() {
        assert_eq!(basic(&header("my%20app%3A1:s%3Ae+c%25")), Some(("my app:1".into(), "s:e c%".into())));
        assert_eq!(basic(&header("app:se:cr:et")), Some(("app".into(), "se:cr:et".into())));
        assert_eq!(basic(&header("app:").replace("Basic", "bAsIc")), Some(("app".into(), String::new())));
    }

    #[test]
    fn what_is_not_basic_is_refused() {
        for bad in ["", "Basic", "Bearer abc", "Basic ###", "Basic YXBw", &header(":secret"), &header("app:%ff")] {
            assert_eq!(basic(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a45_two_methods_at_once_are_refused_and_a_matching_client_id_is_not_one() {
        let basic = header("app:secret");
        let read = |body: &[(&str, &str)]| Credentials::read(Some(&basic), &body.iter().copied().collect());
        assert!(matches!(
            read(&[("client_id", "app"), ("client_secret", "secret")]),
            Err(AuthenticationError::TwoMethods)
        ));
        assert!(matches!(read(&[("client_secret", "")]), Err(AuthenticationError::TwoMethods)));
        assert!(matches!(read(&[("client_id", "other")]), Err(AuthenticationError::OtherClient)));
        assert!(read(&[("client_id", "app")]).is_ok_and(|read| read.method == AuthMethod::ClientSecretBasic));
    }
}
