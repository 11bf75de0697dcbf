//! May they? Answered from memory once a person was seen.

use std::sync::Arc;

use vestibule_core::{GroupId, UserId};

use super::{Access, Effective, Permit};
use crate::Unavailable;

/// Something that is asked of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The permission: `app.codename`.
    pub permission: String,
    /// The object: `type:id`; without one, whether they may do it everywhere.
    pub object: Option<String>,
}

impl Access {
    /// What a person may do. Nothing where there is no such user, or one who is not active.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn effective(&self, user: UserId) -> Result<Arc<Effective>, Unavailable> {
        if let Some(kept) = self.0.kept.get(&user) {
            return Ok(kept);
        }
        let began = self.0.kept.begin();
        let loaded = self.load(user).await?;
        let exists = loaded.exists;
        let effective = Arc::new(Effective::from(loaded));
        // Nothing is told when somebody comes to be, so that nothing is kept of nobody.
        if exists {
            self.0.kept.keep(user, &effective, effective.bytes(), began);
        }
        Ok(effective)
    }

    /// Whether a person may do something, everywhere or on one object. What nobody registered is allowed to superusers only.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn check(&self, user: UserId, permission: &str, object: Option<&str>) -> Result<bool, Unavailable> {
        Ok(self.effective(user).await?.allows(permission, object))
    }

    /// The answers to many questions, in their order.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn check_many(&self, user: UserId, questions: &[Question]) -> Result<Vec<bool>, Unavailable> {
        let effective = self.effective(user).await?;
        let answer = |question: &Question| effective.allows(&question.permission, question.object.as_deref());
        Ok(questions.iter().map(answer).collect())
    }

    /// Whether a person holds all of it: nobody can give what they do not hold. What is to be given everywhere must be held
    /// everywhere.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn holds_all(&self, user: UserId, permits: &[Permit]) -> Result<bool, Unavailable> {
        let effective = self.effective(user).await?;
        let held = |permit: &Permit| {
            let object = permit.object.as_ref().map(|object| object.as_str());
            effective.allows(&permit.permission.to_string(), object)
        };
        Ok(permits.iter().all(held))
    }

    /// All that an active member of a group gets by it, in order: what it holds, and the groups around it. Asked of the database.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn group_effective(&self, group: GroupId) -> Result<Vec<Permit>, Unavailable> {
        Ok(self.load_group(group).await?.into_iter().collect())
    }
}
