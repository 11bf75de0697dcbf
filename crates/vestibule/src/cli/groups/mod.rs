//! `vestibule groups`: groups of people, how they nest, and what they hold. Whatever is changed here, a running server notices
//! within a second.

mod report;

use clap::{ArgAction, ArgGroup, Args, Subcommand};
use serde_json::json;
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{Group, GroupChanges, GroupCursor, GroupQuery, NewGroup, PermissionName, Touched};

use super::{
    Context, Failure,
    desk::{Desk, done},
    grants::{Place, Receiver},
    output::Report,
};

/// How many groups are read at a time.
const PAGE: u64 = 1000;

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a group
    Create {
        /// What it is called
        name: String,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// Its members must sign in with a second factor
        #[arg(long)]
        require_second_factor: bool,
        #[command(flatten)]
        report: Report,
    },
    /// List groups
    List {
        /// Only those whose names begin so
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        #[command(flatten)]
        report: Report,
    },
    /// Show a group, who is in it, and what it holds
    Show(Named),
    /// Change a group
    Update(UpdateArguments),
    /// Delete a group; its members stay, and lose what it gave them
    Delete(Named),
    /// Put a group into another: its members get what the other holds
    AddGroup(Pair),
    /// Take a group out of another
    RemoveGroup(Pair),
    /// Give a group a permission
    Grant(Held),
    /// Take a permission from a group
    Revoke(Held),
}

/// A group.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its name or id
    name: String,
    #[command(flatten)]
    report: Report,
}

/// Two groups.
#[derive(Debug, Args)]
pub(super) struct Pair {
    /// The name or id of the group to put into or take from
    group: String,
    /// The name or id of the group that is put into it or taken from it
    member: String,
    #[command(flatten)]
    report: Report,
}

/// A group and a permission.
#[derive(Debug, Args)]
pub(super) struct Held {
    /// The name or id of the group
    group: String,
    /// The permission, as app.codename
    permission: PermissionName,
    #[command(flatten)]
    place: Place,
}

/// `vestibule groups update`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("changes").required(true).multiple(true).args([
    "new_name",
    "description",
    "require_second_factor",
])))]
pub(super) struct UpdateArguments {
    /// Its present name, or its id
    name: String,
    /// Another name
    #[arg(long = "name", id = "new_name")]
    new_name: Option<String>,
    /// Another description
    #[arg(long)]
    description: Option<String>,
    /// Whether its members must sign in with a second factor
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    require_second_factor: Option<bool>,
    #[command(flatten)]
    report: Report,
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let mut desk = Desk::with_own_permissions(context).await?;
        match self {
            Self::Create { name, description, require_second_factor, report } => {
                desk.create_group(NewGroup { name, description, require_second_factor }, report).await
            }
            Self::List { search, report } => desk.list_groups(search, report).await,
            Self::Show(Named { name, report }) => desk.show_group(&name, report).await,
            Self::Update(arguments) => desk.update_group(arguments).await,
            Self::Delete(Named { name, report }) => desk.delete_group(&name, report).await,
            Self::AddGroup(pair) => desk.nest(pair).await,
            Self::RemoveGroup(pair) => desk.unnest(pair).await,
            Self::Grant(Held { group, permission, place }) => {
                let receiver = Receiver::Group(desk.group(&group).await?);
                desk.grant(&receiver, permission, place).await
            }
            Self::Revoke(Held { group, permission, place }) => {
                let receiver = Receiver::Group(desk.group(&group).await?);
                desk.revoke(&receiver, permission, place).await
            }
        }
    }
}

/// That something was done to a group.
fn done_to(kind: Kind, group: &Group, details: Details) -> Event {
    done(kind).object(ObjectType::Group, group.id).details(details)
}

impl Desk {
    async fn create_group(&mut self, new: NewGroup, report: Report) -> Result<(), Failure> {
        let transaction = self.begin().await?;
        let group = self.access.create_group_in(&transaction, &new).await.map_err(Failure::of)?;
        let event = done_to(Kind::Created, &group, Details::new().name(&group.name));
        self.close(transaction, [event], None).await?;
        let text = format!("Group {} ({}): made.", group.name, group.id);
        self.context.output.report(report, &report::document(&group), &text)
    }

    async fn list_groups(&mut self, prefix: Option<String>, report: Report) -> Result<(), Failure> {
        let mut query = GroupQuery { prefix, size: PAGE, ..GroupQuery::default() };
        let mut groups = Vec::new();
        loop {
            let page = self.access.groups(&query).await.map_err(Failure::of)?;
            let is_last = (page.len() as u64) < PAGE;
            query.after = page.last().map(GroupCursor::of);
            groups.extend(page);
            if is_last {
                break;
            }
        }
        if report.json {
            return self.context.output.json(&groups.iter().map(report::document).collect::<Vec<_>>());
        }
        self.context.output.table(&report::HEADINGS, &groups.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn show_group(&mut self, name: &str, report: Report) -> Result<(), Failure> {
        let group = self.group(name).await?;
        let whole = report::Whole::read(&self.access, group).await?;
        self.context.output.report(report, &whole.document(), &whole.lines())
    }

    async fn update_group(&mut self, arguments: UpdateArguments) -> Result<(), Failure> {
        let UpdateArguments { name, new_name, description, require_second_factor, report } = arguments;
        let group = self.group(&name).await?;
        let said = [
            (new_name.is_some(), "name"),
            (description.is_some(), "description"),
            (require_second_factor.is_some(), "require_second_factor"),
        ];
        let fields = said.into_iter().filter_map(|(is_said, field)| is_said.then_some(field));
        let changes = GroupChanges { name: new_name, description, require_second_factor, read_at: None };
        let transaction = self.begin().await?;
        let group = self.access.change_group_in(&transaction, group.id, &changes).await.map_err(Failure::of)?;
        let event = done_to(Kind::Updated, &group, Details::new().name(&group.name).changed(fields));
        self.close(transaction, [event], Some(Touched::Everyone)).await?;
        let text = format!("Group {} ({}): changed.", group.name, group.id);
        self.context.output.report(report, &report::document(&group), &text)
    }

    async fn delete_group(&mut self, name: &str, report: Report) -> Result<(), Failure> {
        let group = self.group(name).await?;
        let transaction = self.begin().await?;
        self.access.delete_group_in(&transaction, group.id).await.map_err(Failure::of)?;
        let event = done_to(Kind::Deleted, &group, Details::new().name(&group.name));
        self.close(transaction, [event], Some(Touched::Everyone)).await?;
        let document = json!({ "id": group.id, "name": group.name, "deleted": true });
        self.context.output.report(report, &document, &format!("Group {} ({}): deleted.", group.name, group.id))
    }

    async fn nest(&mut self, pair: Pair) -> Result<(), Failure> {
        let (group, member) = (self.group(&pair.group).await?, self.group(&pair.member).await?);
        let transaction = self.begin().await?;
        let nested = self.access.nest_in(&transaction, group.id, member.id).await.map_err(|error| match error {
            vestibule_users::AccessError::Cycle { .. } => Failure::new(format!(
                "the group {} cannot be put into {}, which is itself in it or is the same",
                member.name, group.name
            )),
            other => Failure::of(other),
        })?;
        let event = nested.then(|| done_to(Kind::MemberAdded, &group, between(&group, &member)));
        self.close(transaction, event, nested.then_some(Touched::Everyone)).await?;
        let document = json!({ "group": group.name, "member": member.name, "added": nested });
        let what = if nested { "is" } else { "was already" };
        let text = format!("The group {} {what} in {}.", member.name, group.name);
        self.context.output.report(pair.report, &document, &text)
    }

    async fn unnest(&mut self, pair: Pair) -> Result<(), Failure> {
        let (group, member) = (self.group(&pair.group).await?, self.group(&pair.member).await?);
        let transaction = self.begin().await?;
        let removed = self.access.unnest_in(&transaction, group.id, member.id).await.map_err(Failure::of)?;
        let event = removed.then(|| done_to(Kind::MemberRemoved, &group, between(&group, &member)));
        self.close(transaction, event, removed.then_some(Touched::Everyone)).await?;
        let document = json!({ "group": group.name, "member": member.name, "removed": removed });
        let what = if removed { "is no more" } else { "was not" };
        let text = format!("The group {} {what} in {}.", member.name, group.name);
        self.context.output.report(pair.report, &document, &text)
    }
}

fn between(group: &Group, member: &Group) -> Details {
    Details::new().group(&group.name).name(&member.name)
}
