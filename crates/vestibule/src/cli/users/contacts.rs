//! A user's further e-mail addresses.

use clap::Args;
use serde_json::json;
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_users::{ContactKind, NewContact};

use crate::cli::{
    Failure,
    desk::{Desk, done},
    output::Report,
};

/// `vestibule users add-email`, and `remove-email`
#[derive(Debug, Args)]
pub(in crate::cli) struct EmailArguments {
    /// The user's username, e-mail address or id
    name: String,
    /// The address to add or to remove
    email: String,
    #[command(flatten)]
    report: Report,
}

impl Desk {
    pub(super) async fn add_email(&mut self, arguments: EmailArguments, verified: bool) -> Result<(), Failure> {
        let EmailArguments { name, email, report } = arguments;
        let user = self.user(&name).await?;
        let new = NewContact { kind: ContactKind::Email, value: email, verified };
        let contact = self.users.add_contact(user.id, new).await.map_err(Failure::of)?;
        let details = Details::new().changed(["emails"]);
        self.note(done(Kind::EmailChanged).subject(user.id).object(ObjectType::User, user.id).details(details)).await?;
        let document = json!({ "username": user.username, "email": contact.value, "added": true });
        let text = format!("User {}: has the address {}, too.", user.username, contact.value);
        self.context.output.report(report, &document, &text)
    }

    pub(super) async fn remove_email(&mut self, arguments: EmailArguments) -> Result<(), Failure> {
        let EmailArguments { name, email, report } = arguments;
        let user = self.user(&name).await?;
        self.users.remove_contact(user.id, ContactKind::Email, &email).await.map_err(Failure::of)?;
        let details = Details::new().changed(["emails"]);
        self.note(done(Kind::EmailChanged).subject(user.id).object(ObjectType::User, user.id).details(details)).await?;
        let document = json!({ "username": user.username, "email": email, "removed": true });
        let text = format!("User {}: has the address {email} no more.", user.username);
        self.context.output.report(report, &document, &text)
    }
}
