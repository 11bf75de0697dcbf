//! Refresh tokens that applications hold: what they stand for goes on here.

use vestibule_core::{ClientId, ScopeSet, UserId};
use vestibule_oidc::{ImportedGrant, ImportedToken};

use super::{
    Run, WriteError,
    ledger::{Met, Model},
};
use crate::django::{
    problem::{Problem, Weight},
    secret::TokenText,
    site::{RefreshToken, User},
};

const MODEL: &str = "oauth2_provider.refreshtoken";

impl Run<'_> {
    /// Brings those that never came. One that has come is not written again: where it has ended here, it stays so.
    pub(super) async fn refresh_tokens(&mut self) -> Result<(), WriteError> {
        let users = &self.plan.site.users;
        for (place, id) in std::mem::take(&mut self.people) {
            let Some(user) = users.get(place) else { continue };
            for token in &user.refresh_tokens {
                match self.ledger.meet(Model::RefreshToken, Some(&token.pk), &token.pk) {
                    Met::New => self.refresh_token(user, id, token).await?,
                    Met::Known(_) | Met::Another(_) => self.count_known("refresh tokens"),
                }
            }
        }
        Ok(())
    }

    async fn refresh_token(&mut self, user: &User, id: UserId, token: &RefreshToken) -> Result<(), WriteError> {
        // Where the application is another's here, it has blocked the import already.
        let Some(allowed) = self.may_ask.get(&token.client_id) else { return Ok(()) };
        let scope = token.scope.filter(|scope| allowed.contains(scope));
        let lost = token.scope.difference(&scope);
        if scope.is_empty() {
            self.tell_of_token(
                token,
                Weight::LeftOut,
                "its application may ask for none of its scopes any more".to_owned(),
            );
            return Ok(());
        }
        if !lost.is_empty() {
            let why = format!("it comes without {lost}, which its application may not ask for any more");
            self.tell_of_token(token, Weight::Differs, why);
        }
        let imported = self.grant(user, id, token, scope);
        // One that is known here came from another site with the same tokens.
        if let Some(grant) = self.to.grants.insert_in(self.transaction, imported, &self.to.random).await? {
            self.ledger.note(Model::RefreshToken, Some(&token.pk), &token.pk, grant.to_string());
            self.count("refresh tokens", 1);
        }
        Ok(())
    }

    /// When the person signed in for it is not written down there: before it was given, and no later than they last did.
    fn grant(&self, user: &User, id: UserId, token: &RefreshToken, scope: ScopeSet) -> ImportedGrant {
        let now = self.to.clock.now();
        let given = token.created.map_or(now, |created| created.min(now));
        ImportedGrant {
            client: ClientId::from(token.client_id.clone()),
            user: id,
            scope,
            authenticated_at: user.last_sign_in.map_or(given, |last| last.min(given)),
            expires_at: None,
            token: match &token.token {
                TokenText::Plain(text) => ImportedToken::Plain(text.expose().to_owned()),
                TokenText::Checksum(checksum) => ImportedToken::Sha256(*checksum),
            },
        }
    }

    fn tell_of_token(&mut self, token: &RefreshToken, weight: Weight, why: String) {
        let (pk, name) = (Some(token.pk.as_str()), Some(token.client_id.as_str()));
        self.problems.push(Problem::of_row(weight, MODEL, pk, name, why).in_field("scope"));
    }
}
