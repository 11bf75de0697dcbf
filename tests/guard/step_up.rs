//! Step-up (RFC 9470) by levels that the operator names (`authentication.levels`): a route says which will do, and the application
//! reads in the refusal what to send the person for.

use vestibule::config::{Config, SecondFactorMode};
use vestibule_tests::{Answer as Answered, Authenticator, AuthorizeRequest, Page, Person};

use super::*;

/// Bronze by any way, silver with a second factor, gold with one and of the last ten minutes.
fn metals(config: &mut Config) {
    config.authentication.second_factor = SecondFactorMode::Never;
    let lines = ["bronze any", "silver second_factor", "gold second_factor within 10m"];
    config.authentication.levels = lines.iter().map(|line| line.parse().expect("a level")).collect();
}

/// An API whose routes ask for levels, an application of the same house, and somebody with a second factor.
struct Scene {
    app: TestApp,
    client: ThirdParty,
    api: Api,
    alice: Person,
    phone: Authenticator,
}

impl Scene {
    /// With tokens that the API verifies itself, or that it asks about.
    async fn begun(opaque: bool) -> Self {
        let app = TestApp::with(metals).await;
        let notes = app.client(ClientSpec::named("Notes API").for_grants(&["client_credentials"])).await;
        let scopes = vec![("notes:read".to_owned(), None)];
        let clients = vec![notes.id()];
        let new = NewApi { identifier: NOTES.to_owned(), scopes, clients, opaque, ..NewApi::default() };
        app.provider().apis().create(new, app.issuer()).await.expect("an API");
        let guard = guard(&app).client(&notes.client_id, notes.secret.clone().expect("a secret"));
        let asks = |how| get(who).with(require_authentication(how));
        let routes = Route::new()
            .at("/who", get(who))
            .at("/seal", asks(StepUp::by(["silver", "gold"])))
            .at("/vault", asks(StepUp::by(["gold"]).and_within(Duration::from_secs(600))))
            .at("/numbered", asks(StepUp::by(["2"])))
            .with(guard.build().expect("a guard"));
        let api = Api(routes.map_to_response().boxed());
        let client = app.client(ClientSpec::first_party().for_scope("openid notes:read")).await;
        let alice = app.user("alice").await;
        let phone = enrolled(&app, &alice).await;
        Self { app, client, api, alice, phone }
    }

    async fn token(&self, browser: &mut Browser) -> String {
        tokens(browser, &self.client, "openid notes:read").await.access_token
    }

    /// The status of a route, and what its refusal asks the application to do.
    async fn asked(&self, path: &str, token: &str) -> (u16, Option<String>, Option<String>) {
        let answer = self.api.get(path, token).await;
        let expected = if answer.status == 200 { "" } else { "insufficient_user_authentication" };
        assert_eq!(answer.told().1, expected, "{answer:?}");
        (answer.status.as_u16(), parameter(&answer, "acr_values"), parameter(&answer, "max_age"))
    }

    /// What the application asks for once a route has refused a token.
    async fn again(&self, path: &str, token: &str) -> AuthorizeRequest {
        let (status, acr_values, max_age) = self.asked(path, token).await;
        assert_eq!(status, 401);
        let request = self.client.request().set("scope", "openid notes:read");
        let request = request.set("acr_values", &acr_values.expect("levels"));
        max_age.into_iter().fold(request, |request, age| request.set("max_age", &age))
    }

    /// The token with which a route lets somebody in whom it asks for a second factor.
    async fn raised(&self, browser: &mut Browser, path: &str) -> Tokens {
        let request = self.again(path, &self.token(browser).await).await;
        let page = browser.open(&request.url()).await;
        self.completed(browser, page, &request).await
    }

    /// Gives the code of the second factor, and gets the token of the new sign-in.
    async fn completed(&self, browser: &mut Browser, page: Page, request: &AuthorizeRequest) -> Tokens {
        let page = give(&self.app, browser, &page, &self.phone).await;
        self.client.redeem(&Answered::read(&page, request)).await
    }
}

/// Switches somebody's second factor on.
async fn enrolled(app: &TestApp, person: &Person) -> Authenticator {
    let mut browser = Browser::sign_in(app, person).await;
    let page = browser.open("/account/second-factor").await;
    let page = browser.submit(&page.form("switch-on").press("turn-on")).await;
    let phone = Authenticator::scan(&page);
    give(app, &mut browser, &page, &phone).await;
    app.clock().advance(Duration::from_secs(60));
    phone
}

async fn give(app: &TestApp, browser: &mut Browser, page: &Page, phone: &Authenticator) -> Page {
    let page = browser.submit(&page.form("second-factor").with("code", &phone.code(app.clock()))).await;
    browser.follow(page).await
}

/// A parameter of the challenge.
fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let (_, rest) = answer.challenges.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[tokio::test]
async fn an_application_gets_the_level_that_a_route_names_by_a_second_factor() {
    for opaque in [false, true] {
        let scene = Scene::begun(opaque).await;
        let mut browser = Browser::sign_in(&scene.app, &scene.alice).await;
        let low = scene.token(&mut browser).await;
        assert_eq!(scene.asked("/who", &low).await.0, 200);
        assert_eq!(scene.asked("/seal", &low).await, (401, Some("silver gold".to_owned()), None));
        let request = scene.again("/seal", &low).await;
        let page = browser.open(&request.url()).await;
        assert!(page.find_form("second-factor").is_some(), "the password was given already: {page}");
        let tokens = scene.completed(&mut browser, page, &request).await;
        assert_eq!(tokens.id_claims()["acr"], "gold", "the highest that was reached");
        assert_eq!(scene.asked("/seal", &tokens.access_token).await.0, 200);
        assert_eq!(scene.asked("/seal", &low).await.0, 401, "the token of before is no better for it");
    }
}

#[tokio::test]
async fn a_level_of_the_last_minutes_is_reached_again_by_both_steps() {
    let scene = Scene::begun(false).await;
    let mut browser = Browser::sign_in(&scene.app, &scene.alice).await;
    let first = scene.raised(&mut browser, "/vault").await.access_token;
    assert_eq!(scene.asked("/vault", &first).await.0, 200);
    scene.app.clock().advance(Duration::from_secs(630));
    let old = scene.token(&mut browser).await;
    assert_eq!(scene.asked("/seal", &old).await.0, 200, "it is silver still");
    assert_eq!(scene.asked("/vault", &old).await, (401, Some("gold".to_owned()), Some("600".to_owned())));
    let request = scene.again("/vault", &old).await;
    let page = browser.open(&request.url()).await;
    let page = browser.try_to_sign_in(&page, &scene.alice.username, &scene.alice.password).await;
    let page = browser.follow(page).await;
    let new = scene.completed(&mut browser, page, &request).await.access_token;
    assert_eq!(scene.asked("/vault", &new).await.0, 200);
}

#[tokio::test]
async fn a_level_is_known_by_its_name_alone() {
    let scene = Scene::begun(false).await;
    let mut browser = Browser::sign_in(&scene.app, &scene.alice).await;
    let tokens = scene.raised(&mut browser, "/seal").await;
    // What the second level is called where nobody names it means nothing here.
    assert_eq!(scene.asked("/numbered", &tokens.access_token).await, (401, Some("2".to_owned()), None));
}
