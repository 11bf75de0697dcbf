//! What an application is told of a person's groups and permissions.

use vestibule_core::UserId;

use super::{Access, Effective, HeldGroup};
use crate::Unavailable;

/// What an application is told, each list in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesForApps {
    /// Names of groups.
    pub groups: Vec<String>,
    /// Permissions as `app.codename`.
    pub permissions: Vec<String>,
}

impl Access {
    /// What an application that stands for `apps` is told of a person ([`Effective::names_for_apps`]).
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn names_for_apps(&self, user: UserId, apps: &[String]) -> Result<NamesForApps, Unavailable> {
        Ok(self.effective(user).await?.names_for_apps(apps))
    }
}

impl Effective {
    /// What an application that stands for `apps` is told of this person:
    ///
    /// - the permissions of these apps that they hold everywhere. What they may do on single objects is for
    ///   [`Access::check`]: in a list of names it would seem to hold everywhere.
    /// - the groups, direct and by others, that hold a permission of these apps (themselves or by the groups around them), or
    ///   that hold none of any app.
    #[must_use]
    pub fn names_for_apps(&self, apps: &[String]) -> NamesForApps {
        let of_these = |app: &str| apps.iter().any(|wanted| wanted == app);
        let concerns = |group: &&HeldGroup| group.apps().next().is_none() || group.apps().any(of_these);
        let permissions = self.everywhere().filter(|name| name.split_once('.').is_some_and(|(app, _)| of_these(app)));
        NamesForApps {
            groups: self.groups().iter().filter(concerns).map(|group| group.name().to_owned()).collect(),
            permissions: permissions.map(str::to_owned).collect(),
        }
    }
}
