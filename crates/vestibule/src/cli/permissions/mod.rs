//! `vestibule permissions`: what applications let people do, who was given it, and why somebody may. Whatever is changed here,
//! a running server notices within a second.

mod ask;
mod report;

use clap::{ArgGroup, Args, Subcommand};
use serde_json::json;
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_users::{NewPermission, PermissionName, PermissionQuery, Touched};

use self::ask::Question;
use super::{
    Context, Failure,
    desk::{Desk, done},
    grants::{Place, Receiver, in_our_words},
    output::Report,
};

/// How many permissions are read at a time.
const PAGE: u64 = 1000;

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register a permission; one that is there already takes the new words
    Create {
        /// The permission, as app.codename
        permission: PermissionName,
        /// What it allows, in words [default: the codename]
        #[arg(long, value_name = "WORDS")]
        name: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// The same as create, with the app and the codename apart
    Register {
        /// The application's own word for itself, such as shop
        app: String,
        /// The permission within it, such as view_order
        codename: String,
        /// What it allows, in words [default: the codename]
        #[arg(long, value_name = "WORDS")]
        name: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// Register what a type of things gives: add_TYPE, change_TYPE, delete_TYPE and view_TYPE
    RegisterType {
        /// The application's own word for itself, such as shop
        app: String,
        /// The type, such as order
        #[arg(value_name = "TYPE")]
        kind: String,
        /// What one of them is called, in words [default: the type]
        #[arg(long, value_name = "WORDS")]
        name: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// List permissions
    List {
        /// Only those of this app
        #[arg(long)]
        app: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// Delete a permission, and take it from whoever holds it
    Delete {
        /// The permission, as app.codename
        permission: PermissionName,
        #[command(flatten)]
        report: Report,
    },
    /// Give a permission to a user or a group
    Grant(Grant),
    /// Take a permission from a user or a group
    Revoke(Grant),
    /// Ask whether a user has a permission
    Check(Question),
    /// List the active users who have a permission
    Who {
        /// The permission, as app.codename
        permission: PermissionName,
        #[command(flatten)]
        place: Place,
    },
    /// Ask why a user has a permission: given to them, by which groups, or as a superuser
    Why(Question),
}

/// Who and what: `grant eve shop.view_order`, `grant shop.view_order --user eve`, `grant shop.view_order --group clerks`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("receiver").required(true).args(["second", "user", "group"])))]
pub(super) struct Grant {
    /// The permission, as app.codename; or, before it, a user's username, e-mail address or id
    #[arg(value_name = "[USER] PERMISSION")]
    first: String,
    #[arg(hide = true)]
    second: Option<String>,
    /// The username, e-mail address or id of a user
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// The name or id of a group
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Grant {
    async fn read(self, desk: &Desk) -> Result<(Receiver, PermissionName, Place), Failure> {
        let Self { first, second, user, group, place } = self;
        let (user, permission) = match second {
            Some(permission) => (Some(first), permission),
            None => (user, first),
        };
        let permission = permission.parse().map_err(Failure::of)?;
        let receiver = match (user, group) {
            (Some(user), _) => Receiver::User(Box::new(desk.user(&user).await?)),
            (None, group) => Receiver::Group(desk.group(&group.unwrap_or_default()).await?),
        };
        Ok((receiver, permission, place))
    }
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let mut desk = Desk::with_own_permissions(context).await?;
        match self {
            Self::Create { permission, name, report } => desk.register(permission, name, report).await,
            Self::Register { app, codename, name, report } => {
                let permission = PermissionName::new(&app, &codename).map_err(Failure::of)?;
                desk.register(permission, name, report).await
            }
            Self::RegisterType { app, kind, name, report } => desk.register_type(&app, &kind, name, report).await,
            Self::List { app, report } => desk.list_permissions(app, report).await,
            Self::Delete { permission, report } => desk.delete_permission(&permission, report).await,
            Self::Grant(grant) => {
                let (receiver, permission, place) = grant.read(&desk).await?;
                desk.grant(&receiver, permission, place).await
            }
            Self::Revoke(grant) => {
                let (receiver, permission, place) = grant.read(&desk).await?;
                desk.revoke(&receiver, permission, place).await
            }
            Self::Check(question) => desk.check(question).await,
            Self::Who { permission, place } => desk.who(&permission, place).await,
            Self::Why(question) => desk.why(question).await,
        }
    }
}

impl Desk {
    async fn register(&mut self, name: PermissionName, label: Option<String>, report: Report) -> Result<(), Failure> {
        let label = label.unwrap_or_else(|| name.codename().to_owned());
        let registered = self.register_all(&[NewPermission { name, label, resource_type: None }]).await?;
        let Some(permission) = registered.first() else { return Ok(()) };
        let text = format!("Permission {}: registered.", permission.name);
        self.context.output.report(report, &report::document(permission), &text)
    }

    async fn register_type(
        &mut self,
        app: &str,
        kind: &str,
        label: Option<String>,
        report: Report,
    ) -> Result<(), Failure> {
        let label = label.unwrap_or_else(|| kind.replace('_', " "));
        let new = NewPermission::of_resource_type(app, kind, &label).map_err(Failure::of)?;
        let registered = self.register_all(&new).await?;
        let document: Vec<_> = registered.iter().map(report::document).collect();
        let names: Vec<_> = registered.iter().map(|permission| permission.name.to_string()).collect();
        self.context.output.report(report, &document, &format!("Registered: {}.", names.join(", ")))
    }

    async fn register_all(&self, new: &[NewPermission]) -> Result<Vec<vestibule_users::Permission>, Failure> {
        let transaction = self.begin().await?;
        let (registered, added) = self.access.register_in(&transaction, new).await.map_err(Failure::of)?;
        let event = |new: &NewPermission| {
            let name = new.name.to_string();
            done(Kind::Created).details(Details::new().permission(&name)).object(ObjectType::Permission, name)
        };
        let events: Vec<_> = new.iter().map(event).collect();
        self.close(transaction, events, (added > 0).then_some(Touched::Everyone)).await?;
        Ok(registered)
    }

    async fn list_permissions(&mut self, app: Option<String>, report: Report) -> Result<(), Failure> {
        let mut query = PermissionQuery { app, size: PAGE, ..PermissionQuery::default() };
        let mut permissions = Vec::new();
        loop {
            let page = self.access.permissions(&query).await.map_err(Failure::of)?;
            let is_last = (page.len() as u64) < PAGE;
            query.after = page.last().map(|permission| permission.name.clone());
            permissions.extend(page);
            if is_last {
                break;
            }
        }
        if report.json {
            return self.context.output.json(&permissions.iter().map(report::document).collect::<Vec<_>>());
        }
        self.context.output.table(&report::HEADINGS, &permissions.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn delete_permission(&mut self, name: &PermissionName, report: Report) -> Result<(), Failure> {
        let transaction = self.begin().await?;
        if !self.access.remove_permission_in(&transaction, name).await.map_err(Failure::of)? {
            return Err(Failure::new(format!(
                "there is no permission {name}; `vestibule permissions list` shows all of them"
            )));
        }
        let details = Details::new().permission(&name.to_string());
        let event = done(Kind::Deleted).object(ObjectType::Permission, name).details(details);
        self.close(transaction, [event], Some(Touched::Everyone)).await?;
        let document = json!({ "permission": name.to_string(), "deleted": true });
        self.context.output.report(report, &document, &format!("Permission {name}: deleted."))
    }

    async fn who(&mut self, permission: &PermissionName, place: Place) -> Result<(), Failure> {
        let object = place.on.as_ref().map(|object| object.as_str());
        let (mut entitled, mut after) = (Vec::new(), None);
        loop {
            let page = self.access.who_has(permission, object, after, PAGE).await.map_err(in_our_words)?;
            let is_last = (page.len() as u64) < PAGE;
            after = page.last().map(|one| one.user);
            entitled.extend(page);
            if is_last {
                break;
            }
        }
        if place.report.json {
            return self.context.output.json(&entitled.iter().map(report::entitled_document).collect::<Vec<_>>());
        }
        let rows: Vec<_> = entitled.iter().map(report::entitled_row).collect();
        self.context.output.table(&report::ENTITLED_HEADINGS, &rows)
    }
}
