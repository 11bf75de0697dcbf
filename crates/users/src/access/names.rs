//! What permissions, objects and groups may be called.

use std::{fmt, str::FromStr};

use vestibule_core::NormalisedIdentifier;

use crate::rules::{Invalid, TURNING};

/// Django's bounds, so that whatever it holds has room here.
const LONGEST_APP: usize = 100;
const LONGEST_CODENAME: usize = 100;
const LONGEST_LABEL: usize = 255;
const LONGEST_GROUP_NAME: usize = 150;
const LONGEST_DESCRIPTION: usize = 1000;
const LONGEST_OBJECT_ID: usize = 255;

/// The app whose permissions are this program's own.
pub(crate) const OWN_APP: &str = "vestibule";

/// The name of a permission: `app.codename`, such as `shop.view_order`.
///
/// An app is of letters and digits, `_` and `-`, as Django's labels are identifiers; it has no dot, so that the first dot ends
/// it. A codename is any text of up to 100 characters without control characters. Both are compared letter by letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PermissionName {
    app: String,
    codename: String,
}

impl PermissionName {
    /// Of an app and a codename.
    ///
    /// # Errors
    /// An app or a codename that cannot be.
    pub fn new(app: &str, codename: &str) -> Result<Self, NameError> {
        check_app(app)?;
        check_text("codename", codename, LONGEST_CODENAME)?;
        Ok(Self { app: app.to_owned(), codename: codename.to_owned() })
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// What follows the dot.
    #[must_use]
    pub fn codename(&self) -> &str {
        &self.codename
    }

    /// Whether an app can be called so.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_app(app: &str) -> Result<(), NameError> {
        check_app(app)
    }

    /// A name as the table holds it.
    pub(super) fn stored(app: String, codename: String) -> Self {
        Self { app, codename }
    }

    /// Whether it is one of this program's own, or would be taken for one.
    pub(super) fn is_own(&self) -> bool {
        NormalisedIdentifier::new(&self.app).is_ok_and(|app| app.as_str() == OWN_APP)
    }
}

impl fmt::Display for PermissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.codename)
    }
}

impl FromStr for PermissionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let Some((app, codename)) = text.split_once('.') else {
            return Err(NameError::new(
                "permission",
                "it has no dot; name it as app.codename, such as shop.view_order",
            ));
        };
        Self::new(app, codename)
    }
}

/// A single thing that a permission can be for: `type:id`, such as `shop.order:17`. What stands in it is the app's affair.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

impl ObjectName {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the column holds: nothing where it is everywhere.
    pub(super) fn stored(text: String) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let Some((kind, id)) = text.split_once(':') else {
            return Err(NameError::new("object", "it has no colon; name it as type:id, such as order:17"));
        };
        check_text("object", kind, LONGEST_CODENAME)?;
        check_text("object", id, LONGEST_OBJECT_ID)?;
        Ok(Self(text.to_owned()))
    }
}

/// A permission, everywhere or on one object: what is granted, and what is held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permit {
    /// The permission.
    pub permission: PermissionName,
    /// The object; nothing where it is everywhere.
    pub object: Option<ObjectName>,
}

impl Permit {
    /// A permission everywhere.
    #[must_use]
    pub fn everywhere(permission: PermissionName) -> Self {
        Self { permission, object: None }
    }

    /// A permission on one object.
    #[must_use]
    pub fn on(permission: PermissionName, object: ObjectName) -> Self {
        Self { permission, object: Some(object) }
    }

    pub(super) fn stored_object(&self) -> String {
        self.object.as_ref().map(|object| object.0.clone()).unwrap_or_default()
    }
}

/// A name that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct NameError {
    /// What it was to name.
    pub field: &'static str,
    /// What is wrong with it, and what to do.
    pub why: String,
}

impl NameError {
    fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self { field, why: why.into() }
    }
}

impl From<NameError> for super::AccessError {
    fn from(NameError { field, why }: NameError) -> Self {
        Invalid { field, why }.into()
    }
}

/// Whether an app can be called so.
fn check_app(app: &str) -> Result<(), NameError> {
    check_text("app", app, LONGEST_APP)?;
    if app.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-')) {
        Ok(())
    } else {
        Err(NameError::new("app", "it may hold letters, digits, `_` and `-` only"))
    }
}

/// Whether a permission can be shown so.
pub(super) fn check_label(label: &str) -> Result<(), NameError> {
    check_text("name", label, LONGEST_LABEL)
}

/// Whether a resource type can be called so.
pub(super) fn check_resource_type(kind: &str) -> Result<(), NameError> {
    check_text("resource_type", kind, LONGEST_CODENAME)
}

/// A group's description, which may have several lines.
pub(super) fn check_description(text: &str) -> Result<(), NameError> {
    if text.chars().count() > LONGEST_DESCRIPTION {
        return Err(NameError::new("description", format!("it is longer than {LONGEST_DESCRIPTION} characters")));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err(NameError::new("description", "it holds a control character; leave it out"));
    }
    Ok(())
}

/// A group's name: as it is shown, and in its normal form.
pub(super) fn group_name(typed: &str) -> Result<(String, String), NameError> {
    let shown = typed.trim();
    check_text("name", shown, LONGEST_GROUP_NAME)?;
    let key = NormalisedIdentifier::new(shown).map_err(|error| NameError::new("name", error.to_string()))?;
    if shown.contains(TURNING) {
        return Err(NameError::new("name", "it holds a character that turns the direction of text; leave it out"));
    }
    Ok((shown.to_owned(), key.as_str().to_owned()))
}

fn check_text(field: &'static str, text: &str, longest: usize) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::new(field, "it is empty"));
    }
    if text.chars().count() > longest {
        return Err(NameError::new(field, format!("it is longer than {longest} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::new(field, "it holds a control character; leave it out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dot_ends_the_app() {
        let name: PermissionName = "shop.view_order.draft".parse().unwrap();
        assert_eq!((name.app(), name.codename()), ("shop", "view_order.draft"));
        assert_eq!(name.to_string(), "shop.view_order.draft");
    }

    #[test]
    fn what_django_holds_is_a_permission() {
        for name in ["MyShop.Can Publish", "shop.может_всё", "a.b", "auth.add_user", "app_1.x:y/z"] {
            assert_eq!(name.parse::<PermissionName>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn what_is_no_permission() {
        let long = format!("shop.{}", "x".repeat(101));
        for name in ["shop", ".view", "shop.", "my shop.view", "shop.a\nb", "shop\u{202e}.view", long.as_str()] {
            assert!(name.parse::<PermissionName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_object_is_a_type_and_an_id() {
        assert_eq!("order:17:a".parse::<ObjectName>().unwrap().as_str(), "order:17:a");
        for object in ["", "order", "order:", ":17", "order:1\n"] {
            assert!(object.parse::<ObjectName>().is_err(), "{object:?}");
        }
    }

    #[test]
    fn look_alikes_of_our_own_app_are_ours() {
        for app in ["vestibule", "Vestibule", "ｖestibule"] {
            assert!(PermissionName::new(app, "view_user").unwrap().is_own(), "{app}");
        }
        assert!(!PermissionName::new("vestibules", "view_user").unwrap().is_own());
    }
}
