//! Writing a settled [`Plan`], all of it or nothing.
//!
//! ```text
//! what is here ─▶ BEGIN ─▶ attributes ─▶ permissions ─▶ groups ─▶ people ─▶ memberships, grants ─▶ applications
//!                                                                                   ─▶ refresh tokens
//!                   └─▶ ledger, audit record, change log ─▶ COMMIT; or ROLLBACK where anything blocks, or nothing is new
//! ```
//! `ledger` remembers what came. A row that came once is never written again, whatever became of it here or there: people
//! change their passwords, administrators rename and delete, and no later run takes that back. What a newer dump has besides
//! comes then. A user, group or application here that did not come from the same site blocks one of that name: nobody becomes
//! somebody else by being imported.

mod access;
mod applications;
mod ledger;
mod people;
mod tokens;

use std::collections::{BTreeMap, HashMap};

use sea_orm::{DatabaseTransaction, DbErr};
use serde::Serialize;
use vestibule_audit::{Actor, Audit, AuditError, Details, Event, Kind};
use vestibule_core::{Clock, Random, ScopeSet, UserId};
use vestibule_database::Database;
use vestibule_oidc::{
    Grants,
    client::{Clients, ClientsError},
};
use vestibule_users::{Access, AccessError, Attributes, DefinitionError, ImportError, Touched, Unavailable, Users};

use super::{
    plan::{Plan, Step},
    problem::{Problem, Weight},
};
use ledger::Ledger;

/// What an import writes to.
#[derive(Clone, Debug)]
pub struct Importer {
    /// The database of all below.
    pub database: Database,
    /// People.
    pub users: Users,
    /// Groups, permissions and grants.
    pub access: Access,
    /// What is declared of people.
    pub attributes: Attributes,
    /// Applications.
    pub clients: Clients,
    /// Whether applications that can keep a secret must use PKCE; nothing here: as those must that are registered here.
    pub require_pkce: Option<bool>,
    /// What applications may ask for beside the standard scopes.
    pub scopes: ScopeSet,
    /// What applications may come back for.
    pub grants: Grants,
    /// Where it is written down.
    pub audit: Audit,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
}

/// Whether what was written stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Keep,
    /// It is undone again: what would come is found out by letting it come.
    Try,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether everything can come: nothing blocks.
    pub ready: bool,
    /// Whether anything was written.
    pub written: bool,
    /// What is new.
    pub new: Vec<Step>,
    /// What came with an earlier import and was left as it is.
    pub known: Vec<Step>,
    /// What this side has to say: what blocks, stays behind, or is different here.
    pub problems: Vec<Problem>,
}

/// Why nothing was written, where it is not for what the source holds.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The plan blocks by itself.
    #[error("the plan is not ready: settle what blocks it first")]
    NotReady,
    /// The site cannot be called so.
    #[error("a site's name has 1 to 100 characters and no control characters")]
    SiteName,
    /// Groups or permissions cannot be written.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Attributes cannot be declared.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// People cannot be written.
    #[error(transparent)]
    People(#[from] ImportError),
    /// Applications cannot be written.
    #[error(transparent)]
    Clients(#[from] ClientsError),
    /// It cannot be written down.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The store does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Hears how far it is: of what, how many are done, and of how many.
pub type Progress<'a> = &'a (dyn Fn(&'static str, usize, usize) + Sync);

/// An import under way.
struct Run<'a> {
    to: &'a Importer,
    plan: &'a Plan,
    transaction: &'a DatabaseTransaction,
    ledger: Ledger,
    progress: Progress<'a>,
    new: BTreeMap<&'static str, usize>,
    known: BTreeMap<&'static str, usize>,
    problems: Vec<Problem>,
    /// Who is here, by their place in the site.
    people: Vec<(usize, UserId)>,
    /// What people have granted each application there.
    granted: HashMap<&'a str, ScopeSet>,
    /// What each application that is here may ask for.
    may_ask: HashMap<String, ScopeSet>,
}

impl Importer {
    /// Writes a plan. `site` is what the source is called, so that a later import of it is known to be of the same site.
    ///
    /// # Errors
    /// A plan that is not ready, a store that does not answer, or somebody who wrote the same meanwhile. Nothing is written then.
    pub async fn run(
        &self,
        plan: &Plan,
        site: &str,
        mode: Mode,
        progress: Progress<'_>,
    ) -> Result<Outcome, WriteError> {
        if !plan.ready {
            return Err(WriteError::NotReady);
        }
        if site.trim().is_empty() || site.chars().count() > 100 || site.contains(char::is_control) {
            return Err(WriteError::SiteName);
        }
        let ledger = Ledger::read(self.database.reader(), site).await?;
        let before = access::Before::read(self, &plan.site, &ledger).await?;
        let transaction = self.database.begin().await?;
        let mut run = Run {
            to: self,
            plan,
            transaction: &transaction,
            ledger,
            progress,
            new: BTreeMap::new(),
            known: BTreeMap::new(),
            problems: Vec::new(),
            people: Vec::new(),
            granted: HashMap::new(),
            may_ask: HashMap::new(),
        };
        run.everything(before).await?;
        let Run { ledger, new, known, problems, .. } = run;
        let ready = !problems.iter().any(|problem| problem.weight.blocks());
        let anything = new.values().any(|count| *count > 0);
        let written = ready && anything && mode == Mode::Keep;
        if ready && anything {
            ledger.write(&transaction).await?;
            self.note(&transaction, site, &new).await?;
        }
        if written {
            transaction.commit().await?;
            self.access.announce(Touched::Everyone);
            self.attributes.announce();
            self.users.announce();
            tracing::info!(site, "a site was imported");
        } else {
            transaction.rollback().await?;
        }
        Ok(Outcome { ready, written, new: steps(new), known: steps(known), problems })
    }

    /// What follows from the change: the record, and the word to running servers.
    async fn note(
        &self,
        transaction: &DatabaseTransaction,
        site: &str,
        new: &BTreeMap<&'static str, usize>,
    ) -> Result<(), WriteError> {
        let counts = new.iter().map(|(what, count)| (*what, u64::try_from(*count).unwrap_or(u64::MAX)));
        let details = Details::new().origin("django").name(site).counts(counts);
        self.audit.record_in(transaction, Event::new(Kind::Imported, Actor::Command).details(details)).await?;
        self.attributes.note_in(transaction).await?;
        self.users.note_in(transaction).await?;
        Ok(self.access.record(transaction, Touched::Everyone).await?)
    }
}

impl Run<'_> {
    async fn everything(&mut self, before: access::Before) -> Result<(), WriteError> {
        self.attributes(&before).await?;
        self.permissions(&before).await?;
        let groups = self.groups(&before).await?;
        self.people(&groups).await?;
        self.applications().await?;
        self.refresh_tokens().await
    }

    fn count(&mut self, what: &'static str, count: usize) {
        *self.new.entry(what).or_default() += count;
    }

    fn count_known(&mut self, what: &'static str) {
        *self.known.entry(what).or_default() += 1;
    }

    /// That this row there is another than the one that came under its key.
    fn another(&mut self, model: &str, pk: Option<&str>, name: &str, before: &str) {
        let why = format!(
            "it came as `{before}` before; if it was renamed there, give it that name with --rename; if this is another \
             site, name the site with --site"
        );
        self.problems.push(Problem::of_row(Weight::NeedsName, model, pk, Some(name), why));
    }
}

fn steps(counts: BTreeMap<&'static str, usize>) -> Vec<Step> {
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| Step { what, count }).collect()
}
