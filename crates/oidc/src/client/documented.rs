//! Applications that are known by a document at their `client_id`, as rows of the table: written when the document was fetched, and
//! forgotten like others that registered themselves. What made it worth fetching is decided in [`documents`](crate::documents).

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QuerySelect, sea_query::OnConflict,
};
use vestibule_audit::{Actor, Audit, Details, Event, Kind, ObjectType};
use vestibule_core::{ClientId, Timestamp};

use super::{AuthMethod, Client, Clients, ClientsError, NewClient, SelfRegistered, sector};
use crate::{
    Unavailable,
    registration::as_strict_as,
    tables::{client, consent, grant},
};

/// How old the document of an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentCopy {
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Until when it need not be fetched again.
    pub fresh_until: Timestamp,
}

impl DocumentCopy {
    /// From the columns of the table.
    pub(super) fn of(fetched_at: Option<i64>, fresh_until: Option<i64>) -> Option<Self> {
        let (fetched_at, fresh_until) = (fetched_at?, fresh_until?);
        Some(Self { fetched_at: Timestamp::from_millis(fetched_at), fresh_until: Timestamp::from_millis(fresh_until) })
    }
}

/// What came of writing what a document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// The application was not known before.
    New,
    /// It says what it said.
    Same,
    /// It says something else.
    Changed,
    /// It proves itself in another way than before: what it was given ended with that.
    OtherKind,
    /// There is an application of that id that an administrator registered. It stays as it is.
    NotOurs,
    /// There are too many of them.
    Full,
}

impl Written {
    /// As what it stands in the record of what happened.
    fn is_told(self) -> Option<Kind> {
        match self {
            Self::New => Some(Kind::Registered),
            Self::Changed | Self::OtherKind => Some(Kind::Updated),
            Self::Same | Self::NotOurs | Self::Full => None,
        }
    }
}

impl Clients {
    /// Writes what the document at `id` says, where there are not `most` of such applications already.
    ///
    /// People are asked anew where something changed that they went by: the name, where they are sent, how the application proves
    /// itself (draft section 6.3, Changes in Client Metadata).
    ///
    /// # Errors
    /// Metadata that cannot be honoured, or a database that does not answer.
    pub(crate) async fn write_document(
        &self,
        id: &ClientId,
        new: NewClient,
        copy: DocumentCopy,
        most: u64,
        audit: &Audit,
    ) -> Result<Written, ClientsError> {
        self.check(&new)?;
        let name = new.name.clone();
        let transaction = self.database.begin().await?;
        let found = client::Entity::find_by_id(id.as_str()).lock_exclusive().one(&transaction).await?;
        let written = match found {
            None => self.insert_document(&transaction, id, &new, copy, most).await?,
            Some(row) if row.self_registered.as_deref() != Some(SelfRegistered::Document.as_str()) => Written::NotOurs,
            Some(row) => self.replace_document(&transaction, row, new, copy).await?,
        };
        if let Some(kind) = written.is_told() {
            let event = Event::new(kind, Actor::Client(id.clone()))
                .object(ObjectType::Client, id.as_str())
                .details(Details::new().name(&name));
            audit.record_in(&transaction, event).await.map_err(Unavailable::because)?;
        }
        self.commit(transaction, id).await?;
        Ok(written)
    }

    async fn insert_document(
        &self,
        transaction: &DatabaseTransaction,
        id: &ClientId,
        new: &NewClient,
        copy: DocumentCopy,
        most: u64,
    ) -> Result<Written, ClientsError> {
        let by_document = client::Column::SelfRegistered.eq(SelfRegistered::Document.as_str());
        if client::Entity::find().filter(by_document).count(transaction).await? >= most {
            return Ok(Written::Full);
        }
        let row = client::ActiveModel {
            self_registered: Set(Some(SelfRegistered::Document.as_str().to_owned())),
            document_fetched_at: Set(Some(copy.fetched_at.millis())),
            document_fresh_until: Set(Some(copy.fresh_until.millis())),
            ..self.row(id.clone(), new, self.clock.now())?
        };
        // Another replica may have fetched it in the same moment.
        let once = OnConflict::column(client::Column::Id).do_nothing().to_owned();
        let inserted = client::Entity::insert(row).on_conflict(once).exec_without_returning(transaction).await?;
        Ok(if inserted == 1 { Written::New } else { Written::Same })
    }

    async fn replace_document(
        &self,
        transaction: &DatabaseTransaction,
        before: client::Model,
        new: NewClient,
        copy: DocumentCopy,
    ) -> Result<Written, ClientsError> {
        let known = Client::try_from(before.clone())?;
        let new = as_strict_as(&known, new);
        self.check(&new)?;
        let other_kind = new.auth_method != known.auth_method;
        let name = new.name.trim().to_owned();
        let row = client::Model {
            auth_method: new.auth_method.map(|method| method.as_str().to_owned()),
            metadata: serde_json::to_string(&new.metadata).map_err(Unavailable::from)?,
            sector: sector::of(&new.metadata).map(|sector| sector.host().to_owned()),
            require_pkce: new.auth_method == Some(AuthMethod::None) || new.require_pkce != Some(false),
            document_fetched_at: Some(copy.fetched_at.millis()),
            document_fresh_until: Some(copy.fresh_until.millis()),
            name,
            ..before.clone()
        };
        let same = row.metadata == before.metadata && row.name == before.name && !other_kind;
        let asks_anew =
            other_kind || row.name != before.name || new.metadata.redirect_uris != known.metadata.redirect_uris;
        // It is how a change is noticed.
        let updated_at = if same { before.updated_at } else { self.clock.now().millis().max(before.updated_at + 1) };
        let id = row.id.clone();
        let row = client::Model { updated_at, ..row };
        row.into_active_model().reset_all().update(transaction).await?;
        if asks_anew {
            consent::Entity::delete_many().filter(consent::Column::ClientId.eq(&id)).exec(transaction).await?;
        }
        if other_kind {
            // What a refresh token is bound to hangs on whether its application can keep a secret.
            grant::Entity::delete_many().filter(grant::Column::ClientId.eq(&id)).exec(transaction).await?;
            return Ok(Written::OtherKind);
        }
        Ok(if same { Written::Same } else { Written::Changed })
    }
}
