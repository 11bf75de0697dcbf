//! By client certificate: a smart card, or one that a machine holds.
//!
//! That the certificate's issuer is trusted, and that the peer holds its key, is the listener's or the proxy's affair; here it is
//! only whose it is. Rules, in order, say which field names the user. A field that names several people names nobody.
//!
//! `fields` reads a certificate; `distinguished_name` writes a subject so that two can be compared; `bindings` is the table of
//! certificates that are somebody's by decree; `forwarded` reads one from a header.

mod bindings;
mod distinguished_name;
mod fields;
mod forwarded;

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::Clock;

use super::{Evidence, Proven, Way, WayName};
use crate::{AuthenticateError, Users, entity::Model};
pub use bindings::{Binding, BindingError, BindingKind, CertificateBindings, InvalidBinding};
pub use fields::CertificateFields;
pub use forwarded::{ForwardedCertificateError, forwarded_certificate};

/// A subject as somebody typed it (RFC 4514), written so that two of the same are equal: how
/// [`CertificateFields::values`] writes that of a certificate.
///
/// # Errors
/// What is no subject, in words.
pub fn normal_subject(typed: &str) -> Result<String, &'static str> {
    distinguished_name::of_text(typed)
}

/// Which field of a certificate names its holder, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateRule {
    /// The whole certificate is bound to a user, by its SHA-256 fingerprint.
    Fingerprint,
    /// The subject is bound to a user.
    SubjectDn,
    /// The subject's common name is the username.
    SubjectCn,
    /// An e-mail address among the alternative names is one that the user was shown to hold.
    SanEmail,
    /// The user principal name, as Microsoft's directories write it, is the username.
    SanUpn,
    /// A URI among the alternative names is the username.
    SanUri,
    /// A DNS name among the alternative names is the username.
    SanDns,
}

impl CertificateRule {
    /// All rules.
    pub const ALL: [Self; 7] =
        [Self::Fingerprint, Self::SubjectDn, Self::SubjectCn, Self::SanEmail, Self::SanUpn, Self::SanUri, Self::SanDns];

    /// As configuration names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fingerprint => "fingerprint",
            Self::SubjectDn => "subject_dn",
            Self::SubjectCn => "subject_cn",
            Self::SanEmail => "san_email",
            Self::SanUpn => "san_upn",
            Self::SanUri => "san_uri",
            Self::SanDns => "san_dns",
        }
    }
}

impl fmt::Display for CertificateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no rule has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate is matched by fingerprint, subject_dn, subject_cn, san_email, san_upn, san_uri or san_dns")]
pub struct UnknownCertificateRule;

impl FromStr for CertificateRule {
    type Err = UnknownCertificateRule;

    fn from_str(text: &str) -> Result<Self, UnknownCertificateRule> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == text).ok_or(UnknownCertificateRule)
    }
}

/// A client certificate, matched to a user by rules.
#[derive(Clone, Debug)]
pub struct CertificateWay {
    users: Users,
    bindings: CertificateBindings,
    rules: Vec<CertificateRule>,
    clock: Clock,
}

impl CertificateWay {
    /// Under `rules`, in order: the first one whose field leads to anyone decides.
    #[must_use]
    pub fn new(users: Users, bindings: CertificateBindings, rules: Vec<CertificateRule>, clock: Clock) -> Self {
        Self { users, bindings, rules, clock }
    }

    /// Whose certificate it is.
    async fn holder(&self, fields: &CertificateFields) -> Result<Option<Model>, AuthenticateError> {
        for rule in &self.rules {
            let mut holders: Vec<Model> = Vec::new();
            for value in fields.values(*rule).map_err(refused)? {
                if let Some(holder) = self.named(*rule, &value).await?
                    && holders.iter().all(|known| known.id != holder.id)
                {
                    holders.push(holder);
                }
            }
            match holders.len() {
                0 => {}
                1 => return Ok(holders.pop()),
                _ => return Err(refused("one of its fields names several users")),
            }
        }
        Ok(None)
    }

    async fn named(&self, rule: CertificateRule, value: &str) -> Result<Option<Model>, AuthenticateError> {
        Ok(match rule {
            CertificateRule::Fingerprint => self.bindings.holder(BindingKind::Fingerprint, value).await?,
            CertificateRule::SubjectDn => self.bindings.holder(BindingKind::SubjectDn, value).await?,
            CertificateRule::SanEmail => self.users.row_by_verified_email(value).await?,
            CertificateRule::SubjectCn
            | CertificateRule::SanUpn
            | CertificateRule::SanUri
            | CertificateRule::SanDns => {
                // A username with an @ is an e-mail address, which its user may never have been shown to hold.
                let row = self.users.row_by_username(value).await?;
                row.filter(|row| !row.username_key.contains('@') || row.email_verified)
            }
        })
    }
}

#[async_trait]
impl Way for CertificateWay {
    fn name(&self) -> WayName {
        WayName::Certificate
    }

    async fn prove(&self, evidence: &Evidence) -> Result<Option<Proven>, AuthenticateError> {
        let Some(der) = &evidence.certificate else { return Ok(None) };
        let fields = CertificateFields::read(der, self.clock.now()).map_err(refused)?;
        let holder = self.holder(&fields).await?.ok_or_else(|| refused("no rule leads to a user"))?;
        let user = self.users.enter(holder).await?.ok_or(AuthenticateError::Refused)?;
        Ok(Some(Proven { user, way: WayName::Certificate, amr: vec!["sc"], token: None }))
    }
}

fn refused(why: &'static str) -> AuthenticateError {
    tracing::info!("a client certificate was refused: {why}");
    AuthenticateError::Refused
}
