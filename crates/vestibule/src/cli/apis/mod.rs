//! `vestibule apis`: the APIs that applications call, the audiences of access tokens, the scopes that each owns, and the
//! applications that each is when it asks about tokens.

mod arguments;
mod report;

use clap::Subcommand;
use serde_json::json;
use vestibule_audit::{Actor, Event, Kind, ObjectType};
use vestibule_database::Database;
use vestibule_oidc::client::{ApiError, Apis};

use self::arguments::CreateArguments;
use super::{Context, Failure};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Register an API
    Create(CreateArguments),
    /// List all APIs
    List {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show an API
    Show {
        /// Its identifier
        identifier: String,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Delete an API and its scopes; tokens for it live on until they expire
    Delete {
        /// Its identifier
        identifier: String,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) async fn run(self, mut context: Context) -> Result<(), Failure> {
        let database = context.database().await?;
        let apis = context.apis(&database).await?;
        match self {
            Self::Create(arguments) => create(&mut context, &database, &apis, arguments).await,
            Self::List { json } => list(&mut context, &apis, json).await,
            Self::Show { identifier, json } => show(&mut context, &apis, identifier, json).await,
            Self::Delete { identifier, json } => delete(&mut context, &database, &apis, &identifier, json).await,
        }
    }
}

/// Writes down what was done to an API.
async fn note(context: &Context, database: &Database, kind: Kind, identifier: &str) -> Result<(), Failure> {
    context.note(database, Event::new(kind, Actor::Command).object(ObjectType::Api, identifier)).await
}

async fn create(
    context: &mut Context,
    database: &Database,
    apis: &Apis,
    arguments: CreateArguments,
) -> Result<(), Failure> {
    let json = arguments.json;
    let new = arguments.new_api()?;
    let api = apis.create(new, context.config.http.public_url.as_str()).await.map_err(refusal)?;
    note(context, database, Kind::Created, &api.identifier).await?;
    if json {
        return context.output.json(&report::document(&api));
    }
    context.output.text(&format!("API {}: registered, with {}.", api.identifier, report::scopes_in_words(&api)))
}

/// Why an API is refused, with the argument that says so.
fn refusal(error: ApiError) -> Failure {
    match error {
        ApiError::Algorithm { .. } => Failure::new(format!("--access-token-alg: {error}")),
        ApiError::Lifetime => Failure::new(format!("--access-token-lifetime: {error}")),
        ApiError::NoSuchClient(_) | ApiError::PublicClient(_) | ApiError::TooManyClients => {
            Failure::new(format!("--client: {error}"))
        }
        ApiError::ScopeSyntax(_) => Failure::new(format!("--scope: {error}")),
        ApiError::ScopeTaken { .. } => Failure::new(format!("--scope: {error}; give it another name")),
        other => Failure::of(other),
    }
}

async fn list(context: &mut Context, apis: &Apis, json: bool) -> Result<(), Failure> {
    let apis = apis.list().await.map_err(Failure::of)?;
    if json {
        return context.output.json(&apis.iter().map(report::document).collect::<Vec<_>>());
    }
    context.output.table(&report::HEADINGS, &apis.iter().map(report::row).collect::<Vec<_>>())
}

async fn show(context: &mut Context, apis: &Apis, identifier: String, json: bool) -> Result<(), Failure> {
    let found = apis.read(&identifier).await.map_err(Failure::of)?;
    let api = found.ok_or_else(|| Failure::of(ApiError::NoSuchApi(identifier)))?;
    if json { context.output.json(&report::document(&api)) } else { context.output.text(&report::lines(&api)) }
}

async fn delete(
    context: &mut Context,
    database: &Database,
    apis: &Apis,
    identifier: &str,
    json: bool,
) -> Result<(), Failure> {
    apis.delete(identifier).await.map_err(Failure::of)?;
    note(context, database, Kind::Deleted, identifier).await?;
    if json {
        return context.output.json(&json!({ "identifier": identifier, "deleted": true }));
    }
    context.output.text(&format!("API {identifier}: deleted, and its scopes with it."))
}
