//! Which scopes a request may ask for: the same wherever a person is asked.

use std::sync::Arc;

use vestibule_core::ScopeSet;

use crate::{
    OFFLINE_ACCESS, STANDARD_SCOPES,
    client::{Api, Client},
};

/// Why a request may not ask for its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScopeRefusal {
    /// Not what RFC 6749 section 3.3 describes.
    Malformed,
    /// The application was not registered for this one.
    Foreign(String),
    /// Nothing of it is known.
    Nothing,
    /// They belong to several APIs, and none is named.
    SeveralApis,
    /// One belongs to an API that is not among those named.
    Unnamed,
}

impl ScopeRefusal {
    /// In words for a developer.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Malformed => "scope is not well formed".to_owned(),
            Self::Foreign(scope) => format!("this application may not ask for the scope {scope}"),
            Self::Nothing => "no scope that is known here was asked for".to_owned(),
            Self::SeveralApis => {
                "these scopes belong to different APIs; name the APIs with resource, or ask for the scopes of one"
                    .to_owned()
            }
            Self::Unnamed => "a scope belongs to an API that no resource names".to_owned(),
        }
    }
}

/// The scopes in `text`, where `apis` own what is not of OpenID Connect, and those in `carrying` bring claims of attributes. Unknown ones are ignored (OpenID Connect Core section
/// 3.1.2.1); one that is known and not for this application is refused.
pub(crate) fn asked(
    client: &Client,
    text: &str,
    apis: &[Arc<Api>],
    carrying: &ScopeSet,
) -> Result<ScopeSet, ScopeRefusal> {
    let asked: ScopeSet = text.parse().map_err(|_| ScopeRefusal::Malformed)?;
    let of_apis: ScopeSet = apis.iter().flat_map(|api| api.scopes.iter().map(|scope| scope.scope.as_str())).collect();
    let of_people = |scope: &str| STANDARD_SCOPES.contains(&scope) || carrying.contains(scope);
    let known = asked.filter(|scope| of_people(scope) || of_apis.contains(scope));
    // Core section 11: where the conditions of offline access are not met, it is ignored. A person is asked for it like for any
    // other scope, in words, so that prompt=consent is not needed for it.
    let comes_back = client.may_use_grant("refresh_token") && client.allowed_scopes().contains(OFFLINE_ACCESS);
    let known = known.filter(|scope| scope != OFFLINE_ACCESS || comes_back);
    if let Some(foreign) = known.difference(client.allowed_scopes()).iter().next() {
        return Err(ScopeRefusal::Foreign(foreign.to_owned()));
    }
    if known.is_empty() { Err(ScopeRefusal::Nothing) } else { Ok(known) }
}

/// Each token is for one API. Scopes of several can be granted at once where the APIs are named, since the token request then
/// chooses one.
pub(crate) fn of_one_audience(named: &[String], apis: &[Arc<Api>]) -> Result<(), ScopeRefusal> {
    if named.is_empty() && apis.len() > 1 {
        return Err(ScopeRefusal::SeveralApis);
    }
    if !named.is_empty() && apis.iter().any(|api| !named.contains(&api.identifier)) {
        return Err(ScopeRefusal::Unnamed);
    }
    Ok(())
}
