//! The site of `examples/django`: its people sign in through this provider, and its `user.has_perm()` answers from claims.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{
    Client, Response,
    header::{COOKIE, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use vestibule_tests::{ClientSpec, Person, TestApp, ThirdParty};

use crate::{
    command,
    site::{Site, Way, person},
};

/// How long the site may take to answer for the first time.
const STARTING: Duration = Duration::from_secs(60);

/// The site, and a browser at it.
struct Shop {
    server: Child,
    root: String,
    http: Client,
    session: Option<String>,
    _folder: TempDir,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn manage(folder: &TempDir, issuer: &str, client: &ThirdParty, arguments: &[&str]) -> Command {
    let python = std::env::var("VESTIBULE_TEST_DJANGO_PYTHON").expect("VESTIBULE_TEST_DJANGO_PYTHON names a Python");
    let mut command = Command::new(python);
    command.arg("manage.py").args(arguments);
    command.current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/django"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("DJANGO_DATABASE", folder.path().join("db.sqlite3"));
    command.env("VESTIBULE_ISSUER", issuer).env("NO_PROXY", "localhost,127.0.0.1");
    command.env("VESTIBULE_CLIENT_ID", &client.client_id);
    command.env("VESTIBULE_CLIENT_SECRET", client.secret.as_deref().unwrap_or_default());
    command.stdout(Stdio::null());
    command
}

/// A port that nobody listens on at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

impl Shop {
    async fn open(app: &TestApp) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        let root = format!("http://localhost:{port}");
        let spec = ClientSpec::first_party().at(&[&format!("{root}/sign-in/callback/")]);
        let client = app.client(spec.for_scope("openid profile email groups permissions")).await;
        let apps = vec!["shop".to_owned()];
        app.provider().clients().set_apps(&client.id(), apps).await.expect("an app");
        let migrated = manage(&folder, app.issuer(), &client, &["migrate", "--verbosity", "0"]).status();
        assert!(migrated.expect("Python").success());
        let serve = ["runserver", "--noreload", "--skip-checks", &format!("localhost:{port}")];
        let mut shop = Self {
            server: manage(&folder, app.issuer(), &client, &serve).stderr(Stdio::null()).spawn().expect("Python"),
            http: Client::builder().redirect(Policy::none()).no_proxy().build().expect("an HTTP client"),
            session: None,
            _folder: folder,
            root,
        };
        let begun = Instant::now();
        while shop.http.get(&shop.root).send().await.is_err() {
            assert!(begun.elapsed() < STARTING && shop.server.try_wait().expect("a process").is_none(), "no answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        shop
    }

    /// Opens an address of the site, and keeps the session that it gives.
    async fn get(&mut self, path_or_url: &str) -> Response {
        let url =
            if path_or_url.starts_with('/') { format!("{}{path_or_url}", self.root) } else { path_or_url.to_owned() };
        let request = self.http.get(url);
        let request = self.session.iter().fold(request, |request, session| request.header(COOKIE, session));
        let response = request.send().await.expect("an answer");
        let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let session = cookies.filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("sessionid="));
        self.session = session.map(str::to_owned).or(self.session.take());
        response
    }

    /// Where an address of the site leads to.
    async fn leads_to(&mut self, path_or_url: &str) -> String {
        let response = self.get(path_or_url).await;
        let status = response.status();
        let location = response.headers().get(LOCATION).map(|value| value.to_str().expect("ASCII").to_owned());
        location.unwrap_or_else(|| panic!("{path_or_url} leads nowhere: {status}"))
    }

    async fn sign_in(&mut self, app: &TestApp, person: &Person) {
        self.session = None;
        let request = self.leads_to("/sign-in/").await;
        let answer = app.browser_of(person).walk(&request).await;
        assert_eq!(self.leads_to(answer.location().as_str()).await, "/");
    }

    async fn orders(&mut self) -> Value {
        self.get("/orders/").await.json().await.expect("JSON")
    }
}

#[tokio::test]
async fn has_perm_answers_from_the_claims_of_the_last_sign_in() {
    let (app, site) = (TestApp::start().await, Site("default"));
    site.import(&app, Way::Dump).await;
    let users = site.users();
    let mut shop = Shop::open(&app).await;
    assert!(shop.leads_to("/orders/").await.starts_with("/sign-in/"), "nobody is signed in");
    for (username, view, ship) in [("pia", true, false), ("scrypt", true, true), ("blank", false, false)] {
        shop.sign_in(&app, &person(&app, username, &users[username]).await).await;
        assert_eq!(shop.orders().await["may"], json!({"view_order": view, "ship_order": ship}), "{username}");
        assert_eq!(shop.get("/orders/ship/").await.status(), if ship { 200 } else { 403 }, "{username}");
    }
    command::json(&app, &["users", "add-to-group", "pia", "Shipping & Handling"]).await;
    // A running server goes by what a command changes within a second.
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.sign_in(&app, &person(&app, "pia", &users["pia"]).await).await;
    assert_eq!(shop.orders().await["may"], json!({"view_order": true, "ship_order": true}));
}

#[tokio::test]
async fn a_person_is_one_user_of_the_site_and_no_code_of_another_counts() {
    let app = TestApp::start().await;
    let (alice, eve) = (app.user("alice").await, app.user("eve").await);
    let mut shop = Shop::open(&app).await;
    shop.sign_in(&app, &alice).await;
    let first = shop.orders().await["user"].clone();
    shop.sign_in(&app, &alice).await;
    assert_eq!(shop.orders().await["user"], first);
    shop.sign_in(&app, &eve).await;
    assert_ne!(shop.orders().await["user"], first);
    // A code for eve, given to somebody who began elsewhere: `state` is not that browser's.
    let request = shop.leads_to("/sign-in/").await;
    let answer = app.browser_of(&eve).walk(&request).await;
    shop.session = None;
    assert_eq!(shop.get(answer.location().as_str()).await.status(), 400);
}
