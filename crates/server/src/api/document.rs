//! The OpenAPI document (version 3.1), written from the operations.

use std::collections::BTreeSet;

use poem::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    operation::{In, Needs, Operation},
    problem,
};

/// What precedes the operations.
pub(super) const DESCRIPTION: &str = "\
Administers users, groups, permissions, attributes, API tokens, clients, APIs, sessions, and reads the audit log.

**Who may.** Send `Authorization: Bearer …` with an API token, or with an access token whose audience is this API and \
whose scopes name permissions of the app `vestibule`. Each operation names the permission that it needs \
(`x-permission`). What counts is what the token's scopes name *and* its person holds. Nobody can give what they do not hold.

**Lists** have `items` and `next`; send `next` back as `cursor` for the page that follows.

**Changes** are merge patches (RFC 7396). With `If-Match` and the `ETag` of what was read, a change is refused (412) where \
something else changed it meanwhile; without `If-Match` it is made in any case.

**Creations** with an `Idempotency-Key` happen once: the same request with the same key is answered again, and nothing \
is done twice. A key that failed may be used again.

**Errors** are problem details (RFC 9457), `application/problem+json`.";

/// The document for the provider at `issuer`.
pub(super) fn document(operations: &[Operation], issuer: &str) -> Value {
    let mut schemas = Map::new();
    let problem = problem::schema().document(&mut schemas);
    let mut paths = Map::new();
    let mut statuses = BTreeSet::new();
    for operation in operations {
        let refusals = refusals(operation);
        statuses.extend(refusals.iter().copied());
        let mut written = write(operation, &refusals, &mut schemas);
        let links = links(operation, operations);
        if !links.is_empty() {
            written["responses"][operation.status.as_str()]["links"] = json!(links);
        }
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = written;
    }
    let mut responses: Map<String, Value> =
        statuses.into_iter().map(|status| (name_of(status), refusal(Some(status), &problem))).collect();
    responses.insert("Problem".to_owned(), refusal(None, &problem));
    let tags: Vec<&str> = tags(operations);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Vestibule administration API", "version": "1", "description": DESCRIPTION },
        "servers": [{ "url": format!("{issuer}{}", super::gate::PREFIX) }],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "An API token, or an access token for this API." },
                "client": { "type": "http", "scheme": "basic", "description": "A confidential client's id and secret." },
            },
        },
    })
}

/// The headings, in the order of the operations.
pub(super) fn tags(operations: &[Operation]) -> Vec<&'static str> {
    let mut tags: Vec<&str> = Vec::new();
    for operation in operations {
        if !tags.contains(&operation.tag) {
            tags.push(operation.tag);
        }
    }
    tags
}

/// The statuses of the problems that an operation may be answered with: those of the gate, of the layers, and its own.
pub(super) fn refusals(operation: &Operation) -> BTreeSet<StatusCode> {
    let mut statuses = BTreeSet::from([
        StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
        // A body that is not wanted is too large all the same.
        StatusCode::PAYLOAD_TOO_LARGE,
    ]);
    if operation.parameters.iter().any(|parameter| parameter.place == In::Path) {
        statuses.insert(StatusCode::NOT_FOUND);
    }
    if operation.body.is_some() {
        statuses.insert(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    statuses.extend(operation.refusals.iter().copied());
    statuses
}

fn name_of(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Problem").replace(' ', "")
}

fn refusal(status: Option<StatusCode>, problem: &Value) -> Value {
    let description = status.and_then(|status| status.canonical_reason()).unwrap_or("Any other problem");
    json!({ "description": description, "content": { problem::CONTENT_TYPE: { "schema": problem } } })
}

fn write(operation: &Operation, refusals: &BTreeSet<StatusCode>, schemas: &mut Map<String, Value>) -> Value {
    let mut responses: Map<String, Value> = refusals
        .iter()
        .map(|status| {
            let reference = format!("#/components/responses/{}", name_of(*status));
            (status.as_u16().to_string(), json!({ "$ref": reference }))
        })
        .collect();
    responses.insert("default".to_owned(), json!({ "$ref": "#/components/responses/Problem" }));
    responses.insert(operation.status.as_u16().to_string(), success(operation, schemas));
    let permission = operation.needs.permission();
    let mut security = vec![json!({ "token": [permission] })];
    if matches!(operation.needs, Needs::PermissionOrClient(_)) {
        security.push(json!({ "client": [] }));
    }
    let mut written = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "security": security,
        "responses": responses,
        "x-permission": permission,
    });
    if let Some(description) = operation.description {
        written["description"] = json!(description);
    }
    if !operation.parameters.is_empty() {
        written["parameters"] =
            operation.parameters.iter().map(|parameter| written_parameter(parameter, schemas)).collect();
    }
    if let Some(body) = &operation.body {
        let schema = body.schema.document(schemas);
        let content: Map<String, Value> =
            body.types.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": schema }))).collect();
        written["requestBody"] = json!({ "required": true, "content": content });
    }
    written
}

/// What can be done with that which an operation creates: every operation below it, told where its id is to be read.
fn links(creating: &Operation, operations: &[Operation]) -> Map<String, Value> {
    let below = format!("{}/{{", creating.path);
    let source = |parameter: &str| {
        let found = creating.found_by.iter().find(|(name, _)| *name == parameter);
        let own = || creating.path_parameters().any(|name| name == parameter);
        match found {
            // Another place than the answer is named in full.
            Some((_, place)) if place.starts_with('$') => Some((*place).to_owned()),
            Some((_, member)) => Some(format!("$response.body#/{member}")),
            None => own().then(|| format!("$request.path.{parameter}")),
        }
    };
    let link = |operation: &Operation| {
        let known = operation.path_parameters().filter_map(|name| Some((name.to_owned(), json!(source(name)?))));
        json!({ "operationId": operation.id, "parameters": known.collect::<Map<_, _>>() })
    };
    let linked =
        operations.iter().filter(|operation| !creating.found_by.is_empty() && operation.path.starts_with(&below));
    linked.map(|operation| (operation.id.to_owned(), link(operation))).collect()
}

fn written_parameter(parameter: &super::operation::Parameter, schemas: &mut Map<String, Value>) -> Value {
    let place = match parameter.place {
        In::Path => "path",
        In::Query => "query",
        In::Header => "header",
    };
    let mut written = json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.place == In::Path,
        "schema": parameter.schema.document(schemas),
    });
    if let Some(description) = parameter.schema.description {
        written["description"] = json!(description);
    }
    written
}

fn success(operation: &Operation, schemas: &mut Map<String, Value>) -> Value {
    let mut written = json!({ "description": operation.status.canonical_reason().unwrap_or("Done") });
    if let Some(answer) = &operation.answer {
        written["content"] = json!({ "application/json": { "schema": answer.document(schemas) } });
    }
    if operation.tagged {
        written["headers"]["ETag"] = json!({ "schema": { "type": "string" }, "description": "For If-Match." });
    }
    if operation.located {
        let about = "Where what was created is found.";
        written["headers"]["Location"] = json!({ "schema": { "type": "string" }, "description": about });
    }
    written
}
