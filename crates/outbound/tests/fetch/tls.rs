//! Whom we believe to be who they say.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use vestibule_outbound::{Fetch, FetchRules, Fetcher, FetcherError, fetch::Reason};

use crate::{
    open, refused, rules,
    site::{Site, json},
};

/// An authority of our own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

async fn site_of(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> Site {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    Site::secure(json("{}"), &certificate, &key).await
}

#[tokio::test]
async fn a_site_proves_its_name_by_an_authority_that_is_trusted() {
    let (ours, other) = (authority(), authority());
    let trusting = Fetcher::new(FetchRules { extra_roots: Some(ours.pem().into_bytes()), ..rules() }).unwrap();
    let (right, misnamed) = (site_of(&ours, "127.0.0.1").await, site_of(&ours, "keys.example.com").await);
    let foreign = site_of(&other, "127.0.0.1").await;
    let url = |site: &Site| format!("https://127.0.0.1:{}/keys", site.port);
    assert_eq!(trusting.fetch(Fetch::get(&url(&right))).await.unwrap().body, b"{}");
    for (fetcher, site) in [(&trusting, &misnamed), (&trusting, &foreign), (&open(), &right)] {
        let reason = refused(fetcher, &url(site)).await;
        assert!(matches!(&reason, Reason::Unreachable(why) if why.contains("certificate")), "{reason:?}");
    }
    assert_eq!(foreign.seen(), ["no handshake"], "nothing was asked of it");
}

#[test]
fn extra_roots_that_are_none_are_told_at_the_start() {
    let with = |pem: &str| Fetcher::new(FetchRules { extra_roots: Some(pem.into()), ..FetchRules::default() });
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "no PEM", broken, "-----BEGIN CERTIFICATE-----\n%%%"] {
        let error = with(pem).err().unwrap();
        assert!(matches!(&error, FetcherError::ExtraRoots(_)), "{pem:?}: {error}");
    }
    assert!(with(&authority().pem()).is_ok());
}
