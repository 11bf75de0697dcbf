//! The claims `groups` and `permissions`, each by the scope of its name: of the apps that the application stands for only.

use serde_json::{Map, Value, json};
use vestibule_core::{ClientId, ScopeSet, UserId};

use crate::{Provider, Unavailable};

/// The scope, and the claim that it brings.
pub(crate) const GROUPS: &str = "groups";
/// The scope, and the claim that it brings.
pub(crate) const PERMISSIONS: &str = "permissions";

impl Provider {
    /// What an application with these scopes may be told of what a user may do. A claim that was asked for is there, if empty.
    pub(crate) async fn access_claims(
        &self,
        user: UserId,
        client: &ClientId,
        scopes: &ScopeSet,
    ) -> Result<Map<String, Value>, Unavailable> {
        let mut told = Map::new();
        if !scopes.contains(GROUPS) && !scopes.contains(PERMISSIONS) {
            return Ok(told);
        }
        let known = self.clients().known(client).await?;
        let apps = known.as_deref().map_or(&[][..], |known| &known.apps);
        let names = self.access().names_for_apps(user, apps).await?;
        for (scope, list) in [(GROUPS, names.groups), (PERMISSIONS, names.permissions)] {
            if scopes.contains(scope) {
                told.insert(scope.to_owned(), json!(list));
            }
        }
        Ok(told)
    }
}
