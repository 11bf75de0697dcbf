//! Making an account by a link.

use secrecy::SecretString;
use serde_json::{Map, Value};
use vestibule_audit::Source;

use super::{AskError, Letter, Purpose, Recovery, RecoveryUnavailable, RegisterError, verify::email};
use crate::{
    CreateError, Editor, NewUser, User,
    contacts::{Sharing, normal::Address},
    links::targets::ToRegister,
};

/// What somebody chooses who makes an account. There is no more: what they may not choose has no place here (attack A68).
#[derive(Clone, Debug)]
pub struct Registration {
    /// The username. One with an `@` must be the address of the link.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// Attributes that users may edit themselves, by their names.
    pub attributes: Map<String, Value>,
}

/// An account that was made by a link.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Whose it is.
    pub user: User,
    /// What waited at the browser where the link was asked for, by its id. Whoever opened the link may sit at another one.
    pub waiting: Option<String>,
}

impl Recovery {
    /// Asks for a link to make an account; whoever has one at that address is told so by mail. The answer is the same.
    /// `waiting` is the id of what waits at the browser that asks: it comes back with the account, and is in no mail.
    ///
    /// # Errors
    /// A text that is no address, too many from one network, a store that does not answer.
    pub async fn ask_registration(&self, address: &str, from: &Source, waiting: Option<&str>) -> Result<(), AskError> {
        let Address { shown, key } = email(address)?;
        let (waiting, asked) = (waiting.map(str::to_owned), self.occasion(from));
        let letter = Letter::Registration { address: shown, key: key.clone(), waiting, asked };
        self.ask_by_mail(Purpose::Registration, &key, letter).await
    }

    /// The address that a link to make an account was sent to, while it is good.
    ///
    /// # Errors
    /// Where a store does not answer.
    pub async fn look_registration(&self, token: &SecretString) -> Result<Option<String>, RecoveryUnavailable> {
        if !self.settings.registration {
            return Ok(None);
        }
        Ok(self.links.look::<ToRegister>(token).await?.map(|link| link.address))
    }

    /// Makes an account whose address is verified. What was chosen is judged while the link is good; then the link is taken,
    /// and of several callers with the same link one has an account.
    ///
    /// # Errors
    /// A link that is not good any more; what was chosen, which leaves the link good; a store that does not answer.
    pub async fn register(&self, token: &SecretString, chosen: Registration) -> Result<NewAccount, RegisterError> {
        let address = self.look_registration(token).await.map_err(RegisterError::Unavailable)?;
        let new = NewUser {
            email: Some(address.ok_or(RegisterError::LinkUsed)?),
            email_verified: true,
            password: Some(chosen.password),
            attributes: chosen.attributes,
            editor: Editor::User,
            ..NewUser::named(chosen.username)
        };
        let (mut draft, row) = self.users.prepare(new).await?;
        let transaction = self.users.database.begin().await.map_err(CreateError::from)?;
        let row = match draft.insert(&transaction, row, Sharing::Judged).await {
            Ok(row) => row,
            Err(refusal) => {
                transaction.rollback().await.map_err(CreateError::from)?;
                return Err(CreateError::from(self.users.explained(refusal, &draft, None).await).into());
            }
        };
        // It is the last thing before the commit: whoever is refused keeps the link, and without it there is no account.
        let taken = self.links.take::<ToRegister>(token).await.map_err(RecoveryUnavailable::from);
        let Some(link) = taken.map_err(RegisterError::Unavailable)? else {
            transaction.rollback().await.map_err(CreateError::from)?;
            return Err(RegisterError::LinkUsed);
        };
        transaction.commit().await.map_err(CreateError::from)?;
        let user = User::try_from(row).map_err(CreateError::from)?;
        if let Err(error) = self.links.void::<ToRegister>(&link.key).await {
            tracing::warn!(%error, "links to make an account stay until their time is over; the address is taken now");
        }
        tracing::info!(user = %user.id, "a user made themselves an account");
        Ok(NewAccount { user, waiting: link.waiting })
    }
}
