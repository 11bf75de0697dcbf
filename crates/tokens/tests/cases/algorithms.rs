//! Which algorithms are signed with, and which secrets.

use std::time::Duration;

use serde_json::Value;
use vestibule_jose::{Algorithm, JwkSet, SecretKey, Unverified, Verifier};
use vestibule_tokens::{
    Issuer, KeyRingError, KeyState, MintError, ResponseKey, Rotation, SecretAlgorithm, SigningAlgorithm, TokenError,
};

use super::{DAY, HOUR, World};

const PS256: SigningAlgorithm = SigningAlgorithm::Ps256;
const SECRET: &[u8] = b"vst_secret_0123456789012345678901234567890123456789012345678901234567890123456789";

async fn with(more: &[SigningAlgorithm]) -> World {
    let mut world = World::new().await;
    world.on.extend(more);
    world
}

fn published(issuer: &Issuer) -> Vec<String> {
    let document: Value = serde_json::from_slice(&issuer.keys().jwks()).expect("JSON");
    let keys = document["keys"].as_array().expect("keys").iter();
    // Beside them stand those that others encrypt to.
    let keys = keys.filter(|key| key["use"] == "sig");
    keys.map(|key| key["alg"].as_str().expect("alg").to_owned()).collect()
}

#[tokio::test]
async fn whoever_has_the_jwks_verifies_a_token_of_each_algorithm_and_each_has_a_key_of_its_own() {
    let world = with(&SigningAlgorithm::ALL).await;
    let issuer = world.issuer().await;
    assert_eq!(published(&issuer), SigningAlgorithm::ALL.map(SigningAlgorithm::name));
    let keys = JwkSet::parse(&issuer.keys().jwks()).expect("a set");
    for algorithm in SigningAlgorithm::ALL {
        let token = issuer.mint_access_token(world.access_token(), algorithm).expect("minted").token;
        assert!(issuer.verify_access_token(&token).is_ok(), "{algorithm}");
        for token in [token, issuer.mint_id_token(world.id_token(), algorithm).expect("minted")] {
            let token = Unverified::parse(&token).expect("a token");
            assert_eq!(token.algorithm(), Some(algorithm.jose()));
            assert!(keys.verify(&token, &[algorithm.jose()]).is_ok(), "{algorithm}");
            let others: Vec<_> = Algorithm::ASYMMETRIC.into_iter().filter(|other| *other != algorithm.jose()).collect();
            assert!(keys.verify(&token, &others).is_err(), "a41: the algorithm is the key's, {algorithm}");
        }
    }
}

#[tokio::test]
async fn an_algorithm_that_is_off_has_no_key_and_signs_nothing() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    assert_eq!(published(&issuer), SigningAlgorithm::DEFAULT.map(SigningAlgorithm::name));
    let refused = issuer.mint_id_token(world.id_token(), PS256);
    assert!(matches!(refused, Err(MintError::NoKey(PS256))), "and no other signs in its place");
    let refused = issuer.keys().rotate(&[PS256], Rotation::default()).await;
    assert!(matches!(refused, Err(KeyRingError::Off(PS256))));
}

#[tokio::test]
async fn an_algorithm_that_is_switched_off_signs_no_more_and_its_keys_verify_for_a_day() {
    let mut world = with(&[PS256]).await;
    let token = {
        let issuer = world.issuer().await;
        let mut claims = world.access_token();
        claims.lifetime = DAY * 3;
        issuer.mint_access_token(claims, PS256).expect("minted").token
    };
    world.on.retain(|algorithm| *algorithm != PS256);
    let issuer = world.issuer().await;
    assert!(matches!(issuer.mint_access_token(world.access_token(), PS256), Err(MintError::NoKey(PS256))));
    assert!(published(&issuer).contains(&"PS256".to_owned()));
    assert!(issuer.verify_access_token(&token).is_ok(), "what was signed before is good");
    let listed = issuer.keys().list().into_iter().find(|key| key.algorithm == PS256).expect("a key");
    assert_eq!((listed.state, listed.verifies_until.is_some()), (KeyState::Verifying, true));
    world.clock.advance(DAY + HOUR);
    assert!(!published(&issuer).contains(&"PS256".to_owned()));
    assert_eq!(issuer.verify_access_token(&token).err(), Some(TokenError::UnknownKey));
    let due = issuer.keys().rotate_due(Duration::from_secs(1), Rotation::default()).await.expect("rotated");
    assert_eq!(due.len(), 3, "what is off is not followed");

    // Switched on again, it has a new key.
    world.on.push(PS256);
    let again = world.issuer().await;
    let token = again.mint_access_token(world.access_token(), PS256).expect("minted").token;
    assert!(again.verify_access_token(&token).is_ok());
}

#[tokio::test]
async fn an_algorithm_that_is_switched_on_is_rotated_on_schedule_like_the_others() {
    let world = with(&[SigningAlgorithm::Es384]).await;
    let ring = world.ring().await;
    world.clock.advance(DAY * 31);
    assert_eq!(ring.rotate_due(DAY * 30, Rotation::default()).await.expect("rotated").len(), 4);
}

#[tokio::test]
async fn a_secret_signs_what_its_application_is_told_and_no_key_is_named() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    for algorithm in SecretAlgorithm::ALL {
        let key = || ResponseKey::of_secret(algorithm, SECRET).expect("a key");
        let client = "app".into();
        for token in [
            issuer.mint_id_token(world.id_token(), key()).expect("minted"),
            issuer.sign_userinfo(&client, &serde_json::Map::new(), key()).expect("signed"),
            issuer.sign_introspection(&client, &serde_json::json!({ "active": false }), key()).expect("signed"),
        ] {
            let token = Unverified::parse(&token).expect("a token");
            assert_eq!((token.algorithm(), token.kid()), (Some(algorithm.jose()), None));
            let secret = SecretKey::new(algorithm.jose(), SECRET).expect("a key");
            assert!(token.verify(&secret).is_ok(), "{}", algorithm.name());
        }
    }
    assert!(ResponseKey::of_secret(SecretAlgorithm::Hs512, &SECRET[..63]).is_err(), "shorter than the hash");
}

#[tokio::test]
async fn a41_a_token_that_a_secret_signed_is_no_access_token_and_a_hint_of_that_secret_alone() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let key = |algorithm, secret: &[u8]| SecretKey::new(algorithm, secret).expect("a key");
    let secret = ResponseKey::of_secret(SecretAlgorithm::Hs256, SECRET).expect("a key");
    let token = issuer.mint_id_token(world.id_token(), secret).expect("minted");
    assert_eq!(issuer.verify_access_token(&token).err(), Some(TokenError::UnknownKey));
    assert_eq!(issuer.verify_id_token_hint(&token).err(), Some(TokenError::UnknownKey));

    let app = "app".into();
    assert_eq!(Issuer::peek_hint_of_secret(&token).as_ref(), Some(&app));
    let ours = key(Algorithm::Hs256, SECRET);
    assert!(issuer.verify_id_token_hint_by(&token, &app, None, &ours).is_ok());
    for (client, key, why) in [
        ("app", key(Algorithm::Hs256, &[b'x'; 64]), TokenError::Signature),
        ("app", key(Algorithm::Hs512, SECRET), TokenError::OtherAlgorithm),
        ("other", ours, TokenError::UnknownKey),
    ] {
        assert_eq!(issuer.verify_id_token_hint_by(&token, &client.into(), None, &key).err(), Some(why));
    }
}

#[tokio::test]
async fn a41_a_public_key_of_the_ring_is_nobodys_secret() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let of_ring = issuer.mint_id_token(world.id_token(), SigningAlgorithm::Rs256).expect("minted");
    assert_eq!(Issuer::peek_hint_of_secret(&of_ring), None);
    let secret = SecretKey::new(Algorithm::Hs256, SECRET).expect("a key");
    let refused = issuer.verify_id_token_hint_by(&of_ring, &"app".into(), None, &secret);
    assert_eq!(refused.err(), Some(TokenError::OtherAlgorithm));
    assert!(secret.verify(Algorithm::Rs256, b"", b"").is_err());
}
