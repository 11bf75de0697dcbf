//! The vectors of Project Wycheproof for JSON Web Encryption, those of RFC 7520 (the JOSE cookbook) among them: what it calls valid
//! is decrypted where we know its algorithms, everything else is refused.

mod pkcs8;

use serde::Deserialize;
use serde_json::Value;
use vestibule_core::Random;
use vestibule_jose::{ContentEncryption, DecryptionKey, Encrypted, JweError, KeyManagement};

const VECTORS: &str = include_str!("data/wycheproof/json_web_encryption_test.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    comment: String,
    private: Value,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    jwe: Value,
    pt: Option<String>,
    enc: Option<String>,
    result: String,
}

/// What comes out of a token with the key of its group.
fn decrypted(key: &DecryptionKey, jwe: &Value) -> Result<Vec<u8>, JweError> {
    // The JSON serialization is not read here.
    let token = jwe.as_str().ok_or(JweError::Malformed)?;
    Encrypted::parse(token)?.decrypt(key, &ContentEncryption::ALL, &Random::system())
}

fn known(name: Option<&str>) -> Option<KeyManagement> {
    name?.parse().ok()
}

fn hex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

#[test]
fn a39_a41_encryption() {
    let vectors: Vectors = serde_json::from_str(VECTORS).expect("vectors");
    let (mut run, mut opened, mut wrong) = (0, 0, Vec::new());
    for group in &vectors.test_groups {
        // Keys that both sides share, RSA1_5 and AES-192 are not known here: nothing can be asked to decrypt for them.
        let alg = known(group.private["alg"].as_str());
        let key = alg.map(|alg| DecryptionKey::from_pkcs8(alg, &pkcs8::of_jwk(&group.private)).expect("a key"));
        for test in &group.tests {
            run += 1;
            let Some(key) = &key else { continue };
            let is_known = test.enc.as_ref().is_some_and(|enc| enc.parse::<ContentEncryption>().is_ok());
            let expected = (test.result == "valid" && is_known).then(|| hex(test.pt.as_deref().expect("a text")));
            let found = decrypted(key, &test.jwe).ok();
            opened += usize::from(found.is_some());
            if found != expected {
                wrong.push(format!("{} {}: {} should be {}", test.tc_id, group.comment, test.comment, test.result));
            }
        }
    }
    assert_eq!(run, vectors.number_of_tests);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(opened, OPENED, "as many as are valid and of our algorithms");
}

/// So that a mistake in this file cannot pass for a refusal.
const OPENED: usize = 29;
