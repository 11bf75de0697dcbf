use serde_json::json;

use super::*;

const N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM\
                 stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
                 1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn read(jwk: Value) -> Result<Jwk, KeyError> {
    Jwk::from_json(&jwk)
}

/// The key of RFC 9449 section 4.1, with some members changed.
fn ec(changes: Value) -> Result<Jwk, KeyError> {
    let mut jwk = json!({ "kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA" });
    jwk.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
    read(jwk)
}

fn rsa(n: &[u8], e: &[u8]) -> Result<Jwk, KeyError> {
    read(json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) }))
}

#[test]
fn rfc_7638_section_3_1_thumbprint() {
    let jwk = read(json!({ "kty": "RSA", "n": N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" })).expect("a key");
    assert_eq!(jwk.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!((jwk.kid(), jwk.algorithm()), (Some("2011-04-29"), Some(Algorithm::Rs256)));
}

#[test]
fn rfc_8037_appendix_a_3_thumbprint() {
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    assert_eq!(read(jwk).expect("a key").thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn rfc_9449_section_6_1_thumbprint() {
    assert_eq!(ec(json!({})).expect("a key").thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn a_private_part_is_refused_whatever_else_the_key_is() {
    for private in PRIVATE {
        assert_eq!(ec(json!({ private: "AAAA" })).err(), Some(KeyError::Private), "{private}");
    }
    assert_eq!(ec(json!({ "d": null })).err(), Some(KeyError::Private));
    assert_eq!(read(json!({ "kty": "oct", "k": "AAAA" })).err(), Some(KeyError::Private));
}

#[test]
fn a_key_for_something_else_is_refused() {
    assert!(ec(json!({ "use": "sig", "key_ops": ["verify", "other"], "alg": "ES256" })).is_ok());
    assert_eq!(ec(json!({ "use": "enc" })).err(), Some(KeyError::OtherUse));
    assert_eq!(ec(json!({ "use": "tls" })).err(), Some(KeyError::OtherUse));
    assert_eq!(ec(json!({ "key_ops": [] })).err(), Some(KeyError::OtherUse));
    assert_eq!(ec(json!({ "key_ops": ["sign"] })).err(), Some(KeyError::OtherUse));
    assert_eq!(ec(json!({ "key_ops": "verify" })).err(), Some(KeyError::Malformed));
}

#[test]
fn a41_a_key_is_for_an_algorithm_of_its_own_type_and_curve() {
    for other in ["ES384", "RS256", "EdDSA", "HS256"] {
        assert_eq!(ec(json!({ "alg": other })).err(), Some(KeyError::OtherAlgorithm), "{other}");
    }
    for unknown in ["none", "ECDH-ES", "ES256K", "es256"] {
        assert_eq!(ec(json!({ "alg": unknown })).err(), Some(KeyError::Unsupported), "{unknown}");
    }
    assert_eq!(ec(json!({ "alg": 1 })).err(), Some(KeyError::Malformed));
    assert_eq!(ec(json!({ "crv": "secp256k1" })).err(), Some(KeyError::Unsupported));
    assert_eq!(ec(json!({ "crv": "P-384" })).err(), Some(KeyError::Size), "another curve's length");
    let okp = json!({ "kty": "OKP", "crv": "X25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    assert_eq!(read(okp).err(), Some(KeyError::Unsupported));
}

#[test]
fn an_rsa_key_has_2048_to_8192_bits_and_an_exponent_that_does_something() {
    let number = |bytes: usize, first: u8| [&[first], vec![0xff; bytes - 1].as_slice()].concat();
    assert!(rsa(&number(256, 0x80), &[1, 0, 1]).is_ok(), "2048 bits");
    assert_eq!(rsa(&number(256, 0x7f), &[1, 0, 1]).err(), Some(KeyError::Size), "2047 bits");
    assert!(rsa(&number(1024, 0x80), &[3]).is_ok(), "8192 bits");
    assert_eq!(rsa(&number(1025, 1), &[1, 0, 1]).err(), Some(KeyError::Size), "8193 bits");
    assert_eq!(rsa(&[], &[1, 0, 1]).err(), Some(KeyError::Size));
    assert_eq!(rsa(&number(256, 0x80), &number(256, 0x7f)).err(), Some(KeyError::Size), "a dear exponent");
    for useless in [&[][..], &[1], &[2], &[1, 0, 0]] {
        assert_eq!(rsa(&number(256, 0x80), useless).err(), Some(KeyError::Invalid), "{useless:?}");
    }
    assert_eq!(rsa(&[vec![0xff; 255], vec![0xfe]].concat(), &[1, 0, 1]).err(), Some(KeyError::Invalid), "even");
}

#[test]
fn a_key_is_written_in_one_way_so_that_it_has_one_thumbprint() {
    let modulus = vec![0xff; 256];
    assert_eq!(rsa(&[&[0], modulus.as_slice()].concat(), &[1, 0, 1]).err(), Some(KeyError::Malformed), "leading zero");
    assert_eq!(rsa(&modulus, &[0, 1, 0, 1]).err(), Some(KeyError::Malformed), "leading zero");
    // The last character has two bits that mean nothing.
    assert_eq!(ec(json!({ "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFt" })).err(), Some(KeyError::Malformed));
    assert_eq!(ec(json!({ "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs=" })).err(), Some(KeyError::Malformed));
    assert_eq!(ec(json!({ "x": "AAAA" })).err(), Some(KeyError::Size), "a coordinate of full length");
}

#[test]
fn what_is_no_key_is_malformed_or_unknown() {
    for odd in [json!(null), json!("EC"), json!([])] {
        assert_eq!(read(odd).err(), Some(KeyError::Malformed));
    }
    for odd in [json!({}), json!({ "kty": "EC" }), json!({ "kty": 1 }), json!({ "kty": "ec", "crv": "P-256" })] {
        assert_eq!(read(odd).err(), Some(KeyError::Unsupported));
    }
    assert_eq!(ec(json!({ "kid": "x".repeat(LONGEST_KID + 1) })).err(), Some(KeyError::Size));
}
