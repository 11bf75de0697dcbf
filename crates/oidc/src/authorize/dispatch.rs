//! The one dispatcher: given a request, who sits at the browser and what they have done so far, it says what comes next.
//!
//! No page links to another; each returns here. What was asked of a person is judged by what the session and the waiting
//! request hold on our side, so that opening a page's address again, or editing it, changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{ScopeSet, Timestamp, UserId};

use super::{Addressee, ErrorCode, Prompt, ValidRequest};
use crate::levels::Missing;

/// How far a waiting request has come. It is kept with the request, on our side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// When the request came in.
    pub began_at: Timestamp,
    /// Who chose to go on with their account; a later sign-in as another does not count as theirs.
    pub account_chosen_by: Option<UserId>,
    /// Whether the person wants to be asked which account it is, though the application does not.
    #[serde(default)]
    pub choosing: bool,
    /// Who answered the consent page within this request.
    pub consented_by: Option<UserId>,
    /// Whether somebody who was to make an account said that they have one.
    #[serde(default)]
    pub has_account: bool,
    /// Who made themselves an account on the way of this request.
    #[serde(default)]
    pub registered: Option<Registered>,
    /// Who has passed the first step of a sign-in and not yet the second: nobody is signed in by that.
    #[serde(default)]
    pub half: Option<HalfSignedIn>,
}

/// Somebody who made themselves an account, and has not signed in by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// How long the second step of a sign-in may come after the first.
const HALF_LASTS: Duration = Duration::from_secs(600);

/// Somebody who has passed the first step of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfSignedIn {
    /// Who.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
    /// By which way to authenticate.
    pub way: String,
    /// By which methods (`amr`).
    pub amr: Vec<String>,
    /// Whether they chose to stay signed in.
    pub keep_signed_in: bool,
}

impl HalfSignedIn {
    /// Whether the second step still counts with this first one.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now.since(self.at) < HALF_LASTS
    }
}

impl Progress {
    /// Of a request that just came in.
    #[must_use]
    pub fn begun(now: Timestamp) -> Self {
        Self {
            began_at: now,
            account_chosen_by: None,
            choosing: false,
            consented_by: None,
            has_account: false,
            registered: None,
            half: None,
        }
    }
}

/// Who sits at this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub user: UserId,
    /// When they last proved it.
    pub auth_time: Timestamp,
    /// Whether a second factor is demanded of them that this session has not seen.
    pub lacks_second_factor: bool,
    /// What is missing for the level that was asked for.
    pub missing: Missing,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The person is to make an account.
    Register,
    /// Nobody is signed in.
    SignIn,
    /// Somebody is, and must prove it once more.
    Reauthenticate,
    /// Somebody has passed the first step of a sign-in, or is signed in by one factor, and is asked for the second.
    SecondFactor,
    /// Somebody is, and is asked whether to go on with that account.
    SelectAccount,
    /// The person is asked whether the application may have these scopes.
    Consent(ScopeSet),
    /// The person signed in as somebody whom the application did not mean.
    OtherUser,
    /// The person signed in, and not by a way that leads to a level without which the application will not go on.
    Unmet,
    /// Nothing is missing: what was asked for can be issued.
    Finish,
}

/// Says what comes next. `granted` is what the person allowed this application before; `asks_consent` is false of first-party
/// applications.
#[must_use]
pub fn next(
    request: &ValidRequest,
    progress: &Progress,
    signed_in: Option<SignedIn>,
    granted: &ScopeSet,
    asks_consent: bool,
    now: Timestamp,
) -> Next {
    if progress.half.as_ref().is_some_and(|half| half.holds(now)) {
        return Next::SecondFactor;
    }
    if request.prompt.contains(&Prompt::Create) && progress.registered.is_none() && !progress.has_account {
        return Next::Register;
    }
    let Some(signed_in) = signed_in else { return Next::SignIn };
    if progress.registered.is_some_and(|new| new.user != signed_in.user && signed_in.auth_time < new.at) {
        // Whoever was here before is not the one who has just made an account.
        return Next::SignIn;
    }
    let fresh = signed_in.auth_time >= progress.began_at;
    if request.hinted_user.is_some_and(|hinted| hinted != signed_in.user) {
        // Whoever was here before may step aside for the one that is meant; whoever just signed in was not the one.
        return if fresh { Next::OtherUser } else { Next::SignIn };
    }
    if must_sign_in_again(request, signed_in, fresh, now) {
        return Next::Reauthenticate;
    }
    if signed_in.missing == Missing::AnotherWay && request.level.is_essential() {
        return Next::Unmet;
    }
    if signed_in.lacks_second_factor {
        return Next::SecondFactor;
    }
    let chose = fresh || progress.account_chosen_by == Some(signed_in.user);
    if (progress.choosing || request.prompt.contains(&Prompt::SelectAccount)) && !chose {
        return Next::SelectAccount;
    }
    let asked_anyway = request.prompt.contains(&Prompt::Consent) && progress.consented_by != Some(signed_in.user);
    // Single claims are asked for by the scopes that bring them.
    let wanted = request.scope.union(&request.claims.scope);
    let missing = wanted.difference(granted);
    if asked_anyway || (asks_consent && !missing.is_empty()) {
        return Next::Consent(if asked_anyway { wanted } else { missing });
    }
    Next::Finish
}

/// Says what comes next where no application asks, but a page of ours: it wants somebody signed in, and where `fresh` somebody
/// who has proved it since the waiting began.
#[must_use]
pub fn enter(progress: &Progress, fresh: bool, signed_in: Option<SignedIn>, now: Timestamp) -> Next {
    if progress.half.as_ref().is_some_and(|half| half.holds(now)) {
        return Next::SecondFactor;
    }
    match signed_in {
        None => Next::SignIn,
        Some(signed_in) if fresh && signed_in.auth_time < progress.began_at => Next::Reauthenticate,
        Some(signed_in) if signed_in.lacks_second_factor => Next::SecondFactor,
        Some(_) => Next::Finish,
    }
}

/// Whether they must prove once more who they are. By which way they do it is theirs to choose, so that they are asked once for
/// another one; how long ago it was is asked whenever it matters.
fn must_sign_in_again(request: &ValidRequest, signed_in: SignedIn, fresh: bool, now: Timestamp) -> bool {
    let stale = request.prompt.contains(&Prompt::Login)
        || is_too_old(request, signed_in, now)
        || signed_in.missing == Missing::AnotherWay;
    (stale && !fresh) || signed_in.missing == Missing::Recency
}

/// OpenID Connect Core section 3.1.2.1: more than `max_age` seconds since the person signed in.
fn is_too_old(request: &ValidRequest, signed_in: SignedIn, now: Timestamp) -> bool {
    request.max_age.is_some_and(|seconds| {
        let age = now.since(signed_in.auth_time);
        seconds == 0 || age > Duration::from_secs(seconds)
    })
}

impl Next {
    /// The error of a request that wants no page and would need one (OpenID Connect Core section 3.1.2.6).
    #[must_use]
    pub fn error_without_page(&self) -> Option<(ErrorCode, &'static str)> {
        match self {
            Self::SignIn | Self::Reauthenticate => Some((ErrorCode::LoginRequired, "the person has to sign in")),
            Self::OtherUser => Some((ErrorCode::LoginRequired, "another person is signed in")),
            Self::SecondFactor => Some((ErrorCode::LoginRequired, "the person has to give a second factor")),
            Self::Unmet => Some((
                ErrorCode::UnmetAuthenticationRequirements,
                "the person did not sign in by a way that leads there",
            )),
            Self::Register => Some((ErrorCode::InteractionRequired, "the person has to make an account")),
            Self::SelectAccount => Some((ErrorCode::AccountSelectionRequired, "the person has to choose an account")),
            Self::Consent(_) => Some((ErrorCode::ConsentRequired, "the person has to be asked for consent")),
            Self::Finish => None,
        }
    }
}

impl ValidRequest {
    /// Whether no page may be shown.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.prompt.contains(&Prompt::None)
    }

    /// Where its answer goes.
    #[must_use]
    pub fn addressee(&self) -> &Addressee {
        &self.to
    }
}

#[cfg(test)]
mod tests {
    use vestibule_core::{Random, RedirectUri};

    use super::*;
    use crate::RequestedClaims;
    use crate::{authorize::Display, levels::LevelWish};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn request(prompt: &[Prompt]) -> ValidRequest {
        ValidRequest {
            to: Addressee {
                client_id: "app".into(),
                redirect_uri: RedirectUri::parse("https://rp.example/cb").unwrap(),
                redirect_uri_named: true,
                state: None,
                mode: crate::authorize::ResponseMode::Query,
            },
            response_type: crate::authorize::ResponseType::CODE,
            scope: "openid email".parse().unwrap(),
            resources: Vec::new(),
            confirmation: None,
            nonce: None,
            code_challenge: None,
            prompt: prompt.iter().copied().collect(),
            max_age: None,
            login_hint: None,
            hinted_user: None,
            display: Display::Page,
            level: LevelWish::default(),
            claims: RequestedClaims::default(),
            pushed: None,
        }
    }

    fn somebody(ago: u64) -> SignedIn {
        SignedIn {
            user: UserId::random(&Random::system()),
            auth_time: NOW - Duration::from_secs(ago),
            lacks_second_factor: false,
            missing: Missing::Nothing,
        }
    }

    fn after(request: &ValidRequest, progress: &Progress, who: Option<SignedIn>, granted: &str) -> Next {
        next(request, progress, who, &granted.parse().unwrap(), true, NOW)
    }

    #[test]
    fn nobody_signed_in_signs_in() {
        assert_eq!(after(&request(&[]), &Progress::begun(NOW), None, ""), Next::SignIn);
    }

    #[test]
    fn a19_a_sign_in_before_the_request_does_not_satisfy_prompt_login() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let request = request(&[Prompt::Login]);
        assert_eq!(after(&request, &begun, Some(somebody(11)), "openid email"), Next::Reauthenticate);
        assert_eq!(after(&request, &begun, Some(somebody(5)), "openid email"), Next::Finish);
    }

    #[test]
    fn a19_max_age_counts_from_the_sign_in() {
        let begun = Progress::begun(NOW);
        let with = |max_age| ValidRequest { max_age: Some(max_age), ..request(&[]) };
        assert_eq!(after(&with(60), &begun, Some(somebody(61)), "openid email"), Next::Reauthenticate);
        assert_eq!(after(&with(60), &begun, Some(somebody(60)), "openid email"), Next::Finish);
        assert_eq!(after(&with(0), &begun, Some(somebody(1)), "openid email"), Next::Reauthenticate);
        assert_eq!(
            after(&with(0), &begun, Some(somebody(0)), "openid email"),
            Next::Finish,
            "signed in for this request"
        );
    }

    fn half(user: UserId, ago: u64) -> Progress {
        let half = HalfSignedIn {
            user,
            at: NOW - Duration::from_secs(ago),
            way: "password".to_owned(),
            amr: vec!["pwd".to_owned()],
            keep_signed_in: false,
        };
        Progress { half: Some(half), ..Progress::begun(NOW) }
    }

    #[test]
    fn a64_half_a_sign_in_leads_to_the_second_factor_and_nowhere_else() {
        let somebody = somebody(1);
        for who in [None, Some(somebody)] {
            let next = after(&request(&[]), &half(somebody.user, 1), who, "openid email");
            assert_eq!(next, Next::SecondFactor);
        }
        let late = after(&request(&[]), &half(somebody.user, 601), None, "openid email");
        assert_eq!(late, Next::SignIn, "the first step is forgotten after ten minutes");
    }

    #[test]
    fn a_session_of_one_factor_is_not_enough_where_two_are_demanded() {
        let lacking = SignedIn { lacks_second_factor: true, ..somebody(1) };
        assert_eq!(after(&request(&[]), &Progress::begun(NOW), Some(lacking), "openid email"), Next::SecondFactor);
        let silent = Next::SecondFactor.error_without_page().map(|(code, _)| code);
        assert_eq!(silent, Some(ErrorCode::LoginRequired));
    }

    #[test]
    fn a_page_of_ours_that_wants_a_fresh_sign_in_gets_one() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let enter = |fresh, who| enter(&begun, fresh, who, NOW);
        assert_eq!(enter(false, None), Next::SignIn);
        assert_eq!(enter(false, Some(somebody(60))), Next::Finish);
        assert_eq!(enter(true, Some(somebody(60))), Next::Reauthenticate);
        assert_eq!(enter(true, Some(somebody(5))), Next::Finish);
        let lacking = SignedIn { lacks_second_factor: true, ..somebody(5) };
        assert_eq!(enter(true, Some(lacking)), Next::SecondFactor);
    }

    #[test]
    fn only_what_was_not_allowed_before_is_asked() {
        let next = after(&request(&[]), &Progress::begun(NOW), Some(somebody(1)), "openid");
        assert_eq!(next, Next::Consent("email".parse().unwrap()));
        let again = after(&request(&[Prompt::Consent]), &Progress::begun(NOW), Some(somebody(1)), "openid email");
        assert_eq!(again, Next::Consent("email openid".parse().unwrap()));
    }

    #[test]
    fn consent_by_one_person_is_not_another_s() {
        let (one, other) = (somebody(1), somebody(1));
        let progress = Progress { consented_by: Some(one.user), ..Progress::begun(NOW) };
        let request = request(&[Prompt::Consent]);
        assert_eq!(after(&request, &progress, Some(one), "openid email"), Next::Finish);
        assert!(matches!(after(&request, &progress, Some(other), "openid email"), Next::Consent(_)));
    }

    #[test]
    fn first_party_applications_are_not_asked_for_unless_they_want_it() {
        let ask = |request: &ValidRequest| {
            next(request, &Progress::begun(NOW), Some(somebody(1)), &ScopeSet::default(), false, NOW)
        };
        assert_eq!(ask(&request(&[])), Next::Finish);
        assert!(matches!(ask(&request(&[Prompt::Consent])), Next::Consent(_)));
    }

    #[test]
    fn a18_a_hint_for_another_person_is_answered_by_nobody_else() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let hinted = ValidRequest { hinted_user: Some(somebody(0).user), ..request(&[]) };
        assert_eq!(after(&hinted, &begun, Some(somebody(60)), "openid email"), Next::SignIn);
        assert_eq!(after(&hinted, &begun, Some(somebody(5)), "openid email"), Next::OtherUser);
    }

    #[test]
    fn whoever_wants_to_choose_is_asked_though_the_application_does_not() {
        let who = somebody(60);
        let choosing = Progress { choosing: true, ..Progress::begun(NOW) };
        assert_eq!(after(&request(&[]), &choosing, Some(who), "openid email"), Next::SelectAccount);
        let chosen = Progress { account_chosen_by: Some(who.user), ..choosing };
        assert_eq!(after(&request(&[]), &chosen, Some(who), "openid email"), Next::Finish);
    }

    #[test]
    fn a_sign_in_that_is_too_long_ago_for_a_level_is_done_again_however_fresh_it_is() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let late = |ago| SignedIn { missing: Missing::Recency, ..somebody(ago) };
        for ago in [5, 60] {
            assert_eq!(after(&request(&[]), &begun, Some(late(ago)), "openid email"), Next::Reauthenticate);
        }
    }

    #[test]
    fn another_way_to_sign_in_is_asked_for_once() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let short = |ago| SignedIn { missing: Missing::AnotherWay, ..somebody(ago) };
        let levels = crate::levels::Levels::default();
        let of = |essential| ValidRequest { level: levels.wish(["2"], essential), ..request(&[]) };
        for essential in [false, true] {
            let next = after(&of(essential), &begun, Some(short(60)), "openid email");
            assert_eq!(next, Next::Reauthenticate);
        }
        assert_eq!(after(&of(false), &begun, Some(short(5)), "openid email"), Next::Finish, "the best is told");
        assert_eq!(after(&of(true), &begun, Some(short(5)), "openid email"), Next::Unmet);
        let told = Next::Unmet.error_without_page().map(|(code, _)| code);
        assert_eq!(told, Some(ErrorCode::UnmetAuthenticationRequirements));
    }

    #[test]
    fn whoever_is_signed_in_makes_an_account_all_the_same_and_goes_on_as_that() {
        let begun = Progress::begun(NOW - Duration::from_secs(10));
        let request = request(&[Prompt::Create]);
        let (before, fresh) = (somebody(60), somebody(5));
        for who in [None, Some(before), Some(fresh)] {
            assert_eq!(after(&request, &begun, who, "openid email"), Next::Register);
        }
        let new = Registered { user: somebody(0).user, at: NOW - Duration::from_secs(3) };
        let made = Progress { registered: Some(new), ..begun.clone() };
        for who in [None, Some(before), Some(fresh)] {
            assert_eq!(after(&request, &made, who, "openid email"), Next::SignIn, "nobody's session is inherited");
        }
        let zoe = SignedIn { user: new.user, ..somebody(1) };
        assert_eq!(after(&request, &made, Some(zoe), "openid email"), Next::Finish);
        let has_account = Progress { has_account: true, ..begun };
        assert_eq!(after(&request, &has_account, Some(fresh), "openid email"), Next::Finish);
    }

    #[test]
    fn an_account_is_chosen_once_a_request() {
        let who = somebody(60);
        let request = request(&[Prompt::SelectAccount]);
        let begun = Progress::begun(NOW);
        assert_eq!(after(&request, &begun, Some(who), "openid email"), Next::SelectAccount);
        let chosen = Progress { account_chosen_by: Some(who.user), ..begun };
        assert_eq!(after(&request, &chosen, Some(who), "openid email"), Next::Finish);
    }
}
