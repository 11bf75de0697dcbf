//! `/account/tokens`: API tokens, for programs that act in somebody's name. Making one takes a fresh sign-in, as what it opens
//! outlives the session; and it can be given nothing that the person does not hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use poem::{Request, Response, http::StatusCode};
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_oidc::Unavailable;
use vestibule_users::{ApiToken, ApiTokenError, ApiTokens as Store, PermissionQuery};

use super::{Asks, DONE, Visit, done, moment, opened, posted};
use crate::{
    endpoints::{form::or_unavailable, reply::page},
    pages::{ApiTokens, Label, NewApiToken, TokenForm, TokenLine, TokenScope, action, paths},
    state::State,
};

const REVOKED: &str = "revoked";
/// The field that stands once for each permission that is ticked.
const SCOPE: &str = "scope";
/// How many permissions are offered at most; who holds more than that makes a token by the administration API.
const MOST_OFFERED: usize = 500;

const DAY: Duration = Duration::from_secs(86_400);
/// How long a token can be good for: what is sent, what is shown, and the days; none: without end.
const LIFETIMES: [(&str, &str, Option<u32>); 5] = [
    ("7", "A week", Some(7)),
    ("30", "30 days", Some(30)),
    ("90", "90 days", Some(90)),
    ("365", "A year", Some(365)),
    ("never", "Until it is revoked", None),
];
const USUAL_LIFETIME: &str = "90";

/// What was typed, and what is wrong with it.
#[derive(Default)]
struct Typed {
    name: String,
    lifetime: Option<String>,
    scopes: BTreeSet<String>,
    name_error: Option<Label>,
    scopes_error: Option<Label>,
    error: Option<Label>,
}

/// GET.
pub(crate) async fn tokens_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::TOKENS, Asks::SignIn).await?;
    or_unavailable(&state, &request, show(&state, &visit, Typed::default()).await)
}

/// POST.
pub(crate) async fn tokens_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::TOKENS, Asks::SignIn, &[SCOPE]).await?;
    let answer = match visit.action() {
        Some(action::REVOKE) => revoke(&state, &request, &visit).await,
        Some(_) => show(&state, &visit, Typed::default()).await,
        None => {
            visit.also(&state, &request, paths::TOKENS, Asks::Fresh).await?;
            create(&state, &request, &visit).await
        }
    };
    or_unavailable(&state, &request, answer)
}

async fn create(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let field = |name: &str| visit.fields.get(name).unwrap_or_default().to_owned();
    let scopes: BTreeSet<String> = visit.fields.all(SCOPE).map(str::to_owned).collect();
    let typed = Typed { name: field("name"), lifetime: Some(field("expires_in")), scopes, ..Typed::default() };
    let held = held(state, visit).await?;
    if !typed.scopes.is_subset(&held) {
        let scopes_error = Some(Label::from("A token can be given nothing that you may not do yourself."));
        return show(state, visit, Typed { scopes_error, ..typed }).await;
    }
    if typed.scopes.is_empty() && !held.is_empty() {
        let scopes_error = Some(Label::from("Choose what it may do."));
        return show(state, visit, Typed { scopes_error, ..typed }).await;
    }
    let Some((.., days)) = LIFETIMES.iter().find(|(value, ..)| Some(*value) == typed.lifetime.as_deref()) else {
        let error = Some(Label::from("Choose how long the token is good for."));
        return show(state, visit, Typed { error, lifetime: None, ..typed }).await;
    };
    let (user, lifetime) = (visit.present.user.id, days.map(|days| DAY * days));
    match state.api_tokens().create(user, &typed.name, Some(typed.scopes.clone()), lifetime).await {
        Ok((token, text)) => {
            let details = Details::new().name(&token.name).scopes(&typed.scopes);
            let details = token.expires_at.into_iter().fold(details, Details::until);
            let event = visit.event(request, Kind::ApiTokenCreated).object(ObjectType::ApiToken, token.id);
            state.audit(event.details(details)).await;
            let expires = token.expires_at.map(|at| moment(state, at));
            let view = NewApiToken { site: state.site(), name: Label::from(token.name), token: text, expires };
            Ok(page(StatusCode::OK, view.render(), &[]))
        }
        Err(error) => show(state, visit, typed.refused(error)?).await,
    }
}

impl Typed {
    /// With what is wrong, in words for the person.
    fn refused(self, error: ApiTokenError) -> Result<Self, Unavailable> {
        match error {
            ApiTokenError::Invalid { field: "name", .. } => Ok(Self {
                name_error: Some(Label::from("Give it a name of 1 to 100 characters, on one line.")),
                ..self
            }),
            ApiTokenError::Invalid { field: "scopes", .. } => {
                Ok(Self { scopes_error: Some(Label::from("Choose fewer of them.")), ..self })
            }
            ApiTokenError::TooMany => {
                Ok(Self { error: Some(Label::from("You have as many tokens as you can have.")), ..self })
            }
            error => Err(Unavailable::because(error)),
        }
    }
}

/// Revokes one of the person's own.
async fn revoke(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let id = visit.fields.get("token_id").and_then(|id| id.parse().ok());
    let revoked = match id {
        Some(id) => state.api_tokens().revoke(visit.present.user.id, id).await.map(|()| id),
        None => Err(ApiTokenError::NoSuchToken),
    };
    match revoked {
        Ok(id) => {
            state.audit(visit.event(request, Kind::ApiTokenRevoked).object(ObjectType::ApiToken, id)).await;
            Ok(done(paths::TOKENS, REVOKED))
        }
        Err(ApiTokenError::NoSuchToken) => {
            let error = Some(Label::from("There is no such token any more."));
            show(state, visit, Typed { error, ..Typed::default() }).await
        }
        Err(error) => Err(Unavailable::because(error)),
    }
}

async fn show(state: &State, visit: &Visit, typed: Typed) -> Result<Response, Unavailable> {
    let tokens = state.api_tokens().list(visit.present.user.id).await?;
    let has_room = u64::try_from(tokens.len()).is_ok_and(|tokens| tokens < Store::MOST);
    let form = if has_room { Some(form(state, visit, &typed).await?) } else { None };
    let view = ApiTokens {
        site: state.site(),
        action: paths::TOKENS.to_owned(),
        hidden: visit.hidden(state),
        done: (visit.fields.get(DONE) == Some(REVOKED)).then(|| Label::from("That token was revoked.")),
        tokens: tokens.into_iter().map(|token| line(state, token)).collect(),
        form,
        error: typed.error,
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

fn line(state: &State, token: ApiToken) -> TokenLine {
    let everything = || vec![Label::from("everything that you may do")];
    TokenLine {
        value: token.id.to_string(),
        name: Label::from(token.name),
        hint: Label::from(format!("vst_…{}", token.hint)),
        scopes: token.scopes.map_or_else(everything, |scopes| scopes.into_iter().map(Label::from).collect()),
        created: moment(state, token.created_at),
        expires: token.expires_at.map(|at| moment(state, at)),
        last_used: token.last_used_at.map(|at| moment(state, at)),
    }
}

async fn form(state: &State, visit: &Visit, typed: &Typed) -> Result<TokenForm, Unavailable> {
    let registered = PermissionQuery { size: 1000, ..PermissionQuery::default() };
    let registered = state.provider().access().permissions(&registered).await?;
    let titles: BTreeMap<String, String> = registered.into_iter().map(|it| (it.name.to_string(), it.label)).collect();
    let offer = |scope: String| TokenScope {
        title: Label::from(titles.get(&scope).unwrap_or(&scope).as_str()),
        chosen: typed.scopes.contains(&scope),
        value: Label::from(scope),
    };
    Ok(TokenForm {
        name: Label::from(typed.name.as_str()),
        name_error: typed.name_error.clone(),
        lifetimes: LIFETIMES.iter().map(|(value, words, _)| ((*value).to_owned(), Label::from(*words))).collect(),
        lifetime: typed.lifetime.clone().unwrap_or_else(|| USUAL_LIFETIME.to_owned()),
        scopes: held(state, visit).await?.into_iter().take(MOST_OFFERED).map(offer).collect(),
        scopes_error: typed.scopes_error.clone(),
    })
}

/// What the person may do, everywhere or on anything.
async fn held(state: &State, visit: &Visit) -> Result<BTreeSet<String>, Unavailable> {
    let effective = state.provider().access().effective(visit.present.user.id).await?;
    let on_objects = effective.on_objects().map(|(permission, _)| permission);
    Ok(effective.everywhere().chain(on_objects).map(str::to_owned).collect())
}
