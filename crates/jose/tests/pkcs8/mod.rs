//! The private keys of published vectors are JWKs; ours are PKCS#8 (RFC 5958). This writes one as the other.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
/// 1.2.840.113549.1.1.1 and NULL.
const RSA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
/// 1.2.840.10045.2.1 and 1.2.840.10045.3.1.7.
const P256: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// 1.2.840.10045.2.1 and 1.3.132.0.34.
const P384: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22];

/// The PKCS#8 of a private JWK: RSA with its primes, or on P-256 or P-384.
pub(crate) fn of_jwk(jwk: &Value) -> Vec<u8> {
    let member = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect(name)).expect("base64url");
    let (algorithm, key) = match (jwk["kty"].as_str(), jwk["crv"].as_str()) {
        (Some("RSA"), _) => {
            let numbers = ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map(|name| integer(&member(name)));
            (RSA, der(SEQUENCE, &[integer(&[0]), numbers.concat()].concat()))
        }
        (Some("EC"), curve) => {
            let algorithm = if curve == Some("P-256") { P256 } else { P384 };
            (algorithm, der(SEQUENCE, &[integer(&[1]), der(OCTETS, &member("d"))].concat()))
        }
        other => panic!("a private key of {other:?}"),
    };
    der(SEQUENCE, &[integer(&[0]), der(SEQUENCE, algorithm), der(OCTETS, &key)].concat())
}

/// A number that is not negative.
fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let is_plain = digits.first().is_some_and(|first| *first < 0x80);
    let sign: &[u8] = if is_plain { &[] } else { &[0] };
    der(INTEGER, &[sign, digits].concat())
}

fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count();
    let bytes = &length[zeros..];
    match value.len() {
        short @ 0..0x80 => [&[tag, short as u8], value].concat(),
        _ => [&[tag, 0x80 | bytes.len() as u8], bytes, value].concat(),
    }
}
