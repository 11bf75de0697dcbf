//! What we send to others: mail, and the durable outbox that it waits in.
//!
//! ```text
//! Outbox::enqueue ──▶ a row ──▶ Outbox::run ──▶ the caller's Handler ──▶ Mailer::send ──▶ an SMTP server, or a folder
//!                                                (makes the link, picks the mail of `mails`)
//! ```
//! What is to be mailed is a job in the [`Outbox`] first, so that a mail server that is down loses nothing, and so that a
//! request takes the same time whether or not there is anybody to write to. The kinds of jobs belong to the caller; the words
//! of the mails are here, in [`mails`].

mod address;
mod mailer;
pub mod mails;
mod outbox;

pub use address::{Address, BadAddress, Sender};
pub use mailer::{Mailer, MailerError, Security, SendError, Smtp};
pub use mails::{Mail, Message};
pub use outbox::{Backlog, FailedJob, Handler, Job, Outbox, OutboxError, Trouble};
