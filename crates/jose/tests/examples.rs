//! The examples that the RFCs print.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_jose::{Algorithm, Jwk, JwsError, PublicKey, SecretKey, Unverified, Verifier};

/// The claims of RFC 7515 appendix A, as they were signed.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
/// The modulus of RFC 7515 appendix A.2.
const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
                 S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg66\
                 5xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

fn public(jwk: Value) -> PublicKey {
    PublicKey::new(Jwk::from_json(&jwk).expect("a JWK"), &Algorithm::ASYMMETRIC).expect("a key")
}

fn rsa() -> PublicKey {
    public(json!({ "kty": "RSA", "n": N, "e": "AQAB" }))
}

/// The key of RFC 7515 appendix A.3.
fn ec() -> PublicKey {
    public(json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }))
}

fn payload(token: &str, key: &impl Verifier) -> Result<Vec<u8>, JwsError> {
    Ok(Unverified::parse(token)?.verify(key)?.payload().to_vec())
}

fn token(header: &str, signature: &str) -> String {
    format!("{header}.{CLAIMS}.{signature}")
}

#[test]
fn rfc_7515_appendix_a_1_hs256() {
    let k = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let key = SecretKey::new(Algorithm::Hs256, &URL_SAFE_NO_PAD.decode(k).expect("base64url")).expect("a key");
    let token = token("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let verified = Unverified::parse(&token).expect("a token");
    let claims: Value = verified.verify(&key).expect("verified").claims().expect("claims");
    assert_eq!(claims, json!({ "iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true }));
}

#[test]
fn rfc_7515_appendix_a_2_rs256() {
    let token = token(
        "eyJhbGciOiJSUzI1NiJ9",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQj\
         bKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtF\
         ZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
    assert!(payload(&token, &rsa()).is_ok());
    assert_eq!(payload(&token, &ec()), Err(JwsError::OtherAlgorithm));
}

#[test]
fn rfc_7515_appendix_a_3_es256() {
    let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert!(payload(&token("eyJhbGciOiJFUzI1NiJ9", signature), &ec()).is_ok());
    assert_eq!(payload(&token("eyJhbGciOiJFUzI1NiJ9", signature), &rsa()), Err(JwsError::OtherAlgorithm));
}

#[test]
fn a40_rfc_7515_appendix_a_5_is_unsecured_and_refused() {
    for signature in
        ["", "AA", "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"]
    {
        assert_eq!(payload(&token("eyJhbGciOiJub25lIn0", signature), &ec()), Err(JwsError::OtherAlgorithm));
    }
}

#[test]
fn rfc_8037_appendix_a_4_eddsa() {
    let key = public(json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }));
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
                 hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(payload(token, &key).expect("verified"), b"Example of Ed25519 signing");
}

#[test]
fn rfc_7517_appendix_a_1_the_key_for_encryption_is_left_out_of_the_set() {
    let set = json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
          "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1" },
        { "kty": "RSA", "n": N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" },
    ] });
    let set = vestibule_jose::JwkSet::parse(set.to_string().as_bytes()).expect("a set");
    assert_eq!(set.keys().iter().map(PublicKey::kid).collect::<Vec<_>>(), [Some("2011-04-29")]);
}

#[test]
fn a41_the_public_key_as_the_secret_of_hs256_opens_nothing() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let signed = format!("{header}.{CLAIMS}");
    for secret in [N.as_bytes().to_vec(), URL_SAFE_NO_PAD.decode(N).expect("base64url")] {
        let key = SecretKey::new(Algorithm::Hs256, &secret).expect("a key");
        let mac = vestibule_jose::Signer::sign(&key, signed.as_bytes()).expect("signed");
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        assert_eq!(payload(&token, &rsa()), Err(JwsError::OtherAlgorithm));
    }
}

#[test]
fn a41_a_psychic_signature_signs_nothing() {
    // r and s of zero, and of the order of the curve.
    let order = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).expect("hexadecimal")).collect();
    for signature in [vec![0; 64], [order.clone(), order].concat(), vec![], vec![0; 63]] {
        let token = token("eyJhbGciOiJFUzI1NiJ9", &URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(payload(&token, &ec()), Err(JwsError::Signature));
    }
}
