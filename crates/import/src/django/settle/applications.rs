//! Applications: what they may do here, and where they may be answered at.

use std::collections::HashMap;

use vestibule_core::RedirectUri;

use crate::django::{
    problem::{Problem, Weight},
    site::{Application, Grant, Site},
};

const MODEL: &str = "oauth2_provider.application";
/// The longest client id: as long as django-oauth-toolkit's.
const LONGEST_ID: usize = 255;

/// Leaves out what cannot come.
pub(super) fn settle(site: &mut Site) {
    let Site { applications, problems, .. } = site;
    let mut seen: HashMap<String, usize> = HashMap::new();
    for application in applications.iter() {
        *seen.entry(application.client_id.clone()).or_default() += 1;
    }
    applications.retain_mut(|application| {
        let mut tell = |weight: Weight, field: &str, why: &str| {
            let (pk, name) = (application.pk.as_deref(), Some(application.client_id.as_str()));
            problems.push(Problem::of_row(weight, MODEL, pk, name, why).in_field(field));
        };
        if seen.get(&application.client_id).is_some_and(|times| *times > 1) {
            tell(Weight::Blocks, "client_id", "several applications have it; keep one at the source");
            return false;
        }
        if let Some((field, why)) = stays_behind(application) {
            tell(Weight::LeftOut, field, why);
            return false;
        }
        differences(application, &mut tell);
        let mut uris = std::mem::take(&mut application.redirect_uris);
        let mut after_logout = std::mem::take(&mut application.post_logout_redirect_uris);
        for (field, uris) in [("redirect_uris", &mut uris), ("post_logout_redirect_uris", &mut after_logout)] {
            uris.retain(|uri| match RedirectUri::parse(uri) {
                Ok(_) => true,
                Err(why) => {
                    let (pk, name) = (application.pk.as_deref(), Some(application.client_id.as_str()));
                    let problem = Problem::of_row(Weight::LeftOut, MODEL, pk, name, format!("{uri}: {why}"));
                    problems.push(problem.in_field(field));
                    false
                }
            });
        }
        let by_browser = !matches!(application.grant, Grant::ClientCredentials | Grant::DeviceCode);
        if uris.is_empty() && by_browser {
            let (pk, name) = (application.pk.as_deref(), Some(application.client_id.as_str()));
            let why = "it has no redirect URI that can be kept, so nobody could sign in to it";
            problems.push(Problem::of_row(Weight::LeftOut, MODEL, pk, name, why).in_field("redirect_uris"));
            return false;
        }
        (application.redirect_uris, application.post_logout_redirect_uris) = (uris, after_logout);
        true
    });
}

/// Why an application cannot come at all.
fn stays_behind(application: &Application) -> Option<(&'static str, &'static str)> {
    let printable = application.client_id.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
    if !printable || application.client_id.len() > LONGEST_ID {
        return Some(("client_id", "it is longer than 255 characters, or not in printable ASCII (RFC 6749)"));
    }
    let why = match &application.grant {
        Grant::AuthorizationCode | Grant::Hybrid | Grant::DeviceCode => return None,
        Grant::ClientCredentials if application.confidential => return None,
        Grant::ClientCredentials => "a public application cannot act for itself; let it prove itself by a secret",
        Grant::Implicit => "the implicit grant hands tokens to the browser's address; let it use authorization codes",
        Grant::Password => "the password grant shows passwords to applications; let it use authorization codes",
        Grant::Other(_) => "the grant is not one of django-oauth-toolkit's",
    };
    Some(("authorization_grant_type", why))
}

fn differences(application: &Application, tell: &mut impl FnMut(Weight, &str, &str)) {
    if application.grant == Grant::Hybrid {
        tell(Weight::Differs, "authorization_grant_type", "it comes with authorization codes alone");
    }
    if application.algorithm == "HS256" {
        tell(Weight::Differs, "algorithm", "its ID tokens were signed with its secret, and are with a public key here");
    }
    if application.confidential && application.secret.is_none() {
        tell(Weight::Differs, "client_secret", "it has none, and cannot sign in before it is given a new one");
    }
}
