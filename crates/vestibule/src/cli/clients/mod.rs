//! `vestibule clients`: the applications that people sign in to. Whatever is changed here, a running server notices within a
//! second.

mod arguments;
mod document;
mod initial_access_tokens;
mod report;

use clap::Subcommand;
use serde_json::json;
use vestibule_audit::{Actor, Details, Event, Kind, ObjectType};
use vestibule_core::ClientId;
use vestibule_database::Database;
use vestibule_oidc::client::{Client, Clients, ClientsError, check_sector};

use self::arguments::CreateArguments;
use super::{Context, Failure};
use crate::fetch::fetcher;

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register an application; its secret is printed this once only
    Create(Box<CreateArguments>),
    /// List all applications
    List {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show an application; its secret is not to be had again
    Show {
        /// Its client_id
        id: ClientId,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Delete an application for good; its tokens end, and what people allowed it is forgotten
    Delete {
        /// Its client_id
        id: ClientId,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Tokens by which applications register themselves (RFC 7591), where registration.mode is "token"
    #[command(subcommand)]
    InitialAccessTokens(initial_access_tokens::Command),
    /// Give an application a new secret, printed this once only; the old one is dead at once
    RotateSecret {
        /// Its client_id
        id: ClientId,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
}

/// The applications, and what it takes to work on them.
struct Desk {
    context: Context,
    database: Database,
    clients: Clients,
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let database = context.database().await?;
        let clients = context.clients(&database).await?;
        let mut desk = Desk { context, database, clients };
        match self {
            Self::Create(arguments) => desk.create(&arguments).await,
            Self::List { json } => desk.list(json).await,
            Self::Show { id, json } => desk.show(&id, json).await,
            Self::Delete { id, json } => desk.delete(&id, json).await,
            Self::RotateSecret { id, json } => desk.rotate_secret(&id, json).await,
            Self::InitialAccessTokens(command) => command.run(desk.context, &desk.database).await,
        }
    }
}

impl Desk {
    async fn create(&mut self, arguments: &CreateArguments) -> Result<(), Failure> {
        let (new, apps) = arguments.new_client()?;
        if new.metadata.sector_identifier_uri.is_some() {
            let fetcher = fetcher(&self.context.config).map_err(Failure::of)?;
            check_sector(&fetcher, &new.metadata).await.map_err(|error| arguments.refusal(&error))?;
        }
        let created = self.clients.create(new).await.map_err(|error| match error {
            ClientsError::Metadata(error) => arguments.refusal(&error),
            other => Failure::of(other),
        })?;
        // Nothing comes between a new secret and the report, whatever becomes of the rest.
        self.hand_over("is registered", &created.client, created.secret.as_deref(), arguments.json)?;
        if !apps.is_empty() {
            self.clients.set_apps(&created.client.id, apps).await.map_err(Failure::of)?;
        }
        self.note(Kind::Created, &created.client).await
    }

    async fn list(&mut self, json: bool) -> Result<(), Failure> {
        let clients = self.clients.list().await.map_err(Failure::of)?;
        if json {
            let mut documents = Vec::with_capacity(clients.len());
            for client in &clients {
                documents.push(report::document(client, &self.apps(&client.id).await?));
            }
            return self.context.output.json(&documents);
        }
        self.context.output.table(&report::HEADINGS, &clients.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn show(&mut self, id: &ClientId, json: bool) -> Result<(), Failure> {
        let client = self.find(id).await?;
        let apps = self.apps(id).await?;
        if json {
            self.context.output.json(&report::document(&client, &apps))
        } else {
            self.context.output.text(&report::lines(&client, &apps))
        }
    }

    async fn delete(&mut self, id: &ClientId, json: bool) -> Result<(), Failure> {
        let client = self.find(id).await?;
        // First what can be repeated: once the row is gone, nobody finds the application to end its tokens.
        self.context.revoke_client(&self.database, id.clone()).await?;
        self.clients.delete(id).await.map_err(Failure::of)?;
        self.note(Kind::Deleted, &client).await?;
        if json {
            return self.context.output.json(&json!({ "client_id": id.as_str(), "deleted": true }));
        }
        self.context.output.text(&format!("Client {} ({id}): deleted, and its tokens are void.", client.name))
    }

    async fn rotate_secret(&mut self, id: &ClientId, json: bool) -> Result<(), Failure> {
        // Found first: once there is a new secret, nothing must come between it and the report.
        let client = self.find(id).await?;
        let secret = self.clients.rotate_secret(id).await.map_err(Failure::of)?;
        self.hand_over("has a new secret, and the old one is dead", &client, Some(&secret), json)?;
        self.note(Kind::SecretRotated, &client).await
    }

    /// The apps that an application stands for.
    async fn apps(&self, id: &ClientId) -> Result<Vec<String>, Failure> {
        self.clients.apps(id).await.map_err(Failure::of)
    }

    async fn note(&self, kind: Kind, client: &Client) -> Result<(), Failure> {
        let event = Event::new(kind, Actor::Command).object(ObjectType::Client, client.id.as_str());
        self.context.note(&self.database, event.details(Details::new().name(&client.name))).await
    }

    async fn find(&self, id: &ClientId) -> Result<Client, Failure> {
        let found = self.clients.read(id).await.map_err(Failure::of)?;
        found.ok_or_else(|| Failure::of(ClientsError::NoSuchClient(id.clone())))
    }

    /// Reports what an application must be told, the secret this once.
    fn hand_over(&mut self, what: &str, client: &Client, secret: Option<&str>, json: bool) -> Result<(), Failure> {
        if json {
            return self.context.output.json(&json!({ "client_id": client.id.as_str(), "client_secret": secret }));
        }
        let shown = secret.unwrap_or("none: it is public, or proves itself by a key or a certificate");
        let mut text =
            format!("Client {} {what}.\n\nClient id      {}\nClient secret  {shown}\n", client.name, client.id);
        if secret.is_some() {
            text.push_str("\nThe secret is shown this once only: give it to the application now.\n");
        }
        self.context.output.text(&text)
    }
}
