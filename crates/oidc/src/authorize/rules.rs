//! What an authorization request must satisfy once its application is proved: one rule, one small function, one ordered table.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_core::{Parameters, ScopeSet};
use vestibule_jose::Encrypted;
use vestibule_tokens::{Confirmation, TokenError};

use super::{
    Addressee, Display, ErrorCode, Prompt, ResponseMode, ResponseType, ValidRequest,
    error::{NotValid, REPEATABLE},
};
use crate::{
    OFFLINE_ACCESS, Provider, RequestedClaims, Unavailable,
    client::{Api, Client},
    code_grant::{self, Asked, AskedWrongly},
    levels::LevelWish,
    requested_claims,
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
    /// The claims of attributes, each with the scope that brings it.
    carried: &'a [(String, String)],
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
    ("OpenID Connect Registration section 2: the response type was registered", registered),
    ("RFC 9449 section 5, RFC 8705 section 3: no token that lacks its binding", no_unbound_token),
    ("RFC 6749 section 4.1.1, RFC 7636 section 4.3: the code grant's machine", code_grant_machine),
    ("RFC 6749 section 3.3: scope", scope),
    ("OpenID Connect Core section 3.2.2.1: openid where an ID token is asked for", openid),
    ("RFC 8707 section 2: resource", resources),
    ("RFC 9068 section 3: one audience", one_audience),
    ("RFC 9449 section 10: dpop_jkt", dpop_jkt),
    ("OpenID Connect Core sections 3.1.2.1, 3.2.2.1 and 3.3.2.11: nonce", nonce),
    ("OpenID Connect Core section 3.1.2.1: prompt", prompt),
    ("OpenID Connect Core section 3.1.2.1: max_age", max_age),
    ("OpenID Connect Core section 3.1.2.1: display", display),
    ("OpenID Connect Core section 3.1.2.1: acr_values", acr_values),
    ("OpenID Connect Core section 3.1.2.1: login_hint", login_hint),
    ("OpenID Connect Core section 3.1.2.1: id_token_hint", id_token_hint),
    ("OpenID Connect Core section 5.5: claims", claims),
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
    let carried = provider.carried_claims().await.map_err(|error| unavailable(&to, &error))?;
    let carrying: ScopeSet = carried.iter().map(|(_, scope)| scope.as_str()).collect();
    let request = ValidRequest {
        to,
        response_type: ResponseType::CODE,
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
        level: LevelWish::default(),
        claims: RequestedClaims::default(),
        pushed: None,
    };
    let mut draft = Draft {
        provider,
        client,
        parameters,
        apis: &apis,
        targets: Some(targets),
        carrying: &carrying,
        carried: &carried,
        request,
    };
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

/// The answer, be it an error, goes the way that [`ResponseMode::of`] found. Another way than the one asked for is an error.
fn response_mode(draft: &mut Draft<'_>) -> Verdict {
    match draft.parameters.get("response_mode").map(ResponseMode::parse) {
        None => Ok(()),
        Some(Some(mode)) if mode == draft.request.to.mode => Ok(()),
        Some(Some(_)) => refuse(ErrorCode::InvalidRequest, "response_mode=query is not for answers that hold tokens"),
        Some(None) => refuse(ErrorCode::InvalidRequest, "response_mode is none of query, fragment and form_post"),
    }
}

fn response_type(draft: &mut Draft<'_>) -> Verdict {
    let Some(text) = draft.parameters.get("response_type").filter(|text| !text.is_empty()) else {
        return refuse(ErrorCode::InvalidRequest, "response_type is missing");
    };
    match ResponseType::parse(text) {
        Some(asked) if !asked.is_front_channel() || draft.provider.settings().implicit => {
            draft.request.response_type = asked;
            Ok(())
        }
        _ => refuse(ErrorCode::UnsupportedResponseType, "this response_type is not supported"),
    }
}

fn registered(draft: &mut Draft<'_>) -> Verdict {
    let asked = draft.request.response_type;
    if let Some(grant) = asked.grant_types().find(|grant| !draft.client.may_use_grant(grant)) {
        return refuse(
            ErrorCode::UnauthorizedClient,
            format!("this application did not register the grant type {grant}"),
        );
    }
    if !draft.client.metadata.allows_response_type(asked) {
        let words = format!("this application did not register the response type {}", asked.name());
        return refuse(ErrorCode::UnauthorizedClient, words);
    }
    Ok(())
}

/// No key is proved at the authorization endpoint, so that no token from there can be bound to one.
fn no_unbound_token(draft: &mut Draft<'_>) -> Verdict {
    if !draft.request.response_type.token {
        return Ok(());
    }
    let metadata = &draft.client.metadata;
    if metadata.dpop_bound_access_tokens || metadata.tls_client_certificate_bound_access_tokens {
        let words =
            "this application's access tokens are bound to a key: none can come from the authorization endpoint";
        return refuse(ErrorCode::UnauthorizedClient, words);
    }
    if draft.parameters.has("dpop_jkt") {
        return refuse(
            ErrorCode::InvalidRequest,
            "dpop_jkt does not go with an access token that comes without a proof",
        );
    }
    Ok(())
}

/// The machine knows the code grant alone. A request without a code goes through it as one that needs no challenge: only the
/// code is redeemed with a verifier.
fn code_grant_machine(draft: &mut Draft<'_>) -> Verdict {
    let get = |name: &str| draft.parameters.get(name);
    let gives_code = draft.request.response_type.code;
    let code_challenge = get("code_challenge");
    let asked = Asked {
        client_id: draft.client.id.as_str(),
        redirect_uri: draft.request.to.redirect_uri.as_str(),
        response_type: Some("code"),
        scope: get("scope"),
        state: get("state"),
        code_challenge,
        code_challenge_method: get("code_challenge_method"),
        require_pkce: gives_code && draft.client.require_pkce,
    };
    code_grant::ask(&asked).map_err(|wrong| match wrong {
        AskedWrongly::ResponseType => {
            Refusal(ErrorCode::UnsupportedResponseType, "this response_type is not supported".to_owned())
        }
        AskedWrongly::Scope => Refusal(ErrorCode::InvalidScope, "scope is not well formed".to_owned()),
        AskedWrongly::Challenge => Refusal(ErrorCode::InvalidRequest, challenge_words(&asked).to_owned()),
        AskedWrongly::Request => Refusal(ErrorCode::InvalidRequest, "the request is not well formed".to_owned()),
    })?;
    draft.request.code_challenge = code_challenge.filter(|_| gives_code).map(str::to_owned);
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
    let scope = scope::asked(draft.client, asked, draft.apis, draft.carrying)?;
    // OpenID Connect Core section 11: nobody comes back without a code.
    let gives_code = draft.request.response_type.code;
    draft.request.scope = scope.filter(|scope| gives_code || scope != OFFLINE_ACCESS);
    Ok(())
}

fn openid(draft: &mut Draft<'_>) -> Verdict {
    if draft.request.response_type.id_token && !draft.request.scope.contains("openid") {
        return refuse(ErrorCode::InvalidRequest, "an ID token is asked for without the scope openid");
    }
    Ok(())
}

fn resources(draft: &mut Draft<'_>) -> Verdict {
    match draft.targets.take().transpose() {
        Ok(named) => {
            draft.request.resources = named.unwrap_or_default();
            if draft.request.response_type.token && draft.request.resources.len() > 1 {
                let words = "an access token is for one resource; ask for one, or for a code alone";
                return refuse(ErrorCode::InvalidTarget, words);
            }
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

/// Where the ID token comes through the browser, the nonce is what ties it to the application's own session.
fn nonce(draft: &mut Draft<'_>) -> Verdict {
    let missing = draft.parameters.get("nonce").is_none_or(str::is_empty);
    if draft.request.response_type.id_token && missing {
        return refuse(ErrorCode::InvalidRequest, "nonce is missing: an ID token from here needs one");
    }
    draft.request.nonce = draft.parameters.get("nonce").map(str::to_owned);
    Ok(())
}

fn prompt(draft: &mut Draft<'_>) -> Verdict {
    for word in draft.parameters.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        let Some(prompt) = draft.provider.prompts().find(|prompt| prompt.as_str() == word) else {
            return refuse(ErrorCode::InvalidRequest, unknown_prompt(word));
        };
        draft.request.prompt.insert(prompt);
    }
    if draft.request.prompt.contains(&Prompt::None) && draft.request.prompt.len() > 1 {
        return refuse(ErrorCode::InvalidRequest, "prompt=none goes with no other value");
    }
    Ok(())
}

/// Initiating User Registration via OpenID Connect 1.0 section 4.1: the description names the value, where it can.
fn unknown_prompt(word: &str) -> String {
    match Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word) {
        Some(known) => format!("prompt has the value {}, which is not supported here", known.as_str()),
        None => "prompt has a value that is not supported".to_owned(),
    }
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
    let values = draft.parameters.get("acr_values").unwrap_or_default().split(' ');
    draft.request.level = draft.provider.levels().wish(values, false);
    Ok(())
}

fn login_hint(draft: &mut Draft<'_>) -> Verdict {
    draft.request.login_hint = draft.parameters.get("login_hint").map(str::to_owned);
    Ok(())
}

/// A hint of ours may have expired; one that we did not sign is refused. It grants nothing: it only narrows who may answer.
fn id_token_hint(draft: &mut Draft<'_>) -> Verdict {
    let Some(token) = draft.parameters.get("id_token_hint") else { return Ok(()) };
    if Encrypted::looks_like(token) {
        let words = "id_token_hint is encrypted: give back the signed ID token that is inside";
        return refuse(ErrorCode::InvalidRequest, words.to_owned());
    }
    let hint = draft.provider.read_hint(token, Some(draft.client));
    let user = hint.and_then(|hint| hint.user.ok_or(TokenError::Malformed));
    match user {
        Ok(user) => draft.request.hinted_user = Some(user),
        Err(error) => return refuse(ErrorCode::InvalidRequest, format!("id_token_hint is refused: {error}")),
    }
    Ok(())
}

/// What is asked for by single claims. The person that it names must be the one who signs in, and an essential class of a sign-in
/// one that there is.
fn claims(draft: &mut Draft<'_>) -> Verdict {
    let Some(text) = draft.parameters.get("claims") else { return Ok(()) };
    let asked = match requested_claims::Asked::read(text) {
        Ok(asked) => asked,
        Err(words) => return refuse(ErrorCode::InvalidRequest, words),
    };
    if let Some(sub) = &asked.sub {
        let (tokens, sector) = (draft.provider.tokens(), draft.client.sector());
        // By the `sub` of another sector nobody is known here.
        let user = tokens.person(sub).filter(|user| tokens.subject(*user, sector.as_ref()) == *sub);
        match (user, draft.request.hinted_user) {
            (Some(user), None) => draft.request.hinted_user = Some(user),
            (Some(user), Some(hinted)) if user == hinted => {}
            _ => return refuse(ErrorCode::LoginRequired, "claims asks for another person than can sign in"),
        }
    }
    if let Some(classes) = &asked.essential_acr {
        // Only what satisfies will do.
        draft.request.level = draft.provider.levels().wish(classes.iter().map(String::as_str), true);
        if draft.request.level.is_empty() {
            let words = "no sign-in here is of a class that claims makes essential";
            return refuse(ErrorCode::UnmetAuthenticationRequirements, words);
        }
    } else if let Some(classes) = &asked.wished_acr
        && !draft.parameters.has("acr_values")
    {
        draft.request.level = draft.provider.levels().wish(classes.iter().map(String::as_str), false);
    }
    draft.request.claims = asked.known(draft.client, draft.carried);
    Ok(())
}
