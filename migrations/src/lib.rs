//! The schema, one file a step, the same for SQLite and PostgreSQL.
//!
//! A step that has landed is never edited: the next change is the next file. Identifiers are text, moments are milliseconds
//! since the Unix epoch, so that both engines hold the same values.

use sea_orm_migration::prelude::*;

mod m0001_users;
mod m0002_keys;
mod m0003_clients;
mod m0004_revocations;
mod m0005_changes;
mod m0006_people;
mod m0007_passwords;
mod m0008_access;
mod m0009_credentials;
mod m0010_outbox;
mod m0011_audit;
mod m0012_imports;
mod m0013_grants;
mod m0014_client_keys;
mod m0015_api_clients;
mod m0018_marks;
mod m0022_registration;
mod m0024_session_clients;
mod m0028_grant_claims;
mod m0035_carried_since;
mod m0036_sectors;
mod m0037_client_documents;

/// All steps, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_users::Migration),
            Box::new(m0002_keys::Migration),
            Box::new(m0003_clients::Migration),
            Box::new(m0004_revocations::Migration),
            Box::new(m0005_changes::Migration),
            Box::new(m0006_people::Migration),
            Box::new(m0007_passwords::Migration),
            Box::new(m0008_access::Migration),
            Box::new(m0009_credentials::Migration),
            Box::new(m0010_outbox::Migration),
            Box::new(m0011_audit::Migration),
            Box::new(m0012_imports::Migration),
            Box::new(m0013_grants::Migration),
            Box::new(m0014_client_keys::Migration),
            Box::new(m0015_api_clients::Migration),
            Box::new(m0018_marks::Migration),
            Box::new(m0022_registration::Migration),
            Box::new(m0024_session_clients::Migration),
            Box::new(m0028_grant_claims::Migration),
            Box::new(m0035_carried_since::Migration),
            Box::new(m0036_sectors::Migration),
            Box::new(m0037_client_documents::Migration),
        ]
    }
}
