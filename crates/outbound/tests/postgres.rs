//! What the outbox promises, kept on PostgreSQL: the server that `VESTIBULE_TEST_POSTGRES_URL` names.
//!
//! The role there must be allowed to create databases. Each test makes one for itself and leaves it, as the server is meant to
//! be a private one that ends with the tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store;

use sea_orm::ConnectionTrait;
use store::Site;
use vestibule_core::Random;
use vestibule_database::Database;

async fn open() -> Site {
    let url = std::env::var("VESTIBULE_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!("set VESTIBULE_TEST_POSTGRES_URL to a PostgreSQL server for tests, such as postgres://postgres@127.0.0.1:5433/postgres")
    });
    let name: String = Random::system().bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = format!("outbox_{name}");
    let server = Database::connect(&url, 1).await.unwrap();
    server.writer().execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    server.close().await;
    let (before, _) = url.rsplit_once('/').expect("the URL ends with the name of a database");
    Site::new(Database::connect(&format!("{before}/{name}"), 4).await.unwrap(), None).await
}
