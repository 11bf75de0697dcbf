//! Client certificates.

use std::time::Duration;

use rcgen::{CertificateParams, DnType, KeyPair, OtherNameValue, SanType, date_time_ymd};
use vestibule_users::{
    Binding, BindingError, BindingKind, CertificateBindings, CertificateRule, CertificateWay, Evidence, NewUser, Way,
    WayName,
};

use super::Site;
use crate::open;

const UPN: [u64; 10] = [1, 3, 6, 1, 4, 1, 311, 20, 2, 3];

fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    change(&mut params);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

fn named(common_name: &str) -> Vec<u8> {
    certificate(|params| params.distinguished_name.push(DnType::CommonName, common_name))
}

fn with(names: Vec<SanType>) -> Vec<u8> {
    certificate(|params| params.subject_alt_names = names)
}

fn upn(name: &str) -> SanType {
    SanType::OtherName((UPN.to_vec(), OtherNameValue::Utf8String(name.into())))
}

fn email(address: &str) -> SanType {
    SanType::Rfc822Name(address.try_into().unwrap())
}

fn bindings(site: &Site) -> CertificateBindings {
    CertificateBindings::new(site.database.clone(), site.clock.clone())
}

/// The username of whoever a certificate proves.
async fn holder(site: &Site, rules: &[CertificateRule], der: Vec<u8>) -> Option<String> {
    let way = CertificateWay::new(site.users.clone(), bindings(site), rules.to_vec(), site.clock.clone());
    let proven = way.prove(&Evidence { certificate: Some(der), ..Evidence::default() }).await.ok()??;
    assert_eq!((proven.way, proven.amr), (WayName::Certificate, vec!["sc"]));
    assert!(proven.user.last_sign_in.is_some());
    Some(proven.user.username)
}

async fn eve_and_bob() -> Site {
    let site = open().await;
    for name in ["eve", "bob"] {
        site.users.create(NewUser { email_verified: name == "eve", ..site.person(name) }).await.unwrap();
    }
    site
}

fn eve() -> Option<String> {
    Some("eve".to_owned())
}

#[tokio::test]
async fn each_rule_looks_at_its_field() {
    use CertificateRule::*;
    let site = eve_and_bob().await;
    let uri = |uri: &str| SanType::URI(uri.try_into().unwrap());
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    for (rule, der) in [
        (SubjectCn, named("Eve")),
        (SanEmail, with(vec![email("eve@example.com")])),
        (SanUpn, with(vec![dns("example.com"), upn("eve")])),
        (SanUri, with(vec![uri("eve")])),
        (SanDns, with(vec![dns("eve")])),
    ] {
        assert_eq!(holder(&site, &[rule], der.clone()).await, eve(), "{rule}");
        for other in CertificateRule::ALL.into_iter().filter(|other| *other != rule) {
            assert_eq!(holder(&site, &[other], der.clone()).await, None, "{other} looks at what is for {rule}");
        }
        assert_eq!(rule.as_str().parse(), Ok(rule));
    }
}

#[tokio::test]
async fn the_first_rule_that_leads_to_anyone_decides() {
    use CertificateRule::*;
    let site = eve_and_bob().await;
    let der = certificate(|params| {
        params.distinguished_name.push(DnType::CommonName, "bob");
        params.subject_alt_names = vec![upn("eve")];
    });
    assert_eq!(holder(&site, &[SanUpn, SubjectCn], der.clone()).await, eve());
    assert_eq!(holder(&site, &[SanEmail, SubjectCn, SanUpn], der.clone()).await.as_deref(), Some("bob"));
    assert_eq!(holder(&site, &[], der).await, None);
}

#[tokio::test]
async fn a_field_that_names_several_users_names_nobody() {
    let site = eve_and_bob().await;
    let both = with(vec![upn("eve"), upn("bob")]);
    assert_eq!(holder(&site, &[CertificateRule::SanUpn], both).await, None);
    let one = with(vec![upn("eve"), upn("EVE"), upn("nobody")]);
    assert_eq!(holder(&site, &[CertificateRule::SanUpn], one).await, eve());
    let many = with((0..17).map(|number| upn(&format!("eve{number}"))).chain([upn("eve")]).collect());
    assert_eq!(holder(&site, &[CertificateRule::SanUpn], many).await, None);
}

#[tokio::test]
async fn an_address_that_was_never_verified_names_nobody() {
    let site = eve_and_bob().await;
    assert_eq!(holder(&site, &[CertificateRule::SanEmail], with(vec![email("bob@example.com")])).await, None);
    let own = NewUser { email: Some("boss@example.com".into()), ..NewUser::named("boss@example.com") };
    site.users.create(own).await.unwrap();
    assert_eq!(holder(&site, &[CertificateRule::SanUpn], with(vec![upn("boss@example.com")])).await, None);
}

#[tokio::test]
async fn a_certificate_is_good_between_its_two_dates() {
    let site = eve_and_bob().await;
    let rules = [CertificateRule::SubjectCn];
    let dated = |from, to| {
        certificate(|params| {
            params.distinguished_name.push(DnType::CommonName, "eve");
            (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        })
    };
    let now = dated(2020, 2100);
    assert_eq!(holder(&site, &rules, now.clone()).await, eve());
    assert_eq!(holder(&site, &rules, dated(2001, 2002)).await, None);
    assert_eq!(holder(&site, &rules, dated(2100, 2101)).await, None);
    site.clock.advance(Duration::from_secs(150 * 365 * 24 * 3600));
    assert_eq!(holder(&site, &rules, now).await, None);
}

#[tokio::test]
async fn what_is_no_certificate_and_whoever_is_not_active_is_refused() {
    let site = eve_and_bob().await;
    let (rules, der) = ([CertificateRule::SubjectCn], named("eve"));
    let trailing = [der.as_slice(), b"\0"].concat();
    for wrong in [vec![], b"no certificate".to_vec(), der[..der.len() - 1].to_vec(), trailing, vec![0x30; 1 << 20]] {
        assert_eq!(holder(&site, &rules, wrong).await, None);
    }
    let user = site.users.find("eve").await.unwrap().unwrap();
    site.users.deactivate(user.id).await.unwrap();
    assert_eq!(holder(&site, &rules, der).await, None);
}

#[tokio::test]
async fn a_bound_certificate_is_its_users_until_it_is_released() {
    let site = eve_and_bob().await;
    let (bindings, eve_id) = (bindings(&site), site.users.find("eve").await.unwrap().unwrap().id);
    let bob_id = site.users.find("bob").await.unwrap().unwrap().id;
    let der = certificate(|params| {
        params.distinguished_name.push(DnType::OrganizationName, "Example, Inc.");
        params.distinguished_name.push(DnType::CommonName, "Card 1");
    });
    let subject = Binding::new(BindingKind::SubjectDn, "cn=card 1, o=Example\\, Inc.").unwrap();
    let rules = [CertificateRule::SubjectDn];
    assert_eq!(holder(&site, &rules, der.clone()).await, None);
    bindings.add(eve_id, &subject).await.unwrap();
    assert_eq!(holder(&site, &rules, der.clone()).await, eve());
    assert!(matches!(bindings.add(bob_id, &subject).await, Err(BindingError::Taken)));
    assert!(matches!(bindings.remove(bob_id, &subject).await, Err(BindingError::NotBound)));
    assert_eq!(bindings.list(eve_id).await.unwrap(), std::slice::from_ref(&subject));
    bindings.remove(eve_id, &subject).await.unwrap();
    assert_eq!(holder(&site, &rules, der).await, None);
}

#[tokio::test]
async fn a_fingerprint_binds_one_certificate() {
    use aws_lc_rs::digest::{SHA256, digest};
    let site = eve_and_bob().await;
    let eve_id = site.users.find("eve").await.unwrap().unwrap().id;
    let (one, other) = (named("card"), named("card"));
    let hex: Vec<_> = digest(&SHA256, &one).as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let binding = Binding::new(BindingKind::Fingerprint, &hex.join(":")).unwrap();
    bindings(&site).add(eve_id, &binding).await.unwrap();
    assert_eq!(holder(&site, &[CertificateRule::Fingerprint], one).await, eve());
    assert_eq!(holder(&site, &[CertificateRule::Fingerprint], other).await, None);
    assert!(Binding::new(BindingKind::Fingerprint, "00:11").is_err());
    let nobody = vestibule_core::UserId::random(&vestibule_core::Random::system());
    assert!(matches!(bindings(&site).add(nobody, &binding).await, Err(BindingError::NoSuchUser(_))));
}
