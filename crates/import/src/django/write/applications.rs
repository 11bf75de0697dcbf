//! Applications, with their ids and secrets.

use std::collections::BTreeSet;

use vestibule_core::{ClientId, RedirectUri, ScopeSet};
use vestibule_oidc::client::{AuthMethod, ClientMetadata, ClientsError, ImportedClient, ImportedSecret, NewClient};
use vestibule_users::{HashingPolicy, ImportedHash};

use super::{
    Run, WriteError,
    ledger::{Met, Model},
};
use crate::django::{
    problem::{Problem, Weight},
    secret::ClientSecret,
    site::{Application, Grant},
};

const MODEL: &str = "oauth2_provider.application";
/// The longest name of an application, in characters.
const LONGEST_NAME: usize = 200;
/// The most apps that an application can stand for.
const MOST_APPS: usize = 100;

impl Run<'_> {
    /// Brings the applications that never came. Each stands for every app of the site, whose permissions it knew there too.
    pub(super) async fn applications(&mut self) -> Result<(), WriteError> {
        let tokens = self.plan.site.users.iter().flat_map(|user| &user.refresh_tokens);
        for token in tokens {
            let granted = self.granted.entry(token.client_id.as_str()).or_default();
            *granted = granted.union(&token.scope);
        }
        let apps: BTreeSet<&str> = self.plan.site.permissions.iter().map(|one| one.app.as_str()).collect();
        let mut apps: Vec<String> = apps.into_iter().map(str::to_owned).collect();
        if apps.len() > MOST_APPS && !self.plan.site.applications.is_empty() {
            let why = "the site has more than 100 apps, so its applications come without any; name those that each \
                       needs with `vestibule clients`";
            self.problems.push(Problem::of_model(Weight::Differs, MODEL, why));
            apps.clear();
        }
        for application in &self.plan.site.applications {
            let pk = application.pk.as_deref();
            match self.ledger.meet(Model::Application, pk, &application.client_id) {
                Met::Known(id) => self.known_application(id).await?,
                Met::Another(name) => self.another(MODEL, pk, &application.client_id, &name),
                Met::New => self.application(application, apps.clone()).await?,
            }
        }
        Ok(())
    }

    /// One that came before, and what it may ask for by now.
    async fn known_application(&mut self, id: String) -> Result<(), WriteError> {
        self.count_known("applications");
        if let Some(client) = self.to.clients.read(&ClientId::from(id.clone())).await.map_err(ClientsError::from)? {
            self.may_ask.insert(id, client.metadata.scope);
        }
        Ok(())
    }

    async fn application(&mut self, application: &Application, apps: Vec<String>) -> Result<(), WriteError> {
        let secret = self.secret(application);
        let imported = ImportedClient {
            id: ClientId::from(application.client_id.clone()),
            client: self.new_client(application),
            secret,
            apps,
            created_at: application.created.unwrap_or_else(|| self.to.clock.now()),
        };
        let why = match self.to.clients.insert_in(self.transaction, imported).await {
            Ok(()) => {
                let (pk, id) = (application.pk.as_deref(), &application.client_id);
                self.may_ask.insert(id.clone(), self.allowed_scopes(id));
                self.ledger.note(Model::Application, pk, id, id.clone());
                self.count("applications", 1);
                return Ok(());
            }
            Err(ClientsError::Exists(_)) => {
                "an application of that client id is here already, and did not come from this site; delete one of them"
                    .to_owned()
            }
            Err(error @ (ClientsError::Metadata(_) | ClientsError::App(_))) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        self.note_of(application, Weight::Blocks, "client_id", why);
        Ok(())
    }

    fn secret(&mut self, application: &Application) -> Option<ImportedSecret> {
        let hash = match application.secret.as_ref()? {
            ClientSecret::Plain(secret) => return Some(ImportedSecret::Plain(secret.expose().into())),
            ClientSecret::Hash(hash) => hash,
        };
        let refused = match ImportedHash::parse(hash.expose()) {
            Ok(parsed) => parsed.never_matches(&HashingPolicy::default()).map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        let Some(why) = refused else { return Some(ImportedSecret::Hash(hash.expose().into())) };
        let why = format!("{why}; give it a new one with `vestibule clients rotate-secret`");
        self.note_of(application, Weight::LeftOut, "client_secret", why);
        None
    }

    fn note_of(&mut self, application: &Application, weight: Weight, field: &str, why: String) {
        let (pk, id) = (application.pk.as_deref(), Some(application.client_id.as_str()));
        self.problems.push(Problem::of_row(weight, MODEL, pk, id, why).in_field(field));
    }
}

impl Run<'_> {
    /// The standard scopes, those that were named for the import, and whatever people have granted it already.
    fn allowed_scopes(&self, client_id: &str) -> ScopeSet {
        let scopes = ClientMetadata::default().scope.union(&self.to.scopes);
        self.granted.get(client_id).map_or_else(|| scopes.clone(), |granted| scopes.union(granted))
    }

    /// Public applications always must use PKCE. Of the others, and of the scopes that they may ask for, the source says
    /// nothing, since these are settings there.
    fn new_client(&self, application: &Application) -> NewClient {
        // Those that cannot be kept are not in a settled site any more.
        let uris = |uris: &[String]| uris.iter().filter_map(|uri| RedirectUri::parse(uri).ok()).collect();
        let shown: String = application.name.chars().filter(|letter| !letter.is_control()).take(LONGEST_NAME).collect();
        let or_id = || application.client_id.chars().take(LONGEST_NAME).collect();
        let mut metadata = ClientMetadata {
            redirect_uris: uris(&application.redirect_uris),
            post_logout_redirect_uris: uris(&application.post_logout_redirect_uris),
            grant_types: grant_types(&application.grant),
            ..ClientMetadata::default()
        };
        metadata.scope = self.allowed_scopes(&application.client_id);
        metadata.fit_response_types();
        NewClient {
            name: Some(shown).filter(|name| !name.trim().is_empty()).unwrap_or_else(or_id),
            auth_method: (!application.confidential).then_some(AuthMethod::None),
            metadata,
            first_party: application.skips_consent,
            require_pkce: self.to.require_pkce.filter(|_| application.confidential),
            require_second_factor: false,
        }
    }
}

/// The grants by their names here. Whoever got a code there got a refresh token with it.
fn grant_types(grant: &Grant) -> Vec<String> {
    let names: &[&str] = match grant {
        Grant::ClientCredentials => &["client_credentials"],
        Grant::DeviceCode => &["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
        _ => &["authorization_code", "refresh_token"],
    };
    names.iter().map(|name| (*name).to_owned()).collect()
}
