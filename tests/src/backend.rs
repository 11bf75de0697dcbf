//! What a provider under test stands on: storage of its own, filled from a template that is made once for the whole run.
//!
//! The template holds the schema and the first signing keys, so that a test does not wait for either.

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::sync::{OnceCell, watch};
use vestibule::{app::App, config::Config};
use vestibule_core::{Clock, Random};

const POSTGRES: &str = "VESTIBULE_TEST_POSTGRES_URL";
const REDIS: &str = "VESTIBULE_TEST_REDIS_URL";

/// Storage of one provider; gone when it is dropped.
pub(crate) struct Storage {
    folder: TempDir,
    servers: Option<Servers>,
}

/// Its share of the servers.
struct Servers {
    postgres: String,
    database: String,
    redis: String,
}

/// Files of the template by name, and the database that holds the rest.
struct Template {
    files: Vec<(String, Vec<u8>)>,
    database: Option<String>,
}

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

impl Storage {
    /// With a schema and keys that all providers of this run share.
    pub(crate) async fn from_template() -> Self {
        let template = TEMPLATE.get_or_init(make_template).await;
        let storage = Self::created(template.database.as_deref()).await;
        let keys = storage.folder.path().join("keys");
        fs::DirBuilder::new().mode(0o700).create(&keys).expect("a folder for keys");
        for (name, content) in &template.files {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(storage.folder.path().join(name))
                .expect("a file of the template");
            file.write_all(content).expect("a file of the template");
        }
        storage
    }

    /// With nothing in it.
    pub(crate) async fn empty() -> Self {
        Self::created(None).await
    }

    async fn created(template: Option<&str>) -> Self {
        let folder = tempfile::Builder::new().prefix("vestibule-e2e-").tempdir().expect("a temporary folder");
        let servers = match env::var("VESTIBULE_TEST_BACKEND").as_deref() {
            Err(_) | Ok("" | "sqlite") => None,
            Ok("postgres") => Some(Servers::create(template).await),
            Ok(other) => panic!("VESTIBULE_TEST_BACKEND is sqlite or postgres, not {other}"),
        };
        Self { folder, servers }
    }

    /// Puts a file into its folder, and answers where that is.
    pub(crate) fn file(&self, name: &str, content: &str) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("a file in a temporary folder");
        path
    }

    /// Lets a configuration point here.
    pub(crate) fn live_in(&self, config: &mut Config) {
        let folder = self.folder.path();
        config.keys.dir = folder.join("keys");
        config.ephemeral.path = folder.join("ephemeral.db");
        config.mail.folder = folder.join("mail");
        config.database.url = format!("sqlite://{}", folder.join("vestibule.db").display()).into();
        if let Some(servers) = &self.servers {
            config.database.url = sibling(&servers.postgres, &servers.database).into();
            config.database.max_connections = 4;
            config.redis.url = Some(servers.redis.clone().into());
            config.redis.prefix = format!("{}:", servers.database);
        }
    }

    /// Where its files are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Servers {
    async fn create(template: Option<&str>) -> Self {
        let postgres = named(POSTGRES, "a PostgreSQL where databases may be created");
        let redis = named(REDIS, "a Redis or Valkey");
        let database = format!("e2e_{}", Random::system().token().replace('-', "_").to_lowercase());
        let from = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
        administer(&postgres, &format!("CREATE DATABASE {database}{from}")).await;
        Self { postgres, database, redis }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let (postgres, drop) =
            (self.postgres.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database));
        // Nobody waits for it. A connection that the test's runtime was just opening ends with that runtime, and PostgreSQL
        // drops a database only once every connection has listened: waiting for it here would keep both waiting.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(administer(&postgres, &drop));
        });
    }
}

/// Opens a provider once and closes it again, and keeps what that left behind.
async fn make_template() -> Template {
    let storage = Storage::empty().await;
    let mut config = Config::default();
    storage.live_in(&mut config);
    let app = App::open(&config, Clock::system(), Random::system()).await.expect("a provider on empty storage");
    let (_, told) = watch::channel(true);
    app.run(Vec::new(), told).await.expect("the provider closes");
    let mut names: Vec<String> = vec!["vestibule.db".to_owned()];
    let keys = fs::read_dir(&config.keys.dir).expect("a folder with the key-encryption key");
    names.extend(keys.filter_map(Result::ok).map(|file| format!("keys/{}", file.file_name().to_string_lossy())));
    let read = |name: String| Some((name.clone(), fs::read(storage.folder().join(name)).ok()?));
    let files = names.into_iter().filter_map(read).collect();
    // The database of a template stays: it goes with the server, which is private to the tests.
    let database = storage.servers.as_ref().map(|servers| servers.database.clone());
    std::mem::forget(storage.servers);
    Template { files, database }
}

fn named(variable: &str, what: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!(
            "these tests run on servers: set {variable} to the URL of {what}, or let `cargo xtask test` bring them up"
        )
    })
}

async fn administer(postgres: &str, statement: &str) {
    let server = sea_orm::Database::connect(postgres).await.unwrap_or_else(|error| panic!("{POSTGRES}: {error}"));
    server.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    let _ = server.close().await;
}

/// The URL of another database on the same server.
fn sibling(url: &str, database: &str) -> String {
    let mut url: url::Url = url.parse().unwrap_or_else(|error| panic!("{POSTGRES} is no URL: {error}"));
    url.set_path(database);
    url.into()
}
