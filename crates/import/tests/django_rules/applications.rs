//! Applications of django-oauth-toolkit.

use serde_json::{Value, json};

use super::*;

fn with(applications: Vec<Value>) -> Plan {
    plan([vec![user(1, "ann", json!({}))], applications].concat())
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.site.applications.iter().map(|application| application.client_id.as_str()).collect()
}

#[test]
fn codes_client_credentials_and_device_codes_come() {
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let grants = ["authorization-code", "openid-hybrid", "implicit", "password", "client-credentials", "x", device];
    let plan =
        with(grants.iter().map(|grant| application(grant, json!({"authorization_grant_type": grant}))).collect());
    assert_eq!(ids(&plan), ["authorization-code", "client-credentials", "openid-hybrid", device]);
    assert_eq!(those(&plan.problems, Weight::LeftOut).len(), 3);
    assert!(plan.ready);
}

/// Attacks A03, A05, A06: what may not be registered here does not come by an import either.
#[test]
fn a03_redirect_uris_that_may_not_be_registered_stay_behind() {
    let plan = with(vec![
        application("a", json!({"redirect_uris": "https://rp.example/cb\r\nhttp://rp.example/cb javascript:alert(1)"})),
        application("b", json!({"redirect_uris": "http://rp.example/cb"})),
    ]);
    assert_eq!(ids(&plan), ["a"]);
    assert_eq!(plan.site.applications[0].redirect_uris, ["https://rp.example/cb"]);
    assert_eq!(those(&plan.problems, Weight::LeftOut).len(), 4);
}

#[test]
fn an_application_of_another_apps_model_is_one_too() {
    let mut own = application("a", json!({}));
    own["model"] = json!("platform.Client");
    assert_eq!(ids(&with(vec![own])), ["a"]);
}

#[test]
fn whoever_acts_for_itself_needs_a_secret_and_no_redirect_uri() {
    let robot = |id: &str, kind: &str| {
        let fields =
            json!({"authorization_grant_type": "client-credentials", "redirect_uris": "", "client_type": kind});
        application(id, fields)
    };
    let plan = with(vec![robot("a", "confidential"), robot("b", "public")]);
    assert_eq!(ids(&plan), ["a"]);
    assert_eq!(those(&plan.problems, Weight::LeftOut).len(), 1);
}

#[test]
fn a_public_application_has_no_secret() {
    let plan = with(vec![application("a", json!({"client_type": "public"}))]);
    assert_eq!(plan.site.applications[0].secret, None);
}

#[test]
fn an_id_that_several_have_blocks() {
    let plan = with(vec![application("a", json!({})), application("a", json!({}))]);
    assert!(!plan.ready && ids(&plan).is_empty());
}
