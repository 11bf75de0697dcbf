//! Forged and misused tokens, by the numbers of the attack list.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_tokens::{Issuer, SigningAlgorithm, TokenError};

use super::World;

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn kid(issuer: &Issuer, algorithm: SigningAlgorithm) -> String {
    issuer.keys().list().into_iter().find(|key| key.algorithm == algorithm).expect("a key").kid
}

fn access_token(world: &World, issuer: &Issuer) -> String {
    issuer.mint_access_token(world.access_token(), ES256).expect("minted").token
}

/// The same token under another header, with the signature that it had.
fn with_header(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').expect("a token");
    format!("{}.{rest}", encode(header))
}

fn refused(issuer: &Issuer, token: &str) -> Option<TokenError> {
    issuer.verify_access_token(token).err()
}

#[tokio::test]
async fn a20_a_token_of_another_issuer_is_refused_even_where_the_keys_are_the_same() {
    let world = World::new().await;
    let (ours, theirs) = (world.issuer().await, world.issuer_named("https://other.example").await);
    let token = access_token(&world, &theirs);
    assert_eq!(refused(&ours, &token), Some(TokenError::OtherIssuer));
    let hint = theirs.mint_id_token(world.id_token(), ES256).expect("minted");
    assert_eq!(ours.verify_id_token_hint(&hint).err(), Some(TokenError::OtherIssuer));
}

#[tokio::test]
async fn a31_an_id_token_is_no_access_token_and_the_other_way_round() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let id_token = issuer.mint_id_token(world.id_token(), ES256).expect("minted");
    assert_eq!(refused(&issuer, &id_token), Some(TokenError::OtherType));
    let access_token = access_token(&world, &issuer);
    assert_eq!(issuer.verify_id_token_hint(&access_token).err(), Some(TokenError::OtherType));
}

#[tokio::test]
async fn a31_a_token_for_one_api_is_not_for_another() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let mut claims = world.access_token();
    claims.audience = "https://a.example".into();
    let token = issuer.mint_access_token(claims, ES256).expect("minted").token;
    let read = issuer.verify_access_token(&token).expect("ours");
    assert!(read.is_for("https://a.example") && !read.is_for("https://b.example"));
}

#[tokio::test]
async fn a40_no_algorithm_and_no_signature() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let token = access_token(&world, &issuer);
    let (signed, _) = token.rsplit_once('.').expect("a token");
    assert_eq!(refused(&issuer, &format!("{signed}.")), Some(TokenError::Signature));
    assert_eq!(refused(&issuer, signed), Some(TokenError::Malformed));
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        let header = json!({ "alg": alg, "kid": kid(&issuer, ES256), "typ": "at+jwt" });
        let forged = with_header(&format!("{signed}."), &header);
        assert_eq!(refused(&issuer, &forged), Some(TokenError::OtherAlgorithm), "{alg}");
        assert!(issuer.verify_id_token_hint(&forged).is_err(), "{alg}");
    }
}

#[tokio::test]
async fn a41_hs256_with_the_public_key_as_the_secret() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let jwks: Value = serde_json::from_slice(&issuer.keys().jwks()).expect("JSON");
    let modulus = URL_SAFE_NO_PAD.decode(jwks["keys"][0]["n"].as_str().expect("RSA comes first")).expect("base64url");
    let header = encode(&json!({ "alg": "HS256", "kid": jwks["keys"][0]["kid"], "typ": "at+jwt" }));
    let token = access_token(&world, &issuer);
    let signed = format!("{header}.{}", token.split('.').nth(1).expect("claims"));
    for secret in [modulus, jwks["keys"][0].to_string().into_bytes(), jwks.to_string().into_bytes()] {
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        let forged = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(refused(&issuer, &forged), Some(TokenError::OtherAlgorithm));
    }
}

#[tokio::test]
async fn a41_the_algorithm_is_the_keys_and_r_and_s_of_zero_sign_nothing() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let token = access_token(&world, &issuer);
    for (alg, expected) in [
        ("RS256", TokenError::OtherAlgorithm),
        ("ES384", TokenError::OtherAlgorithm),
        ("EdDSA", TokenError::OtherAlgorithm),
        ("ES256", TokenError::Signature),
    ] {
        let header =
            json!({ "alg": alg, "typ": "at+jwt", "kid": kid(&issuer, ES256), "other": "than what was signed" });
        assert_eq!(refused(&issuer, &with_header(&token, &header)), Some(expected), "{alg}");
    }
    let (signed, _) = token.rsplit_once('.').expect("a token");
    let psychic = format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64]));
    assert_eq!(refused(&issuer, &psychic), Some(TokenError::Signature));
}

#[tokio::test]
async fn a42_a_key_comes_from_the_ring_and_from_nowhere_else() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let other = World::new().await;
    let theirs = other.issuer().await;
    let foreign = access_token(&other, &theirs);
    assert_eq!(refused(&issuer, &foreign), Some(TokenError::UnknownKey));

    let jwks: Value = serde_json::from_slice(&theirs.keys().jwks()).expect("JSON");
    for kid in [json!("../../../etc/passwd"), json!("' OR 1=1 --"), json!(""), json!(null)] {
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": jwks["keys"][1],
            "jku": "https://evil.example/jwks", "x5u": "https://evil.example/x", "x5c": ["AAAA"] });
        assert_eq!(refused(&issuer, &with_header(&foreign, &header)), Some(TokenError::UnknownKey));
    }
    let with_our_kid = json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid(&issuer, ES256), "jwk": jwks["keys"][1] });
    assert_eq!(refused(&issuer, &with_header(&foreign, &with_our_kid)), Some(TokenError::Signature));
}

#[tokio::test]
async fn a42_extensions_that_must_be_understood_and_doubled_members_are_refused() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let (token, kid) = (access_token(&world, &issuer), kid(&issuer, ES256));
    for crit in [json!(["b64"]), json!([]), json!(null), json!("exp")] {
        let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": crit, "b64": true });
        assert_eq!(refused(&issuer, &with_header(&token, &header)), Some(TokenError::Critical), "{crit}");
    }
    let doubled = format!(r#"{{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"{kid}"}}"#);
    let (_, rest) = token.split_once('.').expect("a token");
    let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(doubled));
    assert_eq!(refused(&issuer, &forged), Some(TokenError::Malformed));
}

#[tokio::test]
async fn a39_odd_input_is_refused_before_it_costs_anything() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let token = access_token(&world, &issuer);
    assert_eq!(refused(&issuer, &format!("{token}{}", "A".repeat(16 * 1024))), Some(TokenError::TooLong));
    let deep = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","x":{}"#, "[".repeat(8000)));
    for odd in ["", ".", "..", "...", "a.b.c", "\u{0}.\u{0}.\u{0}", "é.é.é", &format!("{deep}.e30.AA")] {
        assert_eq!(refused(&issuer, odd), Some(TokenError::Malformed), "{odd:?}");
    }
    for changed in
        [format!("{token}."), format!("{token}.AA"), format!(".{token}"), format!("{token}="), format!(" {token}")]
    {
        assert!(refused(&issuer, &changed).is_some(), "{changed}");
    }
}

#[tokio::test]
async fn a_changed_token_is_refused_wherever_it_was_changed() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    for algorithm in SigningAlgorithm::DEFAULT {
        let token = issuer.mint_access_token(world.access_token(), algorithm).expect("minted").token;
        for index in (0..token.len()).step_by(7) {
            let mut bytes = token.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(refused(&issuer, &changed).is_some(), "{algorithm}, byte {index}");
        }
    }
}
