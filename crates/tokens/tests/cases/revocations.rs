//! The revocation log.

use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait;
use vestibule_core::{GrantId, Timestamp};
use vestibule_ephemeral::Ephemeral;
use vestibule_tokens::{
    AccessTokenClaims, Issuer, MintedAccessToken, Revocation, RevocationLog, SigningAlgorithm, Subject, TokenError,
};

use super::{DAY, HOUR, World};

const MILLISECOND: Duration = Duration::from_millis(1);

fn mint(issuer: &Issuer, claims: &AccessTokenClaims) -> MintedAccessToken {
    issuer.mint_access_token(claims.clone(), SigningAlgorithm::Es256).expect("minted")
}

fn everything(world: &World, subject: Subject) -> Revocation {
    Revocation { subject, issued_before: None, expires_at: world.clock.now() + DAY }
}

fn is_dead(issuer: &Issuer, token: &MintedAccessToken) -> bool {
    match issuer.verify_access_token(&token.token) {
        Err(TokenError::Revoked) => true,
        Err(other) => panic!("refused because {other}"),
        Ok(_) => false,
    }
}

#[tokio::test]
async fn every_kind_of_entry_kills_what_it_names_and_nothing_else() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let bystander = mint(&issuer, &AccessTokenClaims { client: "another".into(), ..world.access_token() });
    for kind in 0..6 {
        let claims = AccessTokenClaims { client: format!("app {kind}").as_str().into(), ..world.access_token() };
        let token = mint(&issuer, &claims);
        let subject = match kind {
            0 => Subject::Grant(claims.grant.unwrap()),
            1 => Subject::Session(claims.session.unwrap()),
            2 => Subject::User(claims.user.unwrap()),
            3 => Subject::Client(claims.client.clone()),
            4 => Subject::Consent(claims.user.unwrap(), claims.client.clone()),
            _ => Subject::Token(token.id),
        };
        assert!(!is_dead(&issuer, &token), "{subject:?}");
        issuer.revocations().revoke(everything(&world, subject.clone())).await.expect("revoked");
        assert!(is_dead(&issuer, &token), "{subject:?}");
    }
    assert!(!is_dead(&issuer, &bystander));
}

#[tokio::test]
async fn an_entry_for_a_grant_kills_what_is_minted_later_too() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.access_token();
    issuer.revocations().revoke(everything(&world, Subject::Grant(claims.grant.unwrap()))).await.expect("revoked");
    world.clock.advance(HOUR);
    assert!(is_dead(&issuer, &mint(&issuer, &claims)));
}

#[tokio::test]
async fn issued_before_spares_the_sign_in_of_the_next_millisecond() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.access_token();
    let before = mint(&issuer, &claims);
    let moment = world.clock.now();
    let entry = everything(&world, Subject::User(claims.user.unwrap()));
    issuer.revocations().revoke(Revocation { issued_before: Some(moment), ..entry }).await.expect("revoked");
    while world.clock.now() <= moment {
        world.clock.advance(MILLISECOND);
    }
    assert!(is_dead(&issuer, &before));
    assert!(!is_dead(&issuer, &mint(&issuer, &claims)));
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let world = World::new().await;
    let first = world.issuer().await;
    let claims = world.access_token();
    let token = mint(&first, &claims);
    first.revocations().revoke(everything(&world, Subject::Token(token.id))).await.expect("revoked");
    drop(first);
    assert!(is_dead(&world.issuer().await, &token));
}

#[tokio::test]
async fn another_replica_knows_after_it_has_caught_up() {
    let world = World::new().await;
    let (one, two) = (world.issuer().await, world.issuer().await);
    let token = mint(&one, &world.access_token());
    one.revocations().revoke(everything(&world, Subject::Token(token.id))).await.expect("revoked");
    assert!(!is_dead(&two, &token));
    two.revocations().catch_up().await.expect("read");
    assert!(is_dead(&two, &token));
}

/// Revokes ten tokens one after the other at `one`, and says how long `two`, which follows, took to know of all.
async fn time_to_follow(world: &World, one: &Issuer, two: &Issuer) -> Duration {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let follower = tokio::spawn(two.revocations().clone().follow(stopped));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    for _ in 0..10 {
        let token = mint(one, &world.access_token());
        one.revocations().revoke(everything(world, Subject::Token(token.id))).await.expect("revoked");
        while !is_dead(two, &token) {
            assert!(began.elapsed() < Duration::from_secs(30), "it never knew");
            tokio::time::sleep(MILLISECOND).await;
        }
    }
    let took = began.elapsed();
    stop.send(true).expect("followed");
    tokio::time::timeout(Duration::from_secs(5), follower).await.expect("stopped").expect("no panic");
    took
}

#[tokio::test]
async fn a_running_replica_hears_of_a_revocation_over_the_bus() {
    let world = World::new().await;
    let (one, two) = (world.issuer().await, world.issuer().await);
    // Looking at the table alone, each of the ten would take until the next look: four seconds.
    assert!(time_to_follow(&world, &one, &two).await < Duration::from_secs(2));
}

#[tokio::test]
async fn a_running_replica_that_hears_nothing_knows_within_half_a_second() {
    let world = World::new().await;
    let one = world.issuer().await;
    let deaf = World { bus: Ephemeral::in_memory(world.clock.clone()).await.expect("another bus"), ..world };
    let two = deaf.issuer().await;
    assert!(time_to_follow(&deaf, &one, &two).await < Duration::from_millis(500) * 10);
}

async fn revoke_grant(world: &World, log: &RevocationLog, expires_at: Timestamp) {
    let subject = Subject::Grant(GrantId::random(&world.random));
    log.revoke(Revocation { subject, issued_before: None, expires_at }).await.expect("revoked");
}

#[tokio::test]
async fn a_replica_that_was_away_catches_up_over_many_pages() {
    let world = World::new().await;
    let (writer, reader) = (world.log().await, world.log().await);
    for _ in 0..1100 {
        revoke_grant(&world, &writer, world.clock.now() + HOUR).await;
    }
    reader.catch_up().await.expect("read");
    assert_eq!((reader.len(), world.log().await.len()), (1100, 1100));
    // Once settled, what has been read is not read again, and what is new still is.
    world.clock.advance(Duration::from_secs(11));
    reader.catch_up().await.expect("read");
    revoke_grant(&world, &writer, world.clock.now() + HOUR).await;
    reader.catch_up().await.expect("read");
    assert_eq!(reader.len(), 1101);
}

#[tokio::test]
async fn a_row_that_comes_late_with_a_lower_number_is_not_missed() {
    let world = World::new().await;
    let (db, log) = (world.connect().await, world.log().await);
    let now = world.clock.now().millis();
    // PostgreSQL numbers rows as they are inserted, and shows them as they are committed.
    for (id, known) in [(1, 1), (5, 2), (4, 3), (2, 4)] {
        let row = format!(
            "INSERT INTO revocations (id, kind, subject, revoked_at, expires_at) VALUES ({id}, 'client', 'app {id}', {now}, {})",
            now + 86_400_000
        );
        db.writer().execute_unprepared(&row).await.expect("inserted");
        world.clock.advance(Duration::from_secs(3));
        log.catch_up().await.expect("read");
        assert_eq!(log.len(), known, "after row {id}");
    }
}

#[tokio::test]
async fn an_entry_of_a_newer_program_is_passed_over() {
    let world = World::new().await;
    let (db, log) = (world.connect().await, world.log().await);
    let insert =
        "INSERT INTO revocations (kind, subject, revoked_at, expires_at) VALUES ('planet', 'earth', 0, 9000000000000)";
    db.writer().execute_unprepared(insert).await.expect("inserted");
    revoke_grant(&world, &log, world.clock.now() + HOUR).await;
    assert_eq!(world.log().await.len(), 1);
}

#[tokio::test]
async fn a_sweep_deletes_what_has_expired_and_keeps_the_rest() {
    let world = World::new().await;
    let log = world.log().await;
    let now = world.clock.now();
    for _ in 0..600 {
        revoke_grant(&world, &log, now + HOUR).await;
    }
    revoke_grant(&world, &log, now + DAY).await;
    assert_eq!(log.sweep().await.expect("swept"), 0);
    world.clock.advance(HOUR + MILLISECOND);
    assert_eq!(log.sweep().await.expect("swept"), 600);
    assert_eq!((log.len(), world.log().await.len()), (1, 1));
}

#[tokio::test]
async fn a_new_entry_is_seen_after_the_table_was_swept_empty() {
    let world = World::new().await;
    let (writer, reader) = (world.log().await, world.log().await);
    revoke_grant(&world, &writer, world.clock.now() + HOUR).await;
    reader.catch_up().await.expect("read");
    world.clock.advance(DAY);
    reader.catch_up().await.expect("read");
    assert_eq!(writer.sweep().await.expect("swept"), 1);
    revoke_grant(&world, &writer, world.clock.now() + HOUR).await;
    reader.catch_up().await.expect("read");
    reader.sweep().await.expect("swept");
    assert_eq!(reader.len(), 1);
}

#[tokio::test]
async fn saying_the_same_again_and_again_adds_no_rows() {
    let world = World::new().await;
    let log = world.log().await;
    let entry = everything(&world, Subject::Grant(GrantId::random(&world.random)));
    for _ in 0..20 {
        log.revoke(entry.clone()).await.expect("revoked");
    }
    world.clock.advance(DAY);
    assert_eq!(log.sweep().await.expect("swept"), 1);
}

#[tokio::test]
async fn where_the_database_is_gone_nothing_is_said_to_be_revoked() {
    let world = World::new().await;
    let db = world.connect().await;
    let log =
        RevocationLog::load(db.clone(), world.bus.clone(), world.clock.clone(), &world.random).await.expect("read");
    db.close().await;
    let refused = log.revoke(everything(&world, Subject::Client("app".into()))).await;
    assert!(refused.is_err() && log.is_empty());
}
