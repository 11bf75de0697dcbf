//! An application to be registered, for the tests of what may be.

use serde_json::{Value, json};

use super::{MetadataError, NewClient};

/// A web application, with `more` said of it.
pub(super) fn with(more: Value) -> Result<NewClient, MetadataError> {
    let mut document = json!({ "client_name": "App", "redirect_uris": ["https://rp.example/cb"] });
    let Value::Object(more) = more else { panic!("members are an object") };
    document.as_object_mut().expect("an object").extend(more);
    let new = NewClient::from_document(&document.to_string())?;
    new.check().map(|()| new)
}

/// What is said of it; nothing where it is taken.
pub(super) fn said(more: Value) -> Option<String> {
    with(more).err().map(|error| error.to_string())
}
