//! `vestibule users`: the people who can sign in. Whatever is changed here, a running server notices within a second.

mod arguments;
mod attributes;
mod contacts;
mod filters;
mod manage;
mod membership;
mod password;
mod report;
mod seed;
mod tokens;

use clap::{Args, Subcommand};
use vestibule_core::ApiTokenId;

use self::{
    arguments::{CreateArguments, UpdateArguments},
    contacts::EmailArguments,
    filters::ListArguments,
    membership::Membership,
    seed::SeedArguments,
    tokens::TokenArguments,
};
use super::{Context, Failure, desk::Desk, output::Report};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a user
    Create(Box<CreateArguments>),
    /// List users
    List(Box<ListArguments>),
    /// Show a user, with their groups, permissions and attributes
    Show(Named),
    /// Change a user
    Update(Box<UpdateArguments>),
    /// Set a user's password; their sessions and tokens end
    SetPassword {
        #[command(flatten)]
        who: Named,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let a user sign in again
    Activate(Named),
    /// Let a user sign in no more; their sessions and tokens end
    Deactivate(Named),
    /// Delete a user for good; their sessions and tokens end
    Delete(Named),
    /// Put a user into a group
    AddToGroup(Membership),
    /// Take a user out of a group
    RemoveFromGroup(Membership),
    /// Add an e-mail address to a user's
    AddEmail {
        #[command(flatten)]
        arguments: EmailArguments,
        /// The user was shown to hold that address
        #[arg(long)]
        verified: bool,
    },
    /// Take an e-mail address from a user's
    RemoveEmail(EmailArguments),
    /// Take away a user's second factor, so that they can set up another
    ResetSecondFactor(Named),
    /// Make an API token for a user; it is printed this once only
    CreateToken(TokenArguments),
    /// List a user's API tokens
    Tokens(Named),
    /// Revoke an API token of a user
    RevokeToken {
        #[command(flatten)]
        who: Named,
        /// The token's id, as the list has it
        #[arg(value_name = "ID")]
        id: ApiTokenId,
    },
    /// Fill a database with made-up people, groups and grants, to try what it is like at size
    Seed(SeedArguments),
}

/// A user.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Their username, e-mail address or id
    name: String,
    #[command(flatten)]
    report: Report,
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let mut desk = Desk::open(context).await?;
        match self {
            Self::Create(arguments) => desk.create_user(*arguments).await,
            Self::List(arguments) => desk.list_users(*arguments).await,
            Self::Show(Named { name, report }) => desk.show_user(&name, report).await,
            Self::Update(arguments) => desk.update_user(*arguments).await,
            Self::SetPassword { who, password_stdin } => desk.set_password(who, password_stdin).await,
            Self::Activate(who) => desk.activate(who).await,
            Self::Deactivate(who) => desk.deactivate(who).await,
            Self::Delete(who) => desk.delete_user(who).await,
            Self::AddToGroup(membership) => desk.join(membership).await,
            Self::RemoveFromGroup(membership) => desk.leave(membership).await,
            Self::AddEmail { arguments, verified } => desk.add_email(arguments, verified).await,
            Self::RemoveEmail(arguments) => desk.remove_email(arguments).await,
            Self::ResetSecondFactor(who) => desk.reset_second_factor(who).await,
            Self::CreateToken(arguments) => desk.create_token(arguments).await,
            Self::Tokens(Named { name, report }) => desk.list_tokens(&name, report).await,
            Self::RevokeToken { who: Named { name, report }, id } => desk.revoke_token(&name, id, report).await,
            Self::Seed(arguments) => desk.seed(arguments).await,
        }
    }
}
