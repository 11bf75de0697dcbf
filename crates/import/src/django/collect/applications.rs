//! django-oauth-toolkit's applications.

use super::users::Named;
use crate::django::{
    problem::{Problem, Weight},
    secret::ClientSecret,
    site::{Application, Grant, User},
    value::{Fields, Record, Reference},
};

/// What was read of them so far.
#[derive(Default)]
pub(super) struct Applications(Vec<Draft>);

struct Draft {
    application: Application,
    owner: Option<Reference>,
    model: String,
}

impl Applications {
    pub(super) fn take(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let model = record.model.clone();
        let mut fields = Fields::new(record, problems);
        let Some(client_id) = fields.line("client_id") else {
            fields.problem(Weight::Blocks, "client_id", "it has none; give it one at the source, or delete it");
            return;
        };
        fields.call(&client_id);
        let confidential = match fields.text("client_type").as_deref() {
            Some("confidential") => true,
            Some("public") => false,
            _ => {
                fields.problem(Weight::Blocks, "client_type", "it is neither confidential nor public");
                return;
            }
        };
        let secret = fields.text("client_secret").filter(|secret| confidential && !secret.is_empty());
        let application = Application {
            pk: fields.pk(),
            name: fields.line("name").unwrap_or_default(),
            confidential,
            secret: secret.map(ClientSecret::read),
            grant: grant(fields.text("authorization_grant_type").unwrap_or_default()),
            redirect_uris: words(&mut fields, "redirect_uris"),
            post_logout_redirect_uris: words(&mut fields, "post_logout_redirect_uris"),
            allowed_origins: words(&mut fields, "allowed_origins"),
            skips_consent: fields.flag("skip_authorization").unwrap_or(false),
            algorithm: fields.line("algorithm").unwrap_or_default(),
            owner: None,
            created: fields.moment("created"),
            client_id,
        };
        let owner = fields.take("user").as_ref().and_then(Reference::read);
        self.0.push(Draft { application, owner, model });
    }

    /// By client id.
    pub(super) fn finish(self, users: &[User], named: &Named, problems: &mut Vec<Problem>) -> Vec<Application> {
        let mut applications: Vec<Application> = Vec::with_capacity(self.0.len());
        for Draft { mut application, owner, model } in self.0 {
            application.owner = owner.as_ref().and_then(|owner| Some(users.get(named.find(owner)?)?.username.clone()));
            if let (Some(owner), None) = (owner, &application.owner) {
                let why = format!("the user {} is not in the source; it comes without an owner", owner.shown());
                let (pk, name) = (application.pk.as_deref(), Some(application.client_id.as_str()));
                problems.push(Problem::of_row(Weight::Differs, &model, pk, name, why).in_field("user"));
            }
            applications.push(application);
        }
        applications.sort_by(|one, other| (&one.client_id, &one.pk).cmp(&(&other.client_id, &other.pk)));
        applications
    }
}

/// What a text field separates by blanks.
fn words(fields: &mut Fields<'_>, field: &str) -> Vec<String> {
    fields.text(field).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

fn grant(column: String) -> Grant {
    match column.as_str() {
        "authorization-code" => Grant::AuthorizationCode,
        "openid-hybrid" => Grant::Hybrid,
        "client-credentials" => Grant::ClientCredentials,
        "urn:ietf:params:oauth:grant-type:device_code" => Grant::DeviceCode,
        "implicit" => Grant::Implicit,
        "password" => Grant::Password,
        _ => Grant::Other(column),
    }
}
