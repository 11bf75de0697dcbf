//! The arguments that describe a person.

use clap::{ArgAction, ArgGroup, Args};
use vestibule_users::StandardClaims;

use crate::cli::{Failure, output::Report};

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
    /// The user must sign in with a second factor
    #[arg(long)]
    pub(super) require_second_factor: bool,
    /// A telephone number, such as '+351 21 555 0134'
    #[arg(long, value_name = "NUMBER")]
    pub(super) phone: Option<String>,
    /// A claim of OpenID Connect, such as given_name=Eve or address.country=France (several times for several)
    #[arg(long = "claim", value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) claims: Vec<(String, String)>,
    /// An attribute that is declared, such as department=sales; a list as '["a", "b"]' (several times for several)
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) attributes: Vec<(String, String)>,
    #[command(flatten)]
    pub(super) report: Report,
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
    "require_second_factor",
    "phone",
    "claims",
    "attributes",
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
    /// Whether the user must sign in with a second factor
    #[arg(long, value_name = "true|false", action = ArgAction::Set, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_possible_values = true)]
    pub(super) require_second_factor: Option<bool>,
    /// Another telephone number; an empty one takes it away
    #[arg(long, value_name = "NUMBER")]
    pub(super) phone: Option<String>,
    /// Set a claim of OpenID Connect; an empty value takes it away (several times for several)
    #[arg(long = "claim", value_name = "KEY=VALUE", value_parser = pair)]
    pub(super) claims: Vec<(String, String)>,
    /// Set an attribute that is declared; an empty value takes it away (several times for several)
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
    pub(super) attributes: Vec<(String, String)>,
    #[command(flatten)]
    pub(super) report: Report,
}

impl UpdateArguments {
    /// The names of the fields that are to change, for the audit record.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        let own = [
            (self.username.is_some(), "username"),
            (self.email.is_some() || self.no_email, "email"),
            (self.email_verified.is_some(), "email_verified"),
            (self.staff.is_some(), "staff"),
            (self.superuser.is_some(), "superuser"),
            (self.require_second_factor.is_some(), "require_second_factor"),
            (self.phone.is_some(), "phone_number"),
        ];
        let named = self.claims.iter().chain(&self.attributes).map(|(name, _)| name.as_str());
        own.into_iter().filter_map(|(said, field)| said.then_some(field)).chain(named)
    }
}

/// `NAME=VALUE`
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as given_name=Eve".to_owned()),
    }
}

/// Sets claims by their names, the telephone number among them.
pub(super) fn set_claims(
    claims: &mut StandardClaims,
    given: &[(String, String)],
    phone: Option<&str>,
) -> Result<(), Failure> {
    if let Some(number) = phone {
        claims.set("phone_number", number).map_err(Failure::of)?;
    }
    given.iter().try_for_each(|(name, value)| claims.set(name, value)).map_err(Failure::of)
}
