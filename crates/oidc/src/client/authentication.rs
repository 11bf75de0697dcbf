//! How an application proves itself at the token endpoint and wherever else it must (RFC 6749 section 2.3, OpenID Connect Core
//! section 9, RFC 8705 section 2).
//!
//! The credentials are read in one place and compared in one place: secrets here, signed statements in `assertion` (with the
//! keys that `remote_keys` fetches), certificates in [`super::certificate`]. Whatever is wrong with them, the answer is the
//! same `invalid_client`: unknown applications, wrong secrets and methods that an application did not register cannot be told
//! apart, neither by the words nor, where there is a secret to guess, by the time.

mod assertion;
mod remote_keys;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use vestibule_core::{ClientId, Parameters};
use vestibule_jose::{RegisteredClaims, Unverified};

use super::{AuthMethod, Client, SenderCertificate};
use crate::{Provider, Unavailable};

pub(crate) use assertion::Assertions;
pub(crate) use remote_keys::{RemoteError, RemoteKeys};

/// What a request carries to prove the application that sends it.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form in the body.
    pub parameters: &'a Parameters,
    /// The client certificate of the connection, or the one that a trusted proxy forwards.
    pub certificate: Option<&'a SenderCertificate>,
}

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
    /// Its signed statement does not hold.
    #[error("the client did not prove itself (its assertion: {0})")]
    Assertion(String),
    /// The table does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The credentials of a request.
struct Credentials<'a> {
    id: ClientId,
    shown: Shown<'a>,
    certificate: Option<&'a SenderCertificate>,
}

/// What is shown to prove that it is the application.
enum Shown<'a> {
    /// A secret in the header.
    Basic(String),
    /// A secret in the body.
    Post(&'a str),
    /// A signed statement.
    Assertion(Box<Unverified<'a>>),
    /// Nothing but perhaps a certificate, which may also be there to bind tokens to.
    Nothing,
}

impl Provider {
    /// The application that a request proves to come from.
    ///
    /// # Errors
    /// Why it does not prove that.
    pub async fn authenticate(&self, proof: Proof<'_>) -> Result<Arc<Client>, AuthenticationError> {
        let credentials = Credentials::read(proof)?;
        if !self.may_go_on(&credentials.id).await? {
            return Err(AuthenticationError::Refused("its client_id is the address of a document that does not count"));
        }
        let clients = self.clients();
        let Some(known) = clients.remembered(&credentials.id) else {
            let client = clients.learn(&credentials.id).await?.map(|known| Arc::clone(&known.client));
            return self.prove(client, &credentials).await;
        };
        match self.prove(Some(Arc::clone(&known.client)), &credentials).await {
            // It may have got a new secret elsewhere, in the second for which memory is relied on.
            Err(AuthenticationError::Refused(why)) => match clients.read(&credentials.id).await? {
                Some(now) if now.is_as(&known.client) => Err(AuthenticationError::Refused(why)),
                now => self.prove(now.map(Arc::new), &credentials).await,
            },
            proved => proved,
        }
    }

    async fn prove(
        &self,
        client: Option<Arc<Client>>,
        credentials: &Credentials<'_>,
    ) -> Result<Arc<Client>, AuthenticationError> {
        // Compared before anything else is looked at, so that each outcome costs the same; where the secret came as another
        // system's hash, more.
        let proved = self.clients().has_secret(client.as_deref(), credentials.shown.secret()).await?;
        let client = client.ok_or(AuthenticationError::Refused("unknown"))?;
        match (&credentials.shown, client.auth_method) {
            (Shown::Basic(_), None | Some(AuthMethod::ClientSecretBasic))
            | (Shown::Post(_), None | Some(AuthMethod::ClientSecretPost)) => {
                if !proved {
                    return Err(AuthenticationError::Refused("wrong secret"));
                }
            }
            (Shown::Assertion(token), Some(AuthMethod::PrivateKeyJwt | AuthMethod::ClientSecretJwt)) => {
                self.assertions().prove(&client, token).await?;
            }
            (Shown::Nothing, Some(method)) if method.is_by_certificate() => {
                let certificate = credentials.certificate;
                let certificate = certificate.ok_or(AuthenticationError::Refused("it shows no certificate"))?;
                self.prove_by_certificate(&client, certificate).await?;
            }
            (Shown::Nothing, Some(AuthMethod::None)) => {}
            _ => return Err(AuthenticationError::Refused("it registered another method")),
        }
        Ok(client)
    }

    async fn prove_by_certificate(
        &self,
        client: &Client,
        certificate: &SenderCertificate,
    ) -> Result<(), AuthenticationError> {
        if client.auth_method == Some(AuthMethod::TlsClientAuth) {
            let name = &client.metadata.certificate_name;
            return name.is_of(certificate, self.clock().now()).map_err(AuthenticationError::Refused);
        }
        let other = AuthenticationError::Refused("its certificate is none that it registered");
        if let Some(keys) = &client.keys {
            return if certificate.is_among(keys) { Ok(()) } else { Err(other) };
        }
        let url = client.metadata.jwks_uri.as_deref();
        let url = url.ok_or(AuthenticationError::Refused("it is registered without certificates"))?;
        let remote = self.assertions().remote();
        let known = remote.get(url).await.ok_or(AuthenticationError::Refused("its certificates cannot be fetched"))?;
        if certificate.is_among(&known.set) {
            return Ok(());
        }
        match remote.newer_than(url, &known).await {
            Some(newer) if certificate.is_among(&newer.set) => Ok(()),
            _ => Err(other),
        }
    }
}

impl Shown<'_> {
    fn secret(&self) -> &str {
        match self {
            Self::Basic(secret) => secret,
            Self::Post(secret) => secret,
            Self::Assertion(_) | Self::Nothing => "",
        }
    }
}

impl<'a> Credentials<'a> {
    fn read(proof: Proof<'a>) -> Result<Self, AuthenticationError> {
        let Proof { authorization, parameters, certificate } = proof;
        let in_body = parameters.get("client_id");
        let secret = parameters.get("client_secret").or_else(|| parameters.has("client_secret").then_some(""));
        let asserts = parameters.has("client_assertion") || parameters.has("client_assertion_type");
        let shown = [authorization.is_some(), secret.is_some(), asserts];
        if shown.into_iter().filter(|shown| *shown).count() > 1 {
            return Err(AuthenticationError::TwoMethods);
        }
        if let Some(header) = authorization {
            let (id, secret) = basic(header).ok_or(AuthenticationError::Malformed)?;
            // A matching client_id beside Basic is no second method.
            if in_body.is_some_and(|in_body| in_body != id) {
                return Err(AuthenticationError::OtherClient);
            }
            return Ok(Self { id: id.into(), shown: Shown::Basic(secret), certificate });
        }
        if asserts {
            return Ok(Self { certificate, ..Self::asserted(parameters)? });
        }
        let id = in_body.ok_or(AuthenticationError::Missing)?.into();
        Ok(Self { id, shown: secret.map_or(Shown::Nothing, Shown::Post), certificate })
    }

    /// Whose a signed statement claims to be. Whose it is, a signature will have to say.
    fn asserted(parameters: &'a Parameters) -> Result<Self, AuthenticationError> {
        if parameters.get("client_assertion_type") != Some(assertion::ASSERTION_TYPE) {
            return Err(AuthenticationError::Refused("client_assertion_type is not that of a JWT (RFC 7523)"));
        }
        let text = parameters.get("client_assertion");
        let text = text.ok_or(AuthenticationError::Refused("client_assertion is missing"))?;
        let malformed = |error: vestibule_jose::JwsError| AuthenticationError::Assertion(error.to_string());
        let token = Unverified::parse(text).map_err(malformed)?;
        let claimed: RegisteredClaims = token.peek().map_err(malformed)?;
        let id = claimed.sub.ok_or(AuthenticationError::Refused("its assertion has no sub"))?;
        // RFC 7521 section 4.2: it may be left out, and is the same where it is not.
        if parameters.get("client_id").is_some_and(|in_body| in_body != id) {
            return Err(AuthenticationError::Refused("client_id is another than its assertion's"));
        }
        Ok(Self { id: id.as_str().into(), shown: Shown::Assertion(Box::new(token)), certificate: None })
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

    fn read<'a>(
        authorization: Option<&'a str>,
        parameters: &'a Parameters,
    ) -> Result<Credentials<'a>, AuthenticationError> {
        Credentials::read(Proof { authorization, parameters, certificate: None })
    }

    #[test]
    fn a45_two_methods_at_once_are_refused_and_a_matching_client_id_is_not_one() {
        let basic = header("app:secret");
        let error = |authorization: Option<&str>, body: &[(&str, &str)]| {
            read(authorization, &body.iter().copied().collect()).map(|_| ()).err()
        };
        let two = |authorization, body: &[(&str, &str)]| {
            matches!(error(authorization, body), Some(AuthenticationError::TwoMethods))
        };
        assert!(two(Some(&basic), &[("client_id", "app"), ("client_secret", "secret")]));
        assert!(two(Some(&basic), &[("client_secret", "")]));
        assert!(two(Some(&basic), &[("client_assertion", "x")]));
        assert!(two(Some(&basic), &[("client_assertion_type", assertion::ASSERTION_TYPE)]));
        assert!(two(None, &[("client_id", "app"), ("client_secret", "secret"), ("client_assertion", "x")]));
        assert!(matches!(error(Some(&basic), &[("client_id", "other")]), Some(AuthenticationError::OtherClient)));
        let matching: Parameters = [("client_id", "app")].into_iter().collect();
        assert!(read(Some(&basic), &matching).is_ok_and(|read| matches!(read.shown, Shown::Basic(_))));
    }

    #[test]
    fn a43_a_statement_says_its_type_and_whose_it_is() {
        let jwt = |claims: &str| {
            let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
            format!("{}.{}.AA", part(r#"{"alg":"ES256"}"#), part(claims))
        };
        let of =
            |body: &[(&str, &str)]| read(None, &body.iter().copied().collect()).map(|read| read.id.to_string()).ok();
        let (right, kind) = (jwt(r#"{"sub":"app"}"#), ("client_assertion_type", assertion::ASSERTION_TYPE));
        let right = ("client_assertion", right.as_str());
        assert_eq!(of(&[kind, right]).as_deref(), Some("app"));
        assert_eq!(of(&[kind, right, ("client_id", "app")]).as_deref(), Some("app"));
        assert_eq!(of(&[kind, right, ("client_id", "other")]), None);
        assert_eq!(of(&[right]), None);
        assert_eq!(of(&[kind]), None);
        let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
        assert_eq!(of(&[("client_assertion_type", saml), right]), None);
        for claims in ["{}", r#"{"sub":1}"#, r#"{"sub":"app","sub":"app"}"#, "[]"] {
            assert_eq!(of(&[kind, ("client_assertion", &jwt(claims))]), None, "{claims}");
        }
    }
}
