//! The machines' verdicts, and what we check beside them.

use vestibule_core::{GrantId, PublicSessionId, Random, RedirectUri, Timestamp, UserId};

use super::*;

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn asked() -> Asked<'static> {
    Asked {
        client_id: "app",
        redirect_uri: "https://rp.example/cb",
        response_type: Some("code"),
        scope: Some("openid email"),
        state: Some("s"),
        code_challenge: Some(CHALLENGE),
        code_challenge_method: Some("S256"),
        require_pkce: true,
    }
}

fn taken(code_challenge: Option<&str>) -> CodeGrant {
    let random = Random::system();
    CodeGrant {
        grant: GrantId::random(&random),
        client: "app".into(),
        user: UserId::random(&random),
        redirect_uri: RedirectUri::parse("https://rp.example/cb").unwrap(),
        redirect_uri_named: true,
        scope: "openid email".parse().unwrap(),
        nonce: None,
        code_challenge: code_challenge.map(str::to_owned),
        session: PublicSessionId::random(&random),
        session_expires_at: None,
        auth_time: Timestamp::from_seconds(1),
        acr: None,
        amr: Vec::new(),
        issued_at: Timestamp::from_seconds(1),
        resources: Vec::new(),
        confirmation: None,
        claims: crate::RequestedClaims::default(),
    }
}

fn redemption(code_verifier: Option<&'static str>) -> Redemption<'static> {
    Redemption { client_id: "app", code: "c", redirect_uri: Some("https://rp.example/cb"), code_verifier }
}

#[test]
fn a_whole_request_is_accepted() {
    assert_eq!(ask(&asked()), Ok(()));
    assert_eq!(ask(&Asked { scope: None, state: None, ..asked() }), Ok(()));
}

#[test]
fn a32_only_code_is_answered() {
    for other in ["token", "id_token", "code token", "id_token token", "none", "CODE", "code "] {
        let wrong = Asked { response_type: Some(other), ..asked() };
        assert_eq!(ask(&wrong), Err(AskedWrongly::ResponseType), "{other}");
    }
}

#[test]
fn a25_a_challenge_is_s256_and_well_formed() {
    let with = |code_challenge, code_challenge_method| {
        ask(&Asked { code_challenge, code_challenge_method, require_pkce: false, ..asked() })
    };
    assert_eq!(with(None, None), Ok(()), "not every client must use PKCE");
    for (challenge, method) in [
        (Some(CHALLENGE), None),
        (Some(CHALLENGE), Some("plain")),
        (Some(CHALLENGE), Some("s256")),
        (Some(CHALLENGE), Some("S512")),
        (None, Some("S256")),
        (Some(&CHALLENGE[1..]), Some("S256")),
        (Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"), Some("S256")),
    ] {
        assert_eq!(with(challenge, method), Err(AskedWrongly::Challenge), "{challenge:?} {method:?}");
    }
    let required = Asked { code_challenge: None, code_challenge_method: None, ..asked() };
    assert_eq!(ask(&required), Err(AskedWrongly::Challenge));
}

#[test]
fn the_verifier_of_rfc_7636_redeems_its_challenge() {
    assert_eq!(redeem(&redemption(Some(VERIFIER)), &taken(Some(CHALLENGE)), true), Ok(()));
    assert_eq!(redeem(&redemption(None), &taken(None), false), Ok(()));
}

#[test]
fn a24_a26_a_missing_or_wrong_verifier_is_refused() {
    for wrong in [None, Some(""), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx"), Some("short"), Some(CHALLENGE)] {
        let refused = redeem(&redemption(wrong), &taken(Some(CHALLENGE)), true);
        assert_eq!(refused, Err(RedeemedWrongly::Verifier), "{wrong:?}");
    }
    assert_eq!(redeem(&redemption(None), &taken(None), true), Err(RedeemedWrongly::Verifier));
}

#[test]
fn a25_a_verifier_without_a_challenge_before_it_is_refused() {
    let refused = redeem(&redemption(Some(VERIFIER)), &taken(None), false);
    assert_eq!(refused, Err(RedeemedWrongly::VerifierWithoutChallenge));
}

#[test]
fn a07_the_redirect_uri_of_the_token_request_is_that_of_the_authorization_request() {
    let with = |redirect_uri, redirect_uri_named| {
        let redemption = Redemption { redirect_uri, ..redemption(Some(VERIFIER)) };
        redeem(&redemption, &CodeGrant { redirect_uri_named, ..taken(Some(CHALLENGE)) }, true)
    };
    assert_eq!(with(None, false), Ok(()), "it was the only one registered, and not named then either");
    assert_eq!(with(None, true), Err(RedeemedWrongly::RedirectUri));
    for other in
        ["https://rp.example/cb/", "https://rp.example/CB", "https://RP.example/cb", "https://rp.example:443/cb"]
    {
        assert_eq!(with(Some(other), true), Err(RedeemedWrongly::RedirectUri), "{other}");
    }
}

#[test]
fn another_client_s_code_is_refused_by_the_machine_too() {
    let other = Redemption { client_id: "other", ..redemption(Some(VERIFIER)) };
    assert_eq!(redeem(&other, &taken(Some(CHALLENGE)), true), Err(RedeemedWrongly::Grant));
}
