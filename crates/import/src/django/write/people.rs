//! People, with their passwords, addresses, attributes, groups and permissions.

use std::collections::HashMap;

use serde_json::{Map, Value};
use vestibule_core::{GroupId, UserId};
use vestibule_users::{
    Holder, Identity, ImportError, ImportedContact, ImportedHash, ImportedUser, Permit, StandardClaims,
};

use super::{
    Run, WriteError,
    ledger::{Met, Model},
};
use crate::django::{
    problem::{Problem, Weight},
    secret::Password,
    site::{ContactKind, User},
};

/// How many people pass between two words of progress.
const STRIDE: usize = 1000;

impl Run<'_> {
    /// Brings everybody who never came. `groups` are those that they can be put into.
    pub(super) async fn people(&mut self, groups: &HashMap<String, GroupId>) -> Result<(), WriteError> {
        let (mut members, mut grants) = (Vec::new(), Vec::new());
        let users = &self.plan.site.users;
        for (place, user) in users.iter().enumerate() {
            if place % STRIDE == 0 {
                (self.progress)("users", place, users.len());
            }
            let pk = user.pk.as_deref();
            match self.ledger.meet(Model::User, pk, &user.username) {
                Met::Known(id) => {
                    self.count_known("users");
                    self.people.extend(id.parse().ok().map(|id| (place, id)));
                }
                Met::Another(name) => self.another(&self.plan.site.user_model, pk, &user.username, &name),
                Met::New => {
                    let Some(id) = self.person(user).await? else { continue };
                    self.people.push((place, id));
                    members.extend(user.groups.iter().filter_map(|name| Some((*groups.get(name)?, id))));
                    let permits = user.permissions.iter().filter_map(|id| id.parse().ok());
                    grants.extend(permits.map(|name| (Holder::User(id), Permit::everywhere(name))));
                }
            }
        }
        (self.progress)("users", users.len(), users.len());
        let added = self.to.access.add_users_in(self.transaction, &members).await?;
        self.count("memberships", usize::try_from(added).unwrap_or(usize::MAX));
        let granted = self.to.access.grant_all_in(self.transaction, &grants).await?;
        self.count("permissions of users", usize::try_from(granted).unwrap_or(usize::MAX));
        Ok(())
    }

    async fn person(&mut self, user: &User) -> Result<Option<UserId>, WriteError> {
        let mut imported = self.imported(user);
        let mut done = self.to.users.insert_in(self.transaction, imported.clone()).await;
        if matches!(done, Err(ImportError::EmailTaken)) {
            self.share(user, &mut imported).await?;
            done = self.to.users.insert_in(self.transaction, imported.clone()).await;
        }
        let (weight, field, why) = match done {
            Ok(id) => {
                self.ledger.note(Model::User, user.pk.as_deref(), &user.username, id.to_string());
                self.count("users", 1);
                self.count("e-mail addresses and telephone numbers", imported.contacts.len());
                self.count("values of attributes", imported.attributes.len());
                self.social_accounts(user, id).await?;
                return Ok(Some(id));
            }
            Err(ImportError::UsernameTaken | ImportError::EmailTaken) => (
                Weight::NeedsName,
                "username",
                "somebody here goes by that name or address already, and did not come from this site; give a new name \
                 with --rename"
                    .to_owned(),
            ),
            Err(ImportError::Invalid { field, why }) => (Weight::Blocks, field, why),
            Err(ImportError::Attributes(bad)) => (Weight::Blocks, "attributes", bad.to_string()),
            Err(error) => return Err(error.into()),
        };
        self.tell(user, weight, field, why);
        Ok(None)
    }

    fn imported(&mut self, user: &User) -> ImportedUser {
        let contacts = user.contacts.iter().map(|contact| ImportedContact {
            kind: match contact.kind {
                ContactKind::Email => vestibule_users::ContactKind::Email,
                ContactKind::Phone => vestibule_users::ContactKind::Phone,
            },
            value: contact.value.clone(),
            verified: contact.verified,
            primary: contact.primary,
            shared: !contact.leads,
        });
        ImportedUser {
            username: user.username.clone(),
            contacts: contacts.collect(),
            password_hash: self.password(user),
            active: user.active,
            staff: user.staff,
            superuser: user.superuser,
            claims: StandardClaims {
                name: user.name.clone(),
                given_name: user.given_name.clone(),
                family_name: user.family_name.clone(),
                ..StandardClaims::default()
            },
            attributes: user.attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            created_at: user.joined.unwrap_or_else(|| self.to.clock.now()),
            last_sign_in: user.last_sign_in,
            ..ImportedUser::default()
        }
    }

    fn password(&mut self, user: &User) -> Option<String> {
        let Password::Hash { hash, .. } = &user.password else { return None };
        match ImportedHash::parse(hash.expose()) {
            Ok(parsed) => parsed.into_stored(),
            Err(error) => {
                let why = format!("{error}; it stays behind, and they set a new password by recovery");
                self.tell(user, Weight::LeftOut, "password", why);
                None
            }
        }
    }

    /// An address that leads to somebody here goes on doing so.
    async fn share(&mut self, user: &User, imported: &mut ImportedUser) -> Result<(), WriteError> {
        for contact in imported.contacts.iter_mut().filter(|contact| !contact.shared) {
            if self.to.users.find_in(self.transaction, &contact.value).await?.is_some() {
                contact.shared = true;
                let why = "the address leads to somebody who is here already; this user signs in by username";
                self.tell(user, Weight::Differs, "email", why.to_owned());
            }
        }
        Ok(())
    }

    async fn social_accounts(&mut self, user: &User, id: UserId) -> Result<(), WriteError> {
        for account in &user.social_accounts {
            let details = match &account.details {
                Value::Object(members) => members.clone(),
                _ => Map::new(),
            };
            let identity = Identity {
                provider: account.provider.clone(),
                subject: account.uid.clone(),
                details,
                created_at: account.joined.unwrap_or_else(|| self.to.clock.now()),
            };
            match self.to.users.link_in(self.transaction, id, identity).await {
                Ok(_) => self.count("social accounts", 1),
                Err(ImportError::Invalid { why, .. }) => {
                    let why = format!("{} {}: {why}", account.provider, account.uid);
                    self.tell(user, Weight::LeftOut, "social account", why);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn tell(&mut self, user: &User, weight: Weight, field: &str, why: String) {
        let (model, pk) = (&self.plan.site.user_model, user.pk.as_deref());
        self.problems.push(Problem::of_row(weight, model, pk, Some(&user.username), why).in_field(field));
    }
}
