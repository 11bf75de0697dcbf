//! The arguments that describe an API.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use vestibule_core::ClientId;
use vestibule_oidc::client::NewApi;
use vestibule_tokens::SigningAlgorithm;

use crate::{cli::Failure, config};

/// `vestibule apis create`
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArguments {
    /// Its identifier, an absolute URI such as https://api.example.com: the audience of its tokens
    identifier: String,
    /// The name that people are shown
    #[arg(long)]
    name: Option<String>,
    /// A scope that it owns, with or without words for people: 'notes.read=Read your notes' (several times for several)
    #[arg(long = "scope", value_name = "SCOPE[=WORDS]")]
    scopes: Vec<String>,
    /// What its access tokens are signed with: one of keys.algorithms [default: tokens.access_token_alg]
    #[arg(long, value_name = "ALGORITHM")]
    access_token_alg: Option<SigningAlgorithm>,
    /// How long its access tokens live, such as 10m [default: tokens.access_token_lifetime]
    #[arg(long, value_name = "DURATION", value_parser = config::parse_duration)]
    access_token_lifetime: Option<Duration>,
    /// Its access tokens are opaque: only the provider can read them, and the API asks it by introspection
    #[arg(long)]
    opaque: bool,
    /// A confidential client that the API is when it asks about tokens: it may introspect those meant for the API and hear of
    /// their revocation (several times for several)
    #[arg(long = "client", value_name = "CLIENT_ID")]
    clients: Vec<ClientId>,
    /// Report as one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

impl CreateArguments {
    pub(super) fn new_api(self) -> Result<NewApi, Failure> {
        Ok(NewApi {
            scopes: scopes(&self.scopes)?,
            identifier: self.identifier,
            name: self.name,
            access_token_alg: self.access_token_alg,
            access_token_lifetime: self.access_token_lifetime,
            opaque: self.opaque,
            clients: self.clients,
        })
    }
}

/// The scopes with their words. A text without words may hold several scopes.
fn scopes(given: &[String]) -> Result<Vec<(String, Option<String>)>, Failure> {
    let mut scopes = BTreeMap::new();
    for text in given {
        let (names, words) = match text.split_once('=') {
            Some((name, words)) => (vec![name.trim()], Some(words.trim())),
            None => (text.split_whitespace().collect(), None),
        };
        for name in names {
            let words = words.filter(|words| !words.is_empty()).map(str::to_owned);
            if scopes.insert(name.to_owned(), words).is_some() {
                return Err(Failure::new(format!("--scope: {name} is given twice; give it once")));
            }
        }
    }
    Ok(scopes.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Vec<(String, Option<String>)>, String> {
        let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
        scopes(&given).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_scope_may_carry_words_for_people() {
        let words = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(&["notes.write notes.list", "notes.read=Read your notes, a = b", "notes.tag="]),
            Ok(vec![
                ("notes.list".to_owned(), None),
                ("notes.read".to_owned(), words("Read your notes, a = b")),
                ("notes.tag".to_owned(), None),
                ("notes.write".to_owned(), None),
            ])
        );
    }

    #[test]
    fn a_scope_is_given_once() {
        assert!(
            read(&["notes.read", "notes.read=Read your notes"]).expect_err("twice").contains("notes.read is given")
        );
    }
}
