//! The rows of the key ring.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};
use vestibule_core::{Timestamp, Vault};
use vestibule_database::Database;
use zeroize::Zeroizing;

use super::{KeyRing, KeyRingError, Rotation, snapshot::Times};
use crate::{
    SigningAlgorithm,
    key_file::KeyFileError,
    signing_key::{SigningKey, UnusableKey},
    tables::{exclusive, signing_keys},
    vault::sealed_with,
};

/// How long the keys of an algorithm verify that was switched off: longer than any token lives.
const OFF_FOR: Duration = Duration::from_secs(25 * 60 * 60);

/// What a private key is sealed for; it opens as no other key.
pub(crate) fn context(kid: &str) -> String {
    format!("signing key {kid}")
}

/// All keys of the algorithms that we know. During an upgrade a newer replica may have made others, which are its own matter.
pub(super) async fn rows(db: &Database) -> Result<Vec<signing_keys::Model>, DbErr> {
    signing_keys::Entity::find().filter(is_known()).all(db.writer()).await
}

fn is_known() -> SimpleExpr {
    signing_keys::Column::Algorithm.is_in(SigningAlgorithm::ALL.map(SigningAlgorithm::name))
}

/// What can change about the keys, sorted by their ids: what a poll compares.
pub(super) async fn times(db: &Database) -> Result<Vec<Times>, DbErr> {
    let mut times: Vec<Times> = signing_keys::Entity::find()
        .select_only()
        .column(signing_keys::Column::Kid)
        .column(signing_keys::Column::SignsFrom)
        .column(signing_keys::Column::VerifiesUntil)
        .filter(is_known())
        .into_tuple()
        .all(db.reader())
        .await?;
    // Here, since engines order text each in their own way.
    times.sort_unstable();
    Ok(times)
}

/// The algorithms that have a key which no other follows: one that signs, or will.
pub(super) async fn algorithms(connection: &impl ConnectionTrait) -> Result<Vec<SigningAlgorithm>, DbErr> {
    let names: Vec<String> = signing_keys::Entity::find()
        .select_only()
        .column(signing_keys::Column::Algorithm)
        .filter(signing_keys::Column::VerifiesUntil.is_null())
        .distinct()
        .into_tuple()
        .all(connection)
        .await?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Makes the first key of each algorithm that misses one, unless another replica does meanwhile, and has those of algorithms that
/// are off retire. They are made before the lock is taken, since an RSA key takes its time; the keys of whoever comes second are
/// dropped.
pub(super) async fn settle(ring: &KeyRing, missing: &[SigningAlgorithm]) -> Result<(), KeyRingError> {
    let made = make(missing).await?;
    let transaction = exclusive(&ring.0.db).await?;
    let present = algorithms(&transaction).await?;
    let now = ring.0.clock.now();
    for (key, pkcs8) in made.iter().filter(|(key, _)| !present.contains(&key.algorithm())) {
        insert(ring, &transaction, key, pkcs8, now).await?;
    }
    let off = present.into_iter().filter(|algorithm| !ring.0.on.contains(algorithm));
    for algorithm in off {
        retire(&transaction, algorithm, now + OFF_FOR).await?;
        tracing::info!(%algorithm, "nothing is signed with this algorithm any more; its keys verify for a day");
    }
    Ok(transaction.commit().await?)
}

/// Says until when the keys of an algorithm verify that no other follows so far.
async fn retire(
    transaction: &impl ConnectionTrait,
    algorithm: SigningAlgorithm,
    until: Timestamp,
) -> Result<(), DbErr> {
    signing_keys::Entity::update_many()
        .col_expr(signing_keys::Column::VerifiesUntil, Expr::value(until.millis()))
        .filter(signing_keys::Column::Algorithm.eq(algorithm.name()))
        .filter(signing_keys::Column::VerifiesUntil.is_null())
        .exec(transaction)
        .await?;
    Ok(())
}

/// Adds a key of each algorithm and says until when the older ones verify.
pub(super) async fn rotate(
    ring: &KeyRing,
    algorithms: &[SigningAlgorithm],
    rotation: Rotation,
) -> Result<Vec<String>, KeyRingError> {
    let made = make(algorithms).await?;
    let transaction = exclusive(&ring.0.db).await?;
    for (key, pkcs8) in &made {
        succeed(ring, &transaction, key, pkcs8, rotation).await?;
    }
    transaction.commit().await?;
    Ok(made.into_iter().map(|(key, _)| key.kid().to_owned()).collect())
}

/// The same for the algorithms whose newest key is as old as that. They are looked at again under the lock: of any number of
/// replicas, one adds a key.
pub(super) async fn rotate_due(
    ring: &KeyRing,
    every: Duration,
    rotation: Rotation,
) -> Result<Vec<String>, KeyRingError> {
    let now = ring.0.clock.now();
    let old = due(ring, ring.0.db.reader(), now, every).await?;
    if old.is_empty() {
        return Ok(Vec::new());
    }
    let made = make(&old).await?;
    let transaction = exclusive(&ring.0.db).await?;
    let old = due(ring, &transaction, now, every).await?;
    let mut kids = Vec::new();
    for (key, pkcs8) in made.iter().filter(|(key, _)| old.contains(&key.algorithm())) {
        succeed(ring, &transaction, key, pkcs8, rotation).await?;
        kids.push(key.kid().to_owned());
    }
    transaction.commit().await?;
    Ok(kids)
}

/// The algorithms whose newest key was made so long before. Those that are off get no other.
async fn due(
    ring: &KeyRing,
    connection: &impl ConnectionTrait,
    now: Timestamp,
    every: Duration,
) -> Result<Vec<SigningAlgorithm>, DbErr> {
    let newest: Vec<(String, Option<i64>)> = signing_keys::Entity::find()
        .select_only()
        .column(signing_keys::Column::Algorithm)
        .column_as(signing_keys::Column::CreatedAt.max(), "newest")
        .filter(is_known())
        .group_by(signing_keys::Column::Algorithm)
        .into_tuple()
        .all(connection)
        .await?;
    let is_due = |made: Option<i64>| made.is_some_and(|made| Timestamp::from_millis(made) + every <= now);
    let due = newest.into_iter().filter(|(_, made)| is_due(*made)).filter_map(|(name, _)| name.parse().ok());
    Ok(due.filter(|algorithm| ring.0.on.contains(algorithm)).collect())
}

/// Adds a key, and says until when those of before verify.
async fn succeed(
    ring: &KeyRing,
    transaction: &impl ConnectionTrait,
    key: &SigningKey,
    pkcs8: &[u8],
    rotation: Rotation,
) -> Result<(), KeyRingError> {
    let signs_from = ring.0.clock.now() + rotation.publish_ahead;
    retire(transaction, key.algorithm(), signs_from + rotation.keep).await?;
    insert(ring, transaction, key, pkcs8, signs_from).await
}

/// Deletes the keys that were retired before `moment`.
pub(super) async fn delete_retired_before(db: &Database, moment: Timestamp) -> Result<u64, DbErr> {
    let deleted = signing_keys::Entity::delete_many()
        .filter(signing_keys::Column::VerifiesUntil.lt(moment.millis()))
        .exec(db.writer())
        .await?;
    Ok(deleted.rows_affected)
}

/// The key-encryption key at hand, where it is the one in use.
pub(super) async fn vault_in_use(
    ring: &KeyRing,
    connection: &impl ConnectionTrait,
) -> Result<Arc<Vault>, KeyRingError> {
    let vault = ring.vault();
    let present = vault.key_id();
    match sealed_with(connection).await? {
        Some(needed) if needed != present => {
            let path = ring.0.file.path().to_owned();
            Err(KeyFileError::Other { path, present, needed }.into())
        }
        _ => Ok(vault),
    }
}

/// Seals a key and writes its row; never with a key-encryption key that is not in use any more.
async fn insert(
    ring: &KeyRing,
    connection: &impl ConnectionTrait,
    key: &SigningKey,
    pkcs8: &[u8],
    signs_from: Timestamp,
) -> Result<(), KeyRingError> {
    let vault = vault_in_use(ring, connection).await?;
    let row = signing_keys::ActiveModel {
        kid: Set(key.kid().to_owned()),
        algorithm: Set(key.algorithm().name().to_owned()),
        public_jwk: Set(key.jwk().to_json().to_string()),
        private_sealed: Set(vault.seal(&context(key.kid()), pkcs8, &ring.0.random)),
        created_at: Set(ring.0.clock.now().millis()),
        signs_from: Set(signs_from.millis()),
        verifies_until: Set(None),
    };
    signing_keys::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

type Made = Vec<(SigningKey, Zeroizing<Vec<u8>>)>;

/// Makes one key of each algorithm, off the runtime's own threads.
async fn make(algorithms: &[SigningAlgorithm]) -> Result<Made, UnusableKey> {
    let algorithms = algorithms.to_vec();
    let first = algorithms.first().copied().unwrap_or(SigningAlgorithm::Es256);
    let make_all = move || {
        let make_one = |algorithm: SigningAlgorithm| {
            let pkcs8 = SigningKey::generate(algorithm)?;
            Ok((SigningKey::parse(algorithm, &pkcs8)?, pkcs8))
        };
        algorithms.into_iter().map(make_one).collect()
    };
    // The task is neither cancelled nor does it panic; were it so, no key would have been made.
    tokio::task::spawn_blocking(make_all).await.unwrap_or(Err(UnusableKey(first)))
}
