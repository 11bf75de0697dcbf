//! A grant as the table holds it.

use sea_orm::ActiveValue::Set;
use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, GrantId, PublicSessionId, ScopeSet, Timestamp, TokenId, UserId};
use vestibule_tokens::{Authentication, Confirmation, TokenFacts};

use super::{
    damaged,
    lineage::{self, Lineage},
};
use crate::{RequestedClaims, Unavailable, tables::grant};

/// A grant to be kept.
#[derive(Clone, Debug)]
pub(crate) struct NewGrant {
    pub(crate) id: GrantId,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    /// The session that it ends with; nothing where it outlives that.
    pub(crate) session: Option<PublicSessionId>,
    pub(crate) scope: ScopeSet,
    pub(crate) resources: Vec<String>,
    pub(crate) authentication: Authentication,
    /// Single claims that were asked for with it.
    pub(crate) claims: RequestedClaims,
    /// The key that its tokens are bound to, of a client that has nothing else to prove itself by.
    pub(crate) confirmation: Option<Confirmation>,
    /// When it was given: what ends the grants of before ends it.
    pub(crate) granted_at: Timestamp,
    /// Its end, where that is before the one of the policy.
    pub(crate) expires_at: Option<Timestamp>,
}

impl NewGrant {
    pub(super) fn into_row(
        self,
        expires_at: Timestamp,
        ends_at: Timestamp,
    ) -> Result<grant::ActiveModel, serde_json::Error> {
        let asked = (self.claims != RequestedClaims::default()).then_some(&self.claims);
        let claims = asked.map(serde_json::to_string).transpose()?;
        let confirmation = self.confirmation.as_ref().map(serde_json::to_string).transpose()?;
        Ok(grant::ActiveModel {
            id: Set(self.id.to_string()),
            client_id: Set(self.client.to_string()),
            user_id: Set(self.user.to_string()),
            session: Set(self.session.map(|sid| sid.to_string())),
            scope: Set(self.scope.to_string()),
            resources: Set(serde_json::to_string(&self.resources)?),
            auth_time: Set(self.authentication.time.millis()),
            acr: Set(self.authentication.acr),
            amr: Set(serde_json::to_string(&self.authentication.amr)?),
            confirmation: Set(confirmation),
            claims: Set(claims),
            granted_at: Set(self.granted_at.millis()),
            expires_at: Set(expires_at.millis()),
            ends_at: Set(ends_at.millis()),
            imported_digest: Set(None),
            generation: Set(i64::from(lineage::FIRST)),
            spent: Set("[]".to_owned()),
        })
    }
}

/// A grant that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) id: GrantId,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    pub(crate) session: Option<PublicSessionId>,
    pub(crate) scope: ScopeSet,
    pub(crate) resources: Vec<String>,
    pub(crate) authentication: Authentication,
    pub(crate) claims: RequestedClaims,
    pub(crate) confirmation: Option<Confirmation>,
    pub(crate) granted_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) lineage: Lineage,
}

impl Kept {
    /// What the revocation log knows it by. The moment is when it was given, since it is older than the tokens minted from it.
    pub(crate) fn facts(&self, token: TokenId) -> TokenFacts {
        TokenFacts {
            token,
            grant: Some(self.id),
            session: self.session,
            user: Some(self.user),
            client: self.client.clone(),
            minted_at: self.granted_at,
        }
    }
}

impl TryFrom<grant::Model> for Kept {
    type Error = Unavailable;

    fn try_from(row: grant::Model) -> Result<Self, Unavailable> {
        fn json<'a, T: Deserialize<'a> + Serialize>(row: &str, text: &'a str, what: &str) -> Result<T, Unavailable> {
            serde_json::from_str(text).map_err(|_| damaged(row, what).into())
        }
        let wrong = |what: &str| Unavailable::from(damaged(&row.id, what));
        Ok(Self {
            id: row.id.parse().map_err(|_| wrong("id"))?,
            user: row.user_id.parse().map_err(|_| wrong("user_id"))?,
            session: row.session.as_deref().map(str::parse).transpose().map_err(|_| wrong("session"))?,
            scope: row.scope.parse().map_err(|_| wrong("scope"))?,
            resources: json(&row.id, &row.resources, "resources")?,
            authentication: Authentication {
                time: Timestamp::from_millis(row.auth_time),
                acr: row.acr,
                amr: json(&row.id, &row.amr, "amr")?,
            },
            claims: row.claims.as_deref().map(|text| json(&row.id, text, "claims")).transpose()?.unwrap_or_default(),
            confirmation: row.confirmation.as_deref().map(|text| json(&row.id, text, "confirmation")).transpose()?,
            granted_at: Timestamp::from_millis(row.granted_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            ends_at: Timestamp::from_millis(row.ends_at),
            lineage: Lineage::read(row.generation, &row.spent).ok_or_else(|| wrong("generation or spent"))?,
            client: row.client_id.into(),
        })
    }
}
