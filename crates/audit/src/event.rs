//! One thing that happened, as whoever saw it happen tells it.

use std::net::IpAddr;

use sea_orm::ActiveValue::Set;
use vestibule_core::{ClientId, Random, Timestamp, UserId};

use crate::{Details, Kind, row, text::bounded};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, at a browser.
    User(UserId),
    /// A person's API token.
    ApiToken {
        /// The token's id; never the token.
        id: String,
        /// Whose it is.
        user: UserId,
    },
    /// An application, for itself.
    Client(ClientId),
    /// Whoever runs commands on this machine.
    Command,
    /// Vestibule itself.
    System,
    /// Nobody who is known, such as whoever could not sign in.
    Nobody,
}

impl Actor {
    /// The name of its type in records.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::ApiToken { .. } => "api_token",
            Self::Client(_) => "client",
            Self::Command => "command",
            Self::System => "system",
            Self::Nobody => "nobody",
        }
    }

    fn id(&self) -> Option<String> {
        match self {
            Self::User(user) | Self::ApiToken { user, .. } => Some(user.to_string()),
            Self::Client(client) => Some(bounded(client.as_str())),
            Self::Command | Self::System | Self::Nobody => None,
        }
    }

    fn token(&self) -> Option<String> {
        if let Self::ApiToken { id, .. } = self { Some(bounded(id)) } else { None }
    }
}

/// What types of things there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectType {
    /// A person, by id.
    User,
    /// A group, by name or id.
    Group,
    /// A permission, as `app.codename`.
    Permission,
    /// A declared attribute, by name.
    Attribute,
    /// An API token, by id.
    ApiToken,
    /// An application, by client id.
    Client,
    /// A token that lets applications register themselves, by id.
    InitialAccessToken,
    /// An API, by identifier.
    Api,
    /// A session, by its public id.
    Session,
    /// A signing key, by key id.
    Key,
}

impl ObjectType {
    /// Every type.
    pub const ALL: &'static [Self] = &[
        Self::User,
        Self::Group,
        Self::Permission,
        Self::Attribute,
        Self::ApiToken,
        Self::Client,
        Self::InitialAccessToken,
        Self::Api,
        Self::Session,
        Self::Key,
    ];

    /// Its name in records, which never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Permission => "permission",
            Self::Attribute => "attribute",
            Self::ApiToken => "api_token",
            Self::Client => "client",
            Self::InitialAccessToken => "initial_access_token",
            Self::Api => "api",
            Self::Session => "session",
            Self::Key => "key",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// The thing that something was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    kind: ObjectType,
    id: String,
}

impl Object {
    /// A thing of a type, by its id or name.
    #[must_use]
    pub fn new(kind: ObjectType, id: impl ToString) -> Self {
        Self { kind, id: bounded(&id.to_string()) }
    }
}

/// Where something came from. The same for all that one request does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The client's address, as the server believes it.
    pub address: Option<IpAddr>,
    /// The request's id, by which the log tells of it too.
    pub request_id: Option<String>,
}

/// One thing that happened. `Event::new` says what and who, the other functions add what else is known.
#[derive(Clone, Debug)]
pub struct Event {
    kind: Kind,
    actor: Actor,
    subject: Option<UserId>,
    object: Option<Object>,
    client: Option<ClientId>,
    way: Option<&'static str>,
    source: Source,
    details: Details,
}

impl Event {
    /// That `actor` did this.
    #[must_use]
    pub fn new(kind: Kind, actor: Actor) -> Self {
        Self {
            kind,
            actor,
            subject: None,
            object: None,
            client: None,
            way: None,
            source: Source::default(),
            details: Details::default(),
        }
    }

    /// For whom, or to whom.
    #[must_use]
    pub fn subject(mut self, user: UserId) -> Self {
        self.subject = Some(user);
        self
    }

    /// To which thing.
    #[must_use]
    pub fn object(mut self, kind: ObjectType, id: impl ToString) -> Self {
        self.object = Some(Object::new(kind, id));
        self
    }

    /// At which application.
    #[must_use]
    pub fn client(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// By which way, such as `password` or `api_token`.
    #[must_use]
    pub fn way(mut self, way: &'static str) -> Self {
        self.way = Some(way);
        self
    }

    /// From where.
    #[must_use]
    pub fn source(mut self, source: &Source) -> Self {
        self.source.clone_from(source);
        self
    }

    /// What else is worth knowing.
    #[must_use]
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn into_row(self, now: Timestamp, random: &Random) -> row::ActiveModel {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes()).into_uuid();
        let (object_type, object_id) = self.object.map(|object| (object.kind.as_str().to_owned(), object.id)).unzip();
        row::ActiveModel {
            id: Set(id.to_string()),
            at: Set(now.millis()),
            kind: Set(self.kind.as_str().to_owned()),
            actor_type: Set(self.actor.type_name().to_owned()),
            actor_id: Set(self.actor.id()),
            actor_token: Set(self.actor.token()),
            subject: Set(self.subject.map(|user| user.to_string())),
            object_type: Set(object_type),
            object_id: Set(object_id),
            client_id: Set(self.client.map(|client| bounded(client.as_str()))),
            way: Set(self.way.map(str::to_owned)),
            address: Set(self.source.address.map(|address| address.to_canonical().to_string())),
            request_id: Set(self.source.request_id.as_deref().map(bounded)),
            details: Set(self.details.into_json()),
        }
    }
}
