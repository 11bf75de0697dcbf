//! Client certificates: what came with a request, and whether it is an application's (RFC 8705 section 2).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vestibule_core::Timestamp;
use vestibule_jose::{JwkSet, x5t_s256};
use vestibule_tokens::Confirmation;
use vestibule_users::{CertificateFields, CertificateRule, normal_subject};

use super::{MetadataError, metadata::unsupported};

/// The longest name that an application registers of its certificate.
const LONGEST: usize = 2048;

/// A client certificate that came with a request: whoever sent it proved to hold its key.
#[derive(Clone, Debug)]
pub struct SenderCertificate {
    der: Vec<u8>,
    vouched: bool,
    thumbprint: String,
}

impl SenderCertificate {
    /// From a certificate in DER. `vouched`: an authority that is trusted says that what stands in it is true, or a trusted proxy
    /// does.
    #[must_use]
    pub fn new(der: Vec<u8>, vouched: bool) -> Self {
        Self { thumbprint: x5t_s256(&der), der, vouched }
    }

    /// Its SHA-256 thumbprint (`x5t#S256`, RFC 8705 section 3.1): what tokens are bound to.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The key that a token is bound to which is bound to this certificate.
    #[must_use]
    pub fn confirmation(&self) -> Confirmation {
        Confirmation::X5tS256(self.thumbprint.clone())
    }

    /// Whether it is one of those that an application published (RFC 8705 section 2.2). Nobody has to vouch for it: what is
    /// compared is the whole certificate, so that nothing that it says of itself is believed.
    pub(super) fn is_among(&self, published: &JwkSet) -> bool {
        published.certificates().any(|certificate| certificate == self.der)
    }
}

/// Under which name an application's certificate is issued: exactly one (RFC 8705 section 2.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateName {
    /// The subject, as text (RFC 4514).
    #[serde(rename = "tls_client_auth_subject_dn", skip_serializing_if = "Option::is_none")]
    pub subject_dn: Option<String>,
    /// A DNS name among the alternative names.
    #[serde(rename = "tls_client_auth_san_dns", skip_serializing_if = "Option::is_none")]
    pub san_dns: Option<String>,
    /// A URI among them.
    #[serde(rename = "tls_client_auth_san_uri", skip_serializing_if = "Option::is_none")]
    pub san_uri: Option<String>,
    /// An IP address among them.
    #[serde(rename = "tls_client_auth_san_ip", skip_serializing_if = "Option::is_none")]
    pub san_ip: Option<String>,
    /// An e-mail address among them.
    #[serde(rename = "tls_client_auth_san_email", skip_serializing_if = "Option::is_none")]
    pub san_email: Option<String>,
}

/// The members of metadata that hold such a name.
pub(super) const NAME_MEMBERS: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

/// A name in the form in which two are compared.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Subject(String),
    Dns(String),
    Uri(String),
    Ip(IpAddr),
    Email(String),
}

impl CertificateName {
    /// What is there: the member of metadata, and the name.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let names = [&self.subject_dn, &self.san_dns, &self.san_uri, &self.san_ip, &self.san_email];
        NAME_MEMBERS.into_iter().zip(names).filter_map(|(member, name)| Some((member, name.as_deref()?)))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given().next().is_none()
    }

    /// Checks that there is exactly one, and that it can be compared.
    pub(super) fn check(&self) -> Result<(), MetadataError> {
        self.wanted().map(drop)
    }

    fn wanted(&self) -> Result<Wanted, MetadataError> {
        let mut given = self.given();
        let (Some((member, name)), None) = (given.next(), given.next()) else {
            let why = format!("tls_client_auth needs exactly one of {}", NAME_MEMBERS.join(", "));
            return Err(unsupported("token_endpoint_auth_method", &why));
        };
        let says = |why: &str| unsupported(member, why);
        if name.is_empty() || name.len() > LONGEST || name.chars().any(char::is_control) {
            return Err(says("give a name of 1 to 2048 printable characters"));
        }
        match member {
            "tls_client_auth_subject_dn" => normal_subject(name).map(Wanted::Subject).map_err(says),
            "tls_client_auth_san_dns" if is_dns_name(name) => Ok(Wanted::Dns(name.to_ascii_lowercase())),
            "tls_client_auth_san_dns" => Err(says("write a host name, such as app.example.com")),
            "tls_client_auth_san_uri" if url::Url::parse(name).is_ok() => Ok(Wanted::Uri(name.to_owned())),
            "tls_client_auth_san_uri" => Err(says("write a URI, such as spiffe://example.com/app")),
            "tls_client_auth_san_ip" => name.parse().map(Wanted::Ip).map_err(|_| says("write an IPv4 or IPv6 address")),
            _ => normal_email(name).map(Wanted::Email).ok_or_else(|| says("write an e-mail address")),
        }
    }

    /// Whether the certificate is issued under this name. Its chain must have been proved.
    pub(super) fn is_of(&self, certificate: &SenderCertificate, now: Timestamp) -> Result<(), &'static str> {
        if !certificate.vouched {
            return Err("no authority vouches for its certificate");
        }
        let fields = CertificateFields::read(&certificate.der, now)?;
        let wanted = self.wanted().map_err(|_| "it is registered without the name of its certificate")?;
        let values = |rule| fields.values(rule);
        let found = match wanted {
            Wanted::Subject(subject) => values(CertificateRule::SubjectDn)?.contains(&subject),
            Wanted::Dns(name) => values(CertificateRule::SanDns)?.iter().any(|dns| dns.eq_ignore_ascii_case(&name)),
            Wanted::Uri(uri) => values(CertificateRule::SanUri)?.contains(&uri),
            Wanted::Ip(address) => fields.ips()?.contains(&address),
            Wanted::Email(address) => {
                let held = values(CertificateRule::SanEmail)?;
                held.iter().any(|held| normal_email(held).as_ref() == Some(&address))
            }
        };
        if found { Ok(()) } else { Err("its certificate is issued under another name") }
    }
}

/// A name that can stand for one host: a wildcard cannot.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// The part before the @ counts letter by letter, the host in either case (RFC 5280 section 4.2.1.6).
fn normal_email(address: &str) -> Option<String> {
    let (local, host) = address.rsplit_once('@')?;
    let whole = !local.is_empty() && is_dns_name(host);
    whole.then(|| format!("{local}@{}", host.to_ascii_lowercase()))
}
