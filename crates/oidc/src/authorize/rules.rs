//! What an authorization request must satisfy once its application is proved: one rule, one small function, one ordered table.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_core::{Parameters, ScopeSet};
use vestibule_tokens::{Confirmation, TokenError};
use vestibule_users::AcrWish;

use super::{
    Addressee, Display, ErrorCode, Prompt, ValidRequest,
    error::{NotValid, REPEATABLE},
};
use crate::{
    Provider, Unavailable,
    client::{Api, Client},
    code_grant::{self, Asked, AskedWrongly},
    scope::{self, ScopeRefusal},
    target::{self, TargetError},
};

/// What the rules look at, and what they have found so far.
struct Draft<'a> {
    provider: &'a Provider,
    client: &'a Client,
    parameters: &'a Parameters,
    /// The APIs that own any of the scopes asked for.
    apis: &'a [Arc<Api>],
    /// The APIs that it names, once they are known to be there, until their rule takes them.
    targets: Option<Result<Vec<String>, TargetError>>,
    /// The scopes that bring claims of attributes.
    carrying: &'a ScopeSet,
    request: ValidRequest,
}

/// Why a rule is not satisfied.
struct Refusal(ErrorCode, String);

impl From<ScopeRefusal> for Refusal {
    fn from(refusal: ScopeRefusal) -> Self {
        let code = match refusal {
            ScopeRefusal::Unnamed => ErrorCode::InvalidTarget,
            _ => ErrorCode::InvalidScope,
        };
        Self(code, refusal.words())
    }
}

type Verdict = Result<(), Refusal>;

type Rule = fn(&mut Draft<'_>) -> Verdict;

/// The rules in their order, each with the clause that it implements.
const RULES: &[(&str, Rule)] = &[
    ("RFC 6749 section 3.1: parameters stand once", no_doubles),
    ("OpenID Connect Core section 7.2.1: registration", no_registration),
    ("OAuth 2.0 Multiple Response Types section 2.1: response_mode", response_mode),
    ("RFC 6749 section 3.1.1: response_type", response_type),
    ("RFC 7591 section 2: the grant was registered", registered_grant),
    ("RFC 6749 section 4.1.1, RFC 7636 section 4.3: the code grant's machine", code_grant_machine),
    ("RFC 6749 section 3.3: scope", scope),
    ("RFC 8707 section 2: resource", resources),
    ("RFC 9068 section 3: one audience", one_audience),
    ("RFC 9449 section 10: dpop_jkt", dpop_jkt),
    ("OpenID Connect Core section 3.1.2.1: nonce", nonce),
    ("OpenID Connect Core section 3.1.2.1: prompt", prompt),
    ("OpenID Connect Core section 3.1.2.1: max_age", max_age),
    ("OpenID Connect Core section 3.1.2.1: display", display),
    ("OpenID Connect Core section 3.1.2.1: acr_values", acr_values),
    ("OpenID Connect Core section 3.1.2.1: login_hint", login_hint),
    ("OpenID Connect Core section 3.1.2.1: id_token_hint", id_token_hint),
];

/// Runs the table.
pub(super) async fn check(
    provider: &Provider,
    client: &Client,
    to: Addressee,
    parameters: &Parameters,
) -> Result<ValidRequest, NotValid> {
    let asked: ScopeSet = parameters.all("scope").flat_map(|scope| scope.split(' ')).collect();
    let apis = provider.apis().owners(&asked).await.map_err(|error| unavailable(&to, &error))?;
    let targets = match targets(provider, client, parameters).await {
        Err(TargetError::Unavailable(error)) => return Err(unavailable(&to, &error)),
        targets => targets,
    };
    let carrying = provider.carrying().await.map_err(|error| unavailable(&to, &error))?;
    let request = ValidRequest {
        to,
        scope: ScopeSet::default(),
        resources: Vec::new(),
        confirmation: None,
        nonce: None,
        code_challenge: None,
        prompt: BTreeSet::new(),
        max_age: None,
        login_hint: None,
        hinted_user: None,
        display: Display::Page,
        acr: AcrWish::None,
        pushed: None,
    };
    let mut draft =
        Draft { provider, client, parameters, apis: &apis, targets: Some(targets), carrying: &carrying, request };
    for (clause, rule) in RULES {
        if let Err(Refusal(code, description)) = rule(&mut draft) {
            tracing::debug!(clause, "a rule of the authorization endpoint is not satisfied");
            return Err(NotValid::To(Box::new(draft.request.to), code, description));
        }
    }
    Ok(draft.request)
}

/// The APIs that a request names, where they are there and for this application.
async fn targets(provider: &Provider, client: &Client, parameters: &Parameters) -> Result<Vec<String>, TargetError> {
    let named = target::named(parameters)?;
    provider.may_target(client, &named).await?;
    Ok(named)
}

fn unavailable(to: &Addressee, error: &Unavailable) -> NotValid {
    tracing::error!(%error, "an authorization request cannot be checked");
    let words = "please try again in a minute".to_owned();
    NotValid::To(Box::new(to.clone()), ErrorCode::TemporarilyUnavailable, words)
}

fn refuse(code: ErrorCode, description: impl Into<String>) -> Verdict {
    Err(Refusal(code, description.into()))
}

fn no_doubles(draft: &mut Draft<'_>) -> Verdict {
    match draft.parameters.first_duplicate(&REPEATABLE) {
        Some(double) => refuse(ErrorCode::InvalidRequest, double.to_string()),
        None => Ok(()),
    }
}

fn no_registration(draft: &mut Draft<'_>) -> Verdict {
    if draft.parameters.has("registration") {
        return refuse(ErrorCode::RegistrationNotSupported, "the registration parameter is not supported");
    }
    Ok(())
}

fn response_mode(draft: &mut Draft<'_>) -> Verdict {
    match draft.parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => refuse(ErrorCode::InvalidRequest, "the only response_mode supported is query"),
    }
}

fn response_type(draft: &mut Draft<'_>) -> Verdict {
    match draft.parameters.get("response_type") {
        None => refuse(ErrorCode::InvalidRequest, "response_type is missing"),
        Some(_) => Ok(()),
    }
}

fn registered_grant(draft: &mut Draft<'_>) -> Verdict {
    if draft.parameters.get("response_type") == Some("code") && !draft.client.may_use_grant("authorization_code") {
        return refuse(ErrorCode::UnauthorizedClient, "this application did not register the authorization code grant");
    }
    Ok(())
}

fn code_grant_machine(draft: &mut Draft<'_>) -> Verdict {
    let get = |name: &str| draft.parameters.get(name);
    let code_challenge = get("code_challenge");
    let asked = Asked {
        client_id: draft.client.id.as_str(),
        redirect_uri: draft.request.to.redirect_uri.as_str(),
        response_type: get("response_type"),
        scope: get("scope"),
        state: get("state"),
        code_challenge,
        code_challenge_method: get("code_challenge_method"),
        require_pkce: draft.client.require_pkce,
    };
    code_grant::ask(&asked).map_err(|wrong| match wrong {
        AskedWrongly::ResponseType => {
            Refusal(ErrorCode::UnsupportedResponseType, "the only response_type supported is code".to_owned())
        }
        AskedWrongly::Scope => Refusal(ErrorCode::InvalidScope, "scope is not well formed".to_owned()),
        AskedWrongly::Challenge => Refusal(ErrorCode::InvalidRequest, challenge_words(&asked).to_owned()),
        AskedWrongly::Request => Refusal(ErrorCode::InvalidRequest, "the request is not well formed".to_owned()),
    })?;
    draft.request.code_challenge = code_challenge.map(str::to_owned);
    Ok(())
}

fn challenge_words(asked: &Asked<'_>) -> &'static str {
    match (asked.code_challenge, asked.code_challenge_method) {
        (None, None) => "this application must use PKCE: code_challenge is missing",
        (None, Some(_)) => "code_challenge_method came without a code_challenge",
        (Some(_), Some("S256")) => "code_challenge is not the base64url of a SHA-256 hash",
        (Some(_), _) => "the only code_challenge_method supported is S256",
    }
}

fn scope(draft: &mut Draft<'_>) -> Verdict {
    let asked = draft.parameters.get("scope").unwrap_or_default();
    draft.request.scope = scope::asked(draft.client, asked, draft.apis, draft.carrying)?;
    Ok(())
}

fn resources(draft: &mut Draft<'_>) -> Verdict {
    match draft.targets.take().transpose() {
        Ok(named) => {
            draft.request.resources = named.unwrap_or_default();
            Ok(())
        }
        Err(error) => refuse(ErrorCode::InvalidTarget, error.to_string()),
    }
}

fn one_audience(draft: &mut Draft<'_>) -> Verdict {
    Ok(scope::of_one_audience(&draft.request.resources, draft.apis)?)
}

/// The code is bound to the key with this thumbprint: whoever intercepts it lacks that key.
fn dpop_jkt(draft: &mut Draft<'_>) -> Verdict {
    let Some(jkt) = draft.parameters.get("dpop_jkt") else { return Ok(()) };
    let is_sha256 = URL_SAFE_NO_PAD.decode(jkt).is_ok_and(|hash| hash.len() == 32);
    if !is_sha256 {
        return refuse(ErrorCode::InvalidRequest, "dpop_jkt is not the SHA-256 thumbprint of a key in base64url");
    }
    draft.request.confirmation = Some(Confirmation::Jkt(jkt.to_owned()));
    Ok(())
}

fn nonce(draft: &mut Draft<'_>) -> Verdict {
    draft.request.nonce = draft.parameters.get("nonce").map(str::to_owned);
    Ok(())
}

fn prompt(draft: &mut Draft<'_>) -> Verdict {
    for word in draft.parameters.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        let Some(prompt) = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word) else {
            return refuse(ErrorCode::InvalidRequest, "prompt has a value that is not supported");
        };
        draft.request.prompt.insert(prompt);
    }
    if draft.request.prompt.contains(&Prompt::None) && draft.request.prompt.len() > 1 {
        return refuse(ErrorCode::InvalidRequest, "prompt=none goes with no other value");
    }
    Ok(())
}

fn max_age(draft: &mut Draft<'_>) -> Verdict {
    let Some(text) = draft.parameters.get("max_age") else {
        draft.request.max_age = draft.client.metadata.default_max_age;
        return Ok(());
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        // A number too large for us is an age that nobody exceeds.
        Err(_) if digits => Ok(()),
        Ok(seconds) if digits => {
            draft.request.max_age = Some(seconds);
            Ok(())
        }
        _ => refuse(ErrorCode::InvalidRequest, "max_age is not a number of seconds"),
    }
}

fn display(draft: &mut Draft<'_>) -> Verdict {
    draft.request.display = match draft.parameters.get("display") {
        Some("popup") => Display::Popup,
        Some("touch") => Display::Touch,
        Some("wap") => Display::Wap,
        // What we do not know is shown as a page.
        _ => Display::Page,
    };
    Ok(())
}

fn acr_values(draft: &mut Draft<'_>) -> Verdict {
    draft.request.acr = AcrWish::of(draft.parameters.get("acr_values").unwrap_or_default().split(' '));
    Ok(())
}

fn login_hint(draft: &mut Draft<'_>) -> Verdict {
    draft.request.login_hint = draft.parameters.get("login_hint").map(str::to_owned);
    Ok(())
}

/// A hint of ours may have expired; one that we did not sign is refused. It grants nothing: it only narrows who may answer.
fn id_token_hint(draft: &mut Draft<'_>) -> Verdict {
    let Some(token) = draft.parameters.get("id_token_hint") else { return Ok(()) };
    let hint = draft.provider.tokens().verify_id_token_hint(token);
    let user = hint.and_then(|hint| hint.subject.parse().map_err(|_| TokenError::Malformed));
    match user {
        Ok(user) => draft.request.hinted_user = Some(user),
        Err(error) => return refuse(ErrorCode::InvalidRequest, format!("id_token_hint is refused: {error}")),
    }
    Ok(())
}
