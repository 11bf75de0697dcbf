//! Identifiers, each its own type, so that one cannot be passed for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::{Random, Timestamp};

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// From its sixteen bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

macro_rules! random_id {
    ($name:ident) => {
        impl $name {
            /// A new one, at random (UUID version 4): it tells nothing of when it was made.
            #[must_use]
            pub fn random(random: &Random) -> Self {
                Self(Builder::from_random_bytes(random.bytes()).into_uuid())
            }
        }
    };
}

uuid_id! {
    /// A person, never reused and never changed. It is the `sub` of what Vestibule says of them, but to applications that know people
    /// by a `sub` of their own (pairwise subjects).
    UserId
}
random_id!(UserId);

uuid_id! {
    /// One consent turned into tokens: everything minted from one authorization code carries it (as `grant_id`), so that
    /// all of it can be revoked by one entry of the revocation log.
    GrantId
}
random_id!(GrantId);

uuid_id! {
    /// An API token, as its owner's list names it. It tells nothing of the token.
    ApiTokenId
}
random_id!(ApiTokenId);

uuid_id! {
    /// The `sid` of ID tokens: names a browser session to applications without being its secret.
    PublicSessionId
}
random_id!(PublicSessionId);

uuid_id! {
    /// A group of people.
    GroupId
}
random_id!(GroupId);

uuid_id! {
    /// A permission that an application registered. People name it `app.codename`.
    PermissionId
}
random_id!(PermissionId);

uuid_id! {
    /// The `jti` of a token (UUID version 7): unique, and carries the millisecond at which the token was minted.
    TokenId
}

impl TokenId {
    /// A new one, minted `now`.
    #[must_use]
    pub fn mint(now: Timestamp, random: &Random) -> Self {
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(millis, &random.bytes()).into_uuid())
    }

    /// When the token was minted, to the millisecond; `None` for an id that was not made by [`TokenId::mint`].
    #[must_use]
    pub fn minted_at(&self) -> Option<Timestamp> {
        let timestamp = self.0.get_timestamp()?;
        let (seconds, nanos) = timestamp.to_unix();
        let millis = i64::try_from(seconds).ok()?.checked_mul(1000)? + i64::from(nanos / 1_000_000);
        Some(Timestamp::from_millis(millis))
    }
}

/// The `client_id` of an application (RFC 6749 section 2.2): text, since imported and registered ones bring their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// A new one, at random.
    #[must_use]
    pub fn random(random: &Random) -> Self {
        Self(Builder::from_random_bytes(random.bytes()).into_uuid().to_string())
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for ClientId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for ClientId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_id_remembers_the_millisecond_it_was_minted_in() {
        let moment = Timestamp::from_millis(1_795_403_640_123);
        let id = TokenId::mint(moment, &Random::system());
        assert_eq!(id.minted_at(), Some(moment));
        assert_eq!(id.to_string().parse::<TokenId>().ok(), Some(id));
    }

    #[test]
    fn a_random_uuid_is_no_token_id_with_a_time() {
        let user = UserId::random(&Random::system());
        assert_eq!(TokenId(user.0).minted_at(), None);
    }
}
