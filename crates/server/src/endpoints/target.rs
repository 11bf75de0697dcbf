//! What a sign-in is for: an application's request, or a page of ours.

use poem::Response;
use serde::{Deserialize, Serialize};
use vestibule_oidc::{
    Present, Unavailable,
    authorize::{Next, Progress, dispatch},
    client::Client,
    levels::{LevelWish, Missing, Shown},
};
use vestibule_sessions::{RequestId, Waiting};
use vestibule_users::AcrWish;

use super::{
    browser::Browser,
    flow::{self, Found, Purpose, Stop},
    reply::see_other,
    watched::Watched,
};
use crate::state::State;

/// Somebody is to sign in for a page of ours.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Enter {
    /// The page's path, one of our own.
    pub(crate) to: String,
    /// Whether a sign-in of before is not enough.
    pub(crate) fresh: bool,
    /// Whether somebody who has a second factor must have shown it, even where no rule asks for it.
    #[serde(default)]
    pub(crate) both_factors: bool,
    pub(crate) progress: Progress,
    /// Whether the person wants to sign in with another account than the one that is signed in.
    pub(crate) switching: bool,
}

/// A page of ours that was found waiting for this browser.
pub(crate) struct FoundPage {
    id: RequestId,
    waiting: Waiting<Purpose>,
    pub(crate) enter: Enter,
}

/// What a sign-in is for.
pub(crate) enum Target {
    /// An application's request.
    App(Box<Found>),
    /// A page of ours.
    Own(Box<FoundPage>),
}

impl Enter {
    /// To `page`, by whoever is signed in; where `fresh`, by whoever proves it from now on.
    pub(crate) fn to(page: &str, fresh: bool, state: &State) -> Self {
        let progress = Progress::begun(state.clock().now());
        Self { to: page.to_owned(), fresh, both_factors: false, progress, switching: false }
    }

    /// The same, but by nobody who has a second factor and has not shown it.
    pub(crate) fn with_both_factors(self) -> Self {
        Self { both_factors: true, ..self }
    }

    fn counts<'a>(&self, present: Option<&'a Present>) -> Option<&'a Present> {
        present.filter(|present| !self.switching || present.session.auth_time >= self.progress.began_at)
    }

    /// Asks the dispatcher.
    pub(crate) async fn next(&self, state: &State, present: Option<&Present>) -> Result<Next, Unavailable> {
        let signed_in = match self.counts(present) {
            Some(present) => {
                let demand = state.provider().second_factor(&present.user, None).await?;
                let demanded = demand.is_demanded() || self.both_factors && has_second_factor(state, present).await?;
                Some(present.signed_in(demanded, Missing::Nothing))
            }
            None => None,
        };
        Ok(dispatch::enter(&self.progress, self.fresh, signed_in, state.clock().now()))
    }

    /// Lets the page wait, and sends the browser to where somebody signs in for it.
    pub(crate) async fn begin(self, state: &State, browser: &Browser) -> Result<Response, Unavailable> {
        let next = self.next(state, browser.present.as_ref()).await?;
        flow::wait(state, browser, &Purpose::Enter(self), &next).await.map(|(_, response)| response)
    }
}

async fn has_second_factor(state: &State, present: &Present) -> Result<bool, Unavailable> {
    let status = state.provider().second_factors().status(present.user.id).await.map_err(Unavailable::because)?;
    Ok(status.enrolled_at.is_some())
}

impl Target {
    /// Finds what waits under `id` for this browser.
    pub(crate) async fn load(state: &State, browser: &Browser, id: &str) -> Result<Self, Stop> {
        let (id, waiting) = flow::load(state, browser, id).await?;
        match waiting.payload.clone() {
            Purpose::Authorize(_) => flow::found(state, id, waiting).await.map(|found| Self::App(Box::new(found))),
            Purpose::Enter(enter) => Ok(Self::Own(Box::new(FoundPage { id, waiting, enter }))),
            Purpose::SignOut(_) => Err(Stop::Gone),
        }
    }

    /// Lets a page of ours wait: for a sign-in that nothing waited for and that has a second step.
    pub(crate) async fn begin(state: &State, browser: &Browser, enter: Enter) -> Result<Self, Unavailable> {
        let purpose = Purpose::Enter(enter.clone());
        let id = state.waiting().begin(&browser.token, &purpose).await.map_err(Unavailable::because)?;
        let waiting = state.waiting().load(&id, &browser.token).await.map_err(Unavailable::because)?;
        Ok(Self::Own(Box::new(FoundPage { id, waiting, enter })))
    }

    /// What the form names it by.
    pub(crate) fn id(&self) -> &RequestId {
        match self {
            Self::App(found) => &found.id,
            Self::Own(page) => &page.id,
        }
    }

    /// The application that waits, where one does.
    pub(crate) fn app(&self) -> Option<&Found> {
        match self {
            Self::App(found) => Some(found),
            Self::Own(_) => None,
        }
    }

    /// The application, as far as it decides about second factors of somebody who has proved themselves as `shown`.
    pub(crate) fn demands(&self, state: &State, shown: Shown<'_>) -> Option<(&Client, AcrWish)> {
        let found = self.app()?;
        let missing = state.provider().missing(&found.authorize.request.level, shown);
        Some((&*found.client, missing.second_factor()))
    }

    /// The levels that the application asks for, where one waits.
    pub(crate) fn level(&self) -> Option<&LevelWish> {
        self.app().map(|found| &found.authorize.request.level)
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> &Progress {
        match self {
            Self::App(found) => &found.authorize.progress,
            Self::Own(page) => &page.enter.progress,
        }
    }

    /// Who of those at the browser it is about.
    pub(crate) fn who<'a>(&self, browser: &'a Browser) -> Option<&'a Present> {
        match self {
            Self::App(found) => found.authorize.who(browser),
            Self::Own(_) => browser.present.as_ref(),
        }
    }

    /// Who counts as signed in for it.
    pub(crate) fn counts<'a>(&self, present: Option<&'a Present>) -> Option<&'a Present> {
        match self {
            Self::App(found) => found.authorize.counts(present),
            Self::Own(page) => page.enter.counts(present),
        }
    }

    /// Asks the dispatcher.
    pub(crate) async fn next(&self, state: &State, present: Option<&Present>) -> Result<Next, Unavailable> {
        match self {
            Self::App(found) => found.authorize.next(state, &found.client, present).await,
            Self::Own(page) => page.enter.next(state, present).await,
        }
    }

    /// Keeps what the person has done so far, as `change` says it.
    pub(crate) async fn keep(self, state: &State, change: impl FnOnce(&mut Progress, &mut bool)) -> Result<Self, Stop> {
        match self {
            Self::App(found) => {
                let mut authorize = found.authorize.clone();
                change(&mut authorize.progress, &mut authorize.switching);
                flow::keep(state, *found, authorize).await.map(|found| Self::App(Box::new(found)))
            }
            Self::Own(page) => {
                let FoundPage { id, waiting, mut enter } = *page;
                change(&mut enter.progress, &mut enter.switching);
                let waiting = flow::update(state, &id, waiting, Purpose::Enter(enter.clone())).await?;
                Ok(Self::Own(Box::new(FoundPage { id, waiting, enter })))
            }
        }
    }

    /// The step after a page has done its part.
    pub(crate) async fn go_on(
        self,
        state: &State,
        watched: &Watched,
        present: Option<&Present>,
    ) -> Result<Response, Stop> {
        match self {
            Self::App(found) => flow::go_on(state, watched, *found, present).await,
            Self::Own(page) => match page.enter.next(state, present).await? {
                Next::Finish => {
                    flow::finish(state, &page.id, page.waiting).await?;
                    Ok(see_other(&page.enter.to))
                }
                next => Ok(see_other(&flow::page_for(&next, &page.id))),
            },
        }
    }

    /// The person gives up.
    pub(crate) async fn give_up(self, state: &State, watched: &Watched) -> Result<Response, Stop> {
        match self {
            Self::App(found) => flow::deny(state, watched, *found).await,
            Self::Own(page) => {
                flow::finish(state, &page.id, page.waiting).await?;
                Ok(see_other("/"))
            }
        }
    }
}
