//! Content types, permissions and groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::users::references;
use crate::django::{
    problem::{Problem, Weight},
    site::{Group, Permission},
    value::{Fields, Record, Reference},
};

/// The four that Django makes for each model.
const DEFAULT_ACTIONS: [&str; 4] = ["add", "change", "delete", "view"];

/// What was read of them so far, and what was found when looked up.
#[derive(Default)]
pub(super) struct Permissions {
    /// App and model of each content type.
    content_types: HashMap<String, (String, String)>,
    drafts: Vec<Draft>,
    groups: Vec<(Group, Vec<Reference>)>,
    /// Made when the first reference is looked up: by then everything has been read.
    index: Option<Index>,
}

struct Draft {
    pk: Option<String>,
    codename: String,
    name: String,
    content_type: Reference,
}

#[derive(Default)]
struct Index {
    /// `app.codename` by primary key.
    keys: HashMap<String, String>,
    known: BTreeMap<String, Permission>,
    group_names: HashMap<String, String>,
    /// Those that only a natural key told of.
    told: bool,
    unresolved: Vec<(Option<String>, String)>,
}

impl Permissions {
    pub(super) fn take_content_type(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let mut fields = Fields::new(record, problems);
        let (app, model) = (fields.line("app_label"), fields.line("model"));
        // With natural keys it has no key of its own, and nobody refers to it by one.
        if let (Some(pk), Some(app), Some(model)) = (fields.pk(), app, model) {
            self.content_types.insert(pk, (app, model));
        }
    }

    pub(super) fn take_permission(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let mut fields = Fields::new(record, problems);
        let pk = fields.pk();
        let codename = fields.line("codename");
        let name = fields.line("name");
        let content_type = fields.take("content_type").as_ref().and_then(Reference::read);
        match (codename, content_type) {
            (Some(codename), Some(content_type)) => {
                let name = name.unwrap_or_else(|| codename.clone());
                self.drafts.push(Draft { pk, codename, name, content_type });
            }
            _ => fields.problem(Weight::Blocks, "codename", "it has no codename or no content type"),
        }
    }

    pub(super) fn take_group(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let mut fields = Fields::new(record, problems);
        // The name is kept as it is: that is how natural keys tell it.
        let Some(name) = fields.text("name") else {
            fields.problem(Weight::Blocks, "name", "it has no name; give it one at the source");
            return;
        };
        fields.call(&name);
        let pk = fields.pk();
        let permissions = references(&mut fields, "permissions");
        self.groups.push((Group { pk, name, permissions: BTreeSet::new() }, permissions));
    }

    /// The name of the group that is meant.
    pub(super) fn group(&mut self, reference: &Reference) -> Option<String> {
        let index = self.index();
        match reference {
            Reference::Key(key) => index.group_names.get(key).cloned(),
            Reference::Natural(parts) => match parts.as_slice() {
                // A natural key names itself, whether or not anybody has that name for a key.
                [name] => index.group_names.get(&natural(name)).cloned(),
                _ => None,
            },
        }
    }

    /// The permission that is meant, as `app.codename`.
    pub(super) fn permission(&mut self, reference: &Reference) -> Option<String> {
        let index = self.index();
        match reference {
            Reference::Key(key) => index.keys.get(key).cloned(),
            Reference::Natural(parts) => match parts.as_slice() {
                [codename, app, model] => {
                    let id = format!("{app}.{codename}");
                    if !index.known.contains_key(&id) {
                        index.told = true;
                        index.known.insert(id.clone(), permission(app, codename, default_name(codename, model), model));
                    }
                    Some(id)
                }
                _ => None,
            },
        }
    }

    fn index(&mut self) -> &mut Index {
        let Self { content_types, drafts, groups, index } = self;
        index.get_or_insert_with(|| Index::new(content_types, std::mem::take(drafts), groups))
    }

    /// Groups by name, permissions by id.
    pub(super) fn finish(mut self, problems: &mut Vec<Problem>) -> (Vec<Group>, Vec<Permission>) {
        let drafts = std::mem::take(&mut self.groups);
        // The index knows the groups by now, or nobody has asked for one.
        self.index();
        let mut groups = Vec::with_capacity(drafts.len());
        for (mut group, references) in drafts {
            for reference in references {
                match self.permission(&reference) {
                    Some(id) => {
                        group.permissions.insert(id);
                    }
                    None => {
                        let why = format!("the permission {} is not in the source; dump it too", reference.shown());
                        let (pk, name) = (group.pk.as_deref(), Some(group.name.as_str()));
                        let problem = Problem::of_row(Weight::Blocks, "auth.group", pk, name, why);
                        problems.push(problem.in_field("permissions"));
                    }
                }
            }
            groups.push(group);
        }
        groups.sort_by(|one, other| (&one.name, &one.pk).cmp(&(&other.name, &other.pk)));
        let index = self.index.take().unwrap_or_default();
        index.tell(problems);
        (groups, index.known.into_values().collect())
    }
}

impl Index {
    fn new(
        content_types: &HashMap<String, (String, String)>,
        drafts: Vec<Draft>,
        groups: &[(Group, Vec<Reference>)],
    ) -> Self {
        let mut index = Self::default();
        for draft in drafts {
            let content_type = match &draft.content_type {
                Reference::Key(key) => content_types.get(key).cloned(),
                Reference::Natural(parts) => match parts.as_slice() {
                    [app, model] => Some((app.clone(), model.clone())),
                    _ => None,
                },
            };
            let Some((app, model)) = content_type else {
                index.unresolved.push((draft.pk, draft.codename));
                continue;
            };
            let found = permission(&app, &draft.codename, draft.name, &model);
            index.keys.extend(draft.pk.map(|pk| (pk, found.id.clone())));
            index.add(found);
        }
        for (group, _) in groups {
            index.group_names.extend(group.pk.clone().map(|pk| (pk, group.name.clone())));
            index.group_names.insert(natural(&group.name), group.name.clone());
        }
        index
    }

    /// Two models of an app may have a permission of the same name: to `has_perm()` they are one.
    fn add(&mut self, found: Permission) {
        match self.known.get_mut(&found.id) {
            None => {
                self.known.insert(found.id.clone(), found);
            }
            Some(known) if known.resource_type == found.resource_type => {}
            Some(known) => {
                // Whichever comes first in the source: the outcome is the same for every order.
                known.resource_type = None;
                if found.name < known.name {
                    known.name = found.name;
                }
            }
        }
    }

    fn tell(&self, problems: &mut Vec<Problem>) {
        const MODEL: &str = "auth.permission";
        if let Some((pk, codename)) = self.unresolved.first() {
            let why = format!(
                "{} permissions have content types that are not in the source, so their apps are unknown; dump \
                 contenttypes too, or use --natural-foreign",
                self.unresolved.len()
            );
            let problem = Problem::of_row(Weight::Blocks, MODEL, pk.as_deref(), Some(codename), why);
            problems.push(problem.in_field("content_type"));
        }
        if self.told {
            let why =
                "permissions are not all in the source: those that somebody holds come, by names made up from them";
            problems.push(Problem::of_model(Weight::Differs, MODEL, why));
        }
    }
}

fn permission(app: &str, codename: &str, name: String, model: &str) -> Permission {
    Permission {
        id: format!("{app}.{codename}"),
        app: app.to_owned(),
        codename: codename.to_owned(),
        name,
        resource_type: Some(model.to_owned()),
    }
}

/// The key under which a group stands by its name: no primary key looks like it.
fn natural(name: &str) -> String {
    format!("\0{name}")
}

/// What Django would have called it.
fn default_name(codename: &str, model: &str) -> String {
    match codename.split_once('_') {
        Some((action, of)) if of == model && DEFAULT_ACTIONS.contains(&action) => format!("Can {action} {model}"),
        _ => codename.to_owned(),
    }
}
