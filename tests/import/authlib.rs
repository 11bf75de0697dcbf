//! Authlib, a client library for Python, signs people in: by code and PKCE, with its own checks of the ID token, by each way to
//! prove an application that it knows.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{ClientSpec, Person, TestApp};

/// The program beside this file, with which lines of JSON are exchanged.
struct Application {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Application {
    fn start() -> Self {
        let python =
            std::env::var("VESTIBULE_TEST_DJANGO_PYTHON").expect("VESTIBULE_TEST_DJANGO_PYTHON names a Python");
        let mut command = Command::new(python);
        command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("import/authlib_client.py"));
        // The provider of these tests has no TLS.
        command.env("AUTHLIB_INSECURE_TRANSPORT", "1").env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python");
        let (input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        Self { child, input, output: BufReader::new(output) }
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?} is no answer of Authlib's: {error}"))
    }

    fn say(&mut self, something: &Value) {
        writeln!(self.input, "{something}").expect("it listens");
    }
}

/// Signs alice in by way of `method`; what the application tells of it.
async fn told_by(app: &TestApp, alice: &Person, method: AuthMethod) -> Value {
    let mut application = Application::start();
    let keys = tokio::task::block_in_place(|| application.hear());
    let spec = ClientSpec::first_party().for_grants(&["authorization_code", "refresh_token"]).with(|new| {
        new.auth_method = Some(method);
        new.metadata.jwks = (method == AuthMethod::PrivateKeyJwt).then_some(keys);
    });
    let client = app.client(spec).await;
    application.say(&json!({
        "issuer": app.issuer(), "method": method.as_str(), "alg": "RS256", "redirect_uri": client.redirect_uri,
        "client_id": client.client_id, "client_secret": client.secret,
    }));
    let address = tokio::task::block_in_place(|| application.hear());
    let page = app.browser_of(alice).walk(address["address"].as_str().expect("an address")).await;
    application.say(&json!({ "callback": page.location().as_str() }));
    tokio::task::block_in_place(|| application.hear())
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_signs_in_and_comes_back_by_every_way_to_prove_an_application() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let sub = alice.id.to_string();
    for method in [
        AuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost,
        AuthMethod::ClientSecretJwt,
        AuthMethod::PrivateKeyJwt,
        AuthMethod::None,
    ] {
        let told = told_by(&app, &alice, method).await;
        assert_eq!(told["id_token"]["sub"], sub, "{method:?}: {told}");
        for person in told["userinfo"].as_array().expect("two answers") {
            assert_eq!(person["sub"], sub, "{method:?}: {told}");
        }
        assert_eq!((&told["renewed"], &told["replayed"]), (&json!(true), &json!("invalid_grant")), "{method:?}");
    }
}
