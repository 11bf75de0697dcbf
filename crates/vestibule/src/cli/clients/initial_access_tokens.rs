//! `vestibule clients initial-access-tokens`: who has one may register applications (RFC 7591 section 3).

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};
use vestibule_audit::{Actor, Details, Event, Kind, ObjectType};
use vestibule_database::Database;
use vestibule_oidc::registration::InitialAccessToken;

use crate::{
    cli::{
        Context, Failure,
        time::{readable, rfc3339},
    },
    config,
};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Make a token; it is printed this once only
    Create {
        /// What it is for, as lists and records show it
        #[arg(long)]
        name: String,
        /// How many applications can be registered with it
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        uses: u32,
        /// How long it can be used, such as 1h or 7d
        #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = config::parse_duration)]
        expires_in: Duration,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// List the tokens that can still be used
    List {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Take a token back; the applications that were registered with it stay
    Revoke {
        /// Its id, as the list shows it
        id: String,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) async fn run(self, mut context: Context, database: &Database) -> Result<(), Failure> {
        let tokens = context.initial_access_tokens(database).await?;
        match self {
            Self::Create { name, uses, expires_in, json } => {
                let name = checked(&name)?;
                let (made, token) = tokens.create(name, uses, expires_in).await.map_err(Failure::of)?;
                // Nothing comes between a new secret and the report.
                hand_over(&mut context, &made, &token, json)?;
                context.note(database, event(Kind::Created, &made.id).details(Details::new().name(&made.name))).await
            }
            Self::List { json } => {
                let all = tokens.list().await.map_err(Failure::of)?;
                if json {
                    return context.output.json(&all.iter().map(document).collect::<Vec<_>>());
                }
                let rows: Vec<_> = all.iter().map(row).collect();
                context.output.table(&["name", "uses left", "until", "id"], &rows)
            }
            Self::Revoke { id, json } => {
                if !tokens.revoke(&id).await.map_err(Failure::of)? {
                    let hint = "`vestibule clients initial-access-tokens list` shows all of them";
                    return Err(Failure::new(format!("there is no initial access token {id:?}; {hint}")));
                }
                context.note(database, event(Kind::Deleted, &id)).await?;
                if json {
                    return context.output.json(&json!({ "id": id, "revoked": true }));
                }
                context.output.text(&format!("Initial access token {id}: nobody registers with it any more."))
            }
        }
    }
}

fn checked(name: &str) -> Result<&str, Failure> {
    let name = name.trim();
    let printable = !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
    printable.then_some(name).ok_or_else(|| Failure::new("--name: give a name of 1 to 200 printable characters"))
}

fn event(kind: Kind, id: &str) -> Event {
    Event::new(kind, Actor::Command).object(ObjectType::InitialAccessToken, id)
}

fn hand_over(context: &mut Context, made: &InitialAccessToken, token: &str, json: bool) -> Result<(), Failure> {
    if json {
        let mut shown = document(made);
        shown["token"] = json!(token);
        return context.output.json(&shown);
    }
    let applications =
        if made.uses_left == 1 { "one application".to_owned() } else { format!("{} applications", made.uses_left) };
    context.output.text(&format!(
        "{token}\n\nIt registers {applications}, until {}. It is shown this once only.\n",
        readable(made.expires_at)
    ))
}

fn document(token: &InitialAccessToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "uses_left": token.uses_left,
        "created_at": rfc3339(token.created_at),
        "expires_at": rfc3339(token.expires_at),
    })
}

fn row(token: &InitialAccessToken) -> Vec<String> {
    vec![token.name.clone(), token.uses_left.to_string(), readable(token.expires_at), token.id.clone()]
}
