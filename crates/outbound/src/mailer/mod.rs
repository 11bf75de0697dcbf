//! Sending mail: composing it, and handing it to an SMTP server or into a folder.

mod compose;
mod folder;
mod smtp;

use std::{fmt, path::Path, sync::Arc};

use vestibule_core::{Clock, Random, Timestamp};

use crate::{Address, Mail, Message, Sender, Trouble};

pub use smtp::{Security, Smtp};

/// Why mail cannot be sent as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// Plain SMTP to another machine.
    #[error("mail.smtp.security = \"none\" is for a relay on this machine; {0} is not: use \"starttls\" or \"tls\"")]
    PlainToNetwork(String),
    /// A password without a user, or the other way round.
    #[error("mail.smtp.username and mail.smtp.password belong together: give both or neither")]
    HalfACredential,
    /// The certificates of `mail.smtp.ca_file`, or the host's name, cannot be used.
    #[error("TLS cannot be set up for mail.smtp.host and mail.smtp.ca_file: {0}")]
    Tls(String),
    /// The folder cannot be made.
    #[error("mail.folder cannot be made: {0}")]
    Folder(#[from] std::io::Error),
}

/// Why a mail was not sent. The words tell nothing of what stood in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Another time it may go: the server cannot be reached, is busy, or does not let us in.
    #[error("the mail cannot be sent now: {0}")]
    Temporary(String),
    /// The server will never take this mail, or not for this address.
    #[error("the mail cannot be sent: {0}")]
    Permanent(String),
}

impl From<SendError> for Trouble {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Temporary(_) => Self::Temporary(error.to_string()),
            SendError::Permanent(_) => Self::Permanent(error.to_string()),
        }
    }
}

/// A mail as it goes out.
struct Outgoing {
    message: lettre::Message,
    at: Timestamp,
    /// Random, and different for each.
    id: String,
}

/// Where mail goes.
#[async_trait::async_trait]
trait Transport: Send + Sync {
    async fn send(&self, outgoing: Outgoing) -> Result<(), SendError>;
}

/// Sends mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: Arc<dyn Transport>,
    sender: Sender,
    clock: Clock,
    random: Random,
}

impl Mailer {
    /// By an SMTP server, which is not spoken to before the first mail.
    ///
    /// # Errors
    /// Settings that cannot be used.
    pub fn smtp(settings: Smtp, sender: Sender, clock: Clock, random: Random) -> Result<Self, MailerError> {
        Ok(Self { transport: Arc::new(smtp::SmtpTransport::new(settings)?), sender, clock, random })
    }

    /// Into a folder, one file a mail, for development: `20261123T225011.123Z-….eml`, so that the newest is the last. The
    /// folder is made where it is missing. Links that the mails hold lie there until somebody deletes them.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn folder(folder: &Path, sender: Sender, clock: Clock, random: Random) -> Result<Self, MailerError> {
        Ok(Self { transport: Arc::new(folder::Folder::open(folder)?), sender, clock, random })
    }

    /// Sends one mail to one person.
    ///
    /// # Errors
    /// Where it is not sent; [`SendError`] says whether trying again may help.
    pub async fn send(&self, to: &Address, mail: &impl Mail) -> Result<(), SendError> {
        let message = mail.compose(self.sender.name());
        let outgoing = compose::outgoing(&self.sender, to, &message, self.clock.now(), &self.random)?;
        self.transport.send(outgoing).await.map_err(|error| error.without(&message))
    }
}

impl SendError {
    /// Mail servers like to repeat what they did not like, such as an address in the text. What a mail holds must not get into
    /// logs that way, so that its longer words are left out.
    fn without(self, message: &Message) -> Self {
        let clean = |why: String| {
            let words = why.split_whitespace().map(|word| if message.holds(word) { "…" } else { word });
            words.collect::<Vec<_>>().join(" ")
        };
        match self {
            Self::Temporary(why) => Self::Temporary(clean(why)),
            Self::Permanent(why) => Self::Permanent(clean(why)),
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("sender", &self.sender).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a80_what_a_server_repeats_of_a_mail_is_not_told() {
        let link = "https://id.example.com/recover/c2VjcmV0LXNlY3JldC1zZWNyZXQ";
        let message = Message { subject: "A link".into(), text: format!("Go to\n\n{link}\n"), html: String::new() };
        let said = format!(
            "554 5.7.1 rejected: ({link}), see\r\nhttps://blocklist.example.net/why c2VjcmV0LXNlY3JldC1zZWNyZXQ"
        );
        let told = SendError::Permanent(said).without(&message);
        assert_eq!(
            told.to_string(),
            "the mail cannot be sent: 554 5.7.1 rejected: … see https://blocklist.example.net/why …"
        );
    }
}
