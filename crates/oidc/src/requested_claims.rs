//! The `claims` parameter (OpenID Connect Core section 5.5): single claims that an application asks for, beside those of its
//! scopes.
//!
//! A claim is told only where the application may ask for the scope that brings it, and where the person allowed that scope: the
//! page that asks knows scopes, and says more than is then told.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vestibule_core::{ScopeSet, UserId};

use crate::{Provider, Unavailable, claims, client::Client};

/// The most claims of one request.
const MOST: usize = 100;

/// Single claims that were asked for and that are known here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// Those for userinfo.
    pub userinfo: BTreeSet<String>,
    /// Those for the ID token.
    pub id_token: BTreeSet<String>,
    /// The scopes that bring them.
    pub scope: ScopeSet,
}

/// What the parameter says, before it is known what of it means something.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    userinfo: BTreeSet<String>,
    id_token: BTreeSet<String>,
    /// Whose ID token it must be (section 5.5.1): somebody else's is an error.
    pub(crate) sub: Option<String>,
    /// The classes of which the sign-in must be one.
    pub(crate) essential_acr: Option<Vec<String>>,
    /// The classes of which it would rather be one.
    pub(crate) wished_acr: Option<Vec<String>>,
}

impl Asked {
    /// Reads the parameter.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let value: Value = serde_json::from_str(text).map_err(|_| "claims is not JSON")?;
        let members = value.as_object().ok_or("claims is not a JSON object")?;
        let mut asked = Self::default();
        if let Some(wanted) = part(members, "userinfo")? {
            for (claim, how) in wanted {
                asked.of_sub(claim, how)?;
                asked.userinfo.insert(claim.clone());
            }
        }
        if let Some(wanted) = part(members, "id_token")? {
            for (claim, how) in wanted {
                asked.of_sub(claim, how)?;
                asked.of_acr(claim, how);
                asked.id_token.insert(claim.clone());
            }
        }
        match asked.userinfo.len() + asked.id_token.len() > MOST {
            true => Err("claims asks for more than 100 claims"),
            false => Ok(asked),
        }
    }

    fn of_sub(&mut self, claim: &str, how: &Value) -> Result<(), &'static str> {
        let Some(sub) = how["value"].as_str().filter(|_| claim == "sub") else { return Ok(()) };
        if self.sub.as_deref().is_some_and(|other| other != sub) {
            return Err("claims asks for two people at once");
        }
        self.sub = Some(sub.to_owned());
        Ok(())
    }

    fn of_acr(&mut self, claim: &str, how: &Value) {
        let one = how["value"].as_str().map(|value| vec![value.to_owned()]);
        let listed = || {
            let values = how["values"].as_array()?;
            Some(values.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        };
        if let Some(values) = one.or_else(listed).filter(|_| claim == "acr") {
            match how["essential"].as_bool() {
                Some(true) => self.essential_acr = Some(values),
                _ => self.wished_acr = Some(values),
            }
        }
    }
}

/// One part of the parameter: a claim is asked for by `null`, or by an object that says how.
fn part<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a Map<String, Value>>, &'static str> {
    let wanted = match members.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(wanted)) => wanted,
        Some(_) => return Err("userinfo and id_token in claims are objects"),
    };
    let is_how = |how: &Value| match how {
        Value::Null => true,
        Value::Object(how) => {
            how.get("essential").is_none_or(Value::is_boolean) && how.get("values").is_none_or(Value::is_array)
        }
        _ => false,
    };
    match wanted.values().all(is_how) {
        true => Ok(Some(wanted)),
        false => Err("a claim in claims is asked for by null, or by an object with essential, value or values"),
    }
}

impl Asked {
    /// What of it means something for `client`, where `carried` are the scopes of attributes, by their claims. What is not known is
    /// ignored (section 5.5.1).
    pub(crate) fn known(&self, client: &Client, carried: &[(String, String)]) -> RequestedClaims {
        let scope_of = |claim: &str| {
            let of_attribute = || carried.iter().find(|(known, _)| known == claim).map(|(_, scope)| scope.as_str());
            claims::scope_of(claim).or_else(of_attribute).filter(|scope| client.allowed_scopes().contains(scope))
        };
        let known = |asked: &BTreeSet<String>| -> BTreeSet<String> {
            asked.iter().filter(|claim| scope_of(claim).is_some()).cloned().collect()
        };
        let (userinfo, id_token) = (known(&self.userinfo), known(&self.id_token));
        let scope = userinfo.iter().chain(&id_token).filter_map(|claim| scope_of(claim)).collect();
        RequestedClaims { userinfo, id_token, scope }
    }
}

impl Provider {
    /// What an application may be told of a user by its scopes and by single claims that it asked for; nothing where they are gone
    /// or deactivated.
    pub(crate) async fn told_of<'a>(
        &self,
        user: UserId,
        client: &Client,
        scope: &ScopeSet,
        single: impl IntoIterator<Item = &'a String>,
    ) -> Result<Option<Map<String, Value>>, Unavailable> {
        let Some(mut told) = self.told_about(user, &client.id, scope).await? else { return Ok(None) };
        let single: Vec<&String> = single.into_iter().filter(|claim| !told.contains_key(*claim)).collect();
        if single.is_empty() {
            return Ok(Some(told));
        }
        // All that this application could be told, of which only what was asked for goes.
        let Some(mut all) = self.told_about(user, &client.id, client.allowed_scopes()).await? else { return Ok(None) };
        told.extend(single.into_iter().filter_map(|claim| Some((claim.clone(), all.remove(claim)?))));
        Ok(Some(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_asked_for_by_null_or_by_how() {
        let asked = Asked::read(
            r#"{"userinfo": {"name": null, "email": {"essential": true}, "x": {"value": 1}}, "id_token": {"nickname": {}}, "y": 1}"#,
        );
        let asked = asked.unwrap();
        assert_eq!(asked.userinfo.iter().map(String::as_str).collect::<Vec<_>>(), ["email", "name", "x"]);
        assert_eq!(asked.id_token.iter().map(String::as_str).collect::<Vec<_>>(), ["nickname"]);
        assert_eq!(Asked::read("{}"), Ok(Asked::default()));
        assert_eq!(Asked::read(r#"{"userinfo": null}"#), Ok(Asked::default()));
    }

    #[test]
    fn what_is_no_claims_parameter_is_refused() {
        let many: Vec<String> = (0..101).map(|n| format!("\"c{n}\": null")).collect();
        for wrong in [
            "",
            "x",
            "[]",
            r#"{"userinfo": []}"#,
            r#"{"userinfo": {"name": true}}"#,
            r#"{"id_token": {"name": {"essential": 1}}}"#,
            r#"{"id_token": {"acr": {"values": "2"}}}"#,
            r#"{"id_token": {"sub": {"value": "a"}}, "userinfo": {"sub": {"value": "b"}}}"#,
            &format!("{{\"userinfo\": {{{}}}}}", many.join(", ")),
        ] {
            assert!(Asked::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn classes_are_wished_for_or_essential() {
        let of = |text: &str| {
            let asked = Asked::read(text).unwrap();
            (asked.essential_acr, asked.wished_acr)
        };
        let two = Some(vec!["2".to_owned()]);
        assert_eq!(of(r#"{"id_token": {"acr": {"essential": true, "value": "2"}}}"#), (two.clone(), None));
        assert_eq!(of(r#"{"id_token": {"acr": {"values": ["2"]}}}"#), (None, two));
        assert_eq!(of(r#"{"id_token": {"acr": {"essential": true}}}"#), (None, None));
        assert_eq!(of(r#"{"userinfo": {"acr": {"essential": true, "value": "2"}}}"#), (None, None));
    }
}
