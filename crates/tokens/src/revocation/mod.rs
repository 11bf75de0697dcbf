//! Revocation: one log that says which tokens are dead before their time.
//!
//! An entry names a token, or everything of a grant, session, user, client or of a user at a client, whenever it was minted or up
//! to a moment. The
//! log lies in a table; every replica keeps it in memory, so that asking costs neither a query nor a round trip.
//!
//! ```text
//!  revoke ──> row ──> own memory ──> bus "look now" ──> other replicas read the table
//!                                                       (and read it every 400 ms without the bus)
//! ```
//! How long a replica took to know what another revoked is measured ([`RevocationLog::lag`]); a [`Feed`] passes on what is added.

mod feed;
mod log;
mod memory;

use vestibule_core::{ClientId, GrantId, PublicSessionId, Timestamp, TokenId, UserId};

pub use self::feed::{Feed, News};
pub(crate) use self::log::TOPIC;
pub use self::log::{RevocationError, RevocationLog};

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Everything minted from one consent.
    Grant(GrantId),
    /// Everything minted in one browser session.
    Session(PublicSessionId),
    /// Everything of one person.
    User(UserId),
    /// Everything of one application.
    Client(ClientId),
    /// Everything that one person let one application have.
    Consent(UserId, ClientId),
    /// One token.
    Token(TokenId),
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// What is revoked.
    pub subject: Subject,
    /// Only what was minted at this millisecond or earlier; nothing here: whenever it was or will be minted.
    pub issued_before: Option<Timestamp>,
    /// When the last token that this may hit has expired, so that the entry can go.
    pub expires_at: Timestamp,
}

/// What the log knows a token by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFacts {
    /// The token itself.
    pub token: TokenId,
    /// The consent it was minted from.
    pub grant: Option<GrantId>,
    /// The browser session it was minted in.
    pub session: Option<PublicSessionId>,
    /// Whose it is.
    pub user: Option<UserId>,
    /// The application it was given to.
    pub client: ClientId,
    /// When it was minted.
    pub minted_at: Timestamp,
}

impl TokenFacts {
    /// Every subject that an entry might name this token by.
    fn subjects(&self) -> impl Iterator<Item = Subject> + '_ {
        [
            Some(Subject::Token(self.token)),
            self.grant.map(Subject::Grant),
            self.session.map(Subject::Session),
            self.user.map(Subject::User),
            Some(Subject::Client(self.client.clone())),
            self.user.map(|user| Subject::Consent(user, self.client.clone())),
        ]
        .into_iter()
        .flatten()
    }
}

impl Subject {
    /// What it is called, and which one: as the table's columns `kind` and `subject`, and for those who hear of it outside.
    #[must_use]
    pub fn to_columns(&self) -> (&'static str, String) {
        match self {
            Self::Grant(id) => ("grant", id.to_string()),
            Self::Session(id) => ("session", id.to_string()),
            Self::User(id) => ("user", id.to_string()),
            Self::Client(id) => ("client", id.to_string()),
            Self::Consent(user, client) => ("consent", format!("{user} {client}")),
            Self::Token(id) => ("token", id.to_string()),
        }
    }

    /// From the table's columns; `None` for what a newer program wrote.
    fn from_columns(kind: &str, subject: &str) -> Option<Self> {
        Some(match kind {
            "grant" => Self::Grant(subject.parse().ok()?),
            "session" => Self::Session(subject.parse().ok()?),
            "user" => Self::User(subject.parse().ok()?),
            "client" => Self::Client(subject.into()),
            "consent" => {
                let (user, client) = subject.split_once(' ')?;
                Self::Consent(user.parse().ok()?, client.into())
            }
            "token" => Self::Token(subject.parse().ok()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::Random;

    use super::*;

    #[test]
    fn a_subject_survives_its_columns() {
        let random = Random::system();
        for subject in [
            Subject::Grant(GrantId::random(&random)),
            Subject::Session(PublicSessionId::random(&random)),
            Subject::User(UserId::random(&random)),
            Subject::Client("an app".into()),
            Subject::Consent(UserId::random(&random), "an app".into()),
            Subject::Token(TokenId::mint(Timestamp::from_seconds(1), &random)),
        ] {
            let (kind, text) = subject.to_columns();
            assert_eq!(Subject::from_columns(kind, &text), Some(subject));
        }
        assert_eq!(Subject::from_columns("planet", "earth"), None);
        assert_eq!(Subject::from_columns("consent", "app"), None);
    }
}
