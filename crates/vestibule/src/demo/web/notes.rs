//! The person's notes, which another service keeps: asked for with their access token.

use std::time::Instant;

use ::http::{StatusCode, header::WWW_AUTHENTICATE};
use serde_json::Value;

use super::{App, session::Person};
use crate::demo::http::{Answer, in_words, see_other, send};

/// What the API answered.
#[derive(Debug)]
pub(super) struct Notes {
    /// The status, or what kept the request from being answered.
    pub(super) outcome: Result<StatusCode, String>,
    /// How long it took, in milliseconds.
    pub(super) millis: u128,
    /// The challenge of a refusal (RFC 6750 section 3).
    pub(super) challenge: Option<String>,
    /// The document.
    pub(super) document: Value,
}

impl App {
    /// Asks the API, keeps the answer for the next page, and goes back there.
    pub(super) async fn fetch_notes(&self, session: Option<&str>) -> Answer {
        let person = session.and_then(|id| self.sessions.person(id).map(|(person, _)| (id, person)));
        if let Some((id, person)) = person {
            self.sessions.keep_notes(id, self.ask_for_notes(&person).await);
        }
        see_other("/#notes")
    }

    async fn ask_for_notes(&self, person: &Person) -> Notes {
        let began = Instant::now();
        let request = self.http.get(format!("{}/notes", self.settings.api_url));
        let answered = send(request.bearer_auth(person.access_token.secret())).await;
        let millis = began.elapsed().as_millis();
        match answered {
            Ok(answer) => Notes {
                outcome: Ok(answer.status()),
                millis,
                challenge: answer
                    .headers()
                    .get(WWW_AUTHENTICATE)
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned),
                document: serde_json::from_slice(answer.body()).unwrap_or_default(),
            },
            Err(error) => Notes { outcome: Err(in_words(&error)), millis, challenge: None, document: Value::Null },
        }
    }
}
