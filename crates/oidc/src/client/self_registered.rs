//! Applications that registered themselves: by which door they came, and the token by which they look after themselves
//! (RFC 7592).

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};
use vestibule_core::ClientId;

use super::{AuthMethod, Client, Clients, ClientsError, CreatedClient, NewClient};
use crate::{
    Unavailable,
    tables::{client, consent, grant},
};

/// What a registration access token begins with, so that a scanner for leaked secrets knows it.
const TOKEN_PREFIX: &str = "vst_registration_";
/// How many of those that nobody uses are forgotten at a time.
const BATCH: u64 = 100;

/// By which door an application came that registered itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfRegistered {
    /// With an initial access token: whoever runs it was given that by somebody here.
    Invited,
    /// The door stood open: anybody may have sent it.
    Open,
}

impl SelfRegistered {
    /// Its name in the table.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "token",
            Self::Open => "open",
        }
    }

    /// From its name in the table.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Invited, Self::Open].into_iter().find(|door| door.as_str() == name)
    }
}

impl Clients {
    /// Registers an application that came by itself, in a transaction of the caller's. It comes with the token by which it looks
    /// after itself.
    pub(crate) async fn create_in(
        &self,
        transaction: &DatabaseTransaction,
        new: &NewClient,
        door: SelfRegistered,
    ) -> Result<(CreatedClient, String), ClientsError> {
        self.check(new)?;
        let id = ClientId::random(&self.random);
        let secret = AuthMethod::has_secret(new.auth_method).then(|| self.new_secret(new.secret_is_a_key()));
        let token = format!("{TOKEN_PREFIX}{}", self.random.token());
        let row = client::ActiveModel {
            secret_digest: Set(secret.as_deref().map(|secret| self.digest_bytes(secret))),
            secret_sealed: Set(secret.as_deref().and_then(|secret| self.sealed(&id, new.secret_is_a_key(), secret))),
            self_registered: Set(Some(door.as_str().to_owned())),
            registration_digest: Set(Some(self.registration_key.digest(&token).as_bytes().to_vec())),
            ..self.row(id, new, self.clock.now())?
        };
        let client = Client::try_from(client::Entity::insert(row).exec_with_returning(transaction).await?)?;
        Ok((CreatedClient { client, secret }, token))
    }

    /// The application `id`, where `token` is its registration access token. One that is not there costs as much.
    pub(crate) async fn looked_after(&self, id: &ClientId, token: &str) -> Result<Option<Client>, Unavailable> {
        let presented = self.registration_key.digest(token);
        let client = self.read(id).await?;
        let expected = client.as_ref().and_then(|client| client.registration_digest);
        let matches = presented == expected.unwrap_or_else(|| self.registration_key.digest(""));
        Ok(client.filter(|_| matches && expected.is_some()))
    }

    /// The ids of some of those that registered themselves so long ago, and that nobody allowed anything so far. They are at
    /// most a hundred.
    pub(crate) async fn unused(&self, since: Duration) -> Result<Vec<ClientId>, Unavailable> {
        let before = self.clock.now() - since;
        let allowed = Query::select().column(consent::Column::ClientId).from(consent::Entity).to_owned();
        let given = Query::select().column(grant::Column::ClientId).from(grant::Entity).to_owned();
        let ids: Vec<String> = client::Entity::find()
            .select_only()
            .column(client::Column::Id)
            .filter(client::Column::SelfRegistered.is_not_null())
            .filter(client::Column::CreatedAt.lt(before.millis()))
            .filter(Expr::col(client::Column::Id).not_in_subquery(allowed))
            .filter(Expr::col(client::Column::Id).not_in_subquery(given))
            .order_by_asc(client::Column::CreatedAt)
            .limit(BATCH)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(ids.into_iter().map(ClientId::from).collect())
    }
}
