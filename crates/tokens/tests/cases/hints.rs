//! ID tokens that come back as hints.

use serde_json::json;
use vestibule_tokens::{Revocation, SigningAlgorithm, Subject, TokenError};

use super::{DAY, World};

const RS256: SigningAlgorithm = SigningAlgorithm::Rs256;

#[tokio::test]
async fn a18_an_expired_id_token_of_ours_is_still_a_hint() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.id_token();
    let token = issuer.mint_id_token(claims.clone(), RS256).expect("minted");
    world.clock.advance(DAY * 30);
    let hint = issuer.verify_id_token_hint(&token).expect("a hint");
    assert_eq!((hint.user, hint.client), (Some(claims.user), claims.client));
    assert_eq!(
        (hint.session, hint.auth_time.map(|t| t.seconds())),
        (claims.session, Some(claims.authentication.time.seconds()))
    );
    assert!(hint.expires_at < world.clock.now());
}

#[tokio::test]
async fn a18_a_foreign_a_changed_and_an_unsigned_id_token_are_no_hints() {
    let (world, other) = (World::new().await, World::new().await);
    let (issuer, theirs) = (world.issuer().await, other.issuer().await);
    let foreign = theirs.mint_id_token(other.id_token(), RS256).expect("minted");
    assert_eq!(issuer.verify_id_token_hint(&foreign).err(), Some(TokenError::UnknownKey));

    let token = issuer.mint_id_token(world.id_token(), RS256).expect("minted");
    let other_claims = issuer.mint_id_token(world.id_token(), RS256).expect("minted");
    let [header, _, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().expect("three parts");
    let changed = format!("{header}.{}.{signature}", other_claims.split('.').nth(1).expect("claims"));
    assert_eq!(issuer.verify_id_token_hint(&changed).err(), Some(TokenError::Signature));
    assert_eq!(issuer.verify_id_token_hint("eyJhbGciOiJub25lIn0.e30.").err(), Some(TokenError::UnknownKey));
}

#[tokio::test]
async fn something_else_that_was_signed_without_the_claims_of_an_id_token_is_no_hint() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = json!({ "iss": issuer.url(), "sub": "someone" });
    let token = issuer.keys().sign(RS256, vestibule_tokens::TokenType::IdToken, &claims).expect("signed");
    assert_eq!(issuer.verify_id_token_hint(&token).err(), Some(TokenError::Malformed));
}

#[tokio::test]
async fn a_hint_of_a_session_that_was_revoked_is_still_a_hint() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let claims = world.id_token();
    let token = issuer.mint_id_token(claims.clone(), RS256).expect("minted");
    let subject = Subject::Session(claims.session.expect("a session"));
    let expires_at = world.clock.now() + DAY;
    issuer.revocations().revoke(Revocation { subject, issued_before: None, expires_at }).await.expect("revoked");
    assert!(issuer.verify_id_token_hint(&token).is_ok());
}
