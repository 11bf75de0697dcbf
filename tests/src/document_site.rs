//! Where an application publishes what it says of itself.

use serde_json::{Value, json};

use crate::site::Site;

/// A site with a document that an application is known by.
pub struct DocumentSite(Site);

impl DocumentSite {
    /// One that answers that there is nothing, until it publishes something.
    ///
    /// # Panics
    /// Where this machine has no port left.
    pub async fn start() -> Self {
        Self(Site::start().await)
    }

    /// Its own address, without a path.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin()
    }

    /// The address of the document.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/client.json", self.origin())
    }

    /// A public application that is right in every part, with `more` in it.
    ///
    /// # Panics
    /// Where `more` is no object.
    #[must_use]
    pub fn document(&self, more: Value) -> Value {
        let mut document = json!({
            "client_id": self.url(),
            "client_name": "Notes",
            "redirect_uris": ["https://app.example/cb"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        });
        let Value::Object(more) = more else { panic!("members are an object") };
        document.as_object_mut().expect("an object").extend(more);
        document
    }

    /// Publishes a document.
    pub fn publish(&self, document: &Value) {
        self.publish_with("", document);
    }

    /// Publishes a document, with more headers, each with its line break.
    pub fn publish_with(&self, headers: &str, document: &Value) {
        self.answers("200 OK", &format!("Content-Type: application/json\r\n{headers}"), &document.to_string());
    }

    /// Answers with this status, these headers and this body.
    pub fn answers(&self, status: &str, headers: &str, body: &str) {
        self.0.answers(status, headers, body);
    }

    /// Answers with errors from now on.
    pub fn go_down(&self) {
        self.0.go_down();
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.0.asked()
    }
}
