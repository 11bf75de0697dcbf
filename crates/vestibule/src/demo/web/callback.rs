//! The provider's answer to a sign-in, before anything in it is believed.

use vestibule_core::Parameters;

use super::trouble::Trouble;

/// What the app knows of the provider that it sent the browser to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    /// The issuer.
    pub(super) issuer: &'a str,
    /// Whether that provider says that its answers always name it.
    pub(super) always_says_iss: bool,
}

/// The `state` of an answer.
pub(super) fn state(answer: &Parameters) -> Result<&str, Trouble> {
    // A parameter must stand once (RFC 6749 section 3.1): of two, nobody knows which was meant.
    if answer.first_duplicate(&[]).is_some() {
        return Err(Trouble::Malformed);
    }
    answer.get("state").ok_or(Trouble::UnknownState)
}

/// The code in an answer whose `state` was ours.
///
/// Its `iss` is compared first (RFC 9207 section 2.4): a code, or an error, of another provider is not for this one.
pub(super) fn code(answer: &Parameters, sent: Sent<'_>) -> Result<String, Trouble> {
    match answer.get("iss") {
        Some(iss) if iss != sent.issuer => return Err(Trouble::WrongIssuer),
        None if sent.always_says_iss => return Err(Trouble::WrongIssuer),
        _ => {}
    }
    if let Some(error) = answer.get("error") {
        let description = answer.get("error_description").map(str::to_owned);
        return Err(Trouble::Refused { error: error.to_owned(), description });
    }
    answer.get("code").map(str::to_owned).ok_or(Trouble::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent<'_> = Sent { issuer: "http://localhost:8080", always_says_iss: true };

    fn parsed(query: &str) -> Parameters {
        Parameters::parse(query.as_bytes()).unwrap()
    }

    #[test]
    fn an_answer_needs_a_state_and_only_one() {
        assert_eq!(state(&parsed("code=c&state=s")), Ok("s"));
        assert_eq!(state(&parsed("code=c")), Err(Trouble::UnknownState));
        assert_eq!(state(&parsed("code=c&state=s&state=t")), Err(Trouble::Malformed));
        assert_eq!(state(&parsed("code=c&code=d&state=s")), Err(Trouble::Malformed));
    }

    #[test]
    fn a_code_of_another_issuer_is_not_redeemed() {
        let good = "code=c&state=s&iss=http%3A%2F%2Flocalhost%3A8080";
        assert_eq!(code(&parsed(good), SENT), Ok("c".to_owned()));
        for bad in ["code=c&state=s&iss=https%3A%2F%2Fevil.example", "code=c&iss=http%3A%2F%2Flocalhost%3A8080%2F"] {
            assert_eq!(code(&parsed(bad), SENT), Err(Trouble::WrongIssuer), "{bad}");
        }
    }

    #[test]
    fn a_missing_issuer_is_forgiven_only_where_it_was_never_promised() {
        assert_eq!(code(&parsed("code=c&state=s"), SENT), Err(Trouble::WrongIssuer));
        let older = Sent { always_says_iss: false, ..SENT };
        assert_eq!(code(&parsed("code=c&state=s"), older), Ok("c".to_owned()));
    }

    #[test]
    fn an_error_is_told_with_its_description_and_wins_over_a_code() {
        let answer = parsed("code=c&error=access_denied&error_description=No&iss=http%3A%2F%2Flocalhost%3A8080");
        let refused = Trouble::Refused { error: "access_denied".into(), description: Some("No".into()) };
        assert_eq!(code(&answer, SENT), Err(refused));
    }

    #[test]
    fn an_answer_with_neither_code_nor_error_is_malformed() {
        assert_eq!(code(&parsed("iss=http%3A%2F%2Flocalhost%3A8080"), SENT), Err(Trouble::Malformed));
    }
}
