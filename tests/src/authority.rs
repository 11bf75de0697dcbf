//! Certificates: an authority that issues them, and applications that made their own.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use serde_json::{Value, json};
use vestibule_jose::x5t_s256;

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate, as PEM.
    pub pem: String,
    /// Its key, as PEM.
    pub key_pem: String,
    der: Vec<u8>,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Test authority");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its own certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues one to a client: the common name, in an organisation, and alternative names.
    #[must_use]
    pub fn client(&self, common_name: &str, names: Vec<SanType>) -> Certificate {
        self.issue(params(common_name, names, ExtendedKeyUsagePurpose::ClientAuth))
    }

    /// Issues one to a server on this machine.
    #[must_use]
    pub fn server(&self) -> Certificate {
        let names =
            vec![SanType::IpAddress([127, 0, 0, 1].into()), SanType::DnsName("localhost".try_into().expect("a name"))];
        self.issue(params("localhost", names, ExtendedKeyUsagePurpose::ServerAuth))
    }

    fn issue(&self, params: CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate { pem: made.pem(), key_pem: key.serialize_pem(), der: made.der().to_vec() }
    }
}

fn params(common_name: &str, names: Vec<SanType>, usage: ExtendedKeyUsagePurpose) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.subject_alt_names = names;
    params.extended_key_usages = vec![usage];
    params
}

impl Certificate {
    /// One that its holder made.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn self_signed(common_name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let made = params(common_name, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth).self_signed(&key);
        let made = made.expect("a certificate");
        Self { pem: made.pem(), key_pem: key.serialize_pem(), der: made.der().to_vec() }
    }

    /// As a proxy forwards it (RFC 9440).
    #[must_use]
    pub fn forwarded(&self) -> String {
        format!(":{}:", STANDARD.encode(&self.der))
    }

    /// Its SHA-256 thumbprint.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        x5t_s256(&self.der)
    }

    /// A set of keys with this certificate, beside a key of another sort: what is compared is the certificate.
    #[must_use]
    pub fn jwks(&self, key: &Value) -> Value {
        let mut key = key.clone();
        key["x5c"] = json!([STANDARD.encode(&self.der)]);
        json!({ "keys": [key] })
    }
}
