//! From records to a site.
//!
//! Records come in any order, so each is made into a draft at once and what it refers to is looked up at the end. Only what a
//! site is made of is kept: a dump of several hundred megabytes is mostly something else.

mod accounts;
mod applications;
mod attributes;
mod permissions;
mod tokens;
mod users;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Choice, ReadError,
    problem::{Problem, Weight},
    site::Site,
    value::Record,
};
use accounts::Accounts;
use applications::Applications;
use permissions::Permissions;
use tokens::Tokens;
pub(super) use tokens::{looks_like_a_refresh_token, looks_like_an_access_token};
use users::Draft;

/// What was read so far.
pub(super) struct Collector<'a> {
    choice: &'a Choice,
    /// Drafts of users, by the model that they are of: which model it is may show only at the end.
    users: BTreeMap<String, Vec<Draft>>,
    permissions: Permissions,
    applications: Applications,
    accounts: Accounts,
    tokens: Tokens,
    problems: Vec<Problem>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(choice: &'a Choice) -> Self {
        Self {
            choice,
            users: BTreeMap::new(),
            permissions: Permissions::default(),
            applications: Applications::default(),
            accounts: Accounts::default(),
            tokens: Tokens::default(),
            problems: Vec::new(),
        }
    }

    /// Takes one element of a dump, whatever it is.
    pub(super) fn take_value(&mut self, number: usize, value: Value) {
        match Record::from_dump(value) {
            Ok(record) => self.take(record),
            Err(why) => {
                let why = format!("record {number} of the dump is none of Django's: {why}");
                self.problems.push(Problem::of_model(Weight::Blocks, "dump", why));
            }
        }
    }

    /// Takes one record.
    pub(super) fn take(&mut self, record: Record) {
        match record.model.as_str() {
            "contenttypes.contenttype" => self.permissions.take_content_type(record, &mut self.problems),
            "auth.permission" => self.permissions.take_permission(record, &mut self.problems),
            "auth.group" => self.permissions.take_group(record, &mut self.problems),
            "account.emailaddress" => self.accounts.take_address(record, &mut self.problems),
            "socialaccount.socialaccount" => self.accounts.take_social_account(record, &mut self.problems),
            _ if is_application(&record.fields) => self.applications.take(record, &mut self.problems),
            _ if looks_like_a_refresh_token(|field| record.fields.contains_key(field)) => {
                self.tokens.take_refresh_token(record, &mut self.problems);
            }
            _ if looks_like_an_access_token(|field| record.fields.contains_key(field)) => {
                self.tokens.take_access_token(record, &mut self.problems);
            }
            _ if self.is_user(&record) => {
                let drafts = self.users.entry(record.model.clone()).or_default();
                drafts.extend(users::draft(record, self.choice, &mut self.problems));
            }
            _ => {}
        }
    }

    fn is_user(&self, record: &Record) -> bool {
        match &self.choice.user_model {
            // What else looks like one is kept for the words of the error.
            Some(wanted) if wanted.eq_ignore_ascii_case(&record.model) => true,
            _ => looks_like_a_user(|field| record.fields.contains_key(field)),
        }
    }

    /// Which model the users are of.
    fn user_model(&self) -> Result<String, ReadError> {
        let found: Vec<String> = self.users.keys().cloned().collect();
        if let Some(wanted) = &self.choice.user_model {
            let known = found.iter().find(|model| model.eq_ignore_ascii_case(wanted)).cloned();
            return known.ok_or_else(|| ReadError::NoSuchUserModel { wanted: wanted.clone(), found });
        }
        // Django leaves its own user model out of a dump where another has taken its place.
        if found.iter().any(|model| model == "auth.user") {
            return Ok("auth.user".to_owned());
        }
        match found.as_slice() {
            [] => Err(ReadError::NoUsers),
            [only] => Ok(only.clone()),
            _ => Err(ReadError::SeveralUserModels(found)),
        }
    }

    /// Looks up what refers to what, and puts everything into its order.
    pub(super) fn finish(mut self) -> Result<Site, ReadError> {
        let user_model = self.user_model()?;
        let drafts = self.users.remove(&user_model).unwrap_or_default();
        let mut problems = self.problems;
        // Problems with rows of a model that turned out to be another are nobody's.
        problems.retain(|problem| !self.users.contains_key(&problem.model));

        let (mut users, attributes) = users::finish(&user_model, drafts, &mut self.permissions, &mut problems);
        let (groups, permissions) = self.permissions.finish(&mut problems);
        let named = users::Named::new(&users);
        self.accounts.finish(&mut users, &named, &mut problems);
        let applications = self.applications.finish(&users, &named, &mut problems);
        self.tokens.finish(&mut users, &named, &applications, &mut problems);
        users.sort_by(|one, other| (&one.username, &one.pk).cmp(&(&other.username, &other.pk)));
        problems.sort();
        Ok(Site { user_model, attributes, permissions, groups, users, applications, problems })
    }
}

/// Whether fields are those of a user model: `AbstractBaseUser` has a password and when its user last signed in.
pub(super) fn looks_like_a_user(has: impl Fn(&str) -> bool) -> bool {
    has("password") && (has("last_login") || has("is_superuser"))
}

/// Whether fields are those of django-oauth-toolkit's applications, whose model may be another app's too.
fn is_application(fields: &Map<String, Value>) -> bool {
    looks_like_an_application(|field| fields.contains_key(field))
}

/// The same, for columns.
pub(super) fn looks_like_an_application(has: impl Fn(&str) -> bool) -> bool {
    ["client_id", "client_type", "authorization_grant_type", "redirect_uris"].into_iter().all(has)
}
