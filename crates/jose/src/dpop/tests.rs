use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use vestibule_core::HashKey;

use super::*;
use crate::{EncodedHeader, KeyError, PrivateKey, sign};

const URL: &str = "https://id.example/oauth2/userinfo";
const TOKEN: &str = "an access token";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn key(algorithm: Algorithm) -> PrivateKey {
    let pkcs8 = PrivateKey::generate(algorithm).expect("a key");
    PrivateKey::from_pkcs8(algorithm, &pkcs8).expect("a key that parses")
}

fn nonces() -> DpopNonces {
    DpopNonces::new(&HashKey::new(&[7; 32]))
}

/// A proof as a client makes it, with what a test changes; `null` takes a member away.
struct Maker {
    key: PrivateKey,
    header: Value,
    claims: Value,
}

impl Maker {
    fn new(algorithm: Algorithm) -> Self {
        let key = key(algorithm);
        let mut jwk = key.public().jwk().to_json();
        jwk.as_object_mut().expect("a JWK").retain(|name, _| !["kid", "use", "alg"].contains(&name.as_str()));
        Self {
            header: json!({ "typ": "dpop+jwt", "alg": algorithm, "jwk": jwk }),
            claims: json!({ "jti": "one", "htm": "GET", "htu": URL, "iat": NOW.seconds(), "ath": sha256(TOKEN.as_bytes()) }),
            key,
        }
    }

    fn header(mut self, name: &str, value: Value) -> Self {
        set(&mut self.header, name, value);
        self
    }

    fn claim(mut self, name: &str, value: Value) -> Self {
        set(&mut self.claims, name, value);
        self
    }

    fn proof(&self) -> String {
        sign(&self.key, &EncodedHeader::from_json(&self.header), &self.claims).expect("signed")
    }

    fn verify(&self) -> Result<DpopProof, DpopError> {
        verify(&self.proof())
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    object[name] = value;
    object.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
}

fn check(nonces: &DpopNonces) -> DpopCheck<'_> {
    DpopCheck { method: "GET", urls: &[URL], access_token: Some(TOKEN), nonces, nonce_required: false, now: NOW }
}

fn verify(proof: &str) -> Result<DpopProof, DpopError> {
    check(&nonces()).verify(proof)
}

fn es256() -> Maker {
    Maker::new(Algorithm::Es256)
}

/// The key of the RFC's examples.
const JKT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

#[test]
fn rfc_9449_section_4_1_the_proof_of_a_token_request() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs\
                 cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq\
                 dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYy\
                 MjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let nonces = nonces();
    let check = DpopCheck {
        method: "POST",
        urls: &["https://server.example.com/token"],
        access_token: None,
        nonces: &nonces,
        nonce_required: false,
        now: Timestamp::from_seconds(1_562_262_616),
    };
    assert_eq!(check.verify(proof).expect("a proof").jkt(), JKT);
    let late = DpopCheck { now: Timestamp::from_seconds(1_562_262_616 + 3600), ..check };
    assert_eq!(late.verify(proof), Err(DpopError::Time));
}

#[test]
fn rfc_9449_section_7_1_the_proof_at_a_resource() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs\
                 cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq\
                 dGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJj\
                 ZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-\
                 Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    let nonces = nonces();
    let check = DpopCheck {
        method: "GET",
        urls: &["https://resource.example.org/protectedresource"],
        access_token: Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        nonces: &nonces,
        nonce_required: false,
        now: Timestamp::from_seconds(1_562_262_618),
    };
    assert_eq!(check.verify(proof).expect("a proof").jkt(), JKT);
    assert_eq!(DpopCheck { access_token: Some("another"), ..check }.verify(proof), Err(DpopError::AccessToken));
}

#[test]
fn a_proof_with_any_key_of_the_list_holds_and_tells_its_thumbprint() {
    for algorithm in ALGORITHMS {
        let maker = Maker::new(algorithm);
        assert_eq!(maker.verify().expect("a proof").jkt(), maker.key.public().thumbprint(), "{algorithm}");
    }
}

#[test]
fn a37_a_proof_that_is_no_jwt_is_refused() {
    for odd in ["", "proof", "a.b.c", "e30.e30.", &format!("{0},{0}", es256().proof())] {
        assert!(matches!(verify(odd), Err(DpopError::Jws(_) | DpopError::Type)), "{odd}");
    }
}

#[test]
fn a37_a_proof_without_one_of_its_members_is_refused() {
    assert_eq!(es256().header("typ", json!(null)).verify(), Err(DpopError::Type));
    assert_eq!(es256().header("alg", json!(null)).verify(), Err(JwsError::Malformed.into()));
    assert_eq!(es256().header("jwk", json!(null)).verify(), Err(DpopError::Header));
    for claim in ["jti", "htm", "htu", "iat"] {
        assert_eq!(es256().claim(claim, json!(null)).verify(), Err(DpopError::Claims), "{claim}");
    }
    assert_eq!(es256().claim("ath", json!(null)).verify(), Err(DpopError::AccessToken));
}

#[test]
fn a37_a_member_of_another_type_is_refused() {
    for (claim, value) in [("jti", json!(1)), ("htm", json!(["GET"])), ("htu", json!({})), ("iat", json!("now"))] {
        assert_eq!(es256().claim(claim, value).verify(), Err(DpopError::Claims), "{claim}");
    }
    assert_eq!(es256().claim("jti", json!("")).verify(), Err(DpopError::Jti));
    assert_eq!(es256().claim("jti", json!("x".repeat(513))).verify(), Err(DpopError::Jti));
}

#[test]
fn a37_another_type_of_token_is_no_proof() {
    for typ in ["JWT", "at+jwt", "dpop", "dpop+jwt2"] {
        assert_eq!(es256().header("typ", json!(typ)).verify(), Err(DpopError::Type), "{typ}");
    }
}

#[test]
fn a37_a40_only_the_listed_algorithms_are_taken() {
    assert_eq!(Maker::new(Algorithm::Rs256).verify(), Err(DpopError::Algorithm));
    for alg in ["none", "nOnE", "HS256", "RS256", "ES384", "es256", ""] {
        assert_eq!(es256().header("alg", json!(alg)).verify(), Err(DpopError::Algorithm), "{alg}");
    }
    assert_eq!(es256().header("alg", json!("PS256")).verify(), Err(KeyError::OtherAlgorithm.into()));
}

#[test]
fn a37_a_signature_by_another_key_or_over_something_else_is_wrong() {
    let other = es256();
    let jwk = other.header["jwk"].clone();
    assert_eq!(es256().header("jwk", jwk).verify(), Err(JwsError::Signature.into()));
    let proof = es256().proof();
    let (signed, _) = proof.rsplit_once('.').expect("three parts");
    assert_eq!(verify(&format!("{signed}.")), Err(JwsError::Signature.into()));
    assert_eq!(verify(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode([0; 64]))), Err(JwsError::Signature.into()));
}

#[test]
fn a37_a_private_part_a_secret_and_a_huge_key_are_refused() {
    let with = |name: &str, value: Value| {
        let maker = es256();
        let mut jwk = maker.header["jwk"].clone();
        jwk[name] = value;
        maker.header("jwk", jwk).verify()
    };
    assert_eq!(with("d", json!("AAAA")), Err(KeyError::Private.into()));
    assert_eq!(with("use", json!("enc")), Err(KeyError::OtherUse.into()));
    assert_eq!(es256().header("jwk", json!({ "kty": "oct", "k": "AAAA" })).verify(), Err(KeyError::Private.into()));
    assert_eq!(with("x", json!("A".repeat(10_000))), Err(JwsError::TooLong.into()));
    let modulus = URL_SAFE_NO_PAD.encode([0xff; 1025]);
    let huge = json!({ "kty": "RSA", "n": modulus, "e": "AQAB" });
    assert_eq!(es256().header("alg", json!("PS256")).header("jwk", huge).verify(), Err(KeyError::Size.into()));
}

#[test]
fn a37_another_method_or_url_is_refused() {
    for method in ["PUT", "POST", "get", ""] {
        assert_eq!(es256().claim("htm", json!(method)).verify(), Err(DpopError::Method), "{method}");
    }
    for url in ["https://id.example/oauth2/token", "https://evil.example/oauth2/userinfo", ""] {
        assert_eq!(es256().claim("htu", json!(url)).verify(), Err(DpopError::Target), "{url}");
    }
}

#[test]
fn a37_a_proof_is_for_one_of_the_addresses_of_what_was_asked_and_for_nothing_else() {
    const ALIAS: &str = "https://id.example:8443/oauth2/userinfo";
    let nonces = nonces();
    let at = |urls: &[&str], htu: &str| {
        let proof = es256().claim("htu", json!(htu)).proof();
        DpopCheck { urls, ..check(&nonces) }.verify(&proof).map(|_| ())
    };
    for htu in [URL, ALIAS] {
        assert_eq!(at(&[URL, ALIAS], htu), Ok(()), "{htu}");
    }
    assert_eq!(at(&[URL], ALIAS), Err(DpopError::Target));
    assert_eq!(at(&[], URL), Err(DpopError::Target));
    for other in ["https://id.example:8443/oauth2/token", "https://id.example:8444/oauth2/userinfo"] {
        assert_eq!(at(&[URL, ALIAS], other), Err(DpopError::Target), "{other}");
    }
}

#[test]
fn the_url_may_have_a_query_capitals_and_the_default_port() {
    for url in [
        "https://id.example/oauth2/userinfo?x=y#z",
        "HTTPS://ID.example/oauth2/userinfo",
        "https://id.example:443/oauth2/userinfo",
    ] {
        assert!(es256().claim("htu", json!(url)).verify().is_ok(), "{url}");
    }
}

#[test]
fn a37_a_proof_of_another_time_is_refused() {
    for off in [-110, -10, 10, 60] {
        assert!(es256().claim("iat", json!(NOW.seconds() + off)).verify().is_ok(), "{off} s");
    }
    for off in [-3600, -120, 61, 3600] {
        let verified = es256().claim("iat", json!(NOW.seconds() + off)).verify();
        assert_eq!(verified, Err(DpopError::Time), "{off} s");
    }
}

#[test]
fn a37_exp_and_nbf_are_honoured() {
    assert!(es256().claim("exp", json!(NOW.seconds() + 5)).claim("nbf", json!(NOW.seconds() + 8)).verify().is_ok());
    assert_eq!(es256().claim("exp", json!(NOW.seconds() - 60)).verify(), Err(DpopError::Time));
    assert_eq!(es256().claim("nbf", json!(NOW.seconds() + 60)).verify(), Err(DpopError::Time));
}

#[test]
fn a_proof_that_is_late_by_its_own_clock_is_fresh_by_a_nonce_of_ours_and_one_that_is_early_is_not() {
    let late = es256().claim("iat", json!(NOW.seconds() - 3600));
    assert!(late.claim("nonce", json!(nonces().current(NOW))).verify().is_ok());
    let late = es256().claim("iat", json!(NOW.seconds() - 3600));
    assert_eq!(late.claim("nonce", json!("made up")).verify(), Err(DpopError::Time));
    let early = es256().claim("iat", json!(NOW.seconds() + 3600));
    assert_eq!(early.claim("nonce", json!(nonces().current(NOW))).verify(), Err(DpopError::Time));
}

#[test]
fn a37_where_a_nonce_is_required_none_an_old_and_a_made_up_one_are_refused() {
    let nonces = nonces();
    let verify = |maker: Maker| DpopCheck { nonce_required: true, ..check(&nonces) }.verify(&maker.proof());
    let old = nonces.current(NOW - Duration::from_secs(180));
    assert_eq!(verify(es256()), Err(DpopError::Nonce));
    assert_eq!(verify(es256().claim("nonce", json!(old))), Err(DpopError::Nonce));
    assert_eq!(verify(es256().claim("nonce", json!("made up"))), Err(DpopError::Nonce));
    assert!(verify(es256().claim("nonce", json!(nonces.current(NOW)))).is_ok());
    assert_eq!((DpopError::Nonce.code(), DpopError::Time.code()), ("use_dpop_nonce", "invalid_dpop_proof"));
}

#[test]
fn a37_the_hash_of_another_token_is_refused() {
    assert_eq!(es256().claim("ath", json!(sha256(b"another"))).verify(), Err(DpopError::AccessToken));
    assert_eq!(es256().claim("ath", json!(TOKEN)).verify(), Err(DpopError::AccessToken));
}

#[test]
fn what_is_not_known_is_ignored() {
    assert!(es256().header("x-other", json!({ "a": [1] })).claim("other", json!("thing")).verify().is_ok());
}

#[test]
fn what_is_remembered_is_the_proof_and_not_its_name_alone() {
    let (one, other) = (es256(), es256());
    let replay_key = |maker: &Maker| maker.verify().expect("a proof").replay_key().to_owned();
    assert_eq!(replay_key(&one), replay_key(&one), "another signature, the same proof");
    assert_ne!(replay_key(&one), replay_key(&other), "the same jti under another key");
    let before = replay_key(&one);
    assert_ne!(before, replay_key(&one.claim("jti", json!("two"))));
}

#[test]
fn a_proof_is_remembered_longer_than_it_can_be_taken() {
    assert!(REMEMBER > LATE + EARLY);
    assert!(REMEMBER > Duration::from_secs(2 * 60), "as long as a nonce is taken");
}
