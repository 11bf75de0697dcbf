//! Giving permissions to people and groups, and taking them away: the same by `vestibule permissions` and `vestibule groups`.

use clap::Args;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{Group, Holder, ObjectName, PermissionName, Permit, User};

use super::{
    Failure,
    desk::{Desk, done},
    output::Report,
};

/// On what a permission is, and how to report.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// On this single object only, named as type:id
    #[arg(long, value_name = "OBJECT")]
    pub(super) on: Option<ObjectName>,
    #[command(flatten)]
    pub(super) report: Report,
}

/// Who is given a permission.
pub(super) enum Receiver {
    User(Box<User>),
    Group(Group),
}

impl Receiver {
    fn holder(&self) -> Holder {
        match self {
            Self::User(user) => Holder::User(user.id),
            Self::Group(group) => Holder::Group(group.id),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::User(user) => &user.username,
            Self::Group(group) => &group.name,
        }
    }

    fn in_words(&self) -> String {
        match self {
            Self::User(user) => format!("user {}", user.username),
            Self::Group(group) => format!("group {}", group.name),
        }
    }

    fn event(&self, kind: Kind, permit: &Permit) -> Event {
        let details = Details::new().permission(&permit.permission.to_string());
        let details = match &permit.object {
            Some(object) => details.on(object.as_str()),
            None => details,
        };
        match self {
            Self::User(user) => done(kind).subject(user.id).object(ObjectType::User, user.id).details(details),
            Self::Group(group) => done(kind).object(ObjectType::Group, group.id).details(details.group(&group.name)),
        }
    }

    fn document(&self, permit: &Permit, member: &str, changed: bool) -> Value {
        let mut document = json!({ "permission": permit.permission.to_string(), "on": on(permit), member: changed });
        let kind = if matches!(self, Self::User(_)) { "user" } else { "group" };
        document[kind] = self.name().into();
        document
    }
}

/// The object in a report; null where it is everywhere.
pub(super) fn on(permit: &Permit) -> Value {
    permit.object.as_ref().map(|object| object.as_str()).into()
}

/// A permit in words: `shop.view_order on order:17`.
pub(super) fn in_words(permit: &Permit) -> String {
    match &permit.object {
        Some(object) => format!("{} on {object}", permit.permission),
        None => permit.permission.to_string(),
    }
}

impl Desk {
    pub(super) async fn grant(
        &mut self,
        receiver: &Receiver,
        permission: PermissionName,
        place: Place,
    ) -> Result<(), Failure> {
        let permit = Permit { permission, object: place.on };
        let transaction = self.begin().await?;
        let granted = self.access.grant_in(&transaction, receiver.holder(), &permit).await.map_err(in_our_words)?;
        let event = granted.then(|| receiver.event(Kind::Granted, &permit));
        self.close(transaction, event, granted.then(|| receiver.holder().into())).await?;
        let (who, what) = (receiver.in_words(), in_words(&permit));
        let text = if granted {
            format!("The {who} was given {what}.")
        } else {
            format!("The {who} was given {what} before.")
        };
        self.context.output.report(place.report, &receiver.document(&permit, "granted", granted), &text)
    }

    pub(super) async fn revoke(
        &mut self,
        receiver: &Receiver,
        permission: PermissionName,
        place: Place,
    ) -> Result<(), Failure> {
        let permit = Permit { permission, object: place.on };
        let transaction = self.begin().await?;
        let revoked = self.access.revoke_in(&transaction, receiver.holder(), &permit).await.map_err(in_our_words)?;
        let event = revoked.then(|| receiver.event(Kind::Revoked, &permit));
        self.close(transaction, event, revoked.then(|| receiver.holder().into())).await?;
        let (who, what) = (receiver.in_words(), in_words(&permit));
        let text = match revoked {
            true => format!("{what} was taken from the {who}."),
            false => format!("The {who} was never given {what}; nothing changed."),
        };
        self.context.output.report(place.report, &receiver.document(&permit, "revoked", revoked), &text)
    }
}

/// A refusal that names the command to do about it.
pub(super) fn in_our_words(error: vestibule_users::AccessError) -> Failure {
    match error {
        vestibule_users::AccessError::NoSuchPermission(name) => Failure::new(format!(
            "there is no permission {name}; `vestibule permissions list` shows all of them, `vestibule permissions \
             create {name}` makes it"
        )),
        other => Failure::of(other),
    }
}
