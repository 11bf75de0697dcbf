//! What a wrong configuration is told, and that the reference and its parser agree.

use std::{fs, path::Path};

use super::*;

/// Loads `text` as `vestibule.toml`, under an environment.
fn load(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let file = Path::new("vestibule.toml");
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let mut problems = Vec::new();
    let layer = layers::from_text(file, text, &mut problems);
    Loaded::from_layers(Some(file.to_owned()), layer, &environment, problems)
}

/// What is said of `text`, a line for each problem.
fn complaint(text: &str) -> String {
    load(text, &[]).expect_err("something is wrong").to_string()
}

fn complaint_of_environment(name: &str, value: &str) -> String {
    load("", &[(name, value)]).expect_err("something is wrong").to_string()
}

#[test]
fn an_unknown_key_names_file_line_and_the_nearest_key() {
    assert_eq!(
        complaint("[http]\n# a comment\nlisten = \"localhost:1\"\npublicurl = \"http://localhost\"\n"),
        "vestibule.toml:4: unknown key http.publicurl; the nearest known key is http.public_url"
    );
    assert!(
        complaint("listen = \"x:1\"")
            .starts_with("vestibule.toml:1: unknown key listen; the nearest known key is http")
    );
    assert!(
        complaint("\"http.listen\" = \"x:1\"").contains("unknown key \"http.listen\"; the nearest known key is http.l")
    );
}

#[test]
fn an_unknown_table_is_told_once() {
    assert_eq!(
        complaint("\n[htpp]\nlisten = 1\npublic_url = 2\n"),
        "vestibule.toml:2: unknown table [htpp]; the nearest known table is [http]"
    );
    assert!(complaint("http = 1").contains("http is a table of settings"));
    assert!(complaint("[[http]]\n").contains("http is a table of settings"));
    assert!(complaint("[http.listen]\nx = 1\n").contains("http.listen is a table; expected \"host:port\""));
}

#[test]
fn keys_of_later_features_are_unknown_today() {
    for key in ["saml.entity_id", "ldap.url"] {
        assert!(complaint(&format!("{key} = \"x\"")).contains("unknown"), "{key}");
    }
}

#[test]
fn a_wrong_type_says_what_was_found_and_what_is_expected() {
    assert_eq!(
        complaint("[http]\nmax_connections = \"many\"\n"),
        "vestibule.toml:2: http.max_connections is the text \"many\"; expected a whole number, such as 64"
    );
    assert!(complaint("http.allow_insecure = \"yes\"").contains("is the text \"yes\"; expected true or false"));
    assert!(complaint("http.listen = 8080").contains("is the number 8080; expected \"host:port\""));
    assert!(complaint("passwords.queue = 1.5").contains("is a number with a fraction; expected a whole number"));
    assert!(complaint("passwords.queue = 99999999999999999999").contains("a number that is too large"));
    assert!(complaint("branding.name = \"\"").contains("branding.name is empty; expected a text"));
    assert!(complaint("tokens.access_token_alg = \"HS256\"").contains("expected a signing algorithm: RS256"));
    assert!(complaint("keys.algorithms = [\"none\"]").contains("expected a signing algorithm: RS256"));
    assert!(complaint("keys.algorithms = [\"ES256\"]").contains("keys.algorithms lacks RS256"));
    assert!(complaint("tokens.access_token_alg = \"PS256\"").contains("not among keys.algorithms"));
}

#[test]
fn a_bad_duration_is_told_the_right_form() {
    let complaint = complaint("[tokens]\naccess_token_lifetime = \"10 minutes\"\n");
    assert!(complaint.starts_with("vestibule.toml:2: tokens.access_token_lifetime is the text \"10 minutes\""));
    assert!(complaint.ends_with("such as \"30s\", \"10m\" or \"14d\""), "{complaint}");
}

#[test]
fn a_value_out_of_bounds_is_told_the_bounds() {
    assert!(complaint("tokens.access_token_lifetime = \"2d\"").ends_with("expected a value from 1s to 24h"));
    assert!(complaint("http.max_body = 10").ends_with("expected a value from 1KiB to 16MiB"));
    assert!(complaint("passwords.workers = 0").ends_with("expected a value from 1 to 256"));
}

#[test]
fn a_path_in_the_public_url_is_refused() {
    assert_eq!(
        complaint("http.public_url = \"https://id.example.com/auth\""),
        "vestibule.toml:1: http.public_url is the text \"https://id.example.com/auth\"; \
         expected scheme, host and port only: leave out the path \"/auth\""
    );
}

#[test]
fn plain_http_on_a_public_host_is_refused_unless_allowed() {
    let complaint = complaint("http.public_url = \"http://id.example.com:8080\"");
    assert!(complaint.starts_with("vestibule.toml:1: http.public_url is http://id.example.com:8080"), "{complaint}");
    assert!(complaint.contains("https://id.example.com:8080") && complaint.contains("http.allow_insecure = true"));
    assert!(load("[http]\npublic_url = \"http://id.example.com\"\nallow_insecure = true\n", &[]).is_ok());
    assert!(load("http.public_url = \"http://127.0.0.1:8080\"", &[]).is_ok());
}

#[test]
fn levels_that_nobody_could_reach_or_be_told_are_refused() {
    let of = |levels: &str| complaint(&format!("authentication.levels = {levels}"));
    assert!(of("[]").contains("there is no level"));
    assert!(of("[\"a any\", \"a second_factor\"]").contains("two levels are called \"a\""));
    assert!(of("[\"a any\", \"a any\"]").contains("stands there twice"));
    assert!(of("[\"2 second_factor\", \"1 any\"]").contains("nobody would ever be told the level \"2\""));
    assert!(of("[\"a fingerprint\"]").contains("expected a name and what it needs"));
    assert!(of("[\"a any\", \"b certificate\"]").contains("add certificate to authentication.ways"));
    assert!(of("[\"a password certificate\"]").contains("comes by one of them"));
    assert!(load("authentication.levels = [\"bronze any\", \"gold second_factor within 10m\"]", &[]).is_ok());
    let environment = [("VESTIBULE_AUTHENTICATION__LEVELS", "a any, b second_factor")];
    assert!(load("", &environment).is_ok());
}

#[test]
fn half_of_tls_is_refused() {
    let complaint = complaint("http.public_url = \"https://id.example.com\"\n[http.tls]\ncertificate = \"cert.pem\"\n");
    assert!(
        complaint.starts_with("vestibule.toml:3: http.tls.certificate is given without http.tls.key"),
        "{complaint}"
    );
}

#[test]
fn https_with_a_plain_public_url_is_refused() {
    let complaint = complaint("[http.tls]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n");
    assert!(
        complaint.contains("HTTPS is served (http.tls), and http.public_url is http://localhost:8080"),
        "{complaint}"
    );
}

#[test]
fn a_document_is_not_kept_for_at_least_longer_than_for_at_most() {
    let complaint = complaint("[client_documents]\nshortest_cache = \"1h\"\nlongest_cache = \"30m\"\n");
    assert!(complaint.contains("client_documents.shortest_cache is longer"), "{complaint}");
}

#[test]
fn statements_that_are_needed_are_somebodys() {
    let complaint = complaint("[registration]\nrequire_software_statement = true\n");
    assert!(complaint.contains("nobody's software statements count"), "{complaint}");
}

#[test]
fn idle_longer_than_absolute_is_refused() {
    let complaint = complaint("[sessions]\nidle = \"2d\"\n");
    assert!(complaint.contains("vestibule.toml:2: sessions.idle (\"2d\") is longer than sessions.absolute (\"24h\")"));
}

#[test]
fn argon2_parameters_that_do_not_fit_together_are_refused() {
    assert!(
        complaint("passwords.memory_kib = 8\npasswords.parallelism = 4\n").contains("give at least 32: 8 KiB for each")
    );
    let complaint = complaint("passwords.memory_kib = 131072\npasswords.iterations = 9\n");
    assert!(complaint.starts_with("vestibule.toml:2: ") && complaint.contains("at most 1048576"), "{complaint}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = "[http]\nlisten = 1\nlisen = 2\n[tokens]\nid_token_lifetime = 3\n[sessions]\nidle = \"9d\"\n";
    let environment = [("VESTIBULE_LOG__LEVEL", "inof"), ("VESTIBULE_LOG__FORMTA", "json")];
    let error = load(text, &environment).expect_err("much is wrong");
    let places: Vec<_> = error.problems.iter().map(|problem| problem.source.to_string()).collect();
    assert_eq!(
        places,
        [
            "vestibule.toml:2",
            "vestibule.toml:3",
            "vestibule.toml:5",
            "vestibule.toml:7",
            "environment VESTIBULE_LOG__FORMTA",
            "environment VESTIBULE_LOG__LEVEL"
        ]
    );
}

#[test]
fn what_is_not_toml_names_its_line() {
    let complaint = complaint("[http]\nlisten = localhost:8080\n");
    assert!(complaint.starts_with("vestibule.toml:2: not valid TOML: "), "{complaint}");
    assert!(complaint.lines().all(|line| line.starts_with("vestibule.toml:2:")), "{complaint}");
    assert!(
        self::complaint("[log]\nlevel = \"info\"\nlevel = \"warn\"\n").starts_with("vestibule.toml:3: not valid TOML")
    );
}

#[test]
fn the_environment_goes_before_the_file() {
    let environment = [
        ("VESTIBULE_HTTP__PUBLIC_URL", "https://id.example.com"),
        ("VESTIBULE_HTTP__TLS__CERTIFICATE", "c.pem"),
        ("VESTIBULE_HTTP__TLS__KEY", "k.pem"),
        ("VESTIBULE_HTTP__LISTEN", "127.0.0.1:1, [::1]:2"),
        ("VESTIBULE_PASSWORDS__QUEUE", "7"),
        ("VESTIBULE_OIDC__REQUIRE_PKCE", "false"),
    ];
    let loaded = load("[http]\npublic_url = \"https://other.example\"\n", &environment).expect("right");
    assert_eq!(loaded.config.http.public_url.as_str(), "https://id.example.com");
    assert_eq!(loaded.config.http.tls(), Some((Path::new("c.pem"), Path::new("k.pem"))));
    assert_eq!(
        loaded.config.http.listen.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["127.0.0.1:1", "[::1]:2"]
    );
    assert_eq!((loaded.config.passwords.queue, loaded.config.oidc.require_pkce), (7, false));
    assert_eq!(loaded.source("http.public_url").to_string(), "environment VESTIBULE_HTTP__PUBLIC_URL");
}

#[test]
fn a_wrong_value_that_the_environment_covers_does_no_harm() {
    assert!(load("log.level = 5", &[("VESTIBULE_LOG__LEVEL", "warn")]).is_ok());
}

#[test]
fn an_unknown_variable_names_the_nearest() {
    assert_eq!(
        complaint_of_environment("VESTIBULE_HTTP__LISTNE", "x"),
        "environment VESTIBULE_HTTP__LISTNE: no setting has this variable; \
         the nearest known variable is VESTIBULE_HTTP__LISTEN; correct the name, or unset it"
    );
    assert!(complaint_of_environment("VESTIBULE_LOG_LEVEL", "info").contains("VESTIBULE_LOG__LEVEL"));
    assert!(complaint_of_environment("VESTIBULE_http__listen", "x").contains("VESTIBULE_HTTP__LISTEN"));
    assert!(complaint_of_environment("VESTIBULE_LOG__LEVEL", "").contains("log.level is empty"));
}

#[test]
fn variables_that_are_not_ours_are_left_alone() {
    let others = [
        ("VESTIBULE_CONFIG", "x.toml"),
        ("VESTIBULE_TEST__REDIS", "x"),
        ("VESTIBULE_PORT", "tcp://10.0.0.1:80"),
        ("VESTIBULE_SERVICE_HOST", "10.0.0.1"),
        ("PATH", "/bin"),
    ];
    assert!(load("", &others).is_ok());
}

#[test]
fn a_secret_comes_from_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("database-url");
    fs::write(&path, "postgres://vestibule:hunter2@db/vestibule\n").expect("written");
    let text = format!("database.url_file = {:?}", path.display().to_string());
    let loaded = load(&text, &[]).expect("right");
    assert_eq!(loaded.config.database.url.expose(), "postgres://vestibule:hunter2@db/vestibule");
    assert_eq!(loaded.source("database.url").to_string(), format!("file {} (vestibule.toml:1)", path.display()));
    let environment = [("VESTIBULE_DATABASE__URL_FILE", path.to_str().expect("UTF-8"))];
    let loaded = load("database.url = \"sqlite://x.db\"", &environment).expect("the environment goes first");
    assert_eq!(loaded.config.database.url.expose(), "postgres://vestibule:hunter2@db/vestibule");
}

#[test]
fn a_missing_or_empty_secret_file_is_told() {
    let complaint_of = |path: &str| complaint(&format!("redis.url_file = {path:?}"));
    let missing = complaint_of("/nowhere/redis-url");
    assert!(missing.starts_with("vestibule.toml:1: redis.url_file names /nowhere/redis-url, which cannot be read"));
    let empty = tempfile::NamedTempFile::new().expect("a file");
    assert!(complaint_of(&empty.path().display().to_string()).contains("which is empty; put the value into it"));
}

#[test]
fn a_secret_and_its_file_cannot_both_be_given() {
    let complaint = complaint("[redis]\nurl = \"redis://localhost\"\nurl_file = \"/run/secrets/redis\"\n");
    assert!(complaint.starts_with("vestibule.toml:3: both redis.url and redis.url_file are given"), "{complaint}");
}

#[test]
fn only_a_secret_has_a_file() {
    assert!(complaint("log.level_file = \"x\"").contains("unknown key log.level_file"));
}

#[test]
fn a_secret_is_shown_neither_by_show_nor_by_a_complaint() {
    let url = "postgres://vestibule:hunter2@db/vestibule";
    let loaded = load(&format!("database.url = {url:?}\nredis.url = \"redis://:hunter2@cache\""), &[]).expect("right");
    let shown = serde_json::to_string(&loaded.effective()).expect("JSON");
    assert!(shown.contains("postgres://vestibule:***@db/vestibule"), "{shown}");
    for printed in [shown, format!("{loaded:?}"), complaint("database.url = \"mysql://root:hunter2@db\"")] {
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let error = Loaded::load(Some("/nowhere/vestibule.toml".into()), &Vec::new()).expect_err("no such file");
    assert!(error.to_string().starts_with("/nowhere/vestibule.toml: the configuration file cannot be read"));
}

#[test]
fn files_that_the_configuration_names_must_be_readable() {
    let text = "http.public_url = \"https://id.example.com\"\nhttp.tls = { certificate = \"/nowhere/c\", key = \"/\" }";
    let error = load(text, &[]).expect("right in itself").check_files().expect_err("no such files").to_string();
    assert!(error.contains("http.tls.certificate names /nowhere/c, which cannot be read"), "{error}");
    assert!(error.contains("http.tls.key names /, which is not a file"), "{error}");
}

#[test]
fn the_reference_is_the_defaults() {
    let loaded = load(&toml_file(), &[]).expect("the reference is right");
    let defaults = load("", &[]).expect("the defaults are right");
    for (read, default) in loaded.effective().iter().zip(defaults.effective()) {
        assert_eq!((read.key, &read.value), (default.key, &default.value));
    }
}

#[test]
fn every_example_of_the_reference_is_right() {
    for setting in SETTINGS.iter().filter(|setting| setting.default.is_none()) {
        let text = format!("{} = {}", setting.key, setting.example.expect("an example for what has no default"));
        let wrong = load(&text, &[]).err().map(|error| error.problems).unwrap_or_default();
        assert!(wrong.iter().all(|problem| !problem.message.contains("expected")), "{text}: {wrong:?}");
    }
}

#[test]
fn every_setting_is_documented_and_every_bound_can_be_given() {
    for setting in SETTINGS {
        assert!(!setting.doc.is_empty(), "{}", setting.key);
        for bound in setting.range.into_iter().flat_map(|(least, greatest)| [least, greatest]) {
            let wrong = load(&format!("{} = {bound}", setting.key), &[]).err();
            let wrong = wrong.is_some_and(|error| error.to_string().contains("expected a value from"));
            assert!(!wrong, "{} = {bound}", setting.key);
        }
    }
}

#[test]
fn docs_configuration_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(written == markdown(), "docs/configuration.md is out of date: run `cargo xtask docs`");
}
