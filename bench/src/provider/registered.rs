//! The people, applications and APIs that the rows are about, made by the provider's own commands.

use std::{collections::BTreeMap, io::Write, path::Path, process::Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::at_home;
use crate::{
    description::{Description, VESTIBULE},
    failure::{Failure, While},
};

/// Calls the provider's commands.
pub(super) struct Registrar<'a> {
    pub(super) program: &'a Path,
    pub(super) folder: &'a Path,
}

impl Registrar<'_> {
    /// Makes so many people, and what the rows need; gives the variables that name it.
    ///
    /// What the program does not know (an older one) is told and left out: the rows about it cannot be measured then, the others
    /// can.
    pub(super) fn register(&self, people: usize) -> Result<BTreeMap<String, String>, Failure> {
        eprintln!("Registering {people} people, three APIs and three applications.");
        let given = Description::parse(VESTIBULE)?;
        let password = given.variables.get("password").map(String::as_str).unwrap_or_default();
        for number in 0..people {
            self.person(number, password)?;
        }
        for (algorithm, more) in [
            ("es256", &["--access-token-alg", "ES256"][..]),
            ("rs256", &["--access-token-alg", "RS256"]),
            ("opaque", &["--opaque"]),
        ] {
            let identifier = format!("urn:bench:{algorithm}");
            let scope = format!("bench.{algorithm}");
            let created = self.call(&[&["apis", "create", &identifier, "--scope", &scope], more].concat(), "");
            told(created, &identifier);
        }
        let callback = given.variables.get("callback").map(String::as_str).unwrap_or_default();
        let mut variables = BTreeMap::new();
        variables.insert("scope".to_owned(), "openid profile email".to_owned());
        let web = [
            "clients",
            "create",
            "--name",
            "Bench",
            "--redirect-uri",
            callback,
            "--first-party",
            "--id-token-alg",
            "ES256",
            "--grant-type",
            "authorization_code",
        ];
        for (name, more) in [("client", &[][..]), ("refreshing_client", &["--grant-type", "refresh_token"])] {
            if let Some(client) = told(self.call(&[&web[..], more].concat(), ""), name) {
                variables.insert(name.to_owned(), text(&client, "client_id"));
                variables.insert(format!("{name}_basic"), basic(&client));
            }
        }
        let service = [
            "clients",
            "create",
            "--name",
            "Bench service",
            "--grant-type",
            "client_credentials",
            "--scope",
            "bench.es256 bench.rs256 bench.opaque",
        ];
        if let Some(service) = told(self.call(&service, ""), "an application for client credentials") {
            variables.insert("service_basic".to_owned(), basic(&service));
        }
        Ok(variables)
    }

    fn person(&self, number: usize, password: &str) -> Result<(), Failure> {
        let (name, email) = (format!("bench{number}"), format!("bench{number}@example.com"));
        let claim = format!("name=Bench {number}");
        let arguments =
            ["users", "create", &name, "--email", &email, "--email-verified", "--claim", &claim, "--password-stdin"];
        self.call(&arguments, &format!("{password}\n")).map(drop)
    }

    /// Runs a command to its end, and reads the document that it reports with.
    fn call(&self, arguments: &[&str], input: &str) -> Result<Value, Failure> {
        let told = || format!("`vestibule {}`", arguments.join(" "));
        let mut command = at_home(self.program, self.folder);
        command.args(arguments).arg("--json");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().doing(told)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).doing(told)?;
        }
        let output = child.wait_with_output().doing(told)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed").trim();
            return Err(Failure::because(format!("{}: {line}", told())));
        }
        serde_json::from_slice(&output.stdout).doing(told)
    }
}

/// Says what could not be made, and goes on without it.
fn told<T>(created: Result<T, Failure>, what: &str) -> Option<T> {
    created.inspect_err(|why| eprintln!("  without {what}: {why}")).ok()
}

fn text(document: &Value, member: &str) -> String {
    document[member].as_str().unwrap_or_default().to_owned()
}

/// The credentials of a client as RFC 6749 section 2.3.1 wants them. Ids and secrets of ours need no form encoding.
fn basic(client: &Value) -> String {
    STANDARD.encode(format!("{}:{}", text(client, "client_id"), text(client, "client_secret")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_those_of_the_basic_scheme() {
        assert_eq!(basic(&json!({ "client_id": "a", "client_secret": "b" })), "YTpi");
    }
}
