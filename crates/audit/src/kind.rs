//! What kinds of things happen.

use std::{fmt, str::FromStr};

/// No kind goes by that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of audit record is called {0:?}; the known ones are: {known}", known = Kind::names())]
pub struct UnknownKind(String);

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What happened. For [`Kind::Created`], [`Kind::Updated`] and [`Kind::Deleted`] the object's type says to what.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its name in records, which never changes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// Somebody proved who they are, and a session began.
    SignedIn = "signed_in",
    /// A try to sign in was refused. What was typed is not told.
    SignInFailed = "sign_in_failed",
    /// Somebody ended their session.
    SignedOut = "signed_out",
    /// Too many tries: sign-ins are refused for a while.
    Locked = "locked",
    /// One session was ended, by its person or an administrator.
    SessionEnded = "session_ended",
    /// All sessions of a person were ended, or all but one.
    SessionsEnded = "sessions_ended",
    /// A password was set, in knowledge of the old one or by an administrator.
    PasswordChanged = "password_changed",
    /// A link to set a new password was asked for.
    PasswordResetRequested = "password_reset_requested",
    /// A password was set by such a link.
    PasswordReset = "password_reset",
    /// An address was shown to be a person's.
    EmailVerified = "email_verified",
    /// A person's address changed.
    EmailChanged = "email_changed",
    /// A second factor was switched on.
    SecondFactorEnabled = "second_factor_enabled",
    /// A second factor was switched off.
    SecondFactorDisabled = "second_factor_disabled",
    /// A second factor was shown.
    SecondFactorUsed = "second_factor_used",
    /// A second factor was refused.
    SecondFactorFailed = "second_factor_failed",
    /// A recovery code stood in for the second factor, and is spent.
    RecoveryCodeUsed = "recovery_code_used",
    /// New recovery codes replaced the old ones.
    RecoveryCodesRenewed = "recovery_codes_renewed",
    /// A person allowed an application something.
    ConsentGranted = "consent_granted",
    /// A person took that back.
    ConsentWithdrawn = "consent_withdrawn",
    /// A refresh token was used that somebody else had used before: what the application was given is void.
    RefreshTokenReused = "refresh_token_reused",
    /// An API token was made.
    ApiTokenCreated = "api_token_created",
    /// An API token ended before its time.
    ApiTokenRevoked = "api_token_revoked",
    /// A permission was given to a person or a group.
    Granted = "granted",
    /// A permission was taken from a person or a group.
    Revoked = "revoked",
    /// A person or a group became a member of a group.
    MemberAdded = "member_added",
    /// A person or a group is a member of a group no more.
    MemberRemoved = "member_removed",
    /// Something was created.
    Created = "created",
    /// Something was changed.
    Updated = "updated",
    /// Something was deleted.
    Deleted = "deleted",
    /// A person may sign in again.
    Activated = "activated",
    /// A person may sign in no more.
    Deactivated = "deactivated",
    /// Somebody made themselves an account.
    Registered = "registered",
    /// People, groups or applications came from another system.
    Imported = "imported",
    /// An application got a new secret.
    SecretRotated = "secret_rotated",
    /// New signing keys were made, or secrets sealed anew.
    KeysRotated = "keys_rotated",
}

impl Kind {
    fn names() -> String {
        Self::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == name);
        found.ok_or_else(|| UnknownKind(name.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_and_no_other() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert!("Signed_In".parse::<Kind>().unwrap_err().to_string().contains("signed_in, "));
    }
}
