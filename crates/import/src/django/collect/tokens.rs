//! django-oauth-toolkit's refresh tokens. What each may do stands with the access token that was given with it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use vestibule_core::{ScopeSet, Timestamp};

use super::users::Named;
use crate::django::{
    problem::{Problem, Weight},
    secret::TokenText,
    site::{Application, RefreshToken, User},
    value::{Fields, Record, Reference},
};

/// What was read of them so far.
#[derive(Default)]
pub(super) struct Tokens {
    refresh: Vec<Draft>,
    /// The scopes of access tokens, by their keys.
    by_key: HashMap<String, Arc<str>>,
    /// The same, by the refresh tokens that they were got with.
    by_source: HashMap<String, Arc<str>>,
    /// Each text once: a site has millions of tokens, and few scopes.
    scopes: HashSet<Arc<str>>,
}

struct Draft {
    model: String,
    pk: String,
    token: TokenText,
    owner: Reference,
    application: Reference,
    access_token: Option<String>,
    created: Option<Timestamp>,
}

impl Tokens {
    pub(super) fn take_access_token(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let mut fields = Fields::new(record, problems);
        let text = fields.text("scope").unwrap_or_default();
        let scope = match self.scopes.get(text.as_str()) {
            Some(known) => Arc::clone(known),
            None => {
                let scope: Arc<str> = text.into();
                self.scopes.insert(Arc::clone(&scope));
                scope
            }
        };
        self.by_source.extend(fields.text("source_refresh_token").map(|source| (source, Arc::clone(&scope))));
        self.by_key.extend(fields.pk().map(|pk| (pk, scope)));
    }

    /// One that was revoked is not live and says nothing.
    pub(super) fn take_refresh_token(&mut self, record: Record, problems: &mut Vec<Problem>) {
        let model = record.model.clone();
        let mut fields = Fields::new(record, problems);
        if fields.take("revoked").is_some() {
            return;
        }
        let owner = fields.take("user").as_ref().and_then(Reference::read);
        let application = fields.take("application").as_ref().and_then(Reference::read);
        let token = TokenText::read(fields.text("token"), fields.text("token_checksum"));
        let (Some(pk), Some(owner), Some(application), Some(token)) = (fields.pk(), owner, application, token) else {
            fields.problem(Weight::LeftOut, "token", "it has no key or no token, or belongs to no user or application");
            return;
        };
        if fields.take("resource").is_some_and(|resource| !is_empty(&resource)) {
            fields.problem(
                Weight::LeftOut,
                "resource",
                "it is for certain resources alone; its person signs in once more",
            );
            return;
        }
        let access_token = fields.text("access_token");
        let created = fields.moment("created");
        self.refresh.push(Draft { model, pk, token, owner, application, access_token, created });
    }

    /// Gives everybody their own.
    pub(super) fn finish(
        self,
        users: &mut [User],
        named: &Named,
        applications: &[Application],
        problems: &mut Vec<Problem>,
    ) {
        let by_key: HashMap<&str, &str> =
            applications.iter().filter_map(|one| Some((one.pk.as_deref()?, one.client_id.as_str()))).collect();
        let by_id: HashSet<&str> = applications.iter().map(|one| one.client_id.as_str()).collect();
        for draft in self.refresh {
            let client_id = match &draft.application {
                Reference::Key(key) => by_key.get(key.as_str()).copied(),
                Reference::Natural(parts) => parts.first().and_then(|id| by_id.get(id.as_str())).copied(),
            };
            let mut left_out = |field: &str, why: &str| {
                let name = client_id.map(str::to_owned);
                let problem = Problem::of_row(Weight::LeftOut, &draft.model, Some(&draft.pk), name.as_deref(), why);
                problems.push(problem.in_field(field));
            };
            let Some(client_id) = client_id else {
                left_out("application", "its application is not in the source");
                continue;
            };
            let Some(user) = named.find(&draft.owner).and_then(|place| users.get_mut(place)) else {
                left_out("user", "its user is not in the source");
                continue;
            };
            let by_key = draft.access_token.as_ref().and_then(|key| self.by_key.get(key));
            let scope = by_key.or_else(|| self.by_source.get(&draft.pk));
            let Some(scope) = scope.and_then(|text| text.parse::<ScopeSet>().ok()).filter(|scope| !scope.is_empty())
            else {
                left_out(
                    "access_token",
                    "what it may do is not known any more: its access token is gone, or has no scope",
                );
                continue;
            };
            let Draft { pk, token, created, .. } = draft;
            user.refresh_tokens.push(RefreshToken { pk, token, client_id: client_id.to_owned(), scope, created });
        }
        for user in users {
            user.refresh_tokens.sort_by(|one, other| one.pk.cmp(&other.pk));
        }
    }
}

/// Whether nothing is named: an empty list, or the text of one.
fn is_empty(resource: &serde_json::Value) -> bool {
    match resource {
        serde_json::Value::Array(list) => list.is_empty(),
        serde_json::Value::String(text) => matches!(text.trim(), "" | "[]"),
        _ => false,
    }
}

/// Whether a model has the fields of django-oauth-toolkit's refresh tokens, which may be another app's too.
pub(in crate::django) fn looks_like_a_refresh_token(has: impl Fn(&str) -> bool) -> bool {
    ["token", "application", "user", "access_token", "revoked"].into_iter().all(has)
}

/// The same of access tokens.
pub(in crate::django) fn looks_like_an_access_token(has: impl Fn(&str) -> bool) -> bool {
    ["token", "application", "user", "expires", "scope", "source_refresh_token"].into_iter().all(has)
}
