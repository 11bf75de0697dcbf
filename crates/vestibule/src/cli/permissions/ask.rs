//! Asking whether somebody has a permission, and why.

use clap::Args;
use serde_json::json;
use vestibule_users::PermissionName;

use super::report::{reason_document, reason_line};
use crate::cli::{Failure, desk::Desk, grants::Place};

/// `vestibule permissions check`, and `why`
#[derive(Debug, Args)]
pub(in crate::cli) struct Question {
    /// The user's username, e-mail address or id
    user: String,
    /// The permission, as app.codename
    permission: PermissionName,
    #[command(flatten)]
    place: Place,
}

impl Desk {
    /// Whether somebody has it. The answer no is no failure.
    pub(super) async fn check(&mut self, question: Question) -> Result<(), Failure> {
        let Question { user, permission, place } = question;
        let user = self.user(&user).await?;
        let (permission, object) = (permission.to_string(), place.on.as_ref().map(|object| object.as_str()));
        let allowed = self.access.check(user.id, &permission, object).await.map_err(Failure::of)?;
        let document = json!({ "user": user.username, "permission": permission, "on": object, "allowed": allowed });
        self.context.output.report(place.report, &document, if allowed { "yes" } else { "no" })
    }

    /// Why somebody has it.
    pub(super) async fn why(&mut self, question: Question) -> Result<(), Failure> {
        let Question { user, permission, place } = question;
        let user = self.user(&user).await?;
        let (permission, object) = (permission.to_string(), place.on.as_ref().map(|object| object.as_str()));
        let reasons = self.access.why(user.id, &permission, object).await.map_err(Failure::of)?;
        let document = json!({
            "user": user.username,
            "permission": permission,
            "on": object,
            "allowed": !reasons.is_empty(),
            "reasons": reasons.iter().map(reason_document).collect::<Vec<_>>(),
        });
        let text = match reasons.is_empty() {
            true if !user.active => format!("{} is not active, and may do nothing.", user.username),
            true => format!("{} does not have {permission}.", user.username),
            false => reasons.iter().map(reason_line).collect(),
        };
        self.context.output.report(place.report, &document, &text)
    }
}
