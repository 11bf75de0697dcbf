//! The page at `/api/v1/`, from the same operations as the document.

use super::{
    document::{self, DESCRIPTION},
    gate::PREFIX,
    operation::Operation,
    problem::KINDS,
    schema::{Kind, Member, Schema},
};
use crate::{
    pages::{ApiEntry, ApiGroup, ApiReference, ApiRow, ApiTable},
    state::State,
};

/// How deep members of members are shown.
const DEPTH: usize = 3;

/// The page as HTML.
pub(super) fn page(operations: &[Operation], state: &State) -> String {
    let group = |title: &'static str| ApiGroup {
        title,
        anchor: title.to_lowercase().replace(' ', "-"),
        entries: operations.iter().filter(|operation| operation.tag == title).map(entry).collect(),
    };
    let page = ApiReference {
        site: state.site(),
        address: format!("{}{PREFIX}", state.provider().issuer()),
        introduction: DESCRIPTION.split("\n\n").map(|paragraph| paragraph.replace(['*', '`'], "")).collect(),
        groups: document::tags(operations).into_iter().map(group).collect(),
        problems: KINDS.to_vec(),
    };
    page.render()
}

fn entry(operation: &Operation) -> ApiEntry {
    let parameters = operation.parameters.iter().map(|parameter| ApiRow {
        name: parameter.name.to_owned(),
        required: parameter.place == super::operation::In::Path,
        kind: kind(&parameter.schema),
        about: parameter.schema.description,
    });
    let refusals = document::refusals(operation).into_iter().map(|status| status.as_u16().to_string());
    ApiEntry {
        id: operation.id,
        method: operation.method.to_string(),
        path: operation.path,
        summary: operation.summary,
        more: operation.description,
        permission: operation.needs.permission(),
        status: operation.status.as_u16().to_string(),
        refusals: refusals.collect::<Vec<_>>().join(", "),
        tables: vec![
            ApiTable { title: "Parameters", rows: parameters.collect() },
            ApiTable {
                title: "Body",
                rows: operation.body.as_ref().map(|body| rows(&body.schema)).unwrap_or_default(),
            },
            ApiTable { title: "Answer", rows: operation.answer.as_ref().map(rows).unwrap_or_default() },
        ],
    }
}

fn rows(schema: &Schema) -> Vec<ApiRow> {
    let mut all = Vec::new();
    collect(schema, "", DEPTH, &mut all);
    all
}

fn collect(schema: &Schema, prefix: &str, depth: usize, all: &mut Vec<ApiRow>) {
    let members = match &schema.kind {
        Kind::Object(members) => members,
        Kind::List { items, .. } => return collect(items, prefix, depth, all),
        _ => return,
    };
    for Member { name, schema, required } in members {
        let name = format!("{prefix}{name}");
        all.push(ApiRow { name: name.clone(), required: *required, kind: kind(schema), about: schema.description });
        if depth > 1 {
            collect(schema, &format!("{name}."), depth - 1, all);
        }
    }
}

/// What a value may be, in a few words.
fn kind(schema: &Schema) -> String {
    let kind = match &schema.kind {
        Kind::Boolean => "true or false".to_owned(),
        Kind::True => "true".to_owned(),
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Number => "number".to_owned(),
        Kind::Text { min, max, form } => format!("{}, {min} to {max} characters", form.words()),
        Kind::Choice(values) => values.join(" | "),
        Kind::List { items, max } => format!("list of at most {max}: {}", kind(items)),
        Kind::Object(_) => "object".to_owned(),
        Kind::Map { max, .. } => format!("object of at most {max} members"),
        Kind::Foreign => "object".to_owned(),
        Kind::Either(schemas) => schemas.iter().map(kind).collect::<Vec<_>>().join(" or "),
    };
    if schema.nullable { format!("{kind}, or null") } else { kind }
}
