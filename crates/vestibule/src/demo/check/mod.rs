//! `vestibule demo --check`: a person without a screen. It walks the whole sign-in through the pages, as a browser would, and
//! says of each step what it did, what came back and how long that took.
//!
//! - [`html`] finds forms in pages, [`browser`] keeps cookies and follows redirects, [`walk`] is the way through.
//! - [`report`] is what is told of it.

mod browser;
mod html;
mod report;
mod walk;

pub(super) use report::check;

/// What is walked through, and as whom.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) issuer: &'a str,
    pub(super) app_url: &'a str,
    pub(super) api_url: &'a str,
    pub(super) username: &'a str,
    pub(super) password: &'a str,
}
