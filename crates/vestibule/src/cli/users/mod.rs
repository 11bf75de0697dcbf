//! `vestibule users`: the people who can sign in. Whatever is changed here, a running server notices within a second.

mod arguments;
mod password;
mod report;

use clap::Subcommand;
use serde_json::json;
use vestibule_core::UserId;
use vestibule_database::Database;
use vestibule_users::{Changes, Editor, NewUser, Page, User, Users};

use self::arguments::{CreateArguments, UpdateArguments, set_claims};
use super::{Context, Failure};

/// How many users are read at a time.
const PAGE: u64 = 500;

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a user
    Create(CreateArguments),
    /// List all users
    List {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Show a user
    Show {
        /// Their username, e-mail address or id
        name: String,
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Change a user
    Update(UpdateArguments),
    /// Set a user's password; their sessions and tokens end
    SetPassword {
        /// Their username, e-mail address or id
        name: String,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let a user sign in again
    Activate {
        /// Their username, e-mail address or id
        name: String,
    },
    /// Let a user sign in no more; their sessions and tokens end
    Deactivate {
        /// Their username, e-mail address or id
        name: String,
    },
    /// Delete a user for good; their sessions and tokens end
    Delete {
        /// Their username, e-mail address or id
        name: String,
    },
}

/// The users, and what it takes to work on them.
struct Desk {
    context: Context,
    database: Database,
    users: Users,
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let database = context.database().await?;
        let users = context.users(&database).await?;
        let mut desk = Desk { context, database, users };
        match self {
            Self::Create(arguments) => desk.create(arguments).await,
            Self::List { json } => desk.list(json).await,
            Self::Show { name, json } => desk.show(&name, json).await,
            Self::Update(arguments) => desk.update(arguments).await,
            Self::SetPassword { name, password_stdin } => desk.set_password(&name, password_stdin).await,
            Self::Activate { name } => desk.activate(&name).await,
            Self::Deactivate { name } => desk.deactivate(&name).await,
            Self::Delete { name } => desk.delete(&name).await,
        }
    }
}

impl Desk {
    async fn create(&mut self, arguments: CreateArguments) -> Result<(), Failure> {
        let mut new = NewUser {
            email: arguments.email,
            email_verified: arguments.email_verified,
            staff: arguments.staff,
            superuser: arguments.superuser,
            editor: Editor::Staff,
            ..NewUser::named(arguments.name)
        };
        set_claims(&mut new.claims, &arguments.claims)?;
        new.password = password::for_new_user(arguments.password_stdin)?;
        let user = self.users.create(new).await.map_err(Failure::of)?;
        if arguments.json {
            return self.context.output.json(&json!({ "id": user.id, "username": user.username }));
        }
        self.say(&user, if user.has_password { "created" } else { "created, without a password" })
    }

    async fn list(&mut self, json: bool) -> Result<(), Failure> {
        let mut users = self.users.list(Page::first(PAGE)).await.map_err(Failure::of)?;
        let mut last_page = users.len();
        while last_page as u64 == PAGE
            && let Some(last) = users.last()
        {
            let page = self.users.list(Page::after(last, PAGE)).await.map_err(Failure::of)?;
            last_page = page.len();
            users.extend(page);
        }
        if json {
            return self.context.output.json(&users.iter().map(report::document).collect::<Vec<_>>());
        }
        self.context.output.table(&report::HEADINGS, &users.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn show(&mut self, name: &str, json: bool) -> Result<(), Failure> {
        let user = self.find(name).await?;
        if json {
            self.context.output.json(&report::document(&user))
        } else {
            self.context.output.text(&report::lines(&user))
        }
    }

    async fn update(&mut self, arguments: UpdateArguments) -> Result<(), Failure> {
        let user = self.find(&arguments.name).await?;
        let mut changes = Changes {
            username: arguments.username,
            email: if arguments.no_email { Some(None) } else { arguments.email.map(Some) },
            email_verified: arguments.email_verified,
            staff: arguments.staff,
            superuser: arguments.superuser,
            editor: Editor::Staff,
            ..Changes::default()
        };
        if !arguments.claims.is_empty() {
            let mut claims = user.claims.clone();
            set_claims(&mut claims, &arguments.claims)?;
            changes.claims = Some(claims);
        }
        let user = self.users.update(user.id, changes).await.map_err(Failure::of)?;
        self.say(&user, "changed")
    }

    async fn set_password(&mut self, name: &str, from_stdin: bool) -> Result<(), Failure> {
        let user = self.find(name).await?;
        let password = password::for_known_user(&user.username, from_stdin)?;
        self.users.set_password(user.id, &password).await.map_err(Failure::of)?;
        self.end_everything_of(user.id).await?;
        self.say(&user, "has a new password")
    }

    async fn activate(&mut self, name: &str) -> Result<(), Failure> {
        let user = self.find(name).await?;
        self.users.activate(user.id).await.map_err(Failure::of)?;
        self.say(&user, "may sign in")
    }

    async fn deactivate(&mut self, name: &str) -> Result<(), Failure> {
        let user = self.find(name).await?;
        self.users.deactivate(user.id).await.map_err(Failure::of)?;
        self.end_everything_of(user.id).await?;
        self.say(&user, "may sign in no more")
    }

    async fn delete(&mut self, name: &str) -> Result<(), Failure> {
        let user = self.find(name).await?;
        // First what can be repeated: once the row is gone, nobody finds the user to end the rest.
        self.users.deactivate(user.id).await.map_err(Failure::of)?;
        self.end_everything_of(user.id).await?;
        self.users.delete(user.id).await.map_err(Failure::of)?;
        self.say(&user, "deleted")
    }

    /// By username or e-mail address, and else by id.
    async fn find(&self, name: &str) -> Result<User, Failure> {
        let mut found = self.users.find(name).await.map_err(Failure::of)?;
        if let (None, Ok(id)) = (&found, name.parse::<UserId>()) {
            found = self.users.get(id).await.map_err(Failure::of)?;
        }
        found
            .ok_or_else(|| Failure::new(format!("there is no user {name:?}; `vestibule users list` shows all of them")))
    }

    async fn end_everything_of(&self, user: UserId) -> Result<(), Failure> {
        self.context.revoke_user(&self.database, user).await
    }

    fn say(&mut self, user: &User, what: &str) -> Result<(), Failure> {
        self.context.output.text(&format!("User {} ({}): {what}.", user.username, user.id))
    }
}
