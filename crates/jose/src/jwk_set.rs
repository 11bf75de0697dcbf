//! The keys that somebody publishes (RFC 7517 section 5), and which of them may have signed a token.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::Value;

use crate::{Algorithm, EncryptionKey, Jwk, JwsError, KeyError, KeyManagement, PublicKey, Unverified, Verified, json};

/// The longest document that is looked at, in bytes.
const LONGEST: usize = 256 * 1024;
/// The most keys that a set may have.
const MOST_KEYS: usize = 100;
/// The most keys that are tried for one token: where several could have signed it, it has to name one (OpenID Connect Core
/// section 10.1).
const MOST_TRIES: usize = 8;

/// A set of public keys, parsed.
#[derive(Debug, Default)]
pub struct JwkSet {
    keys: Vec<PublicKey>,
    /// Those that something can be encrypted to. A key that says nothing of its use is among both.
    recipients: Vec<EncryptionKey>,
    certificates: Vec<Vec<u8>>,
}

/// Why a set of keys was refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JwkSetError {
    /// It is no JWK set: an object with `keys`, an array of objects.
    #[error("it is no JSON Web Key Set: an object whose member keys is an array of objects")]
    Malformed,
    /// It is too long, or has too many keys.
    #[error("it is longer than 256 KiB or has more than 100 keys")]
    TooLong,
    /// It shows a private key, or a secret: whoever published it has lost it, and anyone can sign with it.
    #[error("it shows a private key or a secret; publish public keys only, and new ones")]
    Private,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl JwkSet {
    /// Reads a set. A key that cannot be used here (another type, another use, another size) is left out, as RFC 7517 section 5
    /// wants it.
    ///
    /// # Errors
    /// A set that is malformed, too long, or not public.
    pub fn parse(document: &[u8]) -> Result<Self, JwkSetError> {
        if document.len() > LONGEST {
            return Err(JwkSetError::TooLong);
        }
        let Document { keys } = json::strict(document).map_err(|_| JwkSetError::Malformed)?;
        if keys.len() > MOST_KEYS {
            return Err(JwkSetError::TooLong);
        }
        let mut set = Self::default();
        for key in &keys {
            set.certificates.extend(certificate(key));
            set.recipients.extend(EncryptionKey::from_json(key));
            match Jwk::from_json(key).and_then(|jwk| PublicKey::new(jwk, &Algorithm::ASYMMETRIC)) {
                Ok(key) => set.keys.push(key),
                Err(KeyError::Private) => return Err(JwkSetError::Private),
                Err(_) if key.is_object() => {}
                Err(_) => return Err(JwkSetError::Malformed),
            }
        }
        Ok(set)
    }

    /// The keys that can be used here.
    #[must_use]
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The key to encrypt to with this algorithm: rather one that says that it is for encryption, or for this algorithm, than one
    /// that says nothing, and of those that say the same the first (OpenID Connect Core section 10.2).
    #[must_use]
    pub fn recipient(&self, alg: KeyManagement) -> Option<&EncryptionKey> {
        let usable = self.recipients.iter().filter(|key| key.is_for(alg));
        usable.rev().max_by_key(|key| key.rank())
    }

    /// The certificates of its keys (`x5c`, the first of each chain), in DER: what self-signed client certificates are held
    /// against (RFC 8705 section 2.2). Those of keys that do not sign are among them.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Vec::as_slice)
    }

    /// The keys that may have signed a token with this `kid` and algorithm: the one that is named so, then those without a
    /// name. All of the algorithm where the token names none. At most eight.
    pub fn candidates(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &PublicKey> {
        let usable = move |key: &&PublicKey| key.is_for(algorithm);
        let named = self.keys.iter().filter(move |key| kid.is_some() && key.kid() == kid);
        let others = self.keys.iter().filter(move |key| kid.is_none() || key.kid().is_none());
        named.chain(others).filter(usable).take(MOST_TRIES)
    }

    /// Proves that a key of the set signed a token with one of the `allowed` algorithms.
    ///
    /// # Errors
    /// [`JwsError::OtherAlgorithm`], [`JwsError::UnknownKey`] where no key comes into question, so that it may be worth fetching
    /// the set again, else [`JwsError::Signature`].
    pub fn verify<'a>(&self, token: &'a Unverified<'_>, allowed: &[Algorithm]) -> Result<Verified<'a>, JwsError> {
        let algorithm = token.algorithm().filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or(JwsError::OtherAlgorithm)?;
        let mut last = JwsError::UnknownKey;
        for key in self.candidates(token.kid(), algorithm) {
            match token.verify(key) {
                Ok(verified) => return Ok(verified),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The first of a key's chain of certificates. It is plain base64 (RFC 7517 section 4.7).
fn certificate(key: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(key.get("x5c")?.get(0)?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{EncodedHeader, PrivateKey, Signer, sign};

    fn key(algorithm: Algorithm) -> PrivateKey {
        let pkcs8 = PrivateKey::generate(algorithm).expect("a key");
        PrivateKey::from_pkcs8(algorithm, &pkcs8).expect("a key that parses")
    }

    /// The key as its owner publishes it, with some members changed; `null` takes one away.
    fn published(key: &PrivateKey, changes: Value) -> Value {
        let mut jwk = key.public().jwk().to_json();
        for (name, value) in changes.as_object().expect("an object") {
            jwk[name] = value.clone();
        }
        jwk.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        jwk
    }

    fn set(keys: &[Value]) -> Result<JwkSet, JwkSetError> {
        JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn verify(set: &JwkSet, key: &PrivateKey, kid: Option<&str>) -> Result<(), JwsError> {
        let header = EncodedHeader::new(key.algorithm(), kid, "JWT");
        let token = sign(key, &header, &json!({})).expect("signed");
        set.verify(&Unverified::parse(&token)?, &Algorithm::ASYMMETRIC).map(drop)
    }

    #[test]
    fn a_token_is_verified_by_the_key_that_it_names() {
        let (one, two) = (key(Algorithm::Es256), key(Algorithm::Es256));
        let set =
            set(&[published(&one, json!({ "kid": "one" })), published(&two, json!({ "kid": "two" }))]).expect("a set");
        assert_eq!(verify(&set, &one, Some("one")), Ok(()));
        assert_eq!(verify(&set, &two, Some("two")), Ok(()));
        assert_eq!(verify(&set, &two, Some("one")), Err(JwsError::Signature));
        assert_eq!(verify(&set, &two, Some("three")), Err(JwsError::UnknownKey));
        assert_eq!(verify(&set, &two, None), Ok(()));
    }

    #[test]
    fn a_key_without_a_name_may_have_signed_any_token_of_its_algorithm() {
        let one = key(Algorithm::Es256);
        let set = set(&[published(&one, json!({ "kid": null }))]).expect("a set");
        assert_eq!(verify(&set, &one, Some("one")), Ok(()));
        assert_eq!(verify(&set, &key(Algorithm::Es256), Some("one")), Err(JwsError::Signature));
        assert_eq!(verify(&set, &key(Algorithm::Es384), Some("one")), Err(JwsError::UnknownKey));
    }

    #[test]
    fn a_token_without_a_name_is_tried_with_eight_keys_and_no_more() {
        let keys: Vec<_> = (0..9).map(|_| key(Algorithm::Es256)).collect();
        let jwks: Vec<_> = keys.iter().map(|key| published(key, json!({}))).collect();
        let set = set(&jwks).expect("a set");
        assert_eq!(verify(&set, &keys[7], None), Ok(()));
        assert_eq!(verify(&set, &keys[8], None), Err(JwsError::Signature));
        assert_eq!(verify(&set, &keys[8], Some(keys[8].public().kid().expect("a kid"))), Ok(()));
    }

    #[test]
    fn an_rsa_key_without_alg_verifies_what_is_allowed_and_one_with_alg_only_that() {
        let rsa = key(Algorithm::Ps256);
        let header = EncodedHeader::new(Algorithm::Ps256, None, "JWT");
        let token = sign(&rsa, &header, &json!({})).expect("signed");
        let token = Unverified::parse(&token).expect("a token");
        let any = set(&[published(&rsa, json!({ "alg": null }))]).expect("a set");
        assert!(any.verify(&token, &[Algorithm::Ps256]).is_ok());
        assert_eq!(any.verify(&token, &[Algorithm::Rs256]).err(), Some(JwsError::OtherAlgorithm));
        let one = set(&[published(&rsa, json!({ "alg": "RS256" }))]).expect("a set");
        assert_eq!(one.verify(&token, &Algorithm::ASYMMETRIC).err(), Some(JwsError::UnknownKey));
    }

    #[test]
    fn keys_that_cannot_be_used_here_are_left_out() {
        let es256 = key(Algorithm::Es256);
        let odd = [
            json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" }),
            json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }),
            json!({}),
            published(&es256, json!({ "use": "enc" })),
            published(&es256, json!({ "key_ops": ["sign"] })),
            published(&es256, json!({ "alg": "ES384" })),
            published(&es256, json!({ "x": "AAAA" })),
        ];
        assert_eq!(set(&odd).expect("a set").keys().len(), 0);
    }

    #[test]
    fn a_set_that_shows_a_private_key_or_a_secret_is_refused_as_a_whole() {
        let es256 = key(Algorithm::Es256);
        let public = published(&es256, json!({}));
        for private in [published(&es256, json!({ "d": "AAAA" })), json!({ "kty": "oct", "k": "AAAA" })] {
            assert_eq!(set(&[public.clone(), private]).err(), Some(JwkSetError::Private));
        }
    }

    #[test]
    fn a_document_that_is_no_set_or_too_much_is_refused() {
        for odd in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
            assert_eq!(JwkSet::parse(odd.as_bytes()).err(), Some(JwkSetError::Malformed), "{odd}");
        }
        assert_eq!(set(&vec![json!({}); MOST_KEYS + 1]).err(), Some(JwkSetError::TooLong));
        assert_eq!(JwkSet::parse(&vec![b' '; LONGEST + 1]).err(), Some(JwkSetError::TooLong));
    }

    #[test]
    fn the_first_certificate_of_each_key_is_kept_even_where_the_key_does_not_sign() {
        let jwk = json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "x5c": ["AQID", "BAUG"] });
        let set = set(&[jwk, json!({ "x5c": ["%"] })]).expect("a set");
        assert_eq!(set.certificates().collect::<Vec<_>>(), [&[1, 2, 3]]);
    }
}
