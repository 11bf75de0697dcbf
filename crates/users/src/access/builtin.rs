//! The permissions of the app `vestibule`: what our own administration asks for.

use super::{Access, AccessError, NewPermission, Touched, names::OWN_APP};

/// What our own administration has permissions for: a resource type, and what it is called in words. Each gives
/// `vestibule.add_…`, `vestibule.change_…`, `vestibule.delete_…` and `vestibule.view_…`.
pub const OWN_RESOURCE_TYPES: [(&str, &str); 9] = [
    ("user", "user"),
    ("group", "group"),
    ("permission", "permission"),
    ("attribute", "attribute"),
    ("apitoken", "API token"),
    ("client", "client"),
    ("api", "API"),
    ("session", "session"),
    ("audit", "audit record"),
];

impl Access {
    /// Registers this program's own permissions, once at the start. Several processes may do so at the same moment.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn register_builtin(&self) -> Result<(), AccessError> {
        let mut own = Vec::new();
        for (kind, label) in OWN_RESOURCE_TYPES {
            own.extend(NewPermission::of_resource_type(OWN_APP, kind, label)?);
        }
        let transaction = self.0.database.begin().await?;
        let (_, added) = self.write(&transaction, &own).await?;
        self.commit(transaction, (added > 0).then_some(Touched::Everyone)).await?;
        if added > 0 {
            tracing::info!(added, "the administration's own permissions were registered");
        }
        Ok(())
    }
}
