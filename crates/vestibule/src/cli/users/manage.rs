//! Creating, showing, changing and deleting users.

use std::io::Write;

use secrecy::SecretString;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{About, Changes, Editor, NewUser, PasswordProblem, User, Users};

use super::{
    Named,
    arguments::{CreateArguments, UpdateArguments, set_claims},
    attributes, password,
};
use crate::{
    app::password_rules,
    cli::{
        Failure,
        desk::{Desk, done},
        output::Report,
    },
};

/// That something was done to a user.
fn done_to(kind: Kind, user: &User) -> Event {
    done(kind).subject(user.id).object(ObjectType::User, user.id)
}

impl Desk {
    pub(super) async fn create_user(&mut self, arguments: CreateArguments) -> Result<(), Failure> {
        let mut new = NewUser {
            email: arguments.email,
            email_verified: arguments.email_verified,
            staff: arguments.staff,
            superuser: arguments.superuser,
            require_second_factor: arguments.require_second_factor,
            attributes: self.typed(&arguments.attributes).await?,
            editor: Editor::Staff,
            ..NewUser::named(arguments.name)
        };
        set_claims(&mut new.claims, &arguments.claims, arguments.phone.as_deref())?;
        new.password = password::for_new_user(arguments.password_stdin)?;
        let problems = match &new.password {
            Some(password) => self.site().check_first_password(&About::new_user(&new), password).await,
            None => Ok(Vec::new()),
        };
        let user = self.users.create(new).await.map_err(Failure::of)?;
        note_problems(&problems.map_err(Failure::of)?);
        self.note(done_to(Kind::Created, &user).details(Details::new().name(&user.username))).await?;
        self.say(&user, if user.has_password { "created" } else { "created, without a password" }, arguments.report)
    }

    pub(super) async fn show_user(&mut self, name: &str, report: Report) -> Result<(), Failure> {
        let user = self.user(name).await?;
        let whole = self.whole(user).await?;
        self.context.output.report(report, &whole.document(), &whole.lines())
    }

    pub(super) async fn update_user(&mut self, arguments: UpdateArguments) -> Result<(), Failure> {
        let user = self.user(&arguments.name).await?;
        let details = Details::new().changed(arguments.fields());
        let mut changes = Changes {
            username: arguments.username,
            email: if arguments.no_email { Some(None) } else { arguments.email.map(Some) },
            email_verified: arguments.email_verified,
            staff: arguments.staff,
            superuser: arguments.superuser,
            require_second_factor: arguments.require_second_factor,
            editor: Editor::Staff,
            ..Changes::default()
        };
        if !arguments.claims.is_empty() || arguments.phone.is_some() {
            let mut claims = user.claims.clone();
            set_claims(&mut claims, &arguments.claims, arguments.phone.as_deref())?;
            changes.claims = Some(claims);
        }
        if !arguments.attributes.is_empty() {
            changes.attributes = Some(self.typed(&arguments.attributes).await?);
        }
        let user = self.users.update(user.id, changes).await.map_err(Failure::of)?;
        self.note(done_to(Kind::Updated, &user).details(details)).await?;
        self.say(&user, "changed", arguments.report)
    }

    pub(super) async fn set_password(&mut self, who: Named, from_stdin: bool) -> Result<(), Failure> {
        let user = self.user(&who.name).await?;
        let password = password::for_known_user(&user.username, from_stdin)?;
        let problems = self.problems(&user, &password).await?;
        self.users.set_password(user.id, &password).await.map_err(Failure::of)?;
        self.end_everything_of(&user).await?;
        note_problems(&problems);
        self.note(done_to(Kind::PasswordChanged, &user)).await?;
        self.say(&user, "has a new password", who.report)
    }

    pub(super) async fn activate(&mut self, who: Named) -> Result<(), Failure> {
        let user = self.user(&who.name).await?;
        self.users.activate(user.id).await.map_err(Failure::of)?;
        self.note(done_to(Kind::Activated, &user)).await?;
        self.say(&user, "may sign in", who.report)
    }

    pub(super) async fn deactivate(&mut self, who: Named) -> Result<(), Failure> {
        let user = self.user(&who.name).await?;
        self.users.deactivate(user.id).await.map_err(Failure::of)?;
        self.end_everything_of(&user).await?;
        self.note(done_to(Kind::Deactivated, &user)).await?;
        self.say(&user, "may sign in no more", who.report)
    }

    pub(super) async fn delete_user(&mut self, who: Named) -> Result<(), Failure> {
        let user = self.user(&who.name).await?;
        // First what can be repeated: once the row is gone, nobody finds the user to end the rest.
        self.users.deactivate(user.id).await.map_err(Failure::of)?;
        self.end_everything_of(&user).await?;
        self.users.delete(user.id).await.map_err(Failure::of)?;
        self.note(done_to(Kind::Deleted, &user).details(Details::new().name(&user.username))).await?;
        self.say(&user, "deleted", who.report)
    }

    pub(super) async fn reset_second_factor(&mut self, who: Named) -> Result<(), Failure> {
        let user = self.user(&who.name).await?;
        let reset = self.users.reset_second_factor(user.id).await.map_err(Failure::of)?;
        if reset {
            self.note(done_to(Kind::SecondFactorDisabled, &user).details(Details::new().factor("totp"))).await?;
        }
        let what = if reset { "has no second factor any more" } else { "had no second factor" };
        let text = format!("User {} ({}): {what}.", user.username, user.id);
        let document = json!({ "id": user.id, "username": user.username, "reset": reset });
        self.context.output.report(who.report, &document, &text)
    }

    async fn typed(&self, given: &[(String, String)]) -> Result<serde_json::Map<String, Value>, Failure> {
        let definitions = self.attributes.list().await.map_err(Failure::of)?;
        attributes::values(&definitions, given)
    }

    /// The users, with the rules that the site has for passwords on its pages.
    fn site(&self) -> Users {
        self.users.clone().with_password_rules(password_rules(&self.context.config))
    }

    async fn problems(&self, user: &User, password: &SecretString) -> Result<Vec<PasswordProblem>, Failure> {
        self.site().check_password(user, password).await.map_err(Failure::of)
    }

    async fn end_everything_of(&self, user: &User) -> Result<(), Failure> {
        self.context.revoke_user(&self.database, user.id).await
    }

    fn say(&mut self, user: &User, what: &str, report: Report) -> Result<(), Failure> {
        let text = format!("User {} ({}): {what}.", user.username, user.id);
        self.context.output.report(report, &json!({ "id": user.id, "username": user.username }), &text)
    }
}

/// Says what the site's rules have against a password that was set all the same.
fn note_problems(problems: &[PasswordProblem]) {
    for problem in problems {
        // Nothing is lost to whoever closed standard error.
        let _ = writeln!(std::io::stderr(), "note: {problem}");
    }
}
