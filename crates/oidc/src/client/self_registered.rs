//! Applications that registered themselves: by which door they came, and the token by which they look after themselves
//! (RFC 7592).

use std::time::Duration;

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};
use vestibule_core::ClientId;

use super::{Client, Clients, ClientsError, CreatedClient, NewClient};
use crate::{
    Unavailable,
    tables::{client, consent, grant},
    token::NOBODY_ASKED,
};

/// What a registration access token begins with, so that a scanner for leaked secrets knows it.
const TOKEN_PREFIX: &str = "vst_registration_";
/// How many of those that nobody uses are looked for at a time.
const BATCH: u64 = 100;
/// After what time one is forgotten that nobody allowed anything and that is known by a document. Nothing is lost by that: it can
/// be fetched again.
const UNUSED_DOCUMENT: Duration = Duration::from_secs(24 * 3600);

/// By which door an application came that registered itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfRegistered {
    /// With an initial access token: whoever runs it was given that by somebody here.
    Invited,
    /// The door stood open: anybody may have sent it.
    Open,
    /// By none: its `client_id` is the address of a document that says what it is.
    Document,
}

impl SelfRegistered {
    /// Its name in the table.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "token",
            Self::Open => "open",
            Self::Document => "document",
        }
    }

    /// From its name in the table.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Invited, Self::Open, Self::Document].into_iter().find(|door| door.as_str() == name)
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
        let (row, secret) = self.new_row(new)?;
        let token = format!("{TOKEN_PREFIX}{}", self.random.token());
        let row = client::ActiveModel {
            self_registered: Set(Some(door.as_str().to_owned())),
            registration_digest: Set(Some(self.registration_key.digest(&token).as_bytes().to_vec())),
            ..row
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

    /// The next of those that registered themselves so long ago, and that nobody allowed anything so far, after `last` in the order
    /// of their ids, and where to go on from; nothing where there are no more. Of some of them nobody is asked: the organisation's
    /// own, and those that act for themselves. They may be in use all the same, and are none of these.
    pub(crate) async fn unused(
        &self,
        since: Duration,
        last: &str,
    ) -> Result<Option<(Vec<ClientId>, String)>, Unavailable> {
        let now = self.clock.now();
        let by_document = client::Column::SelfRegistered.eq(SelfRegistered::Document.as_str());
        let long_ago = client::Column::CreatedAt.lt((now - since).millis());
        let not_fetched = client::Column::DocumentFetchedAt.lt((now - UNUSED_DOCUMENT).millis());
        let due = Condition::any().add(by_document.clone().not().and(long_ago)).add(by_document.and(not_fetched));
        let allowed = Query::select().column(consent::Column::ClientId).from(consent::Entity).to_owned();
        let given = Query::select().column(grant::Column::ClientId).from(grant::Entity).to_owned();
        let rows = client::Entity::find()
            .filter(client::Column::Id.gt(last))
            .filter(client::Column::SelfRegistered.is_not_null())
            .filter(client::Column::FirstParty.eq(false))
            .filter(due)
            .filter(Expr::col(client::Column::Id).not_in_subquery(allowed))
            .filter(Expr::col(client::Column::Id).not_in_subquery(given))
            .order_by_asc(client::Column::Id)
            .limit(BATCH)
            .all(self.database.reader())
            .await?;
        let Some(last) = rows.last().map(|row| row.id.clone()) else { return Ok(None) };
        let clients = rows.into_iter().map(Client::try_from).collect::<Result<Vec<_>, _>>()?;
        let unused = clients.into_iter().filter(|client| !acts_for_itself(client)).map(|client| client.id);
        Ok(Some((unused.collect(), last)))
    }
}

/// Whether it can come to tokens without anybody allowing it anything.
fn acts_for_itself(client: &Client) -> bool {
    NOBODY_ASKED.iter().any(|grant| client.may_use_grant(grant))
}
