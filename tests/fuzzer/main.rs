//! The administration API, driven from its OpenAPI document by a fuzzer that knows nothing else of it: schemathesis, from PyPI.
//!
//! Every operation is called with what the document allows and with what it does not, by itself and one after the other along
//! the document's links, as a superuser. No answer may be a 5xx, and each must be as the document says.
//!
//! `VESTIBULE_TEST_FUZZER` names the program; `cargo xtask test --only services` installs it. `VESTIBULE_TEST_SEED` has it
//! try something else than it usually does.

use std::{path::Path, process::Command};

use vestibule_tests::TestApp;

/// So that a run that passes passes again.
const SEED: &str = "20261125";
/// Requests of each kind to an operation. Some thousands in all, which take less than a minute.
const EXAMPLES: &str = "10";

#[tokio::test(flavor = "multi_thread")]
async fn the_api_keeps_to_its_document_whatever_a_fuzzer_sends() {
    let program = std::env::var("VESTIBULE_TEST_FUZZER")
        .expect("set VESTIBULE_TEST_FUZZER to the program `schemathesis`, or let `cargo xtask test` install it");
    let seed = std::env::var("VESTIBULE_TEST_SEED").unwrap_or_else(|_| SEED.to_owned());
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let token = root.api_token(root.id, None).await;
    let folder = tempfile::tempdir().expect("a folder that it may write to");

    let settings = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzzer/schemathesis.toml");
    let mut fuzzer = Command::new(program);
    fuzzer.arg("--config-file").arg(settings).arg("run").arg(format!("{}/api/v1/openapi.json", app.issuer()));
    fuzzer.args(["--header", &format!("Authorization: Bearer {token}")]);
    fuzzer.args(["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", EXAMPLES, "--seed", &seed]);
    fuzzer.args(["--workers", "1", "--continue-on-failure", "--warnings", "off", "--no-color"]);
    fuzzer.current_dir(folder.path()).env("PYTHONDONTWRITEBYTECODE", "1");
    let told = tokio::task::spawn_blocking(move || fuzzer.output()).await.unwrap().expect("it starts");

    let said = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success(), "seed {seed}:\n{said}\n{}", String::from_utf8_lossy(&told.stderr));
    println!("{}", said.split("SUMMARY").last().unwrap_or_default());
}
