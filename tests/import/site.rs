//! A site as Django built it, and what Django told of it.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;
use vestibule_tests::{Person, TestApp};

use crate::command::json;

/// The three user models that sites are built with.
pub(crate) const SITES: [Site; 3] = [Site("default"), Site("custom"), Site("email")];

/// A built site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site(pub(crate) &'static str);

/// How a site is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Dump,
    Sqlite,
    Postgres,
}

/// What Django told of a user.
#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) password: Option<String>,
    pub(crate) hasher: Option<String>,
    pub(crate) active: bool,
    pub(crate) staff: bool,
    pub(crate) superuser: bool,
    pub(crate) groups: Value,
    pub(crate) permissions: Value,
}

impl Site {
    pub(crate) fn file(self, name: &str) -> PathBuf {
        let built = std::env::var("VESTIBULE_TEST_DJANGO").expect("VESTIBULE_TEST_DJANGO names the built sites");
        PathBuf::from(built).join(self.0).join(name)
    }

    pub(crate) fn expected(self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file("expected.json")).expect("a file")).expect("JSON")
    }

    /// Everybody, by what they type to sign in.
    pub(crate) fn users(self) -> BTreeMap<String, Told> {
        serde_json::from_value(self.expected()["users"].clone()).expect("users")
    }

    /// The command that imports it.
    pub(crate) fn command(self, way: Way) -> Vec<String> {
        let source = match way {
            Way::Dump => vec![self.file("dump.json").display().to_string()],
            Way::Sqlite => vec!["--database".to_owned(), format!("sqlite://{}", self.file("db.sqlite3").display())],
            Way::Postgres => {
                let url = fs::read_to_string(self.file("postgres.url")).expect("a copy in PostgreSQL");
                vec!["--database".to_owned(), url]
            }
        };
        ["import", "django"].map(str::to_owned).into_iter().chain(source).collect()
    }

    /// Imports it.
    pub(crate) async fn import(self, app: &TestApp, way: Way) -> Value {
        let command = self.command(way);
        json(app, &command.iter().map(String::as_str).collect::<Vec<_>>()).await
    }
}

/// Somebody of whom a site has an account here, with the password that they had there.
pub(crate) async fn person(app: &TestApp, username: &str, told: &Told) -> Person {
    let user = app.provider().users().find(username).await.expect("an answer").expect("a user");
    Person {
        username: username.to_owned(),
        password: told.password.clone().unwrap_or_default(),
        email: user.email.unwrap_or_default(),
        id: user.id,
    }
}
