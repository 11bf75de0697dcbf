//! Which claims a scope carries (OpenID Connect Core section 5.4).

use serde_json::{Map, Value, json};
use vestibule_core::ScopeSet;
use vestibule_users::User;

use crate::{
    Provider, Unavailable,
    access_claims::{GROUPS, PERMISSIONS},
};

/// The scope by which a person lets an application come back when they are signed out (OpenID Connect Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of OpenID Connect that we know, and our own for what somebody may do.
pub const STANDARD_SCOPES: [&str; 8] =
    ["openid", "profile", "email", "address", "phone", GROUPS, PERMISSIONS, OFFLINE_ACCESS];

/// The claims of each scope, as discovery names them.
const CLAIMS: [(&str, &[&str]); 6] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    (GROUPS, &[GROUPS]),
    (PERMISSIONS, &[PERMISSIONS]),
];

/// Every claim about a person that a scope can bring.
pub(crate) fn supported() -> impl Iterator<Item = &'static str> {
    std::iter::once("sub").chain(CLAIMS.iter().flat_map(|(_, claims)| claims.iter().copied()))
}

/// The scope that brings a claim about a person.
pub(crate) fn scope_of(claim: &str) -> Option<&'static str> {
    CLAIMS.iter().find(|(_, claims)| claims.contains(&claim)).map(|(scope, _)| *scope)
}

impl Provider {
    /// The claims of attributes, each with the scope that brings it.
    pub(crate) async fn carried_claims(&self) -> Result<Vec<(String, String)>, Unavailable> {
        let carried = self.attributes().carried().await?;
        Ok(carried.into_iter().map(|attribute| (attribute.claim, attribute.scope)).collect())
    }

    /// The scopes that bring claims of attributes, as administrators declared them.
    pub(crate) async fn carrying(&self) -> Result<ScopeSet, Unavailable> {
        Ok(self.carried_claims().await?.iter().map(|(_, scope)| scope.as_str()).collect())
    }
}

/// What an application with these scopes may be told of `user`, beside by which `sub`; what is not known is left out. What the
/// user may do comes from [`Provider::access_claims`], what else is known of them from their attributes.
pub(crate) fn about(user: &User, scopes: &ScopeSet) -> Result<Map<String, Value>, serde_json::Error> {
    let Value::Object(mut known) = serde_json::to_value(&user.claims)? else {
        return Ok(Map::new());
    };
    known.insert("preferred_username".to_owned(), json!(user.username));
    known.insert("updated_at".to_owned(), json!(user.updated_at.seconds()));
    if let Some(email) = &user.email {
        known.insert("email".to_owned(), json!(email));
        known.insert("email_verified".to_owned(), json!(user.email_verified));
    }
    if user.claims.phone_number.is_some() {
        known.insert("phone_number_verified".to_owned(), json!(user.claims.phone_number_verified.unwrap_or(false)));
    }
    let mut told = Map::new();
    for (_, claims) in CLAIMS.iter().filter(|(scope, _)| scopes.contains(scope)) {
        for claim in *claims {
            if let Some(value) = known.remove(*claim) {
                told.insert((*claim).to_owned(), value);
            }
        }
    }
    Ok(told)
}
