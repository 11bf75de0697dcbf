//! Grants that another system gave: whoever holds its refresh token goes on here, as if nothing had happened.

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, sea_query::OnConflict};
use vestibule_core::{ClientId, Digest, GrantId, Random, ScopeSet, Timestamp, UserId};
use vestibule_tokens::Authentication;

use super::{Grants, NewGrant, lineage, token::Tokens};
use crate::{RequestedClaims, tables::grant};

/// A grant of another system. It belongs to no session of ours, so it ends with its person, application or consent, and in time.
#[derive(Clone, Debug)]
pub struct ImportedGrant {
    /// The application, which must be there.
    pub client: ClientId,
    /// The person, who must be there.
    pub user: UserId,
    /// What was granted.
    pub scope: ScopeSet,
    /// When the person signed in for it, as well as that is known.
    pub authenticated_at: Timestamp,
    /// Its end, where that is before the one that is configured here.
    pub expires_at: Option<Timestamp>,
    /// Its refresh token.
    pub token: ImportedToken,
}

/// A refresh token of another system, as well as that system knows it.
#[derive(Clone)]
pub enum ImportedToken {
    /// The token itself.
    Plain(String),
    /// Its SHA-256 checksum.
    Sha256([u8; 32]),
}

impl ImportedToken {
    fn digest(&self, tokens: &Tokens) -> Digest {
        match self {
            Self::Plain(text) => tokens.digest_of(text),
            Self::Sha256(checksum) => tokens.digest_of_checksum(checksum),
        }
    }
}

impl std::fmt::Debug for ImportedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ImportedToken(..)")
    }
}

impl Grants {
    /// Takes a grant in, in the transaction of an import. Nothing where its token is known already: importing again gives nothing
    /// twice.
    ///
    /// # Errors
    /// An application or a person that is not there, or a database that does not answer.
    pub async fn insert_in(
        &self,
        transaction: &impl ConnectionTrait,
        imported: ImportedGrant,
        random: &Random,
    ) -> Result<Option<GrantId>, DbErr> {
        let (now, policy) = (self.now(), *self.policy());
        let expires_at = imported.expires_at.map_or(now + policy.absolute, |end| end.min(now + policy.absolute));
        let digest = imported.token.digest(&self.0.tokens);
        let id = GrantId::random(random);
        let new = NewGrant {
            id,
            client: imported.client,
            user: imported.user,
            session: None,
            scope: imported.scope,
            resources: Vec::new(),
            authentication: Authentication { time: imported.authenticated_at, acr: None, amr: Vec::new() },
            claims: RequestedClaims::default(),
            confirmation: None,
            granted_at: now,
            expires_at: Some(expires_at),
        };
        let row = new.into_row(expires_at, expires_at.min(now + policy.idle));
        let row = grant::ActiveModel {
            imported_digest: Set(Some(digest.as_bytes().to_vec())),
            generation: Set(i64::from(lineage::IMPORTED)),
            ..row.map_err(|error| DbErr::Custom(error.to_string()))?
        };
        let known = OnConflict::column(grant::Column::ImportedDigest).do_nothing().to_owned();
        let inserted = grant::Entity::insert(row).on_conflict(known).exec_without_returning(transaction).await?;
        Ok((inserted == 1).then_some(id))
    }
}
