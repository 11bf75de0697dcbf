//! What we send to others: mail, and the durable outbox that it waits in; and what we [`fetch`](mod@fetch) from them.
//!
//! ```text
//! Outbox::enqueue ──▶ a row ──▶ Outbox::run ──▶ the caller's Handler ──▶ Mailer::send ──▶ an SMTP server, or a folder
//!                                                (makes the link, picks the mail of `mails`)
//! ```
//! What is to be mailed is a job in the [`Outbox`] first, so that a mail server that is down loses nothing, and so that a
//! request takes the same time whether or not there is anybody to write to. The kinds of jobs belong to the caller; the words
//! of the mails are here, in `mails`.
//!
//! All of that is the feature `post`. Without it there is no mail, no outbox and no database behind this crate: a resource
//! server only fetches.

#[cfg(feature = "post")]
mod address;
pub mod fetch;
#[cfg(feature = "post")]
mod mailer;
#[cfg(feature = "post")]
pub mod mails;
#[cfg(feature = "post")]
mod outbox;

pub use fetch::{Fetch, FetchError, FetchRules, Fetched, Fetcher, FetcherError};
#[cfg(feature = "post")]
pub use {
    address::{Address, BadAddress, Sender},
    mailer::{Mailer, MailerError, Security, SendError, Smtp},
    mails::{Mail, Message},
    outbox::{Backlog, FailedJob, Handler, Job, Lane, Outbox, OutboxError, Trouble},
};
