//! The two halves of a sign-in: sending the browser to the provider, and making a session of the answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, CsrfToken, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, Scope, SignatureVerificationError, TokenResponse,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreIdToken, CoreIdTokenClaims, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use serde_json::{Map, Value};
use vestibule_core::Parameters;

use super::{
    App, Client, callback,
    session::{Begun, Person},
    trouble::Trouble,
    with_cookie,
};
use crate::demo::{
    APP_SCOPES,
    http::{Answer, fetcher, in_words, see_other},
};

impl App {
    /// Sends the browser to the provider. `?prompt=none` asks without showing anything (OpenID Connect Core 3.1.2.1).
    pub(super) async fn login(&self, session: Option<&str>, query: &Parameters) -> Answer {
        let metadata = match self.discovery.metadata().await {
            Ok(metadata) => metadata,
            Err(error) => return self.troubled(&Trouble::Provider(in_words(&error))),
        };
        let client = self.client(&metadata);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            // The library adds `openid` by itself.
            .add_scopes(APP_SCOPES[1..].iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(challenge);
        if query.get("prompt") == Some("none") {
            request = request.add_prompt(CoreAuthPrompt::None);
        }
        let (url, state, nonce) = request.url();
        let begun = Begun { state: state.secret().clone(), nonce, verifier };
        let id = self.sessions.begin(session, begun);
        with_cookie(see_other(url.as_str()), &id)
    }

    /// Takes the provider's answer.
    pub(super) async fn callback(&self, session: Option<&str>, answer: &Parameters) -> Answer {
        let signed_in = async {
            let state = callback::state(answer)?;
            let id = session.ok_or(Trouble::UnknownState)?;
            let begun = self.sessions.take_begun(id, state).ok_or(Trouble::UnknownState)?;
            let person = self.redeem(answer, begun).await?;
            Ok(self.sessions.sign_in(id, person))
        };
        match signed_in.await {
            Ok(id) => with_cookie(see_other("/"), &id),
            Err(trouble) => self.troubled(&trouble),
        }
    }

    /// Redeems the code of an answer, and checks all that it gives.
    async fn redeem(&self, answer: &Parameters, begun: Begun) -> Result<Person, Trouble> {
        let metadata = self.discovery.metadata().await.map_err(|error| Trouble::Provider(in_words(&error)))?;
        let sent = callback::Sent {
            issuer: metadata.issuer().as_str(),
            always_says_iss: metadata.additional_metadata().authorization_response_iss_parameter_supported,
        };
        let code = AuthorizationCode::new(callback::code(answer, sent)?);
        let http = fetcher(&self.http);
        let mut client = self.client(&metadata);
        let tokens: CoreTokenResponse = client
            .exchange_code(code)
            .map_err(|error| Trouble::Provider(in_words(&error)))?
            .set_pkce_verifier(begun.verifier)
            .request_async(&http)
            .await
            .map_err(|error| Trouble::Provider(in_words(&error)))?;
        let id_token = tokens.id_token().ok_or_else(|| Trouble::Untrusted("there is no ID token".to_owned()))?;
        if is_unknown_key(id_token.claims(&client.id_token_verifier(), &begun.nonce)) {
            // The provider has rotated its keys since we last looked.
            let metadata = self.discovery.refreshed().await.map_err(|error| Trouble::Provider(in_words(&error)))?;
            client = self.client(&metadata);
        }
        let claims = proved(&client, &tokens, id_token, &begun.nonce)?;
        let userinfo: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
            .map_err(|error| Trouble::Provider(in_words(&error)))?
            .request_async(&http)
            .await
            .map_err(|error| Trouble::Provider(in_words(&error)))?;
        let [id_token_header, id_token_claims] = parts(id_token);
        Ok(Person {
            id_token: id_token.clone(),
            id_token_header,
            id_token_claims,
            userinfo: object(serde_json::to_value(&userinfo).unwrap_or_default()),
            access_token: tokens.access_token().clone(),
        })
    }
}

/// The ID token's claims, once signature, issuer, audience, expiry, nonce and `at_hash` hold (OpenID Connect Core 3.1.3.7).
fn proved<'a>(
    client: &Client,
    tokens: &CoreTokenResponse,
    id_token: &'a CoreIdToken,
    nonce: &Nonce,
) -> Result<&'a CoreIdTokenClaims, Trouble> {
    let untrusted = |why: String| Trouble::Untrusted(format!("the ID token: {why}"));
    let verifier = client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce).map_err(|error| untrusted(in_words(&error)))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| untrusted(in_words(&error)))?;
        let key = id_token.signing_key(&verifier).map_err(|error| untrusted(in_words(&error)))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| untrusted(in_words(&error)))?;
        if actual != *expected {
            return Err(untrusted("at_hash belongs to another access token".to_owned()));
        }
    }
    Ok(claims)
}

fn is_unknown_key<T>(checked: Result<T, ClaimsVerificationError>) -> bool {
    let unknown = ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey);
    checked.err() == Some(unknown)
}

/// Header and claims of a token that was verified, with what the library has no field for.
fn parts(token: &CoreIdToken) -> [Map<String, Value>; 2] {
    let token = token.to_string();
    let mut parts = token.split('.').map(|part| {
        let json = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        object(serde_json::from_slice(&json).unwrap_or_default())
    });
    [parts.next().unwrap_or_default(), parts.next().unwrap_or_default()]
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
