//! The page for what must not, or cannot, be told to an app.

use askama::Template;

use super::{Label, page};

/// `main#error`, with a stable code for scripts in `data-error`, words for people, and the request id for whoever helps them.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// The name of this identity provider.
    pub site: Label,
    /// A stable code: `invalid_client`, `invalid_redirect_uri`, `invalid_request`, `not_found`, …
    pub code: Label,
    /// What happened, as a heading.
    pub title: Label,
    /// What that means.
    pub explanation: Label,
    /// What the person can do.
    pub advice: Label,
    /// What exactly was wrong, for whoever wrote the app. Never a secret, never a value that only the log may hold.
    pub detail: Option<Label>,
    /// The id under which the log knows this request.
    pub request_id: Label,
}

page!(ErrorPage);

/// Title, explanation, advice.
type Words = (&'static str, &'static str, &'static str);

impl ErrorPage {
    /// The page for a code, in the words that belong to it. A code without words of its own gets those of a bad request.
    #[must_use]
    pub fn new(site: Label, code: &str, request_id: &str) -> Self {
        let (title, explanation, advice) = words(code);
        Self {
            site,
            code: code.into(),
            title: title.into(),
            explanation: explanation.into(),
            advice: advice.into(),
            detail: None,
            request_id: request_id.into(),
        }
    }

    /// The same with what exactly was wrong.
    #[must_use]
    pub fn with_detail(self, detail: &str) -> Self {
        Self { detail: Some(Label::from(detail)).filter(|detail| !detail.is_empty()), ..self }
    }
}

const BACK_TO_APP: &str = "Go back to the app and try again. If it happens again, tell the people who run the app.";

fn words(code: &str) -> Words {
    match code {
        "invalid_client" => (
            "We don’t know this app",
            "An app sent you here to sign in, but it is not registered with us.",
            "Check that you opened the right app. If you did, tell the people who run it.",
        ),
        "invalid_redirect_uri" => (
            "We stopped this request",
            "The app asked us to send you to an address that it has not registered with us. Somebody may be trying to trick you.",
            "Check that you opened the right app. If you did, tell the people who run it.",
        ),
        "expired" => (
            "This took too long",
            "This sign-in was started too long ago, or in another browser, or it is already finished.",
            "Go back to the app and start again.",
        ),
        "invalid_form" => (
            "We couldn’t use that form",
            "The page you sent had expired, or it did not come from this site. Nothing was changed.",
            "Go back, reload the page and try again. Your browser must accept cookies from this site.",
        ),
        "access_denied" => (
            "You don’t have access to this",
            "Your account is not allowed to open this page.",
            "If you think it should be, ask whoever looks after your account.",
        ),
        "not_found" => (
            "There is nothing here",
            "This address does not lead to a page. It may be mistyped, or the page may be gone.",
            "Check the address, or go back to the app you came from.",
        ),
        "link_used" => (
            "This link no longer works",
            "It was used already, or it has expired.",
            "Ask for a new one where you got it from.",
        ),
        "method_not_allowed" => {
            ("That can’t be done here", "This address was called in a way that it does not answer to.", BACK_TO_APP)
        }
        "payload_too_large" => ("That is too much at once", "More was sent than this page accepts.", BACK_TO_APP),
        "too_many_requests" => (
            "Too many tries",
            "There were too many requests from your network in a short time.",
            "Wait a minute, then try again.",
        ),
        "server_error" => (
            "Something went wrong on our side",
            "It is not because of anything that you did.",
            "Try again in a minute. If it happens again, tell us the request id below.",
        ),
        "temporarily_unavailable" => (
            "We’ll be back in a moment",
            "A part that signing in needs cannot be reached right now.",
            "Wait a minute, then try again.",
        ),
        _ => ("This request doesn’t work", "An app sent you here with a request that we cannot answer.", BACK_TO_APP),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_contract_have_words_of_their_own() {
        let other = words("invalid_request");
        for code in ["invalid_redirect_uri", "invalid_client", "not_found", "server_error", "temporarily_unavailable"] {
            assert_ne!(words(code), other, "{code}");
        }
    }
}
