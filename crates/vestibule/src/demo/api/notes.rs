//! What the sample API has to give.

use serde_json::{Value, json};

use super::token::Bearer;

/// The notes, and for whom and through which app they were asked for.
pub(super) fn of(bearer: &Bearer) -> Value {
    json!({
        "for": bearer.subject,
        "through": bearer.client_id,
        "notes": [
            { "title": "Tide", "text": "High water at the north pier is an hour after the bells." },
            { "title": "Lamp", "text": "The green light needs a new glass before the winter." },
            { "title": "Guest", "text": "Keep berth seven free: the pilot boat comes on Friday." },
        ],
    })
}
