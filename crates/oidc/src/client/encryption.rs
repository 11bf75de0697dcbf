//! What an application registers of the encryption of what it is told (OpenID Connect Registration section 2, RFC 9701 section
//! 6), and how that is done: to a key that the application publishes, or not at all.

use serde::{Deserialize, Serialize};
use vestibule_jose::{ContentEncryption, Encryption, JwkSet, KeyManagement};
use vestibule_tokens::DECRYPTION_ALGORITHMS;

use super::{Client, ClientMetadata, MetadataError, metadata::unsupported, proof};
use crate::{Provider, Unavailable};

/// With which algorithms an application wants to be told things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EncryptionMetadata {
    /// How its ID tokens are encrypted; nothing here: they are only signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// With what; nothing here: A128CBC-HS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// How userinfo is encrypted for it, signed or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// With what; nothing here: A128CBC-HS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// How the answers about tokens are encrypted that it asks to be signed (RFC 9701 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<KeyManagement>,
    /// With what; nothing here: A128CBC-HS256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<ContentEncryption>,
    /// The one algorithm that its request objects are encrypted with, those that are; nothing here: any of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_alg: Option<KeyManagement>,
    /// With what; nothing here: A128CBC-HS256, where the algorithm is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_encryption_enc: Option<ContentEncryption>,
}

/// One pair of members, with their names.
type Pair = ([&'static str; 2], Option<KeyManagement>, Option<ContentEncryption>);

impl EncryptionMetadata {
    /// How its ID tokens are encrypted.
    #[must_use]
    pub fn of_id_tokens(&self) -> Option<Encryption> {
        of(self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc)
    }

    /// How userinfo is.
    #[must_use]
    pub fn of_userinfo(&self) -> Option<Encryption> {
        of(self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc)
    }

    /// How signed answers about tokens are.
    #[must_use]
    pub fn of_introspection(&self) -> Option<Encryption> {
        of(self.introspection_encrypted_response_alg, self.introspection_encrypted_response_enc)
    }

    /// What its request objects are encrypted with, where they are.
    #[must_use]
    pub fn of_request_objects(&self) -> Option<Encryption> {
        of(self.request_object_encryption_alg, self.request_object_encryption_enc)
    }

    fn pairs(&self) -> [Pair; 3] {
        [
            (
                ["id_token_encrypted_response_alg", "id_token_encrypted_response_enc"],
                self.id_token_encrypted_response_alg,
                self.id_token_encrypted_response_enc,
            ),
            (
                ["userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"],
                self.userinfo_encrypted_response_alg,
                self.userinfo_encrypted_response_enc,
            ),
            (
                ["introspection_encrypted_response_alg", "introspection_encrypted_response_enc"],
                self.introspection_encrypted_response_alg,
                self.introspection_encrypted_response_enc,
            ),
        ]
    }
}

/// OpenID Connect Registration section 2: what `enc` is where only `alg` is said.
fn of(alg: Option<KeyManagement>, enc: Option<ContentEncryption>) -> Option<Encryption> {
    Some(Encryption { alg: alg?, enc: enc.unwrap_or_default() })
}

/// Checks that there is a key for whatever is to be encrypted, as far as the keys are at hand.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), MetadataError> {
    check_request_objects(&metadata.encryption)?;
    let keys = proof::registered_keys(metadata)?;
    for ([alg_member, enc_member], alg, enc) in metadata.encryption.pairs() {
        let Some(alg) = alg else {
            if enc.is_some() {
                return Err(enc_alone(enc_member, alg_member));
            }
            continue;
        };
        let why = match &keys {
            Some(keys) if keys.recipient(alg).is_some() => continue,
            Some(_) => {
                format!("jwks holds no key to encrypt to with {alg}: add one whose use is enc, or whose alg it is")
            }
            None if metadata.jwks_uri.is_some() => continue,
            None => "what it is told is encrypted to a key of its own: register jwks or jwks_uri".to_owned(),
        };
        return Err(unsupported(alg_member, &why));
    }
    Ok(())
}

/// Request objects are encrypted to keys of ours.
fn check_request_objects(encryption: &EncryptionMetadata) -> Result<(), MetadataError> {
    let [alg_member, enc_member] = ["request_object_encryption_alg", "request_object_encryption_enc"];
    match (encryption.request_object_encryption_alg, encryption.request_object_encryption_enc) {
        (None, Some(_)) => Err(enc_alone(enc_member, alg_member)),
        (Some(alg), _) if !DECRYPTION_ALGORITHMS.contains(&alg) => {
            let known = DECRYPTION_ALGORITHMS.map(KeyManagement::name).join(", ");
            Err(unsupported(alg_member, &format!("there is no key of ours for {alg}; use {known}")))
        }
        _ => Ok(()),
    }
}

fn enc_alone(enc_member: &str, alg_member: &str) -> MetadataError {
    unsupported(enc_member, &format!("it says nothing without {alg_member}; give both"))
}

/// Why something could not be encrypted, and so was not told at all.
#[derive(Debug, thiserror::Error)]
pub enum NotEncrypted {
    /// The application has no key for it.
    #[error("it is to be encrypted with {0}, and the application publishes no key to encrypt to with that")]
    NoKey(KeyManagement),
    /// The keys of the application are not to be had.
    #[error("it is to be encrypted, and the keys at the application's jwks_uri cannot be fetched")]
    NotFetched,
    /// Something of ours does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Provider {
    /// Encrypts an ID token as its application registered it: what was signed, inside (OpenID Connect Core section 2).
    ///
    /// # Errors
    /// Why it could not be; then nobody may be given the plain one instead.
    pub(crate) async fn encrypt_id_token(&self, client: &Client, token: String) -> Result<String, NotEncrypted> {
        match client.metadata.encryption.of_id_tokens() {
            Some(encryption) => self.encrypt_to(client, encryption, Some("JWT"), &token).await,
            None => Ok(token),
        }
    }

    /// Encrypts something to a key of an application's: one that is registered, or published at its `jwks_uri`, where it is asked
    /// for once more if none fits.
    ///
    /// # Errors
    /// Why it could not be.
    pub(crate) async fn encrypt_to(
        &self,
        client: &Client,
        encryption: Encryption,
        cty: Option<&str>,
        content: &str,
    ) -> Result<String, NotEncrypted> {
        let to = |keys: &JwkSet| match keys.recipient(encryption.alg) {
            None => Err(NotEncrypted::NoKey(encryption.alg)),
            Some(key) => {
                let encrypted = encryption.encrypt(key, cty, content.as_bytes(), self.random());
                Ok(encrypted.map_err(Unavailable::because)?)
            }
        };
        if let Some(keys) = &client.keys {
            return to(keys);
        }
        let url = client.metadata.jwks_uri.as_deref().ok_or(NotEncrypted::NoKey(encryption.alg))?;
        let remote = self.assertions().remote();
        let known = remote.get(url).await.ok_or(NotEncrypted::NotFetched)?;
        match to(&known.set) {
            Err(NotEncrypted::NoKey(alg)) => match remote.newer_than(url, &known).await {
                Some(newer) => to(&newer.set),
                None => Err(NotEncrypted::NoKey(alg)),
            },
            encrypted => encrypted,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::specimen::said;

    fn keys(used: &str) -> Value {
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": used,
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        }] })
    }

    #[test]
    fn what_has_a_key_is_taken_and_enc_is_what_the_specification_says_where_it_is_not_named() {
        for of in ["id_token", "userinfo", "introspection"] {
            let (alg, enc) = (format!("{of}_encrypted_response_alg"), format!("{of}_encrypted_response_enc"));
            assert_eq!(said(json!({ &alg: "ECDH-ES", "jwks": keys("enc") })), None);
            let uri = "https://rp.example/jwks";
            assert_eq!(said(json!({ &alg: "RSA-OAEP-256", &enc: "A256GCM", "jwks_uri": uri })), None);
            assert_eq!(said(json!({ &alg: null, &enc: null })), None);
        }
        let mut metadata = EncryptionMetadata {
            id_token_encrypted_response_alg: Some(KeyManagement::EcdhEs),
            ..EncryptionMetadata::default()
        };
        let enc = |metadata: EncryptionMetadata| metadata.of_id_tokens().map(|encryption| encryption.enc);
        assert_eq!(enc(metadata), Some(ContentEncryption::A128CbcHs256));
        metadata.id_token_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
        assert_eq!(enc(metadata), Some(ContentEncryption::A256Gcm));
    }

    #[test]
    fn request_objects_are_encrypted_with_what_there_is_a_key_of_ours_for() {
        let [alg, enc] = ["request_object_encryption_alg", "request_object_encryption_enc"];
        for known in DECRYPTION_ALGORITHMS {
            assert_eq!(said(json!({ alg: known, enc: "A256GCM" })), None);
            assert_eq!(said(json!({ alg: known })), None);
        }
        for (members, begins) in [
            (json!({ enc: "A128GCM" }), "request_object_encryption_enc: it says nothing without"),
            (json!({ alg: "RSA-OAEP" }), "request_object_encryption_alg: there is no key of ours for RSA-OAEP"),
            (json!({ alg: "RSA1_5" }), "the metadata is not"),
        ] {
            let said = said(members.clone()).unwrap_or_else(|| panic!("was taken: {members}"));
            assert!(said.starts_with(begins), "{members}: {said}");
        }
    }

    #[test]
    fn what_could_never_be_encrypted_is_refused_and_named() {
        for of in ["id_token", "userinfo", "introspection"] {
            let (alg, enc) = (format!("{of}_encrypted_response_alg"), format!("{of}_encrypted_response_enc"));
            for (members, begins) in [
                (json!({ &enc: "A128GCM", "jwks": keys("enc") }), format!("{enc}: it says nothing without {alg}")),
                (json!({ &alg: "ECDH-ES" }), format!("{alg}: what it is told is encrypted to a key of its own")),
                (json!({ &alg: "ECDH-ES", "jwks": keys("sig") }), format!("{alg}: jwks holds no key to encrypt to")),
                (json!({ &alg: "RSA-OAEP", "jwks": keys("enc") }), format!("{alg}: jwks holds no key to encrypt to")),
                (json!({ &alg: "RSA1_5", "jwks": keys("enc") }), "the metadata is not".to_owned()),
                (json!({ &alg: "dir", "jwks": keys("enc") }), "the metadata is not".to_owned()),
                (json!({ &alg: "ECDH-ES", &enc: "none", "jwks": keys("enc") }), "the metadata is not".to_owned()),
            ] {
                let said = said(members.clone()).unwrap_or_else(|| panic!("was taken: {members}"));
                assert!(said.starts_with(&begins), "{members}: {said}");
            }
        }
    }
}
