//! A group in the words of a report.

use serde_json::{Value, json};
use vestibule_users::{Access, Group, Holder, Permit};

use crate::cli::{
    Failure,
    grants::{in_words, on},
    time::{readable, rfc3339},
};

/// How many members are read at a time.
const PAGE: u64 = 1000;

/// The headings of the list.
pub(super) const HEADINGS: [&str; 4] = ["name", "description", "marks", "id"];

/// A line of the list.
pub(super) fn row(group: &Group) -> Vec<String> {
    let marks = if group.require_second_factor { "second factor required" } else { "" };
    let description = group.description.lines().next().unwrap_or_default().to_owned();
    vec![group.name.clone(), description, marks.to_owned(), group.id.to_string()]
}

/// What stands in the group's own row, for programs.
pub(super) fn document(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "require_second_factor": group.require_second_factor,
        "created_at": rfc3339(group.created_at),
        "updated_at": rfc3339(group.updated_at),
    })
}

/// A group with all that belongs to it.
pub(super) struct Whole {
    group: Group,
    members: Vec<String>,
    inside: Vec<String>,
    around: Vec<String>,
    held: Vec<Permit>,
    effective: Vec<Permit>,
}

impl Whole {
    pub(super) async fn read(access: &Access, group: Group) -> Result<Self, Failure> {
        let id = group.id;
        let names = |groups: Vec<Group>| groups.into_iter().map(|group| group.name).collect();
        Ok(Self {
            group,
            members: members(access, id).await?,
            inside: names(access.groups_in(id).await.map_err(Failure::of)?),
            around: names(access.groups_around(id).await.map_err(Failure::of)?),
            held: access.granted(Holder::Group(id)).await.map_err(Failure::of)?,
            effective: access.group_effective(id).await.map_err(Failure::of)?,
        })
    }

    /// Everything, for programs: `permissions` are what a member gets everywhere, `granted` what the group was given itself.
    pub(super) fn document(&self) -> Value {
        let everywhere = self.effective.iter().filter(|permit| permit.object.is_none());
        let mut document = document(&self.group);
        document["members"] = json!(self.members);
        document["groups"] = json!(self.inside);
        document["member_of"] = json!(self.around);
        document["permissions"] = everywhere.map(|permit| permit.permission.to_string()).collect();
        let grant = |permit: &Permit| json!({ "permission": permit.permission.to_string(), "on": on(permit) });
        document["granted"] = self.held.iter().map(grant).collect();
        document
    }

    /// Everything, for people.
    pub(super) fn lines(&self) -> String {
        let Group { id, name, description, require_second_factor, created_at, updated_at } = &self.group;
        let words = |permits: &[Permit]| permits.iter().map(in_words).collect::<Vec<_>>();
        let lines: [(&str, Vec<String>); 11] = [
            ("Name", vec![name.clone()]),
            ("Id", vec![id.to_string()]),
            ("Description", description.lines().map(str::to_owned).collect()),
            ("Second factor", vec![if *require_second_factor { "required" } else { "as elsewhere" }.to_owned()]),
            ("Members", self.members.clone()),
            ("Groups in it", self.inside.clone()),
            ("Is in", self.around.clone()),
            ("Was given", words(&self.held)),
            ("Gives in all", words(&self.effective)),
            ("Created", vec![readable(*created_at)]),
            ("Changed", vec![readable(*updated_at)]),
        ];
        let aligned = |(name, values): &(&str, Vec<String>)| {
            let names = std::iter::once(*name).chain(std::iter::repeat(""));
            names.zip(values).map(|(name, value)| format!("{name:<13} {value}\n")).collect::<String>()
        };
        lines.iter().map(aligned).collect()
    }
}

async fn members(access: &Access, group: vestibule_core::GroupId) -> Result<Vec<String>, Failure> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = access.members(group, after, PAGE).await.map_err(Failure::of)?;
        let is_last = (page.len() as u64) < PAGE;
        after = page.last().map(|member| member.user);
        names.extend(page.into_iter().map(|member| member.username));
        if is_last {
            names.sort();
            return Ok(names);
        }
    }
}
