//! What an application registers of the signatures on what it is told (OpenID Connect Registration section 2, RFC 9701 section
//! 6), the key that makes them, and its ID tokens that come back as hints.

use vestibule_tokens::{
    IdTokenHint, Issuer, ResponseAlgorithm, ResponseKey, SecretAlgorithm, SigningAlgorithm, TokenError,
};

use super::{AuthMethod, Client, ClientMetadata, Clients, MetadataError, metadata::unsupported};
use crate::{Provider, Unavailable};

/// The algorithms that an application registered, each with its member.
fn registered(metadata: &ClientMetadata) -> impl Iterator<Item = (&'static str, ResponseAlgorithm)> {
    let userinfo = metadata.userinfo_signed_response_alg.map(|algorithm| ("userinfo_signed_response_alg", algorithm));
    [
        ("id_token_signed_response_alg", metadata.id_token_signed_response_alg),
        ("introspection_signed_response_alg", metadata.introspection_signed_response_alg),
    ]
    .into_iter()
    .chain(userinfo)
}

/// Whether the application's secret signs any of it.
pub(super) fn signs_with_secret(metadata: &ClientMetadata) -> bool {
    registered(metadata).any(|(_, algorithm)| algorithm.is_of_secret())
}

/// Checks that what a secret signs is for an application that has one.
pub(super) fn check(method: Option<AuthMethod>, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let of_secret = registered(metadata).find(|(_, algorithm)| algorithm.is_of_secret());
    match of_secret {
        Some((member, algorithm)) if !AuthMethod::has_secret(method) => {
            Err(unsupported(member, &format!("{algorithm} signs with the secret, and it has none")))
        }
        _ => Ok(()),
    }
}

/// Checks that each is on.
pub(super) fn check_on(metadata: &ClientMetadata, on: &[SigningAlgorithm]) -> Result<(), MetadataError> {
    let off = |algorithm| matches!(algorithm, ResponseAlgorithm::Ring(of_ring) if !on.contains(&of_ring));
    match registered(metadata).find(|(_, algorithm)| off(*algorithm)) {
        None => Ok(()),
        Some((member, algorithm)) => {
            let known: Vec<_> = supported(on).map(ResponseAlgorithm::name).collect();
            Err(unsupported(member, &format!("{algorithm} is not switched on here; use {}", known.join(", "))))
        }
    }
}

/// Checks that a secret that comes from elsewhere is long enough for what it is to sign.
pub(super) fn check_secret(metadata: &ClientMetadata, secret: &[u8]) -> Result<(), MetadataError> {
    for (member, algorithm) in registered(metadata) {
        if let ResponseAlgorithm::Secret(algorithm) = algorithm {
            ResponseKey::of_secret(algorithm, secret).map_err(|error| unsupported(member, &error.to_string()))?;
        }
    }
    Ok(())
}

/// What an application can have its answers signed with, where these algorithms of key pairs are on.
pub(crate) fn supported(on: &[SigningAlgorithm]) -> impl Iterator<Item = ResponseAlgorithm> {
    on.iter().copied().map(ResponseAlgorithm::Ring).chain(SecretAlgorithm::ALL.map(ResponseAlgorithm::Secret))
}

impl Clients {
    /// The key for what is said to `client`, by the algorithm that it registered for it. There is no other to fall back to.
    ///
    /// # Errors
    /// A secret that does not open, or that is too short.
    pub(crate) fn key_for(&self, client: &Client, algorithm: ResponseAlgorithm) -> Result<ResponseKey, Unavailable> {
        match algorithm {
            ResponseAlgorithm::Ring(algorithm) => Ok(algorithm.into()),
            ResponseAlgorithm::Secret(algorithm) => {
                let sealed = client.sealed_secret.as_deref();
                let sealed =
                    sealed.ok_or_else(|| Unavailable::because("the application's secret is kept as a hash alone"))?;
                let secret = self.vault.open(&Client::secret_context(&client.id), sealed);
                let secret = secret.map_err(Unavailable::because)?;
                ResponseKey::of_secret(algorithm, &secret).map_err(Unavailable::because)
            }
        }
    }
}

impl Provider {
    /// The key for the ID tokens and logout tokens of an application.
    ///
    /// # Errors
    /// As for [`Clients::key_for`].
    pub(crate) fn id_token_key(&self, client: &Client) -> Result<ResponseKey, Unavailable> {
        self.clients().key_for(client, client.metadata.id_token_signed_response_alg)
    }

    /// Reads an ID token that an application gives back: by the keys of the ring, or, where it says that a secret signed it, by that of
    /// `asker` and by nothing else.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read_hint(&self, token: &str, asker: Option<&Client>) -> Result<IdTokenHint, TokenError> {
        let Some(named) = Issuer::peek_hint_of_secret(token) else { return self.tokens().verify_id_token_hint(token) };
        let client = asker.filter(|client| client.id == named).ok_or(TokenError::UnknownKey)?;
        match self.id_token_key(client) {
            Ok(ResponseKey::Secret(key)) => {
                self.tokens().verify_id_token_hint_by(token, &client.id, client.sector().as_ref(), &key)
            }
            Ok(ResponseKey::Ring(_)) => Err(TokenError::OtherAlgorithm),
            Err(error) => {
                tracing::error!(client_id = %client.id, %error, "the secret that an id_token_hint needs is not to be had");
                Err(TokenError::UnknownKey)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::specimen;

    const MEMBERS: [&str; 3] =
        ["id_token_signed_response_alg", "introspection_signed_response_alg", "userinfo_signed_response_alg"];

    /// What is said of an application with these members where `on` is on; nothing where it is taken.
    fn said(members: Value, on: &[SigningAlgorithm]) -> Option<String> {
        let checked = specimen::with(members).and_then(|new| check_on(&new.metadata, on));
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_on_is_taken_and_what_is_not_is_named() {
        for member in MEMBERS {
            for algorithm in SigningAlgorithm::ALL {
                let members = json!({ member: algorithm });
                assert_eq!(said(members.clone(), &SigningAlgorithm::ALL), None, "{member} {algorithm}");
                let off = said(members, &[SigningAlgorithm::Rs256]);
                let expected = format!("{member}: {algorithm} is not switched on here; use RS256, HS256, HS384, HS512");
                assert_eq!(off, (algorithm != SigningAlgorithm::Rs256).then_some(expected));
            }
        }
    }

    #[test]
    fn a40_none_signs_nothing() {
        for member in MEMBERS {
            let said = said(json!({ member: "none" }), &SigningAlgorithm::ALL).expect("refused");
            assert!(said.contains("is not a signing algorithm of ours"), "{said}");
        }
    }

    #[test]
    fn hs256_is_for_who_has_a_secret() {
        for (member, algorithm) in MEMBERS.into_iter().zip(["HS256", "HS384", "HS512"]) {
            let of = |method: &str| said(json!({ member: algorithm, "token_endpoint_auth_method": method }), &[]);
            assert!(!of("client_secret_basic").is_some_and(|said| said.starts_with(member)), "{member}");
            assert_eq!(of("none"), Some(format!("{member}: {algorithm} signs with the secret, and it has none")));
        }
    }

    #[test]
    fn a_secret_from_elsewhere_is_as_long_as_the_hash_or_refused() {
        let mut metadata = ClientMetadata::default();
        assert!(check_secret(&metadata, b"short").is_ok(), "it signs nothing");
        metadata.id_token_signed_response_alg = "HS512".parse().expect("an algorithm");
        assert!(check_secret(&metadata, &[b'x'; 64]).is_ok());
        let said = check_secret(&metadata, &[b'x'; 63]).unwrap_err().to_string();
        assert!(said.starts_with("id_token_signed_response_alg: the application's secret is too short"), "{said}");
    }
}
