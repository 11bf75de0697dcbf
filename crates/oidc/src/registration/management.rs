//! An application looks after itself (RFC 7592), by its registration access token.

use serde_json::Value;
use vestibule_audit::{Actor, Details, Event, Kind, ObjectType, Source};
use vestibule_core::ClientId;

use super::{RegistrationError, RegistrationMode, Vouching, answer};
use crate::{
    Provider,
    client::{Client, NewClient, SubjectType},
};

/// The same for a token that is wrong, and for an application that is not there (RFC 7592 section 2).
pub(super) const NOT_THE_TOKEN: &str = "the registration access token is none of this application's";

/// Who asks about an application.
#[derive(Clone, Copy, Debug)]
pub struct Steward<'a> {
    /// The application that the address names.
    pub client: &'a ClientId,
    /// The registration access token, if one came.
    pub token: Option<&'a str>,
    /// From where it comes.
    pub source: &'a Source,
}

impl Provider {
    /// What is registered of an application (RFC 7592 section 2.1).
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub async fn registration(&self, steward: Steward<'_>) -> Result<Value, RegistrationError> {
        let (client, token) = self.looked_after(&steward).await?;
        Ok(answer::known(self.issuer(), &client, token))
    }

    /// Puts what an application says of itself in place of everything that it said before (section 2.2).
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub async fn reregister(&self, steward: Steward<'_>, document: &str) -> Result<Value, RegistrationError> {
        let (client, token) = self.looked_after(&steward).await?;
        self.names_itself(&client, document).await?;
        let held = client.metadata.software_statement.as_deref();
        let vouching = Vouching { held, needed: self.settings().registration.require_software_statement };
        let new = as_strict_as(&client, self.read_registration(document, vouching).await?);
        let update = self.clients().update(&client.id, new, Some(client.updated_at));
        let changed = self.audit().with_change(event(Kind::Updated, &client, steward.source), update).await?;
        Ok(answer::known(self.issuer(), &changed, token))
    }

    /// Forgets an application; its tokens end (section 2.3).
    ///
    /// # Errors
    /// See [`RegistrationError`].
    pub async fn unregister(&self, steward: Steward<'_>) -> Result<(), RegistrationError> {
        let (client, _) = self.looked_after(&steward).await?;
        // First what can be repeated: once the row is gone, nobody finds the application to end its tokens.
        self.revoke_client(&client.id).await?;
        let delete = self.clients().delete(&client.id);
        Ok(self.audit().with_change(event(Kind::Deleted, &client, steward.source), delete).await?)
    }

    async fn looked_after<'a>(&self, steward: &Steward<'a>) -> Result<(Client, &'a str), RegistrationError> {
        if self.settings().registration.mode == RegistrationMode::Off {
            return Err(RegistrationError::Off);
        }
        let refused = RegistrationError::Unauthorized;
        let token = steward.token.ok_or(refused("the registration access token is missing"))?;
        let client = self.clients().looked_after(steward.client, token).await?.ok_or(refused(NOT_THE_TOKEN))?;
        Ok((client, token))
    }

    /// Section 2.2: the document names the application, and where it has a secret in it, that is the one it has.
    async fn names_itself(&self, client: &Client, document: &str) -> Result<(), RegistrationError> {
        let value: Value =
            serde_json::from_str(document).map_err(|error| RegistrationError::Metadata(error.to_string()))?;
        if value["client_id"].as_str() != Some(client.id.as_str()) {
            return Err(RegistrationError::Metadata(
                "client_id: it must be there, and be this application's".to_owned(),
            ));
        }
        match &value["client_secret"] {
            Value::Null => Ok(()),
            Value::String(secret) if self.clients().is_secret_of(&client.id, secret).await? => Ok(()),
            _ => Err(RegistrationError::Metadata("client_secret: it is not the one that was given".to_owned())),
        }
    }
}

/// What protects an application's requests, and whom it may not recognise, stays as it is, whoever said it: an administrator may
/// have.
pub(crate) fn as_strict_as(client: &Client, mut new: NewClient) -> NewClient {
    let (before, after) = (&client.metadata, &mut new.metadata);
    new.require_pkce = Some(new.require_pkce == Some(true) || client.require_pkce);
    after.require_pushed_authorization_requests |= before.require_pushed_authorization_requests;
    after.require_signed_request_object |= before.require_signed_request_object;
    if before.subject_type == SubjectType::Pairwise {
        after.subject_type = SubjectType::Pairwise;
    }
    new
}

fn event(kind: Kind, client: &Client, source: &Source) -> Event {
    Event::new(kind, Actor::Client(client.id.clone()))
        .object(ObjectType::Client, client.id.as_str())
        .details(Details::new().name(&client.name))
        .source(source)
}
