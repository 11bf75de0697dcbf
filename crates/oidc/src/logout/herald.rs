//! Tells applications that a session has ended (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use vestibule_outbound::{Fetch, Fetcher, Handler, Job, Lane, Trouble, fetch::Reason};
use vestibule_tokens::LogoutTokenClaims;

use super::Member;
use crate::Provider;

/// The kind of the jobs.
pub(super) const KIND: &str = "logout_token";

/// How long an application may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of its answer is read, in bytes.
const LONGEST_ANSWER: usize = 16 * 1024;
/// How long a logout token lives: it is made anew for each attempt.
const LIFETIME: Duration = Duration::from_secs(120);
/// How many are told at the same time.
const PARALLEL: usize = 32;
/// How long it is tried. What an application still holds of the session a day later has expired by itself, or should have.
const TRIED_FOR: Duration = Duration::from_secs(24 * 3600);

/// Does the jobs that the ends of sessions leave in the outbox.
#[derive(Clone, Debug)]
pub struct Herald {
    provider: Provider,
    fetcher: Fetcher,
}

impl Provider {
    /// Who tells applications that sessions have ended: for [`Outbox::run`](vestibule_outbound::Outbox::run).
    #[must_use]
    pub fn herald(&self, fetcher: Fetcher) -> Herald {
        Herald { provider: self.clone(), fetcher }
    }
}

impl Handler for Herald {
    fn lane(&self) -> Lane {
        Lane { kinds: Some(&[KIND]), parallel: PARALLEL, tried_for: TRIED_FOR }
    }

    async fn handle(&self, job: &Job) -> Result<(), Trouble> {
        let member: Member =
            job.payload().map_err(|error| Trouble::Permanent(format!("it cannot be read: {error}")))?;
        let temporary = |error: String| Trouble::Temporary(error);
        let client = self.provider.clients().find(&member.client).await;
        let Some(client) = client.map_err(|error| temporary(error.to_string()))? else { return Ok(()) };
        let Some(uri) = &client.metadata.backchannel_logout_uri else { return Ok(()) };
        let key = self.provider.id_token_key(&client).map_err(|error| temporary(error.to_string()))?;
        let Member { user, client: id, session, .. } = member;
        let claims = LogoutTokenClaims { user, client: id, sector: client.sector(), session, lifetime: LIFETIME };
        let token = self.provider.tokens().mint_logout_token(&claims, key);
        let token = token.map_err(|error| temporary(error.to_string()))?;
        let fields = [("logout_token", token.as_str())];
        let post = Fetch::post_form(uri, &fields).within(PATIENCE).at_most(LONGEST_ANSWER);
        let reason = match self.fetcher.fetch(post).await {
            Ok(_) => None,
            Err(error) => Some(error.reason().clone()),
        };
        match reason {
            // What it says beside its status means nothing to us.
            None | Some(Reason::TooLong | Reason::ContentType) => {
                tracing::info!(client_id = %client.id, attempt = job.attempt, "an application was told that a session ended");
                Ok(())
            }
            Some(reason) => Err(trouble(&client.id.to_string(), &reason)),
        }
    }
}

/// Whether another attempt can help. Section 2.8: 400 says that this message, and so each like it, is refused.
fn trouble(client: &str, reason: &Reason) -> Trouble {
    let why = format!("{client} was not told: {reason}");
    match reason {
        Reason::NoUrl | Reason::Credentials | Reason::Scheme | Reason::Status(400) => Trouble::Permanent(why),
        _ => Trouble::Temporary(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_application_refuses_is_not_said_again_and_what_did_not_arrive_is() {
        assert!(matches!(trouble("app", &Reason::Status(400)), Trouble::Permanent(_)));
        for reason in [Reason::Status(500), Reason::Status(404), Reason::TooSlow, Reason::Redirect, Reason::Address] {
            assert!(matches!(trouble("app", &reason), Trouble::Temporary(_)), "{reason}");
        }
    }
}
