//! Setting a new password by a link.
//!
//! What was typed is judged and hashed while the link is still good, so that a password that breaks a rule does not cost the
//! link. Then the link is taken, once; and whether it still holds is asked again where the password is written.

use secrecy::SecretString;
use vestibule_audit::Source;
use vestibule_core::UserId;

use super::{Letter, Notice, Recovery, RecoveryUnavailable, ResetError};
use crate::{
    User,
    links::targets::{ToRecover, ToVerify},
};

impl Recovery {
    /// Whose password a link would set, while it is good.
    ///
    /// # Errors
    /// Where a store does not answer.
    pub async fn look(&self, token: &SecretString) -> Result<Option<User>, RecoveryUnavailable> {
        let Some(link) = self.links.look::<ToRecover>(token).await? else { return Ok(None) };
        match self.present(link.user).await? {
            Some(present) if self.recovers(&link, &present) => Ok(Some(present.row.try_into()?)),
            _ => Ok(None),
        }
    }

    /// Sets a new password by a link, and tells its person by mail. Of several callers with the same link, one succeeds. It is
    /// for the caller to end sessions and tokens; nobody is signed in, and the second factor stays as it is.
    ///
    /// # Errors
    /// A link that is not good any more; a password that breaks rules, or a busy pool, which leave the link good; a store that
    /// does not answer.
    pub async fn reset(
        &self,
        token: &SecretString,
        password: &SecretString,
        from: &Source,
    ) -> Result<User, ResetError> {
        let user = self.look(token).await?.ok_or(ResetError::LinkUsed)?;
        let problems = self.users.check_password(&user, password).await?;
        if !problems.is_empty() {
            return Err(ResetError::WeakPassword(problems));
        }
        let hash = self.users.hasher.hash(password).await.map_err(crate::Unavailable::Hashing)?;
        let link = self.links.take::<ToRecover>(token).await?.ok_or(ResetError::LinkUsed)?;
        self.write(&link, hash, from).await?;
        self.void_links(link.user).await;
        tracing::info!(user = %link.user, "a new password was set by a link");
        Ok(user)
    }

    /// Writes the password and the mail that tells of it, where the link holds at that very moment.
    async fn write(&self, link: &ToRecover, hash: String, from: &Source) -> Result<(), ResetError> {
        let transaction = self.users.database.begin().await?;
        match self.users.lock(&transaction, link.user).await? {
            Some(present) if self.recovers(link, &present) => {
                self.users.write_password(&transaction, present.row, Some(hash), Some(self.users.clock.now())).await?;
            }
            _ => {
                transaction.rollback().await?;
                return Err(ResetError::LinkUsed);
            }
        }
        let happened = self.occasion(from);
        let letter = Letter::Notice { user: link.user, notice: Notice::PasswordChanged, happened };
        self.outbox.enqueue_in(&transaction, letter.kind(), &letter).await?;
        self.users.commit_known(transaction, link.user).await?;
        self.outbox.wake();
        Ok(())
    }

    /// With the password, every link that was made for it has come to its end. This only clears them away.
    async fn void_links(&self, user: UserId) {
        let owner = user.to_string();
        for voided in [self.links.void::<ToRecover>(&owner).await, self.links.void::<ToVerify>(&owner).await] {
            if let Err(error) = voided {
                tracing::warn!(%user, %error, "links that are not good any more stay until their time is over");
            }
        }
    }
}
