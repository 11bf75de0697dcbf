//! Attack A60: who has an account is told neither by words, nor by a status, nor by how long an answer takes.
//!
//! Times are taken in turns, so that whatever else the machine does befalls all kinds alike, and compared by their quartiles. A
//! difference that is really there shows every time; one that a busy machine makes does not, so that it takes three rounds that
//! show one to fail.

use std::time::{Duration, Instant};

use vestibule_tests::{Browser, Form, Page, TestApp};
use vestibule_users::ImportedHash;

/// How often each kind is tried in a round.
const TRIES: usize = 200;
const ROUNDS: usize = 3;

/// A provider that hashes as long as it takes to be seen, and slows nobody down.
async fn patient(change: impl FnOnce(&mut vestibule::config::Config)) -> TestApp {
    TestApp::with(|config| {
        config.passwords.memory_kib = 4096;
        config.passwords.iterations = 2;
        config.passwords.workers = Some(2);
        config.throttle.account_tries = 1000;
        config.throttle.address_tries = 100_000;
        change(config);
    })
    .await
}

/// What one kind was answered: how it looks without what was typed, and how long each answer took.
#[derive(Default)]
struct Kind {
    looks: Vec<String>,
    times: Vec<Duration>,
}

impl Kind {
    /// Tries once.
    async fn again(&mut self, browser: &mut Browser, form: &Form, field: &str, typed: &str) {
        let form = form.clone().with(field, typed);
        let began = Instant::now();
        let page = browser.submit(&form).await;
        self.times.push(began.elapsed());
        let looks = looks(&page, typed);
        if !self.looks.contains(&looks) {
            self.looks.push(looks);
        }
    }

    fn quartiles(&self) -> [Duration; 3] {
        let mut sorted = self.times.clone();
        sorted.sort();
        [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
    }
}

/// All of it, but for what is another each time anyhow.
fn looks(page: &Page, typed: &str) -> String {
    let headers: Vec<_> = page.headers.iter().filter(|(name, _)| *name != "x-request-id" && *name != "date").collect();
    format!("{} {headers:?} {}", page.status, page.body.replace(typed, "…"))
}

/// Whether the second kind differs: by a fifth, and by more than a millisecond that nobody measures over a network.
fn differ(one: &Kind, other: &Kind) -> bool {
    one.quartiles().into_iter().zip(other.quartiles()).any(|(one, other)| {
        let difference = one.abs_diff(other);
        difference > one.min(other) / 5 && difference > Duration::from_millis(1)
    })
}

/// Sends the form with names of both kinds in turns, and holds the answers against each other.
async fn are_the_same(browser: &mut Browser, form: &Form, field: &str, known: &[String], unknown: &[String]) {
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        let (mut one, mut other) = (Kind::default(), Kind::default());
        for turn in 0..TRIES {
            let (known, unknown) = (&known[turn % known.len()], &unknown[turn % unknown.len()]);
            if turn % 2 == 0 {
                one.again(browser, form, field, known).await;
                other.again(browser, form, field, unknown).await;
            } else {
                other.again(browser, form, field, unknown).await;
                one.again(browser, form, field, known).await;
            }
        }
        assert_eq!(one.looks, other.looks, "one and the same answer");
        assert_eq!(one.looks.len(), 1, "{:?}", one.looks);
        if !differ(&one, &other) {
            return;
        }
        seen.push((one.quartiles(), other.quartiles()));
    }
    panic!("the times of known and unknown differ in every round: {seen:?}");
}

fn names(prefix: &str, suffix: &str) -> Vec<String> {
    // As long as each other, and each asked about no oftener than the limit for one name lets through.
    (0..TRIES * ROUNDS / 4).map(|number| format!("{prefix}{number:04}{suffix}")).collect()
}

/// Accounts of these names, each with an address.
async fn people(app: &TestApp, names: &[String]) {
    for name in names {
        app.user(name).await;
    }
}

#[tokio::test]
async fn a60_a_sign_in_of_somebody_known_takes_as_long_as_of_nobody() {
    let app = patient(|_| {}).await;
    let known = app.user("known").await;
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("login").with("password", "wrong password");
    let unknown = "nobod".to_owned();
    are_the_same(
        &mut browser,
        &form,
        "username",
        std::slice::from_ref(&known.username),
        std::slice::from_ref(&unknown),
    )
    .await;
    let (known, unknown) = ([known.email], ["nobod@example.com".to_owned()]);
    are_the_same(&mut browser, &form, "username", &known, &unknown).await;
}

/// Django's hash at a cost that takes several times as long as ours.
const BROUGHT_ALONG: &str = "pbkdf2_sha256$60000$c2FsdHNhbHQ$yfuG4BI0erfpahjwXVn7ybyp1be5+f+a5+Qz7yPhO+0=";

#[tokio::test]
async fn a60_nor_does_a_hash_that_was_brought_along_tell_who_came_from_there() {
    let app = patient(|_| {}).await;
    let known = app.user_with("known", |new| new.password = None).await;
    let hash = ImportedHash::parse(BROUGHT_ALONG).unwrap();
    app.provider().users().set_imported_password(known.id, hash).await.unwrap();
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("login").with("password", "wrong password");
    let (known, unknown) = ([known.username], ["nobod".to_owned()]);
    are_the_same(&mut browser, &form, "username", &known, &unknown).await;
}

#[tokio::test]
async fn a60_asking_for_a_new_password_tells_nothing() {
    let app = patient(|_| {}).await;
    let (known, unknown) = (names("known", "@example.com"), names("nobod", "@example.com"));
    people(&app, &names("known", "")).await;
    let mut browser = app.browser();
    let form = browser.get("/recover").await.form("recover");
    are_the_same(&mut browser, &form, "identifier", &known, &unknown).await;
}

#[tokio::test]
async fn a60_registering_with_an_address_tells_nothing() {
    let app = patient(|config| config.users.registration = true).await;
    let (known, unknown) = (names("known", "@example.com"), names("nobod", "@example.com"));
    people(&app, &names("known", "")).await;
    let mut browser = app.browser();
    let form = browser.get("/register").await.form("register");
    are_the_same(&mut browser, &form, "email", &known, &unknown).await;
}

#[tokio::test]
async fn a60_known_and_unknown_are_slowed_down_after_as_many_tries_and_in_the_same_words() {
    let app = TestApp::with(|config| config.throttle.address_tries = 100_000).await;
    app.user("known").await;
    let mut answers = Vec::new();
    for name in ["known", "nobod"] {
        let mut browser = app.browser();
        let form = browser.get("/login").await.form("login").with("password", "wrong password").with("username", name);
        let mut answer = Vec::new();
        for _ in 0..8 {
            let page = browser.submit(&form).await;
            let wait = page.headers.get("retry-after").cloned();
            answer.push((page.status, wait, page.text().replace(name, "…")));
        }
        assert!(answer.iter().any(|(status, ..)| *status == 429), "{answer:?}");
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
}
