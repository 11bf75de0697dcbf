//! What our tokens say.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_core::TokenId;
use vestibule_tokens::{AccessTokenClaims, Confirmation, Revocation, SigningAlgorithm, Subject, TokenError, at_hash};

use super::{HOUR, ISSUER, World};

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[tokio::test]
async fn an_access_token_is_as_rfc_9068_says() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.access_token();
    for algorithm in SigningAlgorithm::DEFAULT {
        let minted = issuer.mint_access_token(claims.clone(), algorithm).expect("minted");
        let (header, body) = (part(&minted.token, 0), part(&minted.token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!(algorithm)));
        assert_eq!(header.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!((&body["iss"], &body["aud"]), (&json!(ISSUER), &json!(ISSUER)));
        assert_eq!((&body["sub"], &body["client_id"]), (&json!(claims.user), &json!("app")));
        assert_eq!(body["scope"], "email openid");
        assert_eq!((&body["acr"], &body["amr"]), (&json!("1"), &json!(["pwd"])));
        assert_eq!((&body["sid"], &body["grant_id"]), (&json!(claims.session), &json!(claims.grant)));
        assert_eq!((&body["jti"], &body["exp"]), (&json!(minted.id), &json!(minted.expires_at.seconds())));
        assert_eq!(body["exp"].as_i64().unwrap() - body["iat"].as_i64().unwrap(), 3600);
    }
}

#[tokio::test]
async fn an_access_token_is_read_back_as_it_was_meant() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.access_token();
    let minted = issuer.mint_access_token(claims.clone(), SigningAlgorithm::Es256).expect("minted");
    let read = issuer.verify_access_token(&minted.token).expect("ours");
    assert_eq!((read.id, read.user, read.client.clone()), (minted.id, claims.user, claims.client.clone()));
    assert_eq!((read.scope.clone(), read.session, read.grant), (claims.scope.clone(), claims.session, claims.grant));
    assert_eq!(read.minted_at, TokenId::minted_at(&minted.id).expect("a moment"));
    assert!(read.is_for(ISSUER) && !read.is_for("https://id.example/"));
}

#[tokio::test]
async fn an_opaque_one_says_the_same_and_only_we_can_read_it() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let mut claims = world.access_token();
    claims.confirmation = Some(Confirmation::Jkt("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into()));
    let opaque = issuer.mint_opaque_access_token(claims.clone()).expect("minted");
    assert!(opaque.token.starts_with("vst_at_") && !opaque.token.contains('.'));
    let another_replica = world.issuer().await;
    let read = another_replica.verify_access_token(&opaque.token).expect("ours");
    let jwt = issuer.mint_access_token(claims, SigningAlgorithm::Es256).expect("minted");
    let same = another_replica.verify_access_token(&jwt.token).expect("ours");
    assert_eq!(
        (read.subject.clone(), read.user, read.scope.clone()),
        (same.subject.clone(), same.user, same.scope.clone())
    );
    assert_eq!(
        (read.session, read.grant, read.confirmation.clone()),
        (same.session, same.grant, same.confirmation.clone())
    );
    assert_eq!((read.audience(), read.authentication.clone()), (same.audience(), same.authentication.clone()));
    assert_eq!((read.id, read.expires_at), (opaque.id, opaque.expires_at));
    let other = world.issuer_named("https://other.example").await;
    assert_eq!(other.verify_access_token(&opaque.token).err(), Some(TokenError::OtherIssuer));
    world.clock.advance(HOUR);
    assert_eq!(issuer.verify_access_token(&opaque.token).err(), Some(TokenError::Expired));
}

#[tokio::test]
async fn a_token_names_the_key_that_it_is_bound_to() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    for confirmation in [Confirmation::Jkt("a".into()), Confirmation::X5tS256("b".into())] {
        let claims = AccessTokenClaims { confirmation: Some(confirmation.clone()), ..world.access_token() };
        let minted = issuer.mint_access_token(claims, SigningAlgorithm::Es256).expect("minted");
        assert_eq!(part(&minted.token, 1)["cnf"], json!(confirmation));
        let read = issuer.verify_access_token(&minted.token).expect("ours");
        assert_eq!(read.confirmation, Some(confirmation));
    }
}

#[tokio::test]
async fn a_token_of_an_application_for_itself_has_no_user() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let mut claims = world.access_token();
    (claims.user, claims.session, claims.authentication) = (None, None, None);
    // An id of the same shape as a user's is still the application's.
    claims.client = vestibule_core::ClientId::random(&world.random);
    let minted = issuer.mint_access_token(claims.clone(), SigningAlgorithm::Es256).expect("minted");
    let read = issuer.verify_access_token(&minted.token).expect("ours");
    assert_eq!((read.user, read.subject.clone()), (None, claims.client.to_string()));
}

#[tokio::test]
async fn an_access_token_dies_in_the_second_that_it_says() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let minted = issuer.mint_access_token(world.access_token(), SigningAlgorithm::Es256).expect("minted");
    world.clock.advance(HOUR - Duration::from_secs(5));
    assert!(issuer.verify_access_token(&minted.token).is_ok());
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(issuer.verify_access_token(&minted.token).err(), Some(TokenError::Expired));
}

#[tokio::test]
async fn an_id_token_is_as_openid_connect_core_says() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    for algorithm in SigningAlgorithm::DEFAULT {
        let mut claims = world.id_token();
        claims.access_token = Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y".into());
        let token = issuer.mint_id_token(claims.clone(), algorithm).expect("minted");
        let (header, body) = (part(&token, 0), part(&token, 1));
        assert_eq!((&header["typ"], &header["alg"]), (&json!("JWT"), &json!(algorithm)));
        assert_eq!((&body["iss"], &body["aud"], &body["sub"]), (&json!(ISSUER), &json!("app"), &json!(claims.user)));
        assert_eq!(body["at_hash"], at_hash(claims.access_token.as_ref().unwrap(), algorithm));
        assert_eq!((&body["nonce"], &body["sid"]), (&json!("n-0S6_WzA2Mj"), &json!(claims.session)));
        assert_eq!(body["auth_time"], claims.authentication.time.seconds());
        assert_eq!((&body["acr"], &body["amr"]), (&json!("1"), &json!(["pwd"])));
    }
}

#[tokio::test]
async fn a_claim_about_a_person_never_takes_the_place_of_one_of_the_protocol() {
    let world = World::new().await;
    let mut claims = world.id_token();
    claims.nonce = None;
    let extra = json!({ "email": "a@b.example", "sub": "root", "nonce": "x", "aud": "other", "exp": 1, "cnf": {} });
    claims.extra = extra.as_object().expect("an object").clone();
    let token = world.issuer().await.mint_id_token(claims.clone(), SigningAlgorithm::Es256).expect("minted");
    let body = part(&token, 1);
    assert_eq!((&body["email"], &body["sub"]), (&json!("a@b.example"), &json!(claims.user)));
    assert_eq!((body.get("nonce"), body.get("cnf"), &body["aud"]), (None, None, &json!("app")));
}

#[tokio::test]
async fn a_token_that_was_seen_is_read_once_and_its_state_each_time() {
    let world = World::new().await;
    let issuer = world.issuer().await.with_memory(1 << 20);
    let claims = world.access_token();
    let minted = issuer.mint_access_token(claims, SigningAlgorithm::Es256).expect("minted");
    let first = issuer.verify_access_token(&minted.token).expect("ours");
    let again = issuer.verify_access_token(&minted.token).expect("ours");
    assert!(std::sync::Arc::ptr_eq(&first, &again));
    assert_eq!((issuer.kept().hits, issuer.kept().misses), (1, 1));
    assert!(issuer.verify_access_token(&format!("{}x", minted.token)).is_err());
    world.clock.advance(HOUR);
    assert_eq!(issuer.verify_access_token(&minted.token).err(), Some(TokenError::Expired));
}

/// What is remembered of a token that was just minted is what another reads in it, and is held against as much.
#[tokio::test]
async fn a_token_that_is_remembered_when_it_is_minted_says_the_same() {
    let world = World::new().await;
    let (issuer, another) = (world.issuer().await.with_memory(1 << 20), world.issuer().await);
    let mut claims = world.access_token();
    claims.confirmation = Some(Confirmation::Jkt("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into()));
    let for_itself = AccessTokenClaims { user: None, session: None, authentication: None, ..world.access_token() };
    let minted = [
        issuer.mint_access_token(claims.clone(), SigningAlgorithm::Es256).expect("minted"),
        issuer.mint_opaque_access_token(claims).expect("minted"),
        issuer.mint_access_token(for_itself, SigningAlgorithm::Rs256).expect("minted"),
    ];
    for token in &minted {
        issuer.remember(token);
        let known = issuer.verify_access_token(&token.token).expect("ours");
        let read = another.verify_access_token(&token.token).expect("ours");
        assert_eq!(known, read);
        assert!(issuer.verify_access_token(&format!("{}x", token.token)).is_err());
    }
    assert_eq!((issuer.kept().hits, issuer.kept().misses), (3, 3));
    let subject = Subject::Token(minted[0].id);
    let entry = Revocation { subject, issued_before: None, expires_at: world.clock.now() + HOUR };
    issuer.revocations().revoke(entry).await.expect("revoked");
    assert_eq!(issuer.verify_access_token(&minted[0].token).err(), Some(TokenError::Revoked));
    world.clock.advance(HOUR);
    assert_eq!(issuer.verify_access_token(&minted[1].token).err(), Some(TokenError::Expired));
}

#[tokio::test]
async fn the_memory_for_tokens_stays_within_its_bound_and_keeps_no_nonsense() {
    let world = World::new().await;
    let issuer = world.issuer().await.with_memory(32 << 10);
    for number in 0..200 {
        let _ = issuer.verify_access_token(&format!("nonsense{number}"));
    }
    assert_eq!(issuer.kept().bytes, 0);
    for _ in 0..200 {
        let minted = issuer.mint_access_token(world.access_token(), SigningAlgorithm::Es256).expect("minted");
        issuer.verify_access_token(&minted.token).expect("ours");
    }
    let kept = issuer.kept().bytes;
    assert!(kept > 16 << 10 && kept <= 32 << 10, "{kept}");
}
