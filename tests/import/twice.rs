//! All or nothing, and once.

use std::fs;

use serde_json::{Value, json};
use vestibule_tests::TestApp;

use crate::{
    command,
    site::{SITES, Site, Way},
};

/// All that commands tell of people, groups, permissions, attributes and applications.
async fn everything(app: &TestApp) -> Value {
    let mut all = Vec::new();
    for list in [
        &["users", "list"][..],
        &["groups", "list"],
        &["permissions", "list", "--app", "shop"],
        &["attributes", "list"],
        &["clients", "list"],
        &["audit", "list"],
    ] {
        all.push(command::json(app, list).await);
    }
    json!(all)
}

#[tokio::test]
async fn a_dry_run_tells_what_would_come_and_leaves_nothing() {
    for site in SITES {
        let app = TestApp::start().await;
        let before = everything(&app).await;
        let command = [site.command(Way::Dump), vec!["--dry-run".to_owned()]].concat();
        let report = command::json(&app, &command.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(everything(&app).await, before, "{site:?}");
        assert_eq!((&report["ready"], &report["written"]), (&json!(true), &json!(false)), "{site:?}: {report}");
        let users = report["outcome"]["new"].as_array().expect("steps").iter().find(|step| step["what"] == "users");
        assert_eq!(users.expect("users")["count"], site.users().len());
    }
}

#[tokio::test]
async fn a_second_run_by_whichever_way_changes_nothing() {
    for site in SITES {
        let app = TestApp::start().await;
        assert_eq!(site.import(&app, Way::Dump).await["written"], true);
        let before = everything(&app).await;
        for way in [Way::Dump, Way::Sqlite, Way::Postgres] {
            let report = site.import(&app, way).await;
            assert_eq!(
                (&report["written"], &report["outcome"]["new"]),
                (&json!(false), &json!([])),
                "{site:?}, {way:?}"
            );
        }
        assert_eq!(everything(&app).await, before, "{site:?}");
    }
}

#[tokio::test]
async fn a_broken_source_fails_and_changes_nothing() {
    let (app, folder) = (TestApp::start().await, tempfile::tempdir().expect("a folder"));
    let dump = fs::read_to_string(Site("default").file("dump.json")).expect("a dump");
    let database = fs::read(Site("default").file("db.sqlite3")).expect("a database");
    let cut = dump.len() / 2;
    fs::write(folder.path().join("cut.json"), &dump[..dump.floor_char_boundary(cut)]).expect("written");
    fs::write(folder.path().join("dangling.json"), dump.replace("\"auth.group\"", "\"auth.grouq\"")).expect("written");
    fs::write(folder.path().join("cut.sqlite3"), &database[..database.len() / 3]).expect("written");
    fs::write(folder.path().join("empty.sqlite3"), []).expect("written");
    let before = everything(&app).await;
    for (file, is_database) in
        [("cut.json", false), ("dangling.json", false), ("cut.sqlite3", true), ("empty.sqlite3", true)]
    {
        let path = folder.path().join(file);
        let url = format!("sqlite://{}", path.display());
        let source = if is_database { vec!["--database", &url] } else { vec![path.to_str().expect("UTF-8")] };
        for more in [&[][..], &["--dry-run"]] {
            let (_, ended) = command::tried(&app, &[&["import", "django"], &source[..], more].concat()).await;
            let said = ended.expect_err(file).to_string();
            assert!(!said.is_empty() && said.lines().count() == 1, "{said}");
        }
    }
    assert_eq!(everything(&app).await, before);
}
