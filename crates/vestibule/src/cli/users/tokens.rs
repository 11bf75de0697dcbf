//! A user's API tokens. A token is printed once, when it is made.

use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_core::ApiTokenId;
use vestibule_users::{ApiToken, ApiTokenError, PermissionName};

use crate::{
    cli::{
        Failure,
        desk::{Desk, done},
        output::Report,
        time::{readable, rfc3339},
    },
    config,
};

/// `vestibule users create-token`
#[derive(Debug, Args)]
pub(in crate::cli) struct TokenArguments {
    /// The user's username, e-mail address or id
    user: String,
    /// What the token is called in their list
    #[arg(long)]
    name: String,
    /// When it ends, such as 90d [default: never]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_duration)]
    expires_in: Option<Duration>,
    /// A permission that it is limited to, as app.codename (several times for several) [default: whatever the user may do]
    #[arg(long = "scope", value_name = "PERMISSION")]
    scopes: Vec<PermissionName>,
    #[command(flatten)]
    report: Report,
}

impl Desk {
    pub(super) async fn create_token(&mut self, arguments: TokenArguments) -> Result<(), Failure> {
        let TokenArguments { user, name, expires_in, scopes, report } = arguments;
        let user = self.user(&user).await?;
        let tokens = self.context.api_tokens(&self.database).await?;
        let scopes = scopes.iter().map(ToString::to_string).collect::<std::collections::BTreeSet<_>>();
        let scopes = (!scopes.is_empty()).then_some(scopes);
        let (token, text) = tokens.create(user.id, &name, scopes, expires_in).await.map_err(refusal)?;
        let details = Details::new().name(&token.name).scopes(token.scopes.iter().flatten());
        let details = match token.expires_at {
            Some(moment) => details.until(moment),
            None => details,
        };
        let mut document = document(&token);
        document["token"] = text.expose_secret().into();
        let said = format!(
            "API token {} of user {}: made.\n\nToken  {}\n\nIt is shown this once only.\n",
            token.name,
            user.username,
            text.expose_secret()
        );
        // Nothing comes between a new token and the report.
        self.context.output.report(report, &document, &said)?;
        let event = done(Kind::ApiTokenCreated).subject(user.id).object(ObjectType::ApiToken, token.id);
        self.note(event.details(details)).await
    }

    pub(super) async fn list_tokens(&mut self, user: &str, report: Report) -> Result<(), Failure> {
        let user = self.user(user).await?;
        let tokens = self.context.api_tokens(&self.database).await?.list(user.id).await.map_err(Failure::of)?;
        if report.json {
            return self.context.output.json(&tokens.iter().map(document).collect::<Vec<_>>());
        }
        let row = |token: &ApiToken| {
            let moment = |moment: Option<_>| moment.map_or_else(|| "never".to_owned(), readable);
            let scopes = token.scopes.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
            let ends = format!("…{}", token.hint);
            vec![
                token.name.clone(),
                ends,
                moment(token.expires_at),
                moment(token.last_used_at),
                scopes,
                token.id.to_string(),
            ]
        };
        let headings = ["name", "token", "expires", "last used", "scopes", "id"];
        self.context.output.table(&headings, &tokens.iter().map(row).collect::<Vec<_>>())
    }

    pub(super) async fn revoke_token(&mut self, user: &str, id: ApiTokenId, report: Report) -> Result<(), Failure> {
        let user = self.user(user).await?;
        let tokens = self.context.api_tokens(&self.database).await?;
        tokens.revoke(user.id, id).await.map_err(|error| match error {
            ApiTokenError::NoSuchToken => Failure::new(format!(
                "user {} has no API token {id}; `vestibule users tokens {}` shows all of theirs",
                user.username, user.username
            )),
            other => refusal(other),
        })?;
        self.note(done(Kind::ApiTokenRevoked).subject(user.id).object(ObjectType::ApiToken, id)).await?;
        let text = format!("API token {id} of user {}: revoked; it opens nothing any more.", user.username);
        self.context.output.report(report, &json!({ "id": id, "revoked": true }), &text)
    }
}

fn document(token: &ApiToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": rfc3339(token.created_at),
        "expires_at": token.expires_at.map(rfc3339),
        "last_used_at": token.last_used_at.map(rfc3339),
    })
}

/// Why there is no token, with the argument that says so.
fn refusal(error: ApiTokenError) -> Failure {
    match error {
        ApiTokenError::Invalid { field, why } => {
            let flag = if field == "scopes" { "scope".to_owned() } else { field.replace('_', "-") };
            Failure::new(format!("--{flag}: {why}"))
        }
        other => Failure::of(other),
    }
}
