//! What a handler is given, and what it gives back.

use std::{collections::BTreeMap, sync::Arc};

use poem::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use vestibule_audit::{Actor as AuditActor, Event, Kind, Source};
use vestibule_oidc::client::Client;

use super::{
    actor::Actor,
    check::Flaw,
    etag::{self, IfMatch},
    problem::Problem,
};
use crate::http::{ClientAddress, RequestId};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Somebody, by a token.
    Person(Box<Actor>),
    /// An application, by its secret.
    Client(Arc<Client>),
}

/// A request that was checked in every part that the document describes. Its body can hold secrets, so it is not for printing.
#[derive(Clone)]
pub(crate) struct Call {
    pub(super) caller: Caller,
    pub(super) path: Vec<(&'static str, String)>,
    pub(super) query: BTreeMap<&'static str, Value>,
    pub(super) body: Value,
    pub(super) if_match: Option<IfMatch>,
    pub(super) etags: etag::Maker,
    pub(super) address: Option<ClientAddress>,
    pub(super) request_id: RequestId,
}

impl Call {
    /// The person who asks.
    ///
    /// # Errors
    /// 403, where an application does: no operation that needs a person is open to one.
    pub(crate) fn actor(&self) -> Result<&Actor, Problem> {
        match &self.caller {
            Caller::Person(actor) => Ok(actor),
            Caller::Client(_) => Err(Problem::forbidden("this is not for applications")),
        }
    }

    /// That whoever asks did this, in this request.
    pub(crate) fn event(&self, kind: Kind) -> Event {
        let by = match &self.caller {
            Caller::Client(client) => AuditActor::Client(client.id.clone()),
            Caller::Person(actor) => match actor.token {
                Some(token) => AuditActor::ApiToken { id: token.to_string(), user: actor.user.id },
                None => AuditActor::User(actor.user.id),
            },
        };
        let event = Event::new(kind, by).source(&self.source());
        match &self.caller {
            Caller::Person(actor) => match &actor.client {
                Some(client) => event.client(client.clone()),
                None => event.way("api_token"),
            },
            Caller::Client(_) => event,
        }
    }

    /// Where the request came from.
    pub(crate) fn source(&self) -> Source {
        Source {
            address: self.address.map(ClientAddress::ip),
            request_id: Some(self.request_id.as_str().to_owned()).filter(|id| !id.is_empty()),
        }
    }

    /// A parameter of the path.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// An id in the path. One that does not parse names nothing.
    pub(crate) fn id<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        self.path(name).parse().map_err(|_| Problem::not_found(what))
    }

    /// A text of the query.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.query.get(name).and_then(Value::as_str)
    }

    /// A whole number of the query.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.query.get(name).and_then(Value::as_i64)
    }

    /// A yes or no of the query.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.query.get(name).and_then(Value::as_bool)
    }

    /// The body, an object.
    pub(crate) fn members(&self) -> Map<String, Value> {
        self.body.as_object().cloned().unwrap_or_default()
    }

    /// The body as a type of ours.
    ///
    /// # Errors
    /// 400, where the type asks for more than the document says.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_value(self.body.clone())
            .map_err(|error| Problem::invalid_body(vec![Flaw::new("", error.to_string())]))
    }

    /// Whether `If-Match` names what is there now.
    ///
    /// # Errors
    /// 412, where it does not.
    pub(crate) fn precondition(&self, present: &Value) -> Result<(), Problem> {
        match &self.if_match {
            Some(wanted) if !wanted.names(&self.etags.tag(present)) => Err(Problem::precondition_failed()),
            _ => Ok(()),
        }
    }

    /// Whether there is an `If-Match` at all.
    pub(crate) fn is_conditional(&self) -> bool {
        self.if_match.is_some()
    }
}

/// What a handler answers. It can hold secrets, so it is not for printing.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Option<Value>,
    pub(super) location: Option<String>,
}

impl Reply {
    /// 200.
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: StatusCode::OK, body: Some(body), location: None }
    }

    /// 201. `location` begins with a slash and lies below `/api/v1`.
    pub(crate) fn created(location: String, body: Value) -> Self {
        Self { status: StatusCode::CREATED, body: Some(body), location: Some(location) }
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, body: None, location: None }
    }
}
