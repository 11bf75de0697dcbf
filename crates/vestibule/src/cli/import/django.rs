//! `vestibule import django`: reads the site, settles it, and writes it, or with `--dry-run` undoes that again.

use std::{fmt::Display, fs, io::Write, path::PathBuf};

use clap::{ArgAction, Args};
use vestibule_core::ScopeSet;
use vestibule_import::django::{
    Choice, Importer, Mode, Outcome, Plan, Renames, Site, Weight, read_database, read_dump_file,
};

use super::report;
use crate::cli::{Context, Failure, desk::Desk, output::Report};

/// The arguments of the command.
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// What `manage.py dumpdata` wrote, as JSON or JSON lines
    #[arg(value_name = "FILE", required_unless_present = "database", conflicts_with = "database")]
    file: Option<PathBuf>,
    /// The site's own database, which is only read: sqlite:///srv/site/db.sqlite3, or postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Only report what would come, and every row that would not and why
    #[arg(long)]
    dry_run: bool,
    /// New names, as JSON: {"users": {"old": "new"}, "groups": {"old": "new"}}; or lines of old name, tab, new name
    #[arg(long, value_name = "FILE")]
    rename: Option<PathBuf>,
    /// What the site is called here. Whoever imports several gives each a name of its own
    #[arg(long, value_name = "NAME", default_value = "django")]
    site: String,
    /// The user model, where it cannot be told by itself
    #[arg(long, value_name = "app.Model")]
    user_model: Option<String>,
    /// The field that people type to sign in [default: username, else email]
    #[arg(long, value_name = "FIELD")]
    username_field: Option<String>,
    /// The field of the e-mail address [default: email]
    #[arg(long, value_name = "FIELD")]
    email_field: Option<String>,
    /// Whether applications that can keep a secret must use PKCE, as the setting PKCE_REQUIRED said there
    /// [default: oidc.require_pkce]
    #[arg(long, value_name = "true|false", action = ArgAction::Set, hide_possible_values = true)]
    require_pkce: Option<bool>,
    /// A scope of an API that applications may ask for beside the standard ones (several times for several)
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<ScopeSet>,
    #[command(flatten)]
    report: Report,
}

impl Arguments {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let renames = self.renames()?;
        say("Reading the site …");
        let plan = Plan::new(self.read().await?, &renames);
        let mut desk = Desk::open(context).await?;
        let outcome = if plan.ready { Some(self.write(&desk, &plan).await?) } else { None };
        let document = report::document(self.dry_run, &plan, outcome.as_ref());
        desk.context.output.report(self.report, &document, &report::lines(&plan, outcome.as_ref()))?;
        self.verdict(&plan, outcome.as_ref())
    }

    fn renames(&self) -> Result<Renames, Failure> {
        let Some(path) = &self.rename else { return Ok(Renames::default()) };
        let wrong = |error: &dyn Display| Failure::new(format!("--rename: {}: {error}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        Renames::parse(&text).map_err(|error| wrong(&error))
    }

    async fn read(&self) -> Result<Site, Failure> {
        let choice = Choice {
            user_model: self.user_model.clone(),
            username_field: self.username_field.clone(),
            email_field: self.email_field.clone(),
        };
        let site = match (&self.file, &self.database) {
            (Some(path), _) => read_dump_file(path, &choice),
            (None, Some(url)) => read_database(url, &choice).await,
            (None, None) => return Err(Failure::new("name a file, or a database with --database")),
        };
        site.map_err(Failure::of)
    }

    async fn write(&self, desk: &Desk, plan: &Plan) -> Result<Outcome, Failure> {
        let importer = Importer {
            users: desk.users.clone(),
            access: desk.access.clone(),
            attributes: desk.attributes.clone(),
            clients: desk.context.clients(&desk.database).await?,
            require_pkce: self.require_pkce,
            scopes: self.scopes.iter().fold(ScopeSet::default(), |all, more| all.union(more)),
            grants: desk.context.grants(&desk.database).await?,
            audit: desk.context.audit(&desk.database),
            clock: desk.context.clock.clone(),
            random: desk.context.random.clone(),
            database: desk.database.clone(),
        };
        let mode = if self.dry_run { Mode::Try } else { Mode::Keep };
        let progress = |what: &'static str, done: usize, all: usize| say(&format!("{what}: {done} of {all}"));
        importer.run(plan, &self.site, mode, &progress).await.map_err(Failure::of)
    }

    /// A dry run of a sound source has done its work also where names are still to be chosen.
    fn verdict(&self, plan: &Plan, outcome: Option<&Outcome>) -> Result<(), Failure> {
        let problems = plan.problems.iter().chain(outcome.into_iter().flat_map(|outcome| &outcome.problems));
        let (mut broken, mut unnamed) = (0_usize, 0_usize);
        for problem in problems.filter(|problem| problem.weight.blocks()) {
            *(if problem.weight == Weight::NeedsName { &mut unnamed } else { &mut broken }) += 1;
        }
        let names = match unnamed {
            0 => String::new(),
            count => format!("{count} names must be chosen with --rename FILE"),
        };
        match broken {
            0 if unnamed == 0 || self.dry_run => Ok(()),
            0 => Err(Failure::new(format!("nothing was changed: {names}; the report tells which"))),
            count => {
                let and = if unnamed == 0 { "" } else { ", and " };
                Err(Failure::new(format!(
                    "nothing was changed: {count} problems of the source must be settled first{and}{names}; the report \
                     tells which"
                )))
            }
        }
    }
}

/// A word of progress. A closed standard error is no reason to stop.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "{words}");
}
