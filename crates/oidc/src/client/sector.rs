//! By which `sub` an application knows people, and which others by the same (OpenID Connect Core section 8, Registration
//! section 5).

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use url::Url;
use vestibule_core::RedirectUri;
use vestibule_outbound::{Fetch, Fetcher};
use vestibule_tokens::Sector;

use super::{Client, ClientMetadata, Clients, MetadataError, metadata::unsupported, proof};
use crate::{Provider, Unavailable, tables::client};

/// The longest document with redirect URIs that is read, in bytes.
const LONGEST: usize = 256 * 1024;
const MEMBER: &str = "sector_identifier_uri";

/// By which `sub` an application knows people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// By the same as all others that have this.
    #[default]
    Public,
    /// By one that only the applications of its sector share.
    Pairwise,
}

impl Client {
    /// The sector in which it knows people; nothing where it knows them as everybody does.
    #[must_use]
    pub fn sector(&self) -> Option<Sector> {
        of(&self.metadata)
    }
}

/// The sector that is registered: the host of `sector_identifier_uri`, else the one of all redirect URIs.
pub(super) fn of(metadata: &ClientMetadata) -> Option<Sector> {
    if metadata.subject_type == SubjectType::Public {
        return None;
    }
    let named = metadata.sector_identifier_uri.as_deref();
    let host = host(named.or(metadata.redirect_uris.first().map(RedirectUri::as_str))?)?;
    Some(Sector::of_host(&host))
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// Checks what is registered, but for the document that would have to be fetched.
pub(super) fn check(metadata: &ClientMetadata) -> Result<(), MetadataError> {
    if let Some(uri) = &metadata.sector_identifier_uri
        && !proof::is_fetched(uri)
    {
        let why = "write an https URL (http only for this machine) without credentials";
        return Err(unsupported(MEMBER, why));
    }
    if metadata.subject_type == SubjectType::Public || metadata.sector_identifier_uri.is_some() {
        return Ok(());
    }
    let mut hosts = metadata.redirect_uris.iter().map(|uri| host(uri.as_str()));
    let Some(Some(first)) = hosts.next() else {
        return Err(unsupported(MEMBER, "pairwise subjects need it where no redirect URI has a host"));
    };
    if hosts.any(|other| other.as_ref() != Some(&first)) {
        return Err(unsupported(MEMBER, "pairwise subjects need it where redirect URIs are on several hosts"));
    }
    if metadata.grant_types.iter().any(|grant| grant == crate::token::DEVICE_CODE) {
        // No redirect proves then that it belongs to the host of its redirect URIs.
        return Err(unsupported(MEMBER, "pairwise subjects need it with the device grant"));
    }
    Ok(())
}

/// Asks the site of a sector whether an application belongs to it: the document there has to hold all of its redirect URIs
/// (Registration section 5). Where no document is named, there is nothing to ask.
///
/// # Errors
/// [`MetadataError`]: one that cannot be had, is no list of URIs, or lacks one of them.
pub async fn check_sector(fetcher: &Fetcher, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    check(metadata)?;
    // Why it cannot be had, the fetcher logs; the words are the same for each reason.
    let fetched = fetcher.fetch(Fetch::get(uri).at_most(LONGEST)).await;
    let fetched = fetched.map_err(|error| unsupported(MEMBER, &error.to_string()))?;
    let listed: Vec<String> = serde_json::from_slice(&fetched.body)
        .map_err(|_| unsupported(MEMBER, "what is there is no JSON array of redirect URIs"))?;
    match metadata.redirect_uris.iter().find(|uri| !listed.iter().any(|listed| listed == uri.as_str())) {
        None => Ok(()),
        Some(missing) => Err(unsupported(MEMBER, &format!("the list there lacks the redirect URI {missing}"))),
    }
}

impl Provider {
    /// Asks the site of a sector whether an application that is to be registered, or changed, belongs to it.
    ///
    /// # Errors
    /// See [`check_sector`].
    pub async fn check_sector(&self, metadata: &ClientMetadata) -> Result<(), MetadataError> {
        check_sector(self.fetcher(), metadata).await
    }
}

impl Clients {
    /// The sectors in which applications know people.
    ///
    /// # Errors
    /// A database that does not answer.
    pub(crate) async fn sectors(&self) -> Result<Vec<Sector>, Unavailable> {
        let hosts: Vec<String> = client::Entity::find()
            .select_only()
            .column(client::Column::Sector)
            .filter(client::Column::Sector.is_not_null())
            .distinct()
            .order_by_asc(client::Column::Sector)
            .into_tuple()
            .all(self.database.reader())
            .await?;
        Ok(hosts.iter().map(|host| Sector::of_host(host)).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::specimen;

    fn read(more: Value) -> Result<Option<String>, String> {
        let mut members = json!({ "subject_type": "pairwise",
            "redirect_uris": ["https://rp.example/cb", "https://rp.example:8443/other"] });
        members.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        specimen::with(members)
            .map(|new| of(&new.metadata).map(|sector| sector.host().to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_sector_is_the_host_of_the_document_or_of_all_redirect_uris() {
        assert_eq!(read(json!({})), Ok(Some("rp.example".to_owned())));
        assert_eq!(read(json!({ "subject_type": "public" })), Ok(None));
        let named = json!({ "sector_identifier_uri": "https://Group.example/rps.json" });
        assert_eq!(read(named), Ok(Some("group.example".to_owned())));
    }

    #[test]
    fn where_the_sector_would_be_open_to_doubt_it_has_to_be_named() {
        for more in [
            json!({ "redirect_uris": ["https://rp.example/cb", "https://other.example/cb"] }),
            json!({ "redirect_uris": ["com.example.app:/cb"] }),
            json!({ "redirect_uris": [], "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"] }),
            json!({ "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"] }),
            json!({ "sector_identifier_uri": "http://rp.example/list" }),
            json!({ "sector_identifier_uri": "https://user:secret@rp.example/list" }),
            json!({ "sector_identifier_uri": "no URL" }),
        ] {
            let said = read(more.clone()).expect_err("it was taken");
            assert!(said.starts_with(MEMBER), "{more}: {said}");
        }
    }
}
