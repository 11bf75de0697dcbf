//! What a certificate says of its holder. A rule that looks at a field that cannot be read refuses the whole certificate.

use std::net::IpAddr;

use aws_lc_rs::digest;
use vestibule_core::Timestamp;
use x509_parser::{
    asn1_rs::{Any, Class, Tag},
    prelude::{FromDer, GeneralName, X509Certificate},
};

use super::{CertificateRule, distinguished_name};

/// The largest certificate that is read.
pub(super) const LARGEST: usize = 16 * 1024;
/// How many values a field may have.
const MOST_VALUES: usize = 16;
/// The user principal name, an `otherName` ([MS-WCCE] 2.2.2.7.7.3).
const UPN: &str = "1.3.6.1.4.1.311.20.2.3";

/// The fields of a certificate that is valid now. An application that proves itself by one is held against them too.
pub struct CertificateFields {
    fingerprint: String,
    subject: Result<String, &'static str>,
    common_names: Result<Vec<String>, &'static str>,
    alternatives: Result<Alternatives, &'static str>,
}

#[derive(Clone, Default)]
struct Alternatives {
    emails: Vec<String>,
    upns: Vec<String>,
    uris: Vec<String>,
    dns: Vec<String>,
    ips: Vec<IpAddr>,
}

impl CertificateFields {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// Why it counts for nothing: it is none, or it is not valid now.
    pub fn read(der: &[u8], now: Timestamp) -> Result<Self, &'static str> {
        if der.len() > LARGEST {
            return Err("it is too large");
        }
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| "it is no certificate")?;
        if !rest.is_empty() {
            return Err("something follows it");
        }
        let validity = certificate.validity();
        if now.seconds() < validity.not_before.timestamp() {
            return Err("it is not valid yet");
        }
        if now.seconds() > validity.not_after.timestamp() {
            return Err("it has expired");
        }
        Ok(Self {
            fingerprint: hex(digest::digest(&digest::SHA256, der).as_ref()),
            subject: distinguished_name::of_subject(certificate.subject()),
            common_names: common_names(&certificate),
            alternatives: alternatives(&certificate),
        })
    }

    /// The addresses among the alternative names.
    ///
    /// # Errors
    /// Alternative names that cannot be read.
    pub fn ips(&self) -> Result<&[IpAddr], &'static str> {
        self.alternatives.as_ref().map(|names| names.ips.as_slice()).map_err(|error| *error)
    }

    /// The values of the field that a rule looks at; a subject is written as [`normal_subject`](super::normal_subject) writes
    /// one.
    ///
    /// # Errors
    /// A field that cannot be read, or that has too many values.
    pub fn values(&self, rule: CertificateRule) -> Result<Vec<String>, &'static str> {
        let among =
            |field: fn(&Alternatives) -> &Vec<String>| Ok(field(self.alternatives.as_ref().map_err(|e| *e)?).clone());
        let values = match rule {
            CertificateRule::Fingerprint => Ok(vec![self.fingerprint.clone()]),
            CertificateRule::SubjectDn => self.subject.clone().map(|subject| vec![subject]),
            CertificateRule::SubjectCn => self.common_names.clone(),
            CertificateRule::SanEmail => among(|names| &names.emails),
            CertificateRule::SanUpn => among(|names| &names.upns),
            CertificateRule::SanUri => among(|names| &names.uris),
            CertificateRule::SanDns => among(|names| &names.dns),
        }?;
        if values.len() > MOST_VALUES { Err("a field has too many values") } else { Ok(values) }
    }
}

fn common_names(certificate: &X509Certificate<'_>) -> Result<Vec<String>, &'static str> {
    let names = certificate.subject().iter_common_name();
    names.map(|name| name.as_str().map(str::to_owned).map_err(|_| "its common name cannot be read")).collect()
}

fn alternatives(certificate: &X509Certificate<'_>) -> Result<Alternatives, &'static str> {
    let unreadable = "its alternative names cannot be read";
    let mut found = Alternatives::default();
    let Some(extension) = certificate.subject_alternative_name().map_err(|_| unreadable)? else {
        return Ok(found);
    };
    for name in &extension.value.general_names {
        match name {
            GeneralName::RFC822Name(email) => found.emails.push((*email).to_owned()),
            GeneralName::DNSName(name) => found.dns.push((*name).to_owned()),
            GeneralName::URI(uri) => found.uris.push((*uri).to_owned()),
            GeneralName::OtherName(kind, value) if kind.to_id_string() == UPN => {
                found.upns.push(upn(value).ok_or("its user principal name cannot be read")?);
            }
            GeneralName::IPAddress(bytes) => found.ips.push(ip(bytes).ok_or("an address of it cannot be read")?),
            GeneralName::Invalid(..) => return Err(unreadable),
            _ => {}
        }
    }
    Ok(found)
}

/// Four bytes or sixteen (RFC 5280 section 4.2.1.6).
fn ip(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// `[0] EXPLICIT UTF8String` (RFC 5280 section 4.2.1.6 for the tag).
fn upn(value: &[u8]) -> Option<String> {
    let (rest, outer) = Any::from_der(value).ok()?;
    if !rest.is_empty() || outer.class() != Class::ContextSpecific || outer.tag() != Tag(0) {
        return None;
    }
    let (rest, inner) = Any::from_der(outer.data).ok()?;
    if !rest.is_empty() || inner.tag() != Tag::Utf8String {
        return None;
    }
    std::str::from_utf8(inner.data).ok().map(str::to_owned)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
