//! What a Django site holds, in our words.
//!
//! Whatever refers to something else there names it here: a user's groups by their names, permissions by `app.codename`. So
//! the same site is the same value, whichever way it was read. Primary keys are kept as text, since a model may have any.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vestibule_core::{ScopeSet, Timestamp};

use super::{
    problem::Problem,
    secret::{ClientSecret, Password, TokenText},
};

/// A site.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// The user model as `app.model`.
    pub user_model: String,
    /// What the user model has beyond Django's own fields.
    pub attributes: Vec<Attribute>,
    /// By `app.codename`.
    pub permissions: Vec<Permission>,
    /// By name.
    pub groups: Vec<Group>,
    /// By username.
    pub users: Vec<User>,
    /// By client id.
    pub applications: Vec<Application>,
    /// Every row that cannot come as it is.
    pub problems: Vec<Problem>,
}

/// A field that a custom user model adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name here: the field's, in small letters.
    pub name: String,
    /// The field.
    pub field: String,
    /// What it holds, by what is in it.
    pub kind: AttributeKind,
}

/// What an attribute holds. A choice there is a text here: a dump does not tell what could be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// A text, and whatever is nothing else: moments as ISO 8601, objects as JSON, what a foreign key points to as its key.
    Text,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// Texts.
    List,
}

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// `app.codename`, as `has_perm()` takes it.
    pub id: String,
    /// The label of the app.
    pub app: String,
    /// The name within the app.
    pub codename: String,
    /// What people read.
    pub name: String,
    /// The model that it is about, where it is about one.
    pub resource_type: Option<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its primary key there.
    pub pk: Option<String>,
    /// Its name.
    pub name: String,
    /// What it grants, by `app.codename`.
    pub permissions: BTreeSet<String>,
}

/// A user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// The primary key there.
    pub pk: Option<String>,
    /// What they type to sign in.
    pub username: String,
    /// How their password is kept.
    pub password: Password,
    /// May sign in.
    pub active: bool,
    /// May enter the administration.
    pub staff: bool,
    /// May do everything.
    pub superuser: bool,
    /// `first_name`.
    pub given_name: Option<String>,
    /// `last_name`.
    pub family_name: Option<String>,
    /// Both, or the model's `full_name` or `name`.
    pub name: Option<String>,
    /// Since when they are there.
    pub joined: Option<Timestamp>,
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
    /// Their groups, by name.
    pub groups: BTreeSet<String>,
    /// What they were granted themselves, by `app.codename`.
    pub permissions: BTreeSet<String>,
    /// Values of the custom model's fields, by the attribute's name. What is empty there is absent here.
    pub attributes: BTreeMap<String, Value>,
    /// Their e-mail addresses, the first one first: the user's own, and django-allauth's.
    pub contacts: Vec<Contact>,
    /// Accounts elsewhere that they sign in with, by django-allauth.
    pub social_accounts: Vec<SocialAccount>,
    /// What applications may come back with in their name.
    pub refresh_tokens: Vec<RefreshToken>,
}

/// An address or a number of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What it is.
    pub kind: ContactKind,
    /// As it was typed.
    pub value: String,
    /// Whether the user has shown to hold it. Django alone never asks.
    pub verified: bool,
    /// Whether it is the first one of its kind.
    pub primary: bool,
    /// Whether it leads to this user, for sign-in and recovery: not where several share it. Until the site is settled, always.
    pub leads: bool,
}

/// What a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A telephone number. There only as a username; here that makes it the user's own number.
    Phone,
}

/// An account elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct SocialAccount {
    /// The provider's name in django-allauth.
    pub provider: String,
    /// What the provider calls the user.
    pub uid: String,
    /// What the provider told of the user.
    pub details: Value,
    /// Since when it is connected.
    pub joined: Option<Timestamp>,
}

/// A refresh token of django-oauth-toolkit that has not been revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// The primary key there.
    pub pk: String,
    /// The token, as well as it is known there.
    pub token: TokenText,
    /// The client id of its application.
    pub client_id: String,
    /// What was granted.
    pub scope: ScopeSet,
    /// Since when it is there.
    pub created: Option<Timestamp>,
}

/// An application of django-oauth-toolkit.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// The primary key there.
    pub pk: Option<String>,
    /// Its client id.
    pub client_id: String,
    /// Its name; may be empty.
    pub name: String,
    /// Whether it can keep a secret.
    pub confidential: bool,
    /// The secret of a confidential one.
    pub secret: Option<ClientSecret>,
    /// How it gets its tokens.
    pub grant: Grant,
    /// Where it may be answered at.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent to after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// From where its scripts may ask.
    pub allowed_origins: Vec<String>,
    /// Whether people are asked before it gets anything.
    pub skips_consent: bool,
    /// `RS256`, `HS256`, or empty where it does not do OpenID Connect.
    pub algorithm: String,
    /// Whose it is, by username.
    pub owner: Option<String>,
    /// Since when it is registered.
    pub created: Option<Timestamp>,
}

/// The one grant that django-oauth-toolkit lets an application use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `authorization-code`
    AuthorizationCode,
    /// `openid-hybrid`
    Hybrid,
    /// `client-credentials`
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:device_code`
    DeviceCode,
    /// `implicit`
    Implicit,
    /// `password`
    Password,
    /// Anything else.
    Other(String),
}
