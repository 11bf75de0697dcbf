use serde_json::json;

use super::*;
use crate::{Algorithm, JwkSet, KeyError, PrivateKey};

fn key(alg: KeyManagement) -> DecryptionKey {
    DecryptionKey::from_pkcs8(alg, &DecryptionKey::generate(alg).expect("a key")).expect("a key that parses")
}

fn encrypt(alg: KeyManagement, enc: ContentEncryption, key: &DecryptionKey) -> String {
    let random = Random::system();
    Encryption { alg, enc }.encrypt(key.public(), Some("JWT"), b"a.b.c", &random).expect("encrypted")
}

fn decrypt(token: &str, key: &DecryptionKey) -> Result<Vec<u8>, JweError> {
    Encrypted::parse(token)?.decrypt(key, &ContentEncryption::ALL, &Random::system())
}

/// A token under another header, which the tag does not cover.
fn with_header(token: &str, header: &str) -> String {
    let (_, rest) = token.split_once('.').expect("parts");
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

#[test]
fn what_is_encrypted_to_a_key_it_decrypts_with_every_algorithm() {
    for alg in KeyManagement::ALL {
        let key = key(alg);
        for enc in ContentEncryption::ALL {
            let token = encrypt(alg, enc, &key);
            let parsed = Encrypted::parse(&token).expect("a JWE");
            assert_eq!(parsed.encryption(), Some(Encryption { alg, enc }));
            assert_eq!((parsed.kid(), parsed.cty()), (key.public().kid(), Some("JWT")));
            assert_eq!(decrypt(&token, &key), Ok(b"a.b.c".to_vec()), "{alg} {enc}");
            assert_ne!(token, encrypt(alg, enc, &key), "keys and vectors are drawn anew");
        }
    }
}

#[test]
fn each_changed_part_and_another_key_is_the_same_error() {
    for alg in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs, KeyManagement::EcdhEsA256Kw] {
        let (own, other) = (key(alg), key(alg));
        for enc in ContentEncryption::ALL {
            let token = encrypt(alg, enc, &own);
            assert_eq!(decrypt(&token, &other), Err(JweError::Undecryptable), "{alg} {enc}: another key");
            let parts: Vec<&str> = token.split('.').collect();
            for changed in 1..5 {
                let mut parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
                let mut bytes = URL_SAFE_NO_PAD.decode(&parts[changed]).expect("base64url");
                match bytes.first_mut() {
                    Some(byte) => *byte ^= 1,
                    None => bytes.push(0),
                }
                parts[changed] = URL_SAFE_NO_PAD.encode(&bytes);
                assert_eq!(decrypt(&parts.join("."), &own), Err(JweError::Undecryptable), "{alg} {enc}: {changed}");
                parts[changed].clear();
                let cut = decrypt(&parts.join("."), &own);
                let was_empty = alg == KeyManagement::EcdhEs && changed == 1;
                let expected = if was_empty { Ok(b"a.b.c".to_vec()) } else { Err(JweError::Undecryptable) };
                assert_eq!(cut, expected, "{alg} {enc}: {changed} cut");
            }
        }
    }
}

#[test]
fn a41_a_key_is_for_its_own_algorithm_and_those_of_content_that_are_taken() {
    let pkcs8 = DecryptionKey::generate(KeyManagement::RsaOaep256).expect("a key");
    let key = DecryptionKey::from_pkcs8(KeyManagement::RsaOaep256, &pkcs8).expect("a key");
    let same = DecryptionKey::from_pkcs8(KeyManagement::RsaOaep, &pkcs8).expect("the same for another algorithm");
    let token = encrypt(KeyManagement::RsaOaep256, ContentEncryption::A128Gcm, &key);
    assert_eq!(decrypt(&token, &same), Err(JweError::OtherAlgorithm));
    let parsed = Encrypted::parse(&token).expect("a JWE");
    let narrowed = parsed.decrypt(&key, &[ContentEncryption::A256Gcm], &Random::system());
    assert_eq!(narrowed, Err(JweError::OtherAlgorithm));
    let encryption = Encryption { alg: KeyManagement::RsaOaep, enc: ContentEncryption::A128Gcm };
    let refused = encryption.encrypt(key.public(), None, b"", &Random::system());
    assert_eq!(refused, Err(EncryptError::OtherAlgorithm(KeyManagement::RsaOaep)));
    for alg in ["RSA1_5", "dir", "PBES2-HS256+A128KW", "none"] {
        let header = json!({ "alg": alg, "enc": "A128GCM", "p2c": 1_000_000_000, "p2s": "AAAA" });
        assert_eq!(decrypt(&with_header(&token, &header.to_string()), &key), Err(JweError::OtherAlgorithm), "{alg}");
    }
}

#[test]
fn a39_a_compressed_content_is_refused_before_any_key_is_asked() {
    for zip in [json!("DEF"), json!("def"), json!(null), json!([])] {
        let header = json!({ "alg": "RSA-OAEP-256", "enc": "A128GCM", "zip": zip });
        assert_eq!(Encrypted::parse(&with_header("....", &header.to_string())).err(), Some(JweError::Compressed));
    }
}

#[test]
fn a42_extensions_that_must_be_understood_and_members_that_stand_twice_are_refused() {
    let header = json!({ "alg": "RSA-OAEP-256", "enc": "A128GCM", "crit": ["exp"] }).to_string();
    assert_eq!(Encrypted::parse(&with_header("....", &header)).err(), Some(JweError::Critical));
    let twice = r#"{"alg":"RSA-OAEP","alg":"RSA-OAEP-256","enc":"A128GCM"}"#;
    assert_eq!(Encrypted::parse(&with_header("....", twice)).err(), Some(JweError::Malformed));
}

#[test]
fn a39_what_is_no_jwe_or_too_long_is_not_looked_at() {
    let whole = encrypt(KeyManagement::EcdhEs, ContentEncryption::A128Gcm, &key(KeyManagement::EcdhEs));
    assert!(Encrypted::parse(&whole).is_ok() && Encrypted::looks_like(&whole));
    for odd in ["", "....", "a.b.c", "a.b.c.d.e.f", "\u{0}.\u{0}.\u{0}.\u{0}.\u{0}"] {
        assert_eq!(Encrypted::parse(odd).err(), Some(JweError::Malformed), "{odd:?}");
    }
    for changed in [format!("{whole}."), format!(" {whole}"), format!("{whole}="), format!("{whole}\n")] {
        assert_eq!(Encrypted::parse(&changed).err(), Some(JweError::Malformed), "{changed:?}");
    }
    let long = format!("{whole}{}", "A".repeat(LONGEST));
    assert_eq!(Encrypted::parse(&long).err(), Some(JweError::TooLong));
}

#[test]
fn a_point_that_is_not_on_the_curve_or_on_another_is_undecryptable() {
    let key = key(KeyManagement::EcdhEs);
    let token = encrypt(KeyManagement::EcdhEs, ContentEncryption::A128Gcm, &key);
    let zeros = URL_SAFE_NO_PAD.encode([0; 32]);
    let (x, y) = (URL_SAFE_NO_PAD.encode([1; 48]), URL_SAFE_NO_PAD.encode([2; 48]));
    for epk in [
        json!(null),
        json!("P-256"),
        json!({ "kty": "EC", "crv": "P-256", "x": zeros, "y": zeros }),
        json!({ "kty": "EC", "crv": "P-384", "x": x, "y": y }),
        json!({ "kty": "OKP", "crv": "X25519", "x": zeros }),
    ] {
        let header = json!({ "alg": "ECDH-ES", "enc": "A128GCM", "epk": epk }).to_string();
        assert_eq!(decrypt(&with_header(&token, &header), &key), Err(JweError::Undecryptable), "{header}");
    }
}

#[test]
fn our_key_says_what_it_is_for_and_holds_no_private_part() {
    for (alg, kty) in [(KeyManagement::RsaOaep256, "RSA"), (KeyManagement::EcdhEs, "EC")] {
        let key = key(alg);
        let jwk = key.public().to_json();
        assert_eq!((&jwk["use"], &jwk["alg"], &jwk["kty"]), (&json!("enc"), &json!(alg), &json!(kty)));
        assert_eq!(jwk["kid"], json!(key.public().thumbprint()));
        assert_eq!(EncryptionKey::from_json(&jwk).expect("a JWK without private parts").to_json(), jwk);
    }
    let other = DecryptionKey::generate(KeyManagement::EcdhEs).expect("a key");
    assert_eq!(DecryptionKey::from_pkcs8(KeyManagement::RsaOaep, &other).err(), Some(KeyError::Invalid));
}

/// The set of these keys, of which the n-th is named by its number.
fn set(keys: &[Value]) -> JwkSet {
    let named = keys.iter().enumerate().map(|(number, key)| {
        let mut key = key.clone();
        key["kid"] = number.to_string().into();
        key.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        key
    });
    let document = json!({ "keys": named.collect::<Vec<_>>() });
    JwkSet::parse(document.to_string().as_bytes()).expect("a set")
}

fn changed(key: &Value, changes: Value) -> Value {
    let mut key = key.clone();
    let members = key.as_object_mut().expect("an object");
    members.extend(changes.as_object().expect("an object").clone());
    key
}

#[test]
fn a_key_that_says_that_it_is_for_encryption_is_taken_before_one_that_says_nothing() {
    let rsa = key(KeyManagement::RsaOaep256).public().to_json();
    let ec = key(KeyManagement::EcdhEs).public().to_json();
    let chosen = |keys: &[Value], alg| set(keys).recipient(alg).and_then(|key| key.kid().map(str::to_owned));
    let silent = changed(&rsa, json!({ "use": null, "alg": null }));
    let of_use = changed(&rsa, json!({ "alg": null }));
    let keys = [ec.clone(), silent.clone(), of_use.clone(), rsa.clone(), rsa.clone()];
    assert_eq!(chosen(&keys, KeyManagement::RsaOaep256).as_deref(), Some("3"));
    assert_eq!(chosen(&keys, KeyManagement::RsaOaep).as_deref(), Some("2"));
    assert_eq!(chosen(&keys[..2], KeyManagement::RsaOaep).as_deref(), Some("1"));
    assert_eq!(chosen(&keys, KeyManagement::EcdhEs).as_deref(), Some("0"));
    assert_eq!(chosen(&keys, KeyManagement::EcdhEsA128Kw), None, "it names another algorithm");
}

#[test]
fn a_key_for_signatures_is_never_encrypted_to() {
    let signing = PrivateKey::generate(Algorithm::Es256).expect("a key");
    let signing = PrivateKey::from_pkcs8(Algorithm::Es256, &signing).expect("a key").public().jwk().to_json();
    let ec = key(KeyManagement::EcdhEs).public().to_json();
    assert!(EncryptionKey::from_json(&changed(&ec, json!({ "key_ops": ["deriveKey"] }))).is_ok());
    let others = [json!({ "use": "sig" }), json!({ "key_ops": ["verify"] }), json!({ "key_ops": [] })];
    for other in others.into_iter().map(|other| changed(&ec, other)) {
        assert_eq!(EncryptionKey::from_json(&other).err(), Some(KeyError::OtherUse), "{other}");
    }
    for other in ["ES256", "RSA-OAEP", "dir", "ECDH-ES+A192KW"] {
        let other = EncryptionKey::from_json(&changed(&ec, json!({ "alg": other })));
        assert_eq!(other.err(), Some(KeyError::OtherAlgorithm));
    }
    assert!(set(&[signing]).recipient(KeyManagement::EcdhEs).is_none());
    let private = changed(&ec, json!({ "d": "AAAA" }));
    assert_eq!(EncryptionKey::from_json(&private).err(), Some(KeyError::Private));
}
