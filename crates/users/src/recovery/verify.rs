//! Showing by a link that an address is somebody's. It becomes one of theirs by that, if it was not before.

use secrecy::SecretString;
use vestibule_audit::Source;
use vestibule_core::UserId;

use super::{AskError, Letter, Purpose, Recovery, RecoveryUnavailable, VerifyError};
use crate::{ContactError, ContactKind, User, contacts::normal::Address, links::targets::ToVerify};

/// What a link to verify an address is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Whose it is to be.
    pub user: User,
    /// The address, as typed.
    pub address: String,
}

impl Recovery {
    /// Asks for a link to `address`, which shows that it is the user's. Until it is used nothing changes; so nobody is reached by
    /// an address that they were not shown to hold.
    ///
    /// # Errors
    /// A text that is no address, too many from one network, a store that does not answer.
    pub async fn ask_verification(&self, user: UserId, address: &str, from: &Source) -> Result<(), AskError> {
        let Address { shown, key } = email(address)?;
        let Some(present) = self.present(user).await? else { return Ok(()) };
        let fingerprint = self.fingerprints.of(&present.row);
        let letter = Letter::Verification { user, address: shown, fingerprint, asked: self.occasion(from) };
        self.ask_by_mail(Purpose::Verification, &key, letter).await
    }

    /// What a link is for, while it is good.
    ///
    /// # Errors
    /// Where a store does not answer.
    pub async fn look_verification(&self, token: &SecretString) -> Result<Option<Verification>, RecoveryUnavailable> {
        let Some(link) = self.links.look::<ToVerify>(token).await? else { return Ok(None) };
        match self.present(link.user).await? {
            Some(present) if self.verifies(&link, &present.row) => {
                Ok(Some(Verification { user: present.row.try_into()?, address: link.address }))
            }
            _ => Ok(None),
        }
    }

    /// Takes a link, and notes that its person was shown to hold the address. Of several callers, one succeeds.
    ///
    /// # Errors
    /// A link that is not good any more, an address that is another's by now or cannot be added, a store that does not answer.
    pub async fn verify(&self, token: &SecretString) -> Result<Verification, VerifyError> {
        let taken = self.links.take::<ToVerify>(token).await.map_err(RecoveryUnavailable::from);
        let link = taken.map_err(VerifyError::Unavailable)?.ok_or(VerifyError::LinkUsed)?;
        self.users.hold_email(link.user, &link.address, |row| self.verifies(&link, row)).await?;
        let user = self.users.get(link.user).await.map_err(ContactError::Unavailable)?.ok_or(VerifyError::LinkUsed)?;
        tracing::info!(user = %link.user, "an address was shown to be a user's");
        Ok(Verification { user, address: link.address })
    }
}

/// A text that was typed as an e-mail address, where whoever reads its mail is who the normal form belongs to.
///
/// The normal form takes more letters for the same than mail servers do: `k` and the Kelvin sign, `ß` and `ss`. Whoever has the
/// one mailbox must not be taken for whoever has the other (attacks A61, A65).
pub(super) fn email(typed: &str) -> Result<Address, AskError> {
    let no_address = |why: &str| AskError::NoAddress(why.to_owned());
    let wrong = |_| no_address("This is not an e-mail address. Write it as name@example.com.");
    let address = Address::new(ContactKind::Email, typed).map_err(wrong)?;
    // The Kelvin sign is a `k` already as a small letter.
    let becomes_ascii = |c: char| !c.is_ascii() && c.to_lowercase().any(|small| small.is_ascii());
    if address.shown.chars().any(becomes_ascii) || address.shown.to_lowercase() != address.key {
        return Err(no_address("This address has letters that can be taken for others. Write it with plain ones."));
    }
    // Mail must be able to get there, too.
    let written = address.shown.parse::<vestibule_outbound::Address>();
    written.map_err(|_| no_address("This is not an e-mail address. Write it as name@example.com."))?;
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a61_an_address_whose_letters_are_taken_for_others_is_refused() {
        for typed in ["eve@example.com", " Eve.Plus+tag@Example.COM ", "m\u{fc}ller@example.de"] {
            assert!(email(typed).is_ok(), "{typed}");
        }
        for typed in [
            "\u{212a}elvin@example.com",
            "\u{ff22}ob@example.com",
            "stra\u{df}e@example.com",
            "bo\u{200b}b@example.com",
        ] {
            assert!(matches!(email(typed), Err(AskError::NoAddress(_))), "{typed}");
        }
        for typed in ["", "eve", "eve@", "a@b@c", "eve@example.com\r\nBcc: bob@example.com", "\"e v\"@example.com"] {
            assert!(matches!(email(typed), Err(AskError::NoAddress(_))), "{typed:?}");
        }
    }
}
