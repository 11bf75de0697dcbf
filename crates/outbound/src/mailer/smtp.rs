//! Handing mail to an SMTP server.

use std::{net::IpAddr, sync::OnceLock, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        self, AsyncSmtpTransportBuilder, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;

use super::{MailerError, Outgoing, SendError, Transport};

/// How long the server may take to answer one command.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How many connections there are at most.
const CONNECTIONS: u32 = 8;
/// How long one is kept without a mail.
const IDLE: Duration = Duration::from_secs(60);

/// How the connection is kept from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// It begins plain and turns to TLS before anything is said. A server that does not offer it gets no mail.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// Not at all: for a relay on this machine.
    None,
}

impl Security {
    /// The port where servers offer it: RFC 8314, section 3, and RFC 5321.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::StartTls => smtp::SUBMISSION_PORT,
            Self::Tls => smtp::SUBMISSIONS_PORT,
            Self::None => smtp::SMTP_PORT,
        }
    }
}

/// Where the SMTP server is, and how it lets us in.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name or address. With TLS, its certificate must be for this.
    pub host: String,
    /// Its port; that of `security` where there is none.
    pub port: Option<u16>,
    /// How the connection is kept from others.
    pub security: Security,
    /// Whom we sign in as, where we do.
    pub username: Option<String>,
    /// With which password.
    pub password: Option<SecretString>,
    /// Certificates, in PEM, that are trusted beside those of the well-known authorities.
    pub extra_roots: Option<Vec<u8>>,
    /// How we call ourselves (EHLO); this machine's name where there is none.
    pub hello: Option<String>,
}

impl Smtp {
    /// A server at `host`, spoken to by STARTTLS, which lets anybody in.
    #[must_use]
    pub fn at(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: None,
            security: Security::StartTls,
            username: None,
            password: None,
            extra_roots: None,
            hello: None,
        }
    }

    fn tls(&self) -> Result<Tls, MailerError> {
        if self.security == Security::None {
            let is_here = self.host == "localhost" || self.host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
            return if is_here { Ok(Tls::None) } else { Err(MailerError::PlainToNetwork(self.host.clone())) };
        }
        let unusable = |error: smtp::Error| MailerError::Tls(error.to_string());
        let mut parameters = TlsParameters::builder(self.host.clone());
        if let Some(pem) = &self.extra_roots {
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem).map_err(unusable)?);
        }
        let parameters = parameters.build().map_err(unusable)?;
        Ok(if self.security == Security::Tls { Tls::Wrapper(parameters) } else { Tls::Required(parameters) })
    }

    fn credentials(&self) -> Result<Option<Credentials>, MailerError> {
        match (&self.username, &self.password) {
            (None, None) => Ok(None),
            (Some(username), Some(password)) => {
                Ok(Some(Credentials::new(username.clone(), password.expose_secret().to_owned())))
            }
            _ => Err(MailerError::HalfACredential),
        }
    }
}

/// An SMTP server, with the connections to it. They belong to the runtime that the first mail is sent in.
pub(super) struct SmtpTransport {
    builder: AsyncSmtpTransportBuilder,
    connections: OnceLock<AsyncSmtpTransport<Tokio1Executor>>,
}

impl SmtpTransport {
    pub(super) fn new(settings: Smtp) -> Result<Self, MailerError> {
        let (tls, credentials) = (settings.tls()?, settings.credentials()?);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.host)
            .port(settings.port.unwrap_or(settings.security.default_port()))
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some(credentials) = credentials {
            builder = builder.credentials(credentials);
        }
        if let Some(name) = settings.hello {
            builder = builder.hello_name(ClientId::Domain(name));
        }
        Ok(Self { builder, connections: OnceLock::new() })
    }
}

/// The connections' pool says good-bye to the server in a task of its own, which outside of a runtime would be a panic.
impl Drop for SmtpTransport {
    fn drop(&mut self) {
        if Handle::try_current().is_err() {
            std::mem::forget(self.connections.take());
        }
    }
}

#[async_trait::async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, outgoing: Outgoing) -> Result<(), SendError> {
        let connections = self.connections.get_or_init(|| self.builder.clone().build());
        connections.send(outgoing.message).await.map(drop).map_err(|error| {
            let code = error.status().map(u16::from);
            if code.is_some_and(is_about_this_mail) {
                SendError::Permanent(error.to_string())
            } else {
                SendError::Temporary(error.to_string())
            }
        })
    }
}

/// Whether a reply refuses this mail or its address for good (RFC 5321, section 4.2). What else a server refuses, such as our
/// password, is for an operator to repair, and no reason to lose mail.
fn is_about_this_mail(code: u16) -> bool {
    matches!(code, 501 | 550..=556)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_smtp_stays_on_this_machine() {
        let plain = |host: &str| SmtpTransport::new(Smtp { security: Security::None, ..Smtp::at(host) }).map(drop);
        for host in ["localhost", "127.0.0.1", "127.8.9.1", "::1"] {
            assert!(plain(host).is_ok(), "{host}");
        }
        for host in ["mail.example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0"] {
            assert!(matches!(plain(host), Err(MailerError::PlainToNetwork(_))), "{host}");
        }
    }

    #[test]
    fn half_a_credential_and_broken_certificates_are_told_at_the_start() {
        let half = Smtp { username: Some("us".into()), ..Smtp::at("mail.example.com") };
        assert!(matches!(SmtpTransport::new(half), Err(MailerError::HalfACredential)));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
        let roots = Smtp { extra_roots: Some(broken), ..Smtp::at("mail.example.com") };
        assert!(matches!(SmtpTransport::new(roots), Err(MailerError::Tls(_))));
    }

    #[test]
    fn a_password_is_not_shown() {
        let settings = Smtp { password: Some("hunter2hunter2".into()), ..Smtp::at("mail.example.com") };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn only_what_is_about_the_mail_is_for_good() {
        for code in [550, 552, 553, 554] {
            assert!(is_about_this_mail(code), "{code}");
        }
        for code in [421, 451, 500, 502, 503, 530, 534, 535, 538] {
            assert!(!is_about_this_mail(code), "{code}");
        }
    }
}
