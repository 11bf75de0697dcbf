//! The claims `groups` and `permissions`: by scope, and only of the apps that the application stands for.

use serde_json::{Value, json};
use vestibule_oidc::client::ClientsError;
use vestibule_tests::{ClientSpec, Person, TestApp, ThirdParty, Tokens};
use vestibule_users::{Access, Holder, NewGroup, Permit};

const SCOPE: &str = "openid groups permissions";

async fn allow(access: &Access, holder: Holder, permission: &str) {
    access.grant(holder, &Permit::everywhere(permission.parse().unwrap())).await.unwrap();
}

/// Alice is a seller (`shop.sell`) and a writer (`blog.write`), in a club without permissions, and may `shop.view` herself.
async fn scene(scope: &str, apps: &[&str]) -> (TestApp, Person, ThirdParty, Tokens) {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let spec = ClientSpec::default().for_scope("openid profile groups permissions");
    let client = app.client(spec).await;
    let access = app.provider().access();
    for (name, codename) in [("shop", "view"), ("shop", "sell"), ("blog", "write")] {
        access.register(name, codename, "Can").await.unwrap();
    }
    for (name, permission) in [("Sellers", Some("shop.sell")), ("Writers", Some("blog.write")), ("Club", None)] {
        let group = access.create_group(&NewGroup::named(name)).await.unwrap().id;
        access.add_user(group, alice.id).await.unwrap();
        if let Some(permission) = permission {
            allow(access, Holder::Group(group), permission).await;
        }
    }
    allow(access, Holder::User(alice.id), "shop.view").await;
    app.provider().clients().set_apps(&client.id(), apps.iter().map(|app| (*app).to_owned()).collect()).await.unwrap();
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", scope)).await;
    let tokens = client.redeem(&answer).await;
    (app, alice, client, tokens)
}

async fn told(client: &ThirdParty, tokens: &Tokens) -> (Value, Value) {
    let body = client.userinfo(&tokens.access_token).await.body;
    (body["groups"].clone(), body["permissions"].clone())
}

#[tokio::test]
async fn an_application_is_told_what_concerns_its_apps() {
    let (app, _, client, tokens) = scene(SCOPE, &["shop"]).await;
    assert_eq!(told(&client, &tokens).await, (json!(["Club", "Sellers"]), json!(["shop.sell", "shop.view"])));
    let clients = app.provider().clients();
    clients.set_apps(&client.id(), vec!["shop".into(), "blog".into(), "shop".into()]).await.unwrap();
    assert_eq!(clients.apps(&client.id()).await.unwrap(), ["blog", "shop"]);
    let all = (json!(["Club", "Sellers", "Writers"]), json!(["blog.write", "shop.sell", "shop.view"]));
    assert_eq!(told(&client, &tokens).await, all);
}

#[tokio::test]
async fn an_application_that_stands_for_no_app_is_told_no_permissions() {
    let (_app, _, client, tokens) = scene(SCOPE, &[]).await;
    assert_eq!(told(&client, &tokens).await, (json!(["Club"]), json!([])));
}

#[tokio::test]
async fn each_claim_comes_by_its_own_scope() {
    let (_app, _, client, tokens) = scene("openid profile", &["shop"]).await;
    assert_eq!(told(&client, &tokens).await, (Value::Null, Value::Null));
    let (_app, _, client, tokens) = scene("openid groups", &["shop"]).await;
    assert_eq!(told(&client, &tokens).await, (json!(["Club", "Sellers"]), Value::Null));
}

#[tokio::test]
async fn a_change_shows_in_the_next_answer() {
    let (app, alice, client, tokens) = scene(SCOPE, &["shop"]).await;
    told(&client, &tokens).await;
    let access = app.provider().access();
    let sellers = access.find_group("Sellers").await.unwrap().unwrap().id;
    access.remove_user(sellers, alice.id).await.unwrap();
    assert_eq!(told(&client, &tokens).await, (json!(["Club"]), json!(["shop.view"])));
}

#[tokio::test]
async fn what_is_no_app_or_no_application_is_refused() {
    let (app, _, client, _) = scene(SCOPE, &["shop"]).await;
    let clients = app.provider().clients();
    let refused = clients.set_apps(&client.id(), vec!["my.shop".into()]).await;
    assert!(matches!(refused, Err(ClientsError::App(_))), "{refused:?}");
    let refused = clients.set_apps(&client.id(), (0..101).map(|number| format!("app{number}")).collect()).await;
    assert!(matches!(refused, Err(ClientsError::TooManyApps)), "{refused:?}");
    for apps in [vec![], vec!["shop".to_owned()]] {
        let refused = clients.set_apps(&"nobody".into(), apps).await;
        assert!(matches!(refused, Err(ClientsError::NoSuchClient(_))), "{refused:?}");
    }
    assert_eq!(clients.apps(&client.id()).await.unwrap(), ["shop"], "nothing changed");
}

#[tokio::test]
async fn a_new_provider_has_its_own_permissions() {
    let app = TestApp::start().await;
    let name = "vestibule.view_user".parse().unwrap();
    assert!(app.provider().access().find_permission(&name).await.unwrap().is_some());
}
