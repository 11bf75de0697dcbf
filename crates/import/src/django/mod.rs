//! A Django site: its people, groups, permissions and applications, as Django knew them.
//!
//! There are two ways in, with one outcome: `dumpdata` reads what `manage.py dumpdata` wrote, `database` reads the tables
//! themselves. Both hand over records in the shape of `dumpdata` to `collect`, which makes a [`Site`] of them. The site says
//! what is there; `settle` says what of it can stand here, with the names that [`Renames`] changes, and a [`Plan`] is the answer.
//!
//! Nothing is ever written there. `write` is what writes a plan here: all of it, or nothing.

mod collect;
mod database;
mod dumpdata;
mod moment;
mod plan;
mod problem;
mod rename;
mod secret;
mod settle;
mod site;
mod value;
mod write;

use std::fmt::Write;

pub use database::read_database;
pub use dumpdata::{read_dump, read_dump_file};
pub use plan::{Collision, Plan, Step};
pub use problem::{Problem, Weight};
pub use rename::{RenameError, Renames};
pub use secret::{ClientSecret, Password, Secret, TokenText};
pub use site::{
    Application, Attribute, AttributeKind, Contact, ContactKind, Grant, Group, Permission, Site, SocialAccount, User,
};
pub use write::{Importer, Mode, Outcome, Progress, WriteError};

/// What the source itself does not tell, where it is not as Django has it by default.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// The user model as `app.Model`, or its table; without it, what looks like one.
    pub user_model: Option<String>,
    /// The field that people type to sign in; without it `username`, else `email`.
    pub username_field: Option<String>,
    /// The field that holds the e-mail address; without it `email`.
    pub email_field: Option<String>,
}

impl Choice {
    fn email_field(&self) -> &str {
        self.email_field.as_deref().unwrap_or("email")
    }
}

/// Why a source could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("{path} cannot be read: {source}")]
    File {
        /// The file's path.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not what `dumpdata` writes.
    #[error(
        "this is not what `manage.py dumpdata` writes as JSON ({0}); make the file with `manage.py dumpdata --output FILE`"
    )]
    NotADump(
        /// What the parser said.
        String,
    ),
    /// Nothing looks like a user.
    #[error(
        "there are no users in it; where the user model has neither `last_login` nor `is_superuser`, name it with --user-model"
    )]
    NoUsers,
    /// The named user model is not there.
    #[error("there is no user model {wanted} in it; what looks like one: {}", listed(found))]
    NoSuchUserModel {
        /// What was named.
        wanted: String,
        /// What looks like one.
        found: Vec<String>,
    },
    /// More than one model looks like the user model.
    #[error("several models look like users: {}; say with --user-model which it is", listed(.0))]
    SeveralUserModels(
        /// Their names.
        Vec<String>,
    ),
    /// The URL names no database that can be read.
    #[error("the database's URL begins with sqlite:// or postgres://, as in sqlite:///srv/site/db.sqlite3")]
    UnknownScheme,
    /// The database is not one of Django's.
    #[error("the database has no table {0}: is it the site's?")]
    NotDjango(
        /// The table that every site has.
        &'static str,
    ),
    /// The engine answered with an error.
    #[error("the database cannot be read: {0}")]
    Database(#[from] sea_orm::DbErr),
}

/// `a, b and c`; `nothing` where there is none.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let mut text = String::new();
    for (place, name) in names.iter().enumerate() {
        let before = match place {
            0 => "",
            last if last + 1 == names.len() => " and ",
            _ => ", ",
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "{before}{}", name.as_ref());
    }
    if text.is_empty() { "nothing".to_owned() } else { text }
}
