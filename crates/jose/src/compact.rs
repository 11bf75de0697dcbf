//! The compact form of a JWS (RFC 7515 section 3.1): putting one together, and taking one apart without believing it.
//!
//! ```text
//!  text ──parse──▶ Unverified ──verify(key)──▶ Verified ──claims──▶ what it says
//!                      └──peek──▶ what it claims to say, only to find out whose key to ask
//! ```

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Algorithm, JwsError, SignError, json};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// What can sign.
pub trait Signer {
    /// The one algorithm that it signs with.
    fn algorithm(&self) -> Algorithm;

    /// Signs a message.
    ///
    /// # Errors
    /// [`SignError::Refused`].
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// What can tell a signature from a forgery.
pub trait Verifier {
    /// Proves a signature.
    ///
    /// # Errors
    /// [`JwsError::OtherAlgorithm`] where the key is not for `algorithm`, else [`JwsError::Signature`].
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError>;
}

/// A header that is ready to be signed: whoever signs often makes it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedHeader(String);

impl EncodedHeader {
    /// The header of the tokens of one kind (`typ`) that one key signs.
    #[must_use]
    pub fn new(algorithm: Algorithm, kid: Option<&str>, typ: &str) -> Self {
        let mut header = serde_json::Map::new();
        header.insert("alg".to_owned(), algorithm.name().into());
        header.extend(kid.map(|kid| ("kid".to_owned(), kid.into())));
        header.insert("typ".to_owned(), typ.into());
        Self::from_json(&Value::Object(header))
    }

    /// Any header, as JSON.
    #[must_use]
    pub fn from_json(header: &Value) -> Self {
        Self(URL_SAFE_NO_PAD.encode(header.to_string()))
    }
}

/// Signs `claims` under a header.
///
/// # Errors
/// Claims that are no JSON, and whatever the signer says.
pub fn sign(signer: &impl Signer, header: &EncodedHeader, claims: &impl Serialize) -> Result<String, SignError> {
    let claims = serde_json::to_vec(claims)?;
    let EncodedHeader(header) = header;
    let mut token = String::with_capacity(header.len() + (claims.len() * 4).div_ceil(3) + 350);
    token.push_str(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// Whether a header's `typ` is this one. It is a media type: letters of either case are alike, and the prefix `application/` may
/// be left out (RFC 7515 section 4.1.9).
#[must_use]
pub fn is_type(typ: Option<&str>, expected: &str) -> bool {
    let Some(typ) = typ else { return false };
    let bare = match typ.get(..12) {
        Some(prefix) if prefix.eq_ignore_ascii_case("application/") => &typ[12..],
        _ => typ,
    };
    bare.eq_ignore_ascii_case(expected)
}

/// A token taken apart. Nothing in it is believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    header_json: Vec<u8>,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// What every header is read for.
#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

/// Keeps a `null` apart from nothing at all.
pub(crate) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: exactly three parts, and a header without extensions that must be understood, since we know none
    /// (RFC 7515 section 4.1.11).
    ///
    /// # Errors
    /// Anything else, and more than 16 KiB.
    pub fn parse(token: &'a str) -> Result<Self, JwsError> {
        if token.len() > LONGEST {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::Malformed)?;
        if payload.contains('.') {
            return Err(JwsError::Malformed);
        }
        let header_json = decode(header)?;
        let header: Header = json::strict(&header_json).map_err(|_| JwsError::Malformed)?;
        if header.crit.is_some() {
            return Err(JwsError::Critical);
        }
        Ok(Self { header, header_json, signed, payload, signature })
    }

    /// The algorithm that it names, where we know it.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header.alg.parse().ok()
    }

    /// The key that it names (`kid`).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The kind of token that it says it is (`typ`).
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Further members of the header. They are as unproved as the token.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] where they are not as `T` asks.
    pub fn header<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        // That no member stands twice was proved when the token was taken apart.
        serde_json::from_slice(&self.header_json).map_err(|_| JwsError::Malformed)
    }

    /// What the token claims, before anything is proved: only to find out whose keys to ask.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] where the claims are not as `T` asks.
    pub fn peek<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        json::strict(&decode(self.payload)?).map_err(|_| JwsError::Malformed)
    }

    /// Proves that `key` signed it. The algorithm is the key's; what the header says of it must only agree (RFC 8725 section
    /// 3.1).
    ///
    /// # Errors
    /// [`JwsError::OtherAlgorithm`], [`JwsError::Signature`], or [`JwsError::Malformed`] where one of its parts is no base64url.
    pub fn verify(&self, key: &impl Verifier) -> Result<Verified<'_>, JwsError> {
        let algorithm = self.algorithm().ok_or(JwsError::OtherAlgorithm)?;
        let (payload, signature) = (decode(self.payload)?, decode(self.signature)?);
        key.verify(algorithm, self.signed.as_bytes(), &signature)?;
        Ok(Verified { token: self, algorithm, payload })
    }
}

/// A token whose signature was proved. Whether it may be used here, its claims and its type have to say.
#[derive(Debug)]
pub struct Verified<'a> {
    token: &'a Unverified<'a>,
    algorithm: Algorithm,
    payload: Vec<u8>,
}

impl Verified<'_> {
    /// The algorithm that it was signed with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it is of this kind (RFC 8725 section 3.11): see [`is_type`].
    #[must_use]
    pub fn is_type(&self, expected: &str) -> bool {
        is_type(self.token.typ(), expected)
    }

    /// The kind that it is of (`typ`), where it says one.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.token.typ()
    }

    /// What was signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What it says.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] where the claims are not as `T` asks, or one stands twice.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JwsError> {
        json::strict(&self.payload).map_err(|_| JwsError::Malformed)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    fn refused(token: &str) -> Option<JwsError> {
        Unverified::parse(token).err()
    }

    #[test]
    fn a_token_is_three_parts_and_nothing_else() {
        let whole = token(r#"{"alg":"ES256"}"#, "{}");
        assert_eq!(refused(&whole), None);
        let odd = ["", ".", "..", "...", "a.b.c", "\u{0}.\u{0}.\u{0}", "é.é.é"];
        let changed = [format!("{whole}."), format!("{whole}.AA"), format!(".{whole}"), format!(" {whole}")];
        for odd in odd.map(str::to_owned).into_iter().chain(changed) {
            assert_eq!(refused(&odd), Some(JwsError::Malformed), "{odd:?}");
        }
    }

    #[test]
    fn a39_a_token_longer_than_16_kib_is_not_looked_at() {
        let whole = token(r#"{"alg":"ES256"}"#, "{}");
        assert_eq!(refused(&format!("{whole}{}", "A".repeat(LONGEST))), Some(JwsError::TooLong));
    }

    #[test]
    fn a42_extensions_that_must_be_understood_are_refused() {
        for crit in [json!(["b64"]), json!([]), json!(null), json!("exp")] {
            let header = json!({ "alg": "ES256", "crit": crit, "b64": true });
            assert_eq!(refused(&token(&header.to_string(), "{}")), Some(JwsError::Critical), "{crit}");
        }
    }

    #[test]
    fn a42_a_member_of_the_header_that_stands_twice_is_refused_even_where_we_do_not_read_it() {
        for header in [r#"{"alg":"none","alg":"ES256"}"#, r#"{"alg":"ES256","x":1,"x":1}"#] {
            assert_eq!(refused(&token(header, "{}")), Some(JwsError::Malformed), "{header}");
        }
    }

    #[test]
    fn a42_a_claim_that_stands_twice_is_refused() {
        let token = token(r#"{"alg":"ES256"}"#, r#"{"sub":"a","other":1,"other":1}"#);
        let peeked = Unverified::parse(&token).expect("a token").peek::<Value>();
        assert_eq!(peeked.err(), Some(JwsError::Malformed));
    }

    #[test]
    fn a_type_is_itself_with_or_without_its_prefix() {
        for same in ["dpop+jwt", "application/dpop+jwt", "DPoP+JWT", "Application/dpop+jwt"] {
            assert!(is_type(Some(same), "dpop+jwt"), "{same}");
        }
        for other in [None, Some(""), Some("JWT"), Some("dpop+jwt2"), Some("text/dpop+jwt"), Some("application/")] {
            assert!(!is_type(other, "dpop+jwt"), "{other:?}");
        }
    }
}
