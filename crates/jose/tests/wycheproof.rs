//! The vectors of Project Wycheproof for JSON Web Signature and JSON Web Key: what it calls valid is taken, what it calls
//! invalid is refused, but for the exceptions that stand here with their reasons.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use vestibule_jose::{Algorithm, Jwk, PublicKey, SecretKey, Unverified};

const SIGNATURES: &str = include_str!("data/wycheproof/json_web_signature_test.json");
const KEYS: &str = include_str!("data/wycheproof/json_web_key_test.json");

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
    public: Option<Value>,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    tc_id: u32,
    comment: String,
    jws: Value,
    result: String,
}

/// Whether a token holds under the keys of a group, each tried by itself.
fn holds(group: &Group, jws: &Value) -> bool {
    // The JSON serialization is not read here.
    let Some(token) = jws.as_str() else { return false };
    let Ok(token) = Unverified::parse(token) else { return false };
    let keys = group.public.as_ref().unwrap_or(&group.private);
    let set = keys["keys"].as_array();
    let keys = set.map_or_else(|| std::slice::from_ref(keys), Vec::as_slice);
    keys.iter().any(|key| match key["kty"].as_str() {
        Some("oct") => secret(key).is_some_and(|key| token.verify(&key).is_ok()),
        _ => public(key).is_some_and(|key| token.verify(&key).is_ok()),
    })
}

fn public(key: &Value) -> Option<PublicKey> {
    PublicKey::new(Jwk::from_json(key).ok()?, &Algorithm::ASYMMETRIC).ok()
}

fn secret(key: &Value) -> Option<SecretKey> {
    let algorithm = key["alg"].as_str()?.parse().ok()?;
    SecretKey::new(algorithm, &URL_SAFE_NO_PAD.decode(key["k"].as_str()?).ok()?).ok()
}

/// Runs every vector; `exceptions` are those where we decide otherwise, by number.
fn run(vectors: &str, exceptions: &[(u32, &str)]) {
    let vectors: Vectors = serde_json::from_str(vectors).expect("vectors");
    let mut run = 0;
    let mut wrong = Vec::new();
    for group in &vectors.test_groups {
        for test in &group.tests {
            run += 1;
            let otherwise = exceptions.iter().any(|(id, _)| *id == test.tc_id);
            if (holds(group, &test.jws) == (test.result == "valid")) == otherwise {
                wrong.push(format!("{} {}: {} should be {}", test.tc_id, group.comment, test.comment, test.result));
            }
        }
    }
    assert_eq!(run, vectors.number_of_tests);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a40_a41_signatures() {
    run(
        SIGNATURES,
        &[
            (346, "a PS384 signature of a key that says PS256: a key is for its own algorithm here"),
            (350, "the same"),
            (347, "P-521 is not known here, and ES521 is no algorithm"),
            (351, "the same"),
            (367, "the very token of 357, which is valid: its padding was lost"),
            (370, "the same"),
            (372, "characters that are no base64url, which a lenient reader would skip"),
            (373, "the same"),
        ],
    );
}

#[test]
fn a41_a42_keys() {
    // Sets of secrets are not read here: `JwkSet::parse` refuses them, and this test tries each key by itself.
    run(KEYS, &[(1, "a set of a secret and a public key"), (4, "a set of two secrets of one name")]);
}
