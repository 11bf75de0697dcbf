//! What handlers ask of the token, as arguments.

use std::{fmt, ops::Deref};

use poem::{FromRequest, Request, RequestBody, Result};
use vestibule_core::ScopeSet;

use crate::{Claims, Denied, admission::Admitted};

/// Whom the token is about: see [`Claims::subject`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject(pub String);

impl Deref for Subject {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(pub ScopeSet);

impl Deref for Scopes {
    type Target = ScopeSet;

    fn deref(&self) -> &ScopeSet {
        &self.0
    }
}

/// What the token's person may do, of the apps that this API stands for: by the token's claim `permissions`, or as the provider
/// says when it is asked. Names as `app.codename`, compared letter by letter: there are no patterns. A superuser has every
/// permission that was registered, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions(Vec<String>);

impl Permissions {
    /// Whether it is among them.
    #[must_use]
    pub fn contains(&self, permission: &str) -> bool {
        self.0.iter().any(|held| held == permission)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(crate) async fn of(admitted: &Admitted) -> Result<Self> {
        Ok(Self(admitted.permissions().await?))
    }

    pub(crate) fn require(&self, permission: &str) -> Result<(), Denied> {
        if self.contains(permission) { Ok(()) } else { Err(Denied::Permission(permission.to_owned())) }
    }
}

impl<'a> FromRequest<'a> for Claims {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Admitted::of(request)?.claims.clone())
    }
}

impl<'a> FromRequest<'a> for Subject {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(Admitted::of(request)?.claims.subject().to_owned()))
    }
}

impl<'a> FromRequest<'a> for Scopes {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Self(Admitted::of(request)?.claims.scopes().clone()))
    }
}

impl<'a> FromRequest<'a> for Permissions {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Self::of(Admitted::of(request)?).await
    }
}
