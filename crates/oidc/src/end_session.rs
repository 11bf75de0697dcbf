//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0), without HTTP.
//!
//! A sign-out without a question needs proof that the application was given this very session: an `id_token_hint` of ours whose
//! `sid` (or person) is the one at this browser. Everything else is asked on a page. A redirect afterwards needs a URI
//! registered for the application that the hint (or `client_id`) names, compared exactly.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, Parameters, RedirectUri, UserId};
use vestibule_sessions::Session;
use vestibule_tokens::{IdTokenHint, Issuer};

use crate::{Provider, Unavailable, authorize::request_doubles, client::Client};

/// A request to sign out, as far as it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSession {
    /// Which application asks, where that is known.
    pub client_id: Option<ClientId>,
    /// The session and person that the hint proves, where there is a good one.
    hint: Option<Hint>,
    /// Where to go afterwards.
    pub return_to: Option<ReturnTo>,
}

/// Where to go after a sign-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    uri: RedirectUri,
    state: Option<String>,
}

impl ReturnTo {
    /// The whole URL, with `state`.
    #[must_use]
    pub fn location(&self) -> String {
        match &self.state {
            Some(state) => self.uri.with_query(&[("state", state)]),
            None => self.uri.to_string(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hint {
    user: UserId,
    sid: Option<String>,
    /// Whether the application could have signed it itself, by its secret.
    #[serde(default)]
    by_secret: bool,
}

/// Why a request to sign out is refused outright.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// A parameter stands twice.
    #[error("{0}")]
    InvalidRequest(String),
    /// `client_id` is not whom the hint was given to.
    #[error("client_id is not the application that id_token_hint was given to")]
    OtherClient,
    /// The URI to go to is not registered for this application.
    #[error("post_logout_redirect_uri is not one that this application registered")]
    PostLogoutRedirectUri,
    /// Something of ours does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Provider {
    /// Reads a request to sign out.
    ///
    /// A hint that is not ours counts as none: the person is asked. A `post_logout_redirect_uri` counts only beside an
    /// application that is known; where it is known and the URI is not registered for it, the request is refused.
    ///
    /// # Errors
    /// What is wrong with it; nobody is signed out and nobody is redirected then.
    pub async fn read_end_session(&self, parameters: &Parameters) -> Result<EndSession, EndSessionError> {
        if let Some(double) = request_doubles(parameters) {
            return Err(EndSessionError::InvalidRequest(double.to_string()));
        }
        let token = parameters.get("id_token_hint");
        let by_secret = token.and_then(Issuer::peek_hint_of_secret);
        let signer = match &by_secret {
            Some(id) => self.clients().find(id).await?,
            None => None,
        };
        let hint = token.and_then(|token| match self.read_hint(token, signer.as_deref()) {
            Ok(hint) => Some(hint),
            Err(error) => {
                tracing::info!(%error, "an id_token_hint at sign-out is not ours");
                None
            }
        });
        let client = self.asking_client(hint.as_ref(), parameters.get("client_id")).await?;
        let return_to = match (parameters.get("post_logout_redirect_uri"), &client) {
            (None, _) | (Some(_), None) => None,
            (Some(uri), Some(client)) => {
                let uri = client.post_logout_redirect_uri(uri).ok_or(EndSessionError::PostLogoutRedirectUri)?;
                Some(ReturnTo { uri, state: parameters.get("state").map(str::to_owned) })
            }
        };
        Ok(EndSession {
            client_id: client.map(|client| client.id.clone()),
            hint: hint.and_then(|hint| {
                let sid = hint.session.map(|sid| sid.to_string());
                Some(Hint { user: hint.user?, sid, by_secret: by_secret.is_some() })
            }),
            return_to,
        })
    }

    async fn asking_client(
        &self,
        hint: Option<&IdTokenHint>,
        named: Option<&str>,
    ) -> Result<Option<Arc<Client>>, EndSessionError> {
        let id = match (hint, named) {
            (Some(hint), Some(named)) if hint.client.as_str() != named => return Err(EndSessionError::OtherClient),
            (Some(hint), _) => hint.client.clone(),
            (None, Some(named)) => named.into(),
            (None, None) => return Ok(None),
        };
        Ok(self.clients().find(&id).await?)
    }
}

impl EndSession {
    /// Whether the hint proves that the application was given this very session, so that nobody needs to be asked. One that the
    /// application could have signed itself proves it by the session's id alone, which only those that were given it know.
    #[must_use]
    pub fn is_proved_for(&self, session: &Session) -> bool {
        self.hint.as_ref().is_some_and(|hint| {
            hint.user == session.user_id
                && hint.sid.as_deref().map_or(!hint.by_secret, |sid| sid == session.sid.to_string())
        })
    }

    /// Whether the request came with a hint of ours.
    #[must_use]
    pub fn has_hint(&self) -> bool {
        self.hint.is_some()
    }
}
