//! What people's attributes are, and what applications are told of them.

use serde_json::{Map, Value};
use vestibule_core::{ScopeSet, Timestamp, UserId};

use super::{Attributes, Definition, Editor, write};
use crate::Unavailable;

impl Attributes {
    /// All attributes of a user, by their names.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn of(&self, user: UserId) -> Result<Map<String, Value>, Unavailable> {
        write::stored(self.0.database.reader(), &user.to_string()).await
    }

    /// The attributes of a user that `editor` may see.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn shown(&self, user: UserId, editor: Editor) -> Result<Map<String, Value>, Unavailable> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        let mut values = self.of(user).await?;
        values.retain(|name, _| definitions.iter().any(|it| it.name == *name && it.is_visible_to(editor)));
        Ok(values)
    }

    /// What an application with these scopes is told of a user, by the names of the claims.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn claims(&self, user: UserId, scopes: &ScopeSet) -> Result<Map<String, Value>, Unavailable> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        if !definitions.iter().any(|definition| claim(definition, scopes).is_some()) {
            return Ok(Map::new());
        }
        self.claims_of(&self.of(user).await?, scopes).await
    }

    /// The same of somebody whose attributes are these.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn claims_of(
        &self,
        values: &Map<String, Value>,
        scopes: &ScopeSet,
    ) -> Result<Map<String, Value>, Unavailable> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        let told = definitions.iter().filter_map(|definition| claim(definition, scopes));
        Ok(told.filter_map(|(claim, name)| Some((claim.to_owned(), values.get(name)?.clone()))).collect())
    }

    /// What applications can be told of, in the order of the definitions: which scope brings which claim.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn carried(&self) -> Result<Vec<Carried>, Unavailable> {
        let definitions = self.0.cache.definitions(&self.0.database).await?;
        Ok(definitions.iter().filter_map(Carried::of).collect())
    }
}

/// An attribute that applications can be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The scope that an application asks for.
    pub scope: String,
    /// The claim that it then gets.
    pub claim: String,
    /// What people call it.
    pub label: String,
    /// Since when the scope brings it, where that is known.
    pub since: Option<Timestamp>,
}

impl Carried {
    fn of(definition: &Definition) -> Option<Self> {
        let declaration = &definition.declaration;
        let (scope, claim) = declaration.scope.clone().zip(declaration.claim.clone())?;
        Some(Self { scope, claim, label: declaration.label.clone(), since: definition.carried_since })
    }
}

/// The claim and the name of an attribute that one of the scopes carries.
fn claim<'a>(definition: &'a Definition, scopes: &ScopeSet) -> Option<(&'a str, &'a str)> {
    let scope = definition.declaration.scope.as_deref().filter(|scope| scopes.contains(scope));
    scope.and(definition.declaration.claim.as_deref()).map(|claim| (claim, definition.name.as_str()))
}
