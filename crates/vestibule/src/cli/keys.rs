//! `vestibule keys`: the signing keys, those that request objects are encrypted to, and the key-encryption key that seals both.

use std::{path::PathBuf, time::Duration};

use clap::Subcommand;
use serde_json::json;
use vestibule_audit::{Actor, Details, Event, Kind, ObjectType};
use vestibule_core::Vault;
use vestibule_database::Database;
use vestibule_tokens::{DecryptionKeyInfo, KeyFile, KeyInfo, KeyRing, KeyState, SigningAlgorithm, change_key, rewrap};

use super::{
    Context, Failure,
    time::{readable, rfc3339},
};
use crate::rotation;

/// What a key is for, as the JWKS calls it (RFC 7517 section 4.2).
const SIGNS: &str = "sig";
const ENCRYPTED_TO: &str = "enc";

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the signing keys, and those that request objects are encrypted to
    List {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Make new signing keys; each is published first and signs after keys.publish_ahead
    Rotate {
        /// Only this algorithm, such as RS256 (several times for several) [default: all of keys.algorithms]
        #[arg(long = "alg", value_name = "ALGORITHM")]
        algorithms: Vec<SigningAlgorithm>,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Change the key-encryption key: seal every secret in the database anew
    Rewrap {
        /// Seal with the key in this file [default: a new key, made in keys.dir]
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub(super) async fn run(self, mut context: Context) -> Result<(), Failure> {
        let database = context.database().await?;
        match self {
            Self::List { json } => list(&mut context, database, json).await,
            Self::Rotate { algorithms, json } => rotate(&mut context, database, algorithms, json).await,
            Self::Rewrap { new_key_file, json } => change(&mut context, database, new_key_file, json).await,
        }
    }
}

/// Opens the key ring. On a new database that makes the first keys, as `serve` would.
async fn ring(context: &Context, database: Database) -> Result<KeyRing, Failure> {
    let vault = context.vault(&database).await?;
    let on = context.config.keys.signing_algorithms();
    KeyRing::open(database, vault, context.key_file(), &on, context.clock.clone(), context.random.clone())
        .await
        .map_err(Failure::of)
}

async fn list(context: &mut Context, database: Database, json: bool) -> Result<(), Failure> {
    let ring = ring(context, database).await?;
    let (signing, decrypting) = (ring.list(), ring.list_decryption_keys());
    if json {
        let documents = signing.iter().map(document).chain(decrypting.iter().map(decryption_document));
        return context.output.json(&documents.collect::<Vec<_>>());
    }
    let headings = ["algorithm", "use", "state", "signs from", "verifies or decrypts until", "id"];
    let rows = signing.iter().map(row).chain(decrypting.iter().map(decryption_row));
    context.output.table(&headings, &rows.collect::<Vec<_>>())
}

fn row(key: &KeyInfo) -> Vec<String> {
    vec![
        key.algorithm.to_string(),
        SIGNS.to_owned(),
        state(key.state).to_owned(),
        readable(key.signs_from),
        key.verifies_until.map(readable).unwrap_or_default(),
        key.kid.clone(),
    ]
}

fn decryption_row(key: &DecryptionKeyInfo) -> Vec<String> {
    vec![
        key.algorithm.to_string(),
        ENCRYPTED_TO.to_owned(),
        decryption_state(key).to_owned(),
        String::new(),
        key.decrypts_until.map(readable).unwrap_or_default(),
        key.kid.clone(),
    ]
}

fn document(key: &KeyInfo) -> serde_json::Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm,
        "use": SIGNS,
        "state": key.state,
        "created_at": rfc3339(key.created_at),
        "signs_from": rfc3339(key.signs_from),
        "verifies_until": key.verifies_until.map(rfc3339),
    })
}

/// With the members that a signing key has, so that a program which reads all finds each.
fn decryption_document(key: &DecryptionKeyInfo) -> serde_json::Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.to_string(),
        "use": ENCRYPTED_TO,
        "state": decryption_state(key),
        "created_at": rfc3339(key.created_at),
        "signs_from": null,
        "verifies_until": null,
        "decrypts_until": key.decrypts_until.map(rfc3339),
    })
}

/// In the JWKS; or out of it, and there for what was encrypted before.
fn decryption_state(key: &DecryptionKeyInfo) -> &'static str {
    if key.decrypts_until.is_none() { "published" } else { "decrypting" }
}

fn state(state: KeyState) -> &'static str {
    match state {
        KeyState::Published => "published",
        KeyState::Signing => "signing",
        KeyState::Verifying => "verifying",
        KeyState::Retired => "retired",
    }
}

async fn rotate(
    context: &mut Context,
    database: Database,
    algorithms: Vec<SigningAlgorithm>,
    json: bool,
) -> Result<(), Failure> {
    let ring = ring(context, database.clone()).await?;
    // With all that sign, those that request objects are encrypted to.
    let decrypting = match algorithms.is_empty() {
        true => ring.make_decryption_keys(Some(Duration::ZERO)).await.map_err(Failure::of)?,
        false => Vec::new(),
    };
    for kid in &decrypting {
        let event = Event::new(Kind::KeysRotated, Actor::Command).object(ObjectType::Key, kid);
        context.note(&database, event.details(Details::new().name("decryption"))).await?;
    }
    let algorithms = if algorithms.is_empty() { ring.algorithms().to_vec() } else { algorithms };
    let kids = ring.rotate(&algorithms, rotation::of(&context.config)).await.map_err(Failure::of)?;
    let made: Vec<_> = ring.list().into_iter().filter(|key| kids.contains(&key.kid)).collect();
    for key in &made {
        let event = Event::new(Kind::KeysRotated, Actor::Command).object(ObjectType::Key, &key.kid);
        context.note(&database, event.details(Details::new().name(&key.algorithm.to_string()))).await?;
    }
    if json {
        return context.output.json(&made.iter().map(document).collect::<Vec<_>>());
    }
    let line = |key: &KeyInfo| format!("{} {} signs from {}.\n", key.algorithm, key.kid, readable(key.signs_from));
    let decrypts = |kid: &String| format!("{kid} is published for request objects to be encrypted to.\n");
    context.output.text(&made.iter().map(line).chain(decrypting.iter().map(decrypts)).collect::<String>())
}

async fn change(
    context: &mut Context,
    database: Database,
    new_key_file: Option<PathBuf>,
    json: bool,
) -> Result<(), Failure> {
    let old = context.vault(&database).await?;
    let (new, path) = match new_key_file {
        Some(path) => (with_provided_key(context, &database, &old, &path).await?, path),
        None => {
            let file = context.key_file();
            let new = change_key(&database, &file, &old, &context.random).await.map_err(|error| {
                Failure::new(match error {
                    vestibule_tokens::RewrapError::Provided { .. } => format!("{error} with --new-key-file"),
                    other => other.to_string(),
                })
            })?;
            (new, file.path().to_owned())
        }
    };
    let event = Event::new(Kind::KeysRotated, Actor::Command).object(ObjectType::Key, new.key_id());
    context.note(&database, event.details(Details::new().name("key-encryption key"))).await?;
    if json {
        return context.output.json(&json!({ "old_key_id": old.key_id(), "key_id": new.key_id(), "file": path }));
    }
    context.output.text(&format!(
        "Everything is sealed with the key {} now, which lies in {}. The key {} opens nothing any more.",
        new.key_id(),
        path.display(),
        old.key_id()
    ))
}

/// Seals with a key that somebody provides. Where the server finds it is for them to set.
async fn with_provided_key(
    context: &Context,
    database: &Database,
    old: &Vault,
    path: &std::path::Path,
) -> Result<Vault, Failure> {
    let new = KeyFile::at(&context.config.keys.dir, Some(path)).load().map_err(Failure::of)?;
    let new = new.ok_or_else(|| Failure::new(format!("there is no key in {}; make one there", path.display())))?;
    rewrap(database, old, &new, &context.random).await.map_err(Failure::of)?;
    Ok(new)
}
