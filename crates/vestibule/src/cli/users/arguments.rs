//! The arguments that describe a person.

use clap::{ArgAction, ArgGroup, Args};
use vestibule_users::StandardClaims;

use crate::cli::Failure;

/// `vestibule users create`
#[derive(Debug, Args)]
pub(in crate::cli) struct CreateArguments {
    /// The username
    pub(super) name: String,
    /// The e-mail address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// The user was shown to hold that address
    #[arg(long, requires = "email")]
    pub(super) email_verified: bool,
    /// Read the password from standard input, one line; without this it is asked for, or on no terminal left out
    #[arg(long)]
    pub(super) password_stdin: bool,
    /// The user may enter the administration
    #[arg(long)]
    pub(super) staff: bool,
    /// The user may do everything there
    #[arg(long)]
    pub(super) superuser: bool,
    /// A claim of OpenID Connect, such as given_name=Eve or address.country=France (several times for several)
    #[arg(long = "claim", value_name = "KEY=VALUE", value_parser = claim)]
    pub(super) claims: Vec<(String, String)>,
    /// Report as one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// `vestibule users update`
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("changes").required(true).multiple(true).args([
    "username",
    "email",
    "no_email",
    "email_verified",
    "staff",
    "superuser",
    "claims",
])))]
pub(in crate::cli) struct UpdateArguments {
    /// The user's present username, e-mail address or id
    pub(super) name: String,
    /// Another username
    #[arg(long)]
    pub(super) username: Option<String>,
    /// Another e-mail address
    #[arg(long)]
    pub(super) email: Option<String>,
    /// No e-mail address
    #[arg(long, conflicts_with_all = ["email", "email_verified"])]
    pub(super) no_email: bool,
    /// Whether the user was shown to hold the address
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    pub(super) email_verified: Option<bool>,
    /// Whether the user may enter the administration
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    pub(super) staff: Option<bool>,
    /// Whether the user may do everything there
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    pub(super) superuser: Option<bool>,
    /// Set a claim of OpenID Connect; an empty value takes it away (several times for several)
    #[arg(long = "claim", value_name = "KEY=VALUE", value_parser = claim)]
    pub(super) claims: Vec<(String, String)>,
}

fn claim(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE, such as given_name=Eve".to_owned()),
    }
}

/// Sets claims by their names.
pub(super) fn set_claims(claims: &mut StandardClaims, given: &[(String, String)]) -> Result<(), Failure> {
    given.iter().try_for_each(|(name, value)| claims.set(name, value)).map_err(Failure::of)
}
