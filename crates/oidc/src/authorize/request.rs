//! The authorization request, in types that prove what was checked.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, Parameters, RedirectUri, ScopeSet, UserId};
use vestibule_tokens::Confirmation;

use super::{
    AuthorizeError, PageError,
    error::{NotValid, once},
    resolve::Resolved,
    response::{ResponseMode, ResponseType},
    rules,
};
use crate::{Provider, RequestedClaims, client::Client, documents::DocumentError, levels::LevelWish, pushed::PushedId};

/// Where an answer may go: it exists only once the client and its redirect URI are proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Who asks.
    pub client_id: ClientId,
    /// Where to answer: registered for that client.
    pub redirect_uri: RedirectUri,
    /// Whether the request named it.
    pub redirect_uri_named: bool,
    /// What to give back with the answer.
    pub state: Option<String>,
    /// How the answer travels there.
    #[serde(default)]
    pub mode: ResponseMode,
}

/// An authorization request that satisfies every rule. What is missing is only what a person must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidRequest {
    /// Where its answer goes.
    pub to: Addressee,
    /// What is to be in the answer.
    #[serde(default = "code_alone")]
    pub response_type: ResponseType,
    /// What is asked for, as far as it is known and the application may ask for it.
    pub scope: ScopeSet,
    /// The APIs that it names (RFC 8707), each known and for this application.
    #[serde(default)]
    pub resources: Vec<String>,
    /// The key that its code is to be bound to (RFC 9449 section 10).
    #[serde(default)]
    pub confirmation: Option<Confirmation>,
    /// The application's mark for its ID token.
    pub nonce: Option<String>,
    /// The S256 challenge (RFC 7636).
    pub code_challenge: Option<String>,
    /// Which pages are wanted.
    pub prompt: BTreeSet<Prompt>,
    /// How long ago, in seconds, the person may have signed in at most.
    pub max_age: Option<u64>,
    /// What to write into the field of the sign-in page.
    pub login_hint: Option<String>,
    /// The person whom `id_token_hint` names; nobody else's sign-in answers this request.
    pub hinted_user: Option<UserId>,
    /// How the pages are wanted.
    pub display: Display,
    /// The levels that it asks for, by `acr_values` or by the claim `acr`.
    #[serde(default)]
    pub level: LevelWish,
    /// Single claims that it asks for.
    #[serde(default)]
    pub claims: RequestedClaims,
    /// Where it was pushed before: the answer spends it.
    #[serde(default)]
    pub pushed: Option<PushedId>,
}

/// Of a request that was kept before there was anything else.
fn code_alone() -> ResponseType {
    ResponseType::CODE
}

/// The values of `prompt` (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page at all.
    None,
    /// Sign in once more.
    Login,
    /// Ask for consent once more.
    Consent,
    /// Choose an account.
    SelectAccount,
    /// Make an account (Initiating User Registration via OpenID Connect 1.0 section 4.1).
    Create,
}

impl Prompt {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 5] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount, Self::Create];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

/// The values of `display`. Our pages fit all of them, so that it is only remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Display {
    /// A whole page.
    #[default]
    Page,
    /// A small window.
    Popup,
    /// A touch screen.
    Touch,
    /// A small telephone.
    Wap,
}

impl Provider {
    /// The values of `prompt` that are answered here.
    pub(crate) fn prompts(&self) -> impl Iterator<Item = Prompt> {
        let creates = self.settings().self_registration;
        Prompt::ALL.into_iter().filter(move |prompt| creates || *prompt != Prompt::Create)
    }

    /// Proves an authorization request: first who asks, what counts as its parameters and where to answer, then each rule of the
    /// table.
    ///
    /// # Errors
    /// A page where the first is not proved, a redirect with an error where a rule is not satisfied.
    pub async fn authorize(&self, sent: &Parameters) -> Result<(Arc<Client>, ValidRequest), AuthorizeError> {
        let valid = async {
            let client = self.asking(sent).await?;
            let resolved = self.resolve(&client, sent).await?;
            let request = self.valid(&client, resolved).await?;
            Ok((client, request))
        };
        valid.await.map_err(|not: NotValid| not.at_a_browser(self.issuer()))
    }

    /// Proves what counts as the parameters of a request of `client`.
    pub(super) async fn valid(&self, client: &Client, resolved: Resolved<'_>) -> Result<ValidRequest, NotValid> {
        let to = address(client, &resolved.parameters)?;
        let request = rules::check(self, client, to, &resolved.parameters).await?;
        Ok(ValidRequest { pushed: resolved.pushed, ..request })
    }

    /// Who asks.
    async fn asking(&self, sent: &Parameters) -> Result<Arc<Client>, NotValid> {
        let id = ClientId::from(once(sent, "client_id")?.ok_or(PageError::InvalidClient)?);
        match self.beginning(&id).await {
            Ok(found) => Ok(found.ok_or(PageError::InvalidClient)?),
            Err(DocumentError::Unavailable(error)) => Err(error.into()),
            Err(error) => Err(PageError::Document(error.to_string()).into()),
        }
    }
}

/// RFC 6749 section 4.1.2.1: no redirect before client and redirect URI are proved.
pub(super) fn address(client: &Client, parameters: &Parameters) -> Result<Addressee, PageError> {
    let named = once(parameters, "redirect_uri")?;
    let openid = parameters.all("scope").any(|scope| scope.split(' ').any(|scope| scope == "openid"));
    if named.is_none() && openid {
        // OpenID Connect Core section 3.1.2.1 requires it, whatever is registered.
        return Err(PageError::InvalidRedirectUri("redirect_uri is missing"));
    }
    let redirect_uri = client
        .redirect_uri(named)
        .ok_or(PageError::InvalidRedirectUri("redirect_uri is not one that this application registered"))?;
    // A doubled `state` cannot be given back: which one?
    let state = parameters.single("state").ok().flatten().map(str::to_owned);
    let mode = ResponseMode::of(parameters);
    Ok(Addressee { client_id: client.id.clone(), redirect_uri, redirect_uri_named: named.is_some(), state, mode })
}
