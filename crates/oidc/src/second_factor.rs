//! Whether a person must show a second factor, for a page of ours or for an application.

use vestibule_users::{AcrWish, Asking, Demand, User, demand};

use crate::{Provider, Unavailable, client::Client};

/// What a second factor means for somebody here and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorStep {
    /// One factor is enough.
    NotDemanded,
    /// They have a second factor, and must show it.
    Show,
    /// They must have one, and have none: it is set up first.
    Enrol,
}

impl SecondFactorStep {
    /// Whether anything is to be done.
    #[must_use]
    pub fn is_demanded(self) -> bool {
        self != Self::NotDemanded
    }
}

impl Provider {
    /// Asks everything that can demand a second factor of `user`: the policy, the user, their groups, and where one waits the
    /// application with its request.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn second_factor(
        &self,
        user: &User,
        app: Option<(&Client, AcrWish)>,
    ) -> Result<SecondFactorStep, Unavailable> {
        let demand = self.demand(user, app).await?;
        if demand == Demand::NotAsked {
            return Ok(SecondFactorStep::NotDemanded);
        }
        let enrolled = self.second_factors().is_enrolled(user.id).await.map_err(Unavailable::because)?;
        Ok(match demand {
            _ if enrolled => SecondFactorStep::Show,
            Demand::Required => SecondFactorStep::Enrol,
            Demand::AskIfEnrolled | Demand::NotAsked => SecondFactorStep::NotDemanded,
        })
    }

    /// Whether a rule wants `user` to have a second factor, so that it cannot be switched off.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn requires_second_factor(&self, user: &User) -> Result<bool, Unavailable> {
        Ok(self.demand(user, None).await? == Demand::Required)
    }

    async fn demand(&self, user: &User, app: Option<(&Client, AcrWish)>) -> Result<Demand, Unavailable> {
        let asking = Asking {
            groups: self.access().effective(user.id).await?.requires_second_factor(),
            client: app.is_some_and(|(client, _)| client.require_second_factor),
            acr: app.map(|(_, acr)| acr).unwrap_or_default(),
        };
        Ok(demand(self.settings().second_factor, user, asking))
    }
}
