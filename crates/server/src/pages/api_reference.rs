//! The page to read what the administration API can be asked for.

use askama::Template;

use super::{Label, page};

/// `main#api-reference`: every operation, under the heading that it belongs to. All of its text is ours.
#[derive(Clone, Debug, Template)]
#[template(path = "api_reference.html")]
pub struct ApiReference {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the API is.
    pub address: String,
    /// What precedes the operations.
    pub introduction: Vec<String>,
    /// The operations by heading.
    pub groups: Vec<ApiGroup>,
    /// The kinds of problem, with what each means.
    pub problems: Vec<(&'static str, &'static str)>,
}

page!(ApiReference);

/// The operations below one heading.
#[derive(Clone, Debug)]
pub struct ApiGroup {
    /// The heading.
    pub title: &'static str,
    /// The heading as an id.
    pub anchor: String,
    /// The operations.
    pub entries: Vec<ApiEntry>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct ApiEntry {
    /// Its name for programs.
    pub id: &'static str,
    /// Its method.
    pub method: String,
    /// Its path, with its parameters in braces.
    pub path: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What else is to be known.
    pub more: Option<&'static str>,
    /// What must be held.
    pub permission: &'static str,
    /// How a good answer is marked.
    pub status: String,
    /// How refusals are.
    pub refusals: String,
    /// Parameters, body, answer.
    pub tables: Vec<ApiTable>,
}

/// A list of members or parameters.
#[derive(Clone, Debug)]
pub struct ApiTable {
    /// What they are of.
    pub title: &'static str,
    /// One each.
    pub rows: Vec<ApiRow>,
}

/// A member or a parameter.
#[derive(Clone, Debug)]
pub struct ApiRow {
    /// Its name; members of members with dots.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it may be.
    pub kind: String,
    /// What it means.
    pub about: Option<&'static str>,
}
