//! Which groups a user is in.

use clap::Args;
use serde_json::json;
use vestibule_audit::{Details, Kind, ObjectType};

use crate::cli::{
    Failure,
    desk::{Desk, done},
    output::Report,
};

/// `vestibule users add-to-group`, and `remove-from-group`
#[derive(Debug, Args)]
pub(in crate::cli) struct Membership {
    /// The user's username, e-mail address or id
    name: String,
    /// The group's name or id
    group: String,
    #[command(flatten)]
    report: Report,
}

impl Desk {
    pub(super) async fn join(&mut self, membership: Membership) -> Result<(), Failure> {
        let Membership { name, group, report } = membership;
        let (user, group) = (self.user(&name).await?, self.group(&group).await?);
        let transaction = self.begin().await?;
        let added = self.access.add_user_in(&transaction, group.id, user.id).await.map_err(Failure::of)?;
        let event = done(Kind::MemberAdded).subject(user.id).object(ObjectType::Group, group.id);
        let event = added.then(|| event.details(Details::new().group(&group.name)));
        self.close(transaction, event, added.then_some(vestibule_users::Touched::User(user.id))).await?;
        let what = if added { "is" } else { "was already" };
        let text = format!("User {} {what} in the group {}.", user.username, group.name);
        let document = json!({ "username": user.username, "group": group.name, "added": added });
        self.context.output.report(report, &document, &text)
    }

    pub(super) async fn leave(&mut self, membership: Membership) -> Result<(), Failure> {
        let Membership { name, group, report } = membership;
        let (user, group) = (self.user(&name).await?, self.group(&group).await?);
        let transaction = self.begin().await?;
        let removed = self.access.remove_user_in(&transaction, group.id, user.id).await.map_err(Failure::of)?;
        let event = done(Kind::MemberRemoved).subject(user.id).object(ObjectType::Group, group.id);
        let event = removed.then(|| event.details(Details::new().group(&group.name)));
        self.close(transaction, event, removed.then_some(vestibule_users::Touched::User(user.id))).await?;
        let what = if removed { "is no more" } else { "was not" };
        let text = format!("User {} {what} in the group {}.", user.username, group.name);
        let document = json!({ "username": user.username, "group": group.name, "removed": removed });
        self.context.output.report(report, &document, &text)
    }
}
