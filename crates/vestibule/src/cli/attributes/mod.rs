//! `vestibule attributes`: what else is known of people, as it is declared here. It is data: a running server goes by it within a
//! second, and no schema changes.

mod arguments;
mod report;

use clap::{Args, Subcommand};
use serde_json::json;
use vestibule_audit::{Kind, ObjectType};
use vestibule_users::{Definition, DefinitionError};

use self::arguments::{Declared, Kinds};
use super::{
    Context, Failure,
    desk::{Desk, done},
    output::Report,
};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Declare an attribute
    Define {
        /// Its name, such as department
        name: String,
        /// What it holds
        #[arg(long)]
        kind: Kinds,
        #[command(flatten)]
        declared: Box<Declared>,
        #[command(flatten)]
        report: Report,
    },
    /// Change what is declared of an attribute; what people have must fit it
    Change {
        /// Its name
        name: String,
        /// What it holds
        #[arg(long)]
        kind: Option<Kinds>,
        #[command(flatten)]
        declared: Box<Declared>,
        #[command(flatten)]
        report: Report,
    },
    /// List all attributes that are declared
    List {
        #[command(flatten)]
        report: Report,
    },
    /// Show what is declared of an attribute
    Show(Named),
    /// Delete an attribute, and everybody's value of it
    Delete(Named),
}

/// An attribute.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its name
    name: String,
    #[command(flatten)]
    report: Report,
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let mut desk = Desk::open(context).await?;
        match self {
            Self::Define { name, kind, declared, report } => desk.define(&name, kind, &declared, report).await,
            Self::Change { name, kind, declared, report } => desk.redefine(&name, kind, &declared, report).await,
            Self::List { report } => desk.list_attributes(report).await,
            Self::Show(Named { name, report }) => desk.show_attribute(&name, report).await,
            Self::Delete(Named { name, report }) => desk.delete_attribute(&name, report).await,
        }
    }
}

impl Desk {
    async fn define(&mut self, name: &str, kind: Kinds, declared: &Declared, report: Report) -> Result<(), Failure> {
        let transaction = self.begin().await?;
        let declaration = declared.new_declaration(name, kind);
        let defined = self.attributes.define_in(&transaction, name, declaration).await.map_err(refusal)?;
        // The change of definitions is noted last, as the change log wants it.
        let event = done(Kind::Created).object(ObjectType::Attribute, name);
        self.record(&transaction, event).await?;
        self.attributes.note_in(&transaction).await.map_err(Failure::of)?;
        self.close(transaction, None, None).await?;
        self.attributes.announce();
        self.context.output.report(report, &report::document(&defined), &format!("Attribute {name}: declared."))
    }

    async fn redefine(
        &mut self,
        name: &str,
        kind: Option<Kinds>,
        declared: &Declared,
        report: Report,
    ) -> Result<(), Failure> {
        let before = self.attribute(name).await?;
        let declaration = declared.changed(before.declaration.clone(), kind);
        if declaration == before.declaration {
            return Err(Failure::new("nothing is different; say what is to change, such as --label TEXT"));
        }
        let defined = self.attributes.change(name, declaration).await.map_err(refusal)?;
        self.note(done(Kind::Updated).object(ObjectType::Attribute, name)).await?;
        self.context.output.report(report, &report::document(&defined), &format!("Attribute {name}: changed."))
    }

    async fn list_attributes(&mut self, report: Report) -> Result<(), Failure> {
        let all = self.attributes.list().await.map_err(Failure::of)?;
        if report.json {
            return self.context.output.json(&all.iter().map(report::document).collect::<Vec<_>>());
        }
        self.context.output.table(&report::HEADINGS, &all.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn show_attribute(&mut self, name: &str, report: Report) -> Result<(), Failure> {
        let defined = self.attribute(name).await?;
        self.context.output.report(report, &report::document(&defined), &report::lines(&defined))
    }

    async fn delete_attribute(&mut self, name: &str, report: Report) -> Result<(), Failure> {
        self.attributes.remove(name).await.map_err(refusal)?;
        self.note(done(Kind::Deleted).object(ObjectType::Attribute, name)).await?;
        let document = json!({ "name": name, "deleted": true });
        let text = format!("Attribute {name}: deleted, and everybody's value of it.");
        self.context.output.report(report, &document, &text)
    }

    async fn attribute(&self, name: &str) -> Result<Definition, Failure> {
        let found = self.attributes.get(name).await.map_err(Failure::of)?;
        found.ok_or_else(|| refusal(DefinitionError::NoSuchAttribute(name.to_owned())))
    }
}

/// Why a declaration is refused, with the argument that says so.
fn refusal(error: DefinitionError) -> Failure {
    match error {
        DefinitionError::Invalid { field: "name", why } => Failure::new(format!("name: {why}")),
        DefinitionError::Invalid { field: "choices", why } => Failure::new(format!("--choice: {why}")),
        DefinitionError::Invalid { field, why } => Failure::new(format!("--{}: {why}", field.replace('_', "-"))),
        DefinitionError::ClaimTaken { .. } => Failure::new(format!("--claim: {error}")),
        DefinitionError::NoSuchAttribute(_) => {
            Failure::new(format!("{error}; `vestibule attributes list` shows all of them"))
        }
        other => Failure::of(other),
    }
}
