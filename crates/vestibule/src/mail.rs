//! How mail is sent, and what is sent by it, as the configuration says.

use std::fs;

use vestibule_core::{Clock, Random};
use vestibule_ephemeral::Pace;
use vestibule_outbound::{Mailer, Security, Sender, Smtp};
use vestibule_users::RecoverySettings;

use crate::{
    app::StartError,
    config::{Config, MailTransport, SmtpSecurity},
};

/// What sends mail.
pub(crate) fn mailer(config: &Config, clock: &Clock, random: &Random) -> Result<Mailer, StartError> {
    let mail = &config.mail;
    let sender: Sender = mail.from.parse().map_err(StartError::because)?;
    let (clock, random) = (clock.clone(), random.clone());
    match mail.transport {
        MailTransport::Folder => Mailer::folder(&mail.folder, sender, clock, random),
        MailTransport::Smtp => Mailer::smtp(smtp(config)?, sender, clock, random),
    }
    .map_err(StartError::because)
}

fn smtp(config: &Config) -> Result<Smtp, StartError> {
    let mail = &config.mail;
    let extra_roots = match &mail.smtp_ca_file {
        Some(path) => Some(fs::read(path).map_err(|error| {
            StartError::because(format!("mail.smtp.ca_file names {}, which cannot be read: {error}", path.display()))
        })?),
        None => None,
    };
    Ok(Smtp {
        port: mail.smtp_port,
        security: match mail.smtp_security {
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::Tls => Security::Tls,
            SmtpSecurity::None => Security::None,
        },
        username: mail.smtp_username.clone(),
        password: mail.smtp_password.as_ref().map(|password| password.secret().clone()),
        extra_roots,
        ..Smtp::at(&mail.smtp_host)
    })
}

/// What is decided about links. Those who ask from one network may ask as often as they may try to sign in.
pub(crate) fn recovery(config: &Config, address_pace: Pace) -> RecoverySettings {
    RecoverySettings {
        public_url: config.http.public_url.as_str().to_owned(),
        recovery_link: config.users.recovery_link,
        verification_link: config.users.verification_link,
        registration: config.users.registration,
        address_pace,
    }
}
