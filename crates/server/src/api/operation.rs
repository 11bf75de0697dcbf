//! What the API can be asked to do: one [`Operation`] each, with all that the document says of it and all that the
//! [`gate`](super::gate) enforces before its handler runs.

use std::{future::Future, pin::Pin, sync::Arc};

use poem::http::{Method, StatusCode};

use super::{
    call::{Call, Reply},
    problem::Problem,
    schema::{Form, Schema},
};
use crate::state::State;

type Handling = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>>;
type Handler = Arc<dyn Fn(State, Call) -> Handling + Send + Sync>;

/// Who may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Whoever holds this permission, by a token whose scopes name it.
    Permission(&'static str),
    /// The same, or a confidential client that proves itself by its secret: for its own apps.
    PermissionOrClient(&'static str),
}

impl Needs {
    /// The permission.
    pub(super) fn permission(self) -> &'static str {
        match self {
            Self::Permission(permission) | Self::PermissionOrClient(permission) => permission,
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum In {
    Path,
    Query,
    Header,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: In,
    pub(super) schema: Schema,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(super) schema: Schema,
    /// The types that it may be sent as.
    pub(super) types: &'static [&'static str],
}

const JSON: &[&str] = &["application/json"];
const MERGE_PATCH: &[&str] = &["application/merge-patch+json", "application/json"];

/// The header that makes a change depend on what was read.
pub(super) const IF_MATCH: &str = "If-Match";
/// The header that makes a creation happen once.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Something that the API can be asked to do.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) needs: Needs,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) status: StatusCode,
    pub(super) answer: Option<Schema>,
    /// Whether a good answer has an `ETag`.
    pub(super) tagged: bool,
    /// Whether a good answer has a `Location`.
    pub(super) located: bool,
    /// Of what it creates: the parameters of paths that name it, each with the member of the answer that says it.
    pub(super) found_by: &'static [(&'static str, &'static str)],
    /// The statuses of problems that only the handler knows of.
    pub(super) refusals: Vec<StatusCode>,
    handler: Handler,
}

impl Operation {
    /// An operation at `path`, which `{name}` stands for a parameter in.
    pub(crate) fn new<H, F>(method: Method, path: &'static str, id: &'static str, needs: Needs, handler: H) -> Self
    where
        H: Fn(State, Call) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Reply, Problem>> + Send + 'static,
    {
        Self {
            method,
            path,
            id,
            tag: "",
            summary: "",
            description: None,
            needs,
            parameters: Vec::new(),
            body: None,
            status: StatusCode::OK,
            answer: None,
            tagged: false,
            located: false,
            found_by: &[],
            refusals: Vec::new(),
            handler: Arc::new(move |state, call| Box::pin(handler(state, call))),
        }
    }

    /// In words: one line, under which heading.
    pub(crate) fn about(self, tag: &'static str, summary: &'static str) -> Self {
        Self { tag, summary, ..self }
    }

    /// In more words.
    pub(crate) fn more(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }

    fn parameter(mut self, name: &'static str, place: In, schema: Schema) -> Self {
        self.parameters.push(Parameter { name, place, schema });
        self
    }

    /// With a parameter in its path. A value that is not of that form names nothing: 404.
    pub(crate) fn path(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(name, In::Path, schema)
    }

    /// With an optional parameter in the query.
    pub(crate) fn query(self, name: &'static str, schema: Schema) -> Self {
        self.parameter(name, In::Query, schema)
    }

    /// With a body that must be there.
    pub(crate) fn body(self, schema: Schema) -> Self {
        Self { body: Some(Body { schema, types: JSON }), ..self }
    }

    /// With a body that is a merge patch (RFC 7396).
    pub(crate) fn merge_patch(self, schema: Schema) -> Self {
        Self { body: Some(Body { schema, types: MERGE_PATCH }), ..self }
    }

    /// Answered with 200 and this.
    pub(crate) fn answers(self, schema: Schema) -> Self {
        Self { answer: Some(schema), ..self }
    }

    /// Answered with 200, this, and its `ETag`.
    pub(crate) fn answers_tagged(self, schema: Schema) -> Self {
        Self { answer: Some(schema), tagged: true, ..self }
    }

    /// Creates something: answered with 201, what was created and its `Location`, and only once for an `Idempotency-Key`.
    pub(crate) fn creates(self, schema: Schema) -> Self {
        let key = Schema::text(Form::Visible, 1, 255).about(
            "Any text of your choice. A second request with the same key within 24 hours is answered as the first was, \
             and nothing is done again.",
        );
        let created = Self { status: StatusCode::CREATED, answer: Some(schema), located: true, ..self };
        created
            .parameter(IDEMPOTENCY_KEY, In::Header, key)
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
    }

    /// What it creates is found by this member of the answer, in the place of that parameter of a path.
    pub(crate) fn found_by(self, found_by: &'static [(&'static str, &'static str)]) -> Self {
        Self { found_by, ..self }
    }

    /// The names of the parameters in its path, in their order.
    pub(super) fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Answered with 204 and nothing.
    pub(crate) fn answers_nothing(self) -> Self {
        Self { status: StatusCode::NO_CONTENT, ..self }
    }

    /// Heeds `If-Match`.
    pub(crate) fn conditional(self) -> Self {
        let tags = Schema::text(Form::EntityTags, 1, 1000)
            .about("The `ETag` of what was read. If it has changed since, nothing is done and the answer is 412.");
        self.parameter(IF_MATCH, In::Header, tags).refuses([StatusCode::PRECONDITION_FAILED])
    }

    /// May be refused by its handler with these.
    pub(crate) fn refuses(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.refusals.extend(statuses);
        self
    }

    pub(super) fn handle(&self, state: State, call: Call) -> Handling {
        (self.handler)(state, call)
    }

    /// The values of the path's parameters, where `segments` lead here. Literal segments must be the same.
    pub(super) fn matches(&self, segments: &[String]) -> Option<Vec<(&'static str, String)>> {
        let mut pattern = self.path.split('/').skip(1);
        let mut values = Vec::new();
        for segment in segments {
            let expected = pattern.next()?;
            match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => values.push((name, segment.clone())),
                None if expected == segment => {}
                None => return None,
            }
        }
        pattern.next().is_none().then_some(values)
    }
}
