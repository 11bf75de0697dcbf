//! For which API an access token is (RFC 8707), and what it is like there.
//!
//! A token is for one API. A request may name several with `resource`; each token request then chooses one of them.

use std::time::Duration;

use vestibule_core::{Parameters, ScopeSet};
use vestibule_tokens::SigningAlgorithm;

use crate::{
    Provider, STANDARD_SCOPES, Unavailable,
    client::{AccessTokenFormat, Api, Client},
    provider::LONGEST_ACCESS_TOKEN,
};

/// The APIs that a request can name at most.
const MOST: usize = 20;

/// What an access token is to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its audience.
    pub(crate) identifier: String,
    /// What it allows there.
    pub(crate) scope: ScopeSet,
    /// Whether it can be read there.
    pub(crate) format: AccessTokenFormat,
    /// What it is signed with, where it is signed.
    pub(crate) algorithm: SigningAlgorithm,
    /// How long it lives.
    pub(crate) lifetime: Duration,
}

/// What is wrong with the APIs that a request names, or does not name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TargetError {
    /// Not what RFC 8707 section 2 calls a resource.
    #[error("a resource is an absolute URI without a fragment")]
    Malformed,
    /// Too many.
    #[error("a request can name 20 resources at most")]
    TooMany,
    /// Nobody of that name is registered.
    #[error("no API is registered under the name of a resource")]
    Unknown,
    /// The client was registered for no scope of that API.
    #[error("this application may not ask for tokens for one of the resources")]
    NotForThisClient,
    /// It is none of those that were named when the grant was given.
    #[error("the resource is none of those that were granted")]
    NotGranted,
    /// An access token is for one API.
    #[error("an access token is for one resource; ask for one at a time")]
    OneAtATime,
    /// The grant is for several APIs.
    #[error("the grant is for several resources; name one of them")]
    NameOne,
    /// A scope that was granted belongs to nobody any more, or to another API than those named.
    #[error("the granted scopes no longer belong to one API")]
    Scope,
    /// The table does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The APIs that a request names, each once: by `resource`, or by `audience`, which some clients call it.
pub(crate) fn named(parameters: &Parameters) -> Result<Vec<String>, TargetError> {
    let mut named: Vec<String> = Vec::new();
    for name in parameters.all("resource").chain(parameters.all("audience")) {
        if !is_absolute(name) {
            return Err(TargetError::Malformed);
        }
        if !named.iter().any(|known| known == name) {
            named.push(name.to_owned());
        }
        if named.len() > MOST {
            return Err(TargetError::TooMany);
        }
    }
    Ok(named)
}

fn is_absolute(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_graphic()) && url::Url::parse(name).is_ok_and(|url| url.fragment().is_none())
}

impl Provider {
    /// Whether `client` may ask for tokens for each of the APIs in `named`. The provider itself is one of them, for userinfo.
    pub(crate) async fn may_target(&self, client: &Client, named: &[String]) -> Result<(), TargetError> {
        for name in named.iter().filter(|name| *name != self.issuer()) {
            let api = self.apis().find(name).await?.ok_or(TargetError::Unknown)?;
            // One without scopes is open to whoever is registered here.
            let open = api.scopes.is_empty();
            if !open && !api.scopes.iter().any(|owned| client.allowed_scopes().contains(&owned.scope)) {
                return Err(TargetError::NotForThisClient);
            }
        }
        Ok(())
    }

    /// Those of `scope` that mean something here: about the person, or of some API. What an API no longer has, or what came over
    /// with a grant from elsewhere and belongs to nobody here, is not among them.
    pub(crate) async fn known(&self, scope: &ScopeSet) -> Result<ScopeSet, Unavailable> {
        let owners = self.apis().owners(scope).await?;
        let others =
            scope.filter(|scope| !STANDARD_SCOPES.contains(&scope) && !owners.iter().any(|api| owns(api, scope)));
        if others.is_empty() {
            return Ok(scope.clone());
        }
        let carrying = self.carrying().await?;
        Ok(scope.filter(|scope| !others.contains(scope) || carrying.contains(scope)))
    }

    /// What a token is to be like, of a grant that was given for `granted` at the APIs in `resources` (if any were named then),
    /// where the token request names `asked`.
    ///
    /// A token that is asked for by the name of its API carries the scopes of that API and no other; so does each of a grant for
    /// several. Without a name, the token of a grant for one API carries the standard scopes too: it opens userinfo as well.
    pub(crate) async fn target(
        &self,
        client: &Client,
        granted: &ScopeSet,
        resources: &[String],
        asked: &[String],
    ) -> Result<Target, TargetError> {
        let mut owners = self.apis().owners(granted).await?;
        let owned = |scope: &str| owners.iter().any(|api| owns(api, scope));
        let others = granted.filter(|scope| !STANDARD_SCOPES.contains(&scope) && !owned(scope));
        if !others.is_empty() && !others.is_subset(&self.carrying().await?) {
            return Err(TargetError::Scope);
        }
        // About the person, and told by us: the standard scopes, and those that bring claims of attributes.
        let of_person = granted.filter(|scope| STANDARD_SCOPES.contains(&scope) || others.contains(scope));
        let wanted = match asked {
            [] => None,
            [one] => Some(one.as_str()),
            _ => return Err(TargetError::OneAtATime),
        };
        match (wanted, resources) {
            (Some(name), _) => {
                let of_grant = if resources.is_empty() {
                    owners.iter().any(|api| api.identifier == name)
                } else {
                    resources.iter().any(|resource| resource == name)
                };
                if !of_grant && name != self.issuer() {
                    return Err(TargetError::NotGranted);
                }
                self.narrowed(client, granted, &of_person, name).await
            }
            (None, []) => match (owners.pop(), owners.len()) {
                (None, _) => Ok(self.of_our_own(client, granted.clone())),
                (Some(api), 0) => Ok(self.of_api(client, &api, granted.clone())),
                _ => Err(TargetError::Scope),
            },
            (None, [only]) if only == self.issuer() => self.narrowed(client, granted, &of_person, only).await,
            (None, [only]) => {
                let api = self.apis().find(only).await?.ok_or(TargetError::Unknown)?;
                let scope = granted.filter(|scope| of_person.contains(scope) || owns(&api, scope));
                Ok(self.of_api(client, &api, scope))
            }
            (None, _) if granted.contains("openid") => self.narrowed(client, granted, &of_person, self.issuer()).await,
            (None, _) => Err(TargetError::NameOne),
        }
    }

    /// With the scopes that belong to `name` alone.
    async fn narrowed(
        &self,
        client: &Client,
        granted: &ScopeSet,
        of_person: &ScopeSet,
        name: &str,
    ) -> Result<Target, TargetError> {
        if name == self.issuer() {
            return Ok(self.of_our_own(client, of_person.clone()));
        }
        let api = self.apis().find(name).await?.ok_or(TargetError::Unknown)?;
        Ok(self.of_api(client, &api, granted.filter(|scope| owns(&api, scope))))
    }

    fn of_our_own(&self, client: &Client, scope: ScopeSet) -> Target {
        Target {
            identifier: self.issuer().to_owned(),
            scope,
            format: client.metadata.access_token_format.unwrap_or_default(),
            algorithm: self.settings().access_token_alg,
            lifetime: self.settings().access_token_lifetime,
        }
    }

    fn of_api(&self, client: &Client, api: &Api, scope: ScopeSet) -> Target {
        let settings = self.settings();
        let of_api = if api.opaque { AccessTokenFormat::Opaque } else { AccessTokenFormat::Jwt };
        Target {
            identifier: api.identifier.clone(),
            scope,
            format: client.metadata.access_token_format.unwrap_or(of_api),
            algorithm: api.access_token_alg.unwrap_or(settings.access_token_alg),
            lifetime: api.access_token_lifetime.unwrap_or(settings.access_token_lifetime).min(LONGEST_ACCESS_TOKEN),
        }
    }
}

fn owns(api: &Api, scope: &str) -> bool {
    api.scopes.iter().any(|owned| owned.scope == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Vec<String>, TargetError> {
        named(&pairs.iter().copied().collect())
    }

    #[test]
    fn resources_and_audiences_are_one_list_in_which_each_stands_once() {
        let read = read(&[
            ("resource", "https://a.example"),
            ("audience", "urn:example:b"),
            ("resource", "https://a.example"),
            ("resource", ""),
        ]);
        assert_eq!(read.unwrap(), ["https://a.example", "urn:example:b"]);
    }

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        for wrong in
            ["a", "/a", "//a.example", "https://a.example/#f", "https://a.example#", "https://ä.example", "a b:c"]
        {
            assert!(matches!(read(&[("resource", wrong)]), Err(TargetError::Malformed)), "{wrong}");
        }
        let many: Vec<String> = (0..21).map(|n| format!("urn:example:{n}")).collect();
        let many: Parameters = many.iter().map(|name| ("resource", name.as_str())).collect();
        assert!(matches!(named(&many), Err(TargetError::TooMany)));
    }
}
