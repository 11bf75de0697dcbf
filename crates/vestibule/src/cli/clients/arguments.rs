//! The arguments that describe an application.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use vestibule_core::{RedirectUri, ScopeSet};
use vestibule_oidc::client::{AuthMethod, MetadataError, NewClient};
use vestibule_tokens::ResponseAlgorithm;

use super::document::{self, place};
use crate::cli::Failure;

/// `vestibule clients create`
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArguments {
    /// The name that people are shown
    #[arg(long, required_unless_present = "metadata")]
    name: Option<String>,
    /// Where the application may be answered (several times for several)
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Where people may be sent after a sign-out (several times for several)
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// Where it is told of the end of a session, by the provider
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// What a browser loads so that it hears of the end of a session
    #[arg(long, value_name = "URL")]
    frontchannel_logout_uri: Option<String>,
    /// The application cannot keep a secret, as one on a phone or in a browser; the same as --auth-method none
    #[arg(long, conflicts_with = "auth_method")]
    public: bool,
    /// How it proves itself: client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth,
    /// self_signed_tls_client_auth or none [default: either of the first two]
    #[arg(long, value_name = "METHOD", value_parser = auth_method)]
    auth_method: Option<AuthMethod>,
    /// Where it publishes its keys, for private_key_jwt and self_signed_tls_client_auth
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// A grant it may use: authorization_code, refresh_token or client_credentials (several times for several) [default: authorization_code]
    #[arg(long = "grant-type", value_name = "GRANT")]
    grant_types: Vec<String>,
    /// A scope it may ask for (several times for several, or several in one) [default: openid profile email address phone groups permissions offline_access]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<ScopeSet>,
    /// The application is the organisation's own: nobody is asked for consent
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    first_party: Option<bool>,
    /// Whether it must use PKCE; a public one must in any case [default: oidc.require_pkce]
    #[arg(long, value_name = "true|false", action = ArgAction::Set, hide_possible_values = true)]
    require_pkce: Option<bool>,
    /// What its ID tokens are signed with: one of keys.algorithms, or HS256, HS384 or HS512 by its secret [default: RS256]
    #[arg(long, value_name = "ALGORITHM")]
    id_token_alg: Option<ResponseAlgorithm>,
    /// People must show a second factor to sign in to it
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    require_second_factor: Option<bool>,
    /// An app that it stands for: it is told of that app's permissions (several times for several)
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,
    /// Read a whole RFC 7591 document, with our own require_pkce, require_second_factor, first_party and apps; - is standard
    /// input. What is given beside it counts in place of what it says
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Report as one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

fn auth_method(name: &str) -> Result<AuthMethod, String> {
    AuthMethod::parse(name).ok_or_else(|| format!("use {}", AuthMethod::ALL.map(AuthMethod::as_str).join(", ")))
}

impl CreateArguments {
    /// What is to be registered, and the apps that it stands for: the document, if there is one, and above it the arguments.
    pub(super) fn new_client(&self) -> Result<(NewClient, Vec<String>), Failure> {
        let (mut new, mut apps) = match &self.metadata {
            Some(path) => document::read(path)?,
            None => (NewClient::named("", Vec::new()), Vec::new()),
        };
        replace(&mut apps, self.apps.clone());
        document::check_apps(&apps).map_err(|why| match &self.metadata {
            Some(path) if self.apps.is_empty() => Failure::new(format!("{}: apps: {why}", place(path))),
            _ => Failure::new(format!("--app: {why}")),
        })?;
        if let Some(name) = &self.name {
            new.name.clone_from(name);
        }
        if self.public {
            new.auth_method = Some(AuthMethod::None);
        }
        new.auth_method = self.auth_method.or(new.auth_method);
        new.first_party = self.first_party.unwrap_or(new.first_party);
        new.require_pkce = self.require_pkce.or(new.require_pkce);
        new.require_second_factor = self.require_second_factor.unwrap_or(new.require_second_factor);
        let metadata = &mut new.metadata;
        if self.jwks_uri.is_some() {
            metadata.jwks_uri.clone_from(&self.jwks_uri);
        }
        for (kept, given) in [
            (&mut metadata.backchannel_logout_uri, &self.backchannel_logout_uri),
            (&mut metadata.frontchannel_logout_uri, &self.frontchannel_logout_uri),
        ] {
            if given.is_some() {
                kept.clone_from(given);
            }
        }
        replace(&mut metadata.redirect_uris, uris("--redirect-uri", &self.redirect_uris)?);
        let after_sign_out = uris("--post-logout-redirect-uri", &self.post_logout_redirect_uris)?;
        replace(&mut metadata.post_logout_redirect_uris, after_sign_out);
        replace(&mut metadata.grant_types, self.grants());
        if !self.grant_types.is_empty() {
            metadata.fit_response_types();
        }
        if let Some(scopes) = self.scopes.iter().cloned().reduce(|all, more| all.union(&more)) {
            metadata.scope = scopes;
        }
        metadata.id_token_signed_response_alg = self.id_token_alg.unwrap_or(metadata.id_token_signed_response_alg);
        Ok((new, apps))
    }

    /// Why the application is refused, with the argument, or the document and member, that says so.
    pub(super) fn refusal(&self, error: &MetadataError) -> Failure {
        let said = error.to_string();
        let (member, why) = said.split_once(": ").unwrap_or(("", &said));
        let (flag, given) = match member {
            "client_name" => ("--name", self.name.is_some()),
            "jwks_uri" => ("--jwks-uri", self.jwks_uri.is_some()),
            "backchannel_logout_uri" => ("--backchannel-logout-uri", self.backchannel_logout_uri.is_some()),
            "frontchannel_logout_uri" => ("--frontchannel-logout-uri", self.frontchannel_logout_uri.is_some()),
            "redirect_uris" => ("--redirect-uri", !self.redirect_uris.is_empty()),
            "grant_types" => ("--grant-type", !self.grant_types.is_empty()),
            "require_pkce" => ("--require-pkce", self.require_pkce.is_some()),
            _ => ("", false),
        };
        match &self.metadata {
            Some(path) if !given => Failure::new(format!("{}: {said}", place(path))),
            _ if flag.is_empty() => Failure::new(said),
            _ => Failure::new(format!("{flag}: {why}")),
        }
    }

    fn grants(&self) -> Vec<String> {
        self.grant_types.iter().flat_map(|grants| grants.split_whitespace()).map(str::to_owned).collect()
    }
}

/// Puts what was given in place of what was there.
fn replace<T>(was: &mut Vec<T>, given: Vec<T>) {
    if !given.is_empty() {
        *was = given;
    }
}

fn uris(flag: &str, given: &[String]) -> Result<Vec<RedirectUri>, Failure> {
    let parse =
        |text: &String| RedirectUri::parse(text).map_err(|why| Failure::new(format!("{flag}: {text:?}: {why}")));
    given.iter().map(parse).collect()
}
