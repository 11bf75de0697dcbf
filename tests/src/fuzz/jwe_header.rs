//! The header of something encrypted (RFC 7516): no header but its own opens a JWE.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use vestibule_core::Random;
use vestibule_jose::{ContentEncryption, DecryptionKey, Encrypted, Encryption, JweError, KeyManagement};

/// How the JWEs of the target are made: what wraps nothing, what wraps on a curve, and RSA.
const WAYS: [KeyManagement; 3] = [KeyManagement::EcdhEs, KeyManagement::EcdhEsA128Kw, KeyManagement::RsaOaep256];

/// What every content is encrypted with, unless a header says otherwise.
const ALLOWED: [ContentEncryption; 4] = [
    ContentEncryption::A128CbcHs256,
    ContentEncryption::A256CbcHs512,
    ContentEncryption::A128Gcm,
    ContentEncryption::A256Gcm,
];

/// A key of each way, and something that is encrypted to it.
pub(super) struct Keys(Vec<(DecryptionKey, String)>);

impl Keys {
    pub(super) fn new() -> Self {
        Self(WAYS.iter().map(|alg| encrypted(*alg)).collect())
    }
}

fn encrypted(alg: KeyManagement) -> (DecryptionKey, String) {
    let pkcs8 = DecryptionKey::generate(alg).expect("a key");
    let key = DecryptionKey::from_pkcs8(alg, &pkcs8).expect("the same key");
    let encryption = Encryption { alg, enc: ContentEncryption::A128Gcm };
    let text = encryption.encrypt(key.public(), None, b"a secret", &Random::system()).expect("a JWE");
    (key, text)
}

/// The input is a header, in which `{epk}` stands for the sender's key; or, where it does not begin with a brace, a whole JWE.
pub(super) fn opened(keys: &Keys, input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    for (key, jwe) in &keys.0 {
        let (own, rest) = jwe.split_once('.').expect("a JWE");
        if !text.starts_with('{') {
            is_refused(key, text, own);
            continue;
        }
        let header = URL_SAFE_NO_PAD.decode(own).expect("a header");
        let epk = serde_json::from_slice::<Value>(&header).expect("a header")["epk"].to_string();
        let header = URL_SAFE_NO_PAD.encode(text.replace("{epk}", &epk));
        is_refused(key, &format!("{header}.{rest}"), own);
        let opened = Encrypted::parse(jwe).and_then(|jwe| jwe.decrypt(key, &ALLOWED, &Random::system()));
        assert_eq!(opened.expect("it opens with its own header"), b"a secret");
    }
}

/// The header is what the tag covers first: any other, and the content does not come out.
fn is_refused(key: &DecryptionKey, text: &str, own: &str) {
    let Ok(encrypted) = Encrypted::parse(text) else { return };
    let header: Value = serde_json::from_slice(
        &URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap_or_default()).expect("it was read"),
    )
    .expect("it was read");
    assert!(header.get("zip").is_none() && header.get("crit").is_none(), "{header}");
    match encrypted.decrypt(key, &ALLOWED, &Random::system()) {
        Ok(_) => assert!(text.starts_with(own), "{header} opened what another header was made for"),
        Err(error) => assert!(
            matches!(error, JweError::OtherAlgorithm | JweError::Undecryptable | JweError::Malformed),
            "{error:?}"
        ),
    }
}
