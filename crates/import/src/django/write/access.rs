//! Attributes, permissions and groups: what people refer to.

use std::collections::{BTreeSet, HashMap};

use vestibule_core::GroupId;
use vestibule_users::{
    AccessError, AttributeKind, Audience, Declaration, Definition, DefinitionError, Holder, NewGroup, NewPermission,
    PermissionName, PermissionQuery, Permit,
};

use super::{
    Importer, Run, WriteError,
    ledger::{Ledger, Met, Model},
};
use crate::django::{
    problem::{Problem, Weight},
    site::{self, Permission, Site},
};

const GROUP: &str = "auth.group";
const PERMISSION: &str = "auth.permission";
/// The longest words of a permission, in characters.
const LONGEST_LABEL: usize = 255;
/// How many permissions are asked for at a time.
const PAGE: u64 = 1000;

/// What was here, read before the transaction begins: where a database lies in memory, nobody reads beside it.
pub(super) struct Before {
    definitions: Vec<Definition>,
    permissions: BTreeSet<PermissionName>,
    /// The groups that came before and are still there.
    groups: BTreeSet<String>,
}

impl Before {
    pub(super) async fn read(to: &Importer, site: &Site, ledger: &Ledger) -> Result<Self, WriteError> {
        let apps: BTreeSet<&str> = site.permissions.iter().map(|permission| permission.app.as_str()).collect();
        let mut permissions = BTreeSet::new();
        for app in apps {
            let mut query = PermissionQuery { app: Some(app.to_owned()), size: PAGE, ..PermissionQuery::default() };
            loop {
                let page = to.access.permissions(&query).await?;
                query.after = page.last().map(|last| last.name.clone());
                permissions.extend(page.into_iter().map(|permission| permission.name));
                if query.after.is_none() {
                    break;
                }
            }
        }
        let mut groups = BTreeSet::new();
        for id in ledger.ids(Model::Group) {
            let Ok(parsed) = id.parse() else { continue };
            if to.access.group(parsed).await?.is_some() {
                groups.insert(id.to_owned());
            }
        }
        Ok(Self { definitions: to.attributes.list().await?, permissions, groups })
    }
}

impl Run<'_> {
    /// Declares what is not declared yet; visible to staff, who may edit it.
    pub(super) async fn attributes(&mut self, before: &Before) -> Result<(), WriteError> {
        let site = &self.plan.site;
        for attribute in &site.attributes {
            let kind = kind(attribute.kind);
            let refuse =
                |why: String| Problem::of_model(Weight::Blocks, &site.user_model, why).in_field(&attribute.field);
            if let Some(here) = before.definitions.iter().find(|here| here.name == attribute.name) {
                let fits = here.declaration.kind == kind
                    || here.declaration.kind == AttributeKind::Choice && kind == AttributeKind::Text;
                if !fits {
                    let (is, comes) = (here.declaration.kind.as_str(), kind.as_str());
                    self.problems.push(refuse(format!(
                        "the attribute `{}` is declared here as {is}, and comes as {comes}; declare it so, or remove it here",
                        attribute.name
                    )));
                }
                continue;
            }
            let declaration = Declaration {
                label: attribute.field.clone(),
                kind,
                visible_to: Audience::Staff,
                editable_by: Audience::Staff,
                ..Declaration::default()
            };
            match self.to.attributes.define_in(self.transaction, &attribute.name, declaration).await {
                Ok(_) => self.count("attributes", 1),
                Err(DefinitionError::Unavailable(cause)) => return Err(cause.into()),
                Err(error) => self.problems.push(refuse(error.to_string())),
            }
        }
        Ok(())
    }

    /// Registers what is not registered yet. What is keeps its words.
    pub(super) async fn permissions(&mut self, before: &Before) -> Result<(), WriteError> {
        let mut new = Vec::new();
        for permission in &self.plan.site.permissions {
            match PermissionName::new(&permission.app, &permission.codename) {
                Ok(name) if before.permissions.contains(&name) => self.count_known("permissions"),
                Ok(name) => {
                    let resource_type = permission.resource_type.clone();
                    new.push(NewPermission { name, label: label(permission), resource_type });
                }
                Err(error) => {
                    let why = error.to_string();
                    let problem = Problem::of_row(Weight::Blocks, PERMISSION, None, Some(&permission.id), why);
                    self.problems.push(problem);
                }
            }
        }
        let (_, added) = self.to.access.register_in(self.transaction, &new).await?;
        self.count("permissions", usize::try_from(added).unwrap_or(usize::MAX));
        Ok(())
    }

    /// Makes the groups that never came, with what they grant. Gives every group that people can be put into, by its name there.
    pub(super) async fn groups(&mut self, before: &Before) -> Result<HashMap<String, GroupId>, WriteError> {
        let mut ids = HashMap::new();
        let mut grants = Vec::new();
        for group in &self.plan.site.groups {
            let pk = group.pk.as_deref();
            match self.ledger.meet(Model::Group, pk, &group.name) {
                Met::Known(id) => {
                    self.count_known("groups");
                    // One that was removed here stays so.
                    let id = before.groups.get(&id).and_then(|id| id.parse().ok());
                    ids.extend(id.map(|id| (group.name.clone(), id)));
                }
                Met::Another(name) => self.another(GROUP, pk, &group.name, &name),
                Met::New => {
                    if let Some(id) = self.group(group).await? {
                        ids.insert(group.name.clone(), id);
                        let permits = group.permissions.iter().filter_map(|id| id.parse().ok());
                        grants.extend(permits.map(|name| (Holder::Group(id), Permit::everywhere(name))));
                    }
                }
            }
        }
        let granted = self.to.access.grant_all_in(self.transaction, &grants).await?;
        self.count("permissions of groups", usize::try_from(granted).unwrap_or(usize::MAX));
        Ok(ids)
    }

    async fn group(&mut self, group: &site::Group) -> Result<Option<GroupId>, WriteError> {
        let why = match self.to.access.create_group_in(self.transaction, &NewGroup::named(&group.name)).await {
            Ok(made) => {
                self.ledger.note(Model::Group, group.pk.as_deref(), &group.name, made.id.to_string());
                self.count("groups", 1);
                return Ok(Some(made.id));
            }
            Err(AccessError::NameTaken(_)) => {
                "a group of that name is here already, and did not come from this site; give a new name with --rename"
                    .to_owned()
            }
            Err(AccessError::Invalid { why, .. }) => format!("{why}; give a new name with --rename"),
            Err(error) => return Err(error.into()),
        };
        let problem = Problem::of_row(Weight::NeedsName, GROUP, group.pk.as_deref(), Some(&group.name), why);
        self.problems.push(problem.in_field("name"));
        Ok(None)
    }
}

fn kind(kind: site::AttributeKind) -> AttributeKind {
    match kind {
        site::AttributeKind::Text => AttributeKind::Text,
        site::AttributeKind::Number => AttributeKind::Number,
        site::AttributeKind::Boolean => AttributeKind::Boolean,
        site::AttributeKind::Date => AttributeKind::Date,
        site::AttributeKind::List => AttributeKind::List,
    }
}

/// The words that people read, or the name where there are none that can be shown.
fn label(permission: &Permission) -> String {
    let shown = |text: &&str| !text.is_empty() && !text.contains(char::is_control);
    let words = Some(permission.name.as_str()).filter(shown).unwrap_or(&permission.id);
    words.chars().take(LONGEST_LABEL).collect()
}
