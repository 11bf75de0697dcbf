//! Every case on PostgreSQL: `VESTIBULE_TEST_POSTGRES_URL` names one where databases may be created.

use sea_orm::ConnectionTrait;

mod cases;

/// An empty database, for one test.
pub struct TestDatabase {
    /// What a replica connects to.
    pub url: String,
}

impl TestDatabase {
    /// Created beside the one that the URL names; it goes with the server, which is private to the tests.
    pub async fn fresh() -> Self {
        let base = std::env::var("VESTIBULE_TEST_POSTGRES_URL").expect(
            "this test needs PostgreSQL: run it with `cargo xtask test`, or set VESTIBULE_TEST_POSTGRES_URL to \
             a database whose user may create others",
        );
        let name = format!("tokens_{}", vestibule_core::Random::system().token().replace('-', "_").to_lowercase());
        let server = sea_orm::Database::connect(&base).await.expect("the PostgreSQL of VESTIBULE_TEST_POSTGRES_URL");
        server.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
        let (address, query) = base.split_once('?').map_or((base.as_str(), None), |(a, q)| (a, Some(q)));
        let server_part = &address[..address.rfind('/').expect("a URL with a database in it")];
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self { url: format!("{server_part}/{name}{query}") }
    }
}
