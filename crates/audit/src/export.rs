//! Handing records out as JSON lines, page by page, so that neither end holds them all.

use crate::{Audit, AuditError, Cursor, Filter, LONGEST_PAGE, Order, Page};

/// An export that is under way.
#[derive(Debug)]
pub struct Export {
    audit: Audit,
    filter: Filter,
    place: Place,
}

/// ```text
/// Begins ──▶ After(a record) ──▶ … ──▶ Ended
/// ```
#[derive(Debug)]
enum Place {
    Begins,
    After(Cursor),
    Ended,
}

impl Audit {
    /// Begins to export what the filter lets through, the oldest first. What happens from now on is left out, so that it ends.
    #[must_use]
    pub fn export(&self, mut filter: Filter) -> Export {
        let now = self.clock.now();
        filter.until = Some(filter.until.map_or(now, |until| until.min(now)));
        Export { audit: self.clone(), filter, place: Place::Begins }
    }
}

impl Export {
    /// The next lines, each a [`Record`](crate::Record) in JSON with a line feed at its end; none after the last.
    ///
    /// # Errors
    /// A database that does not answer. The same lines may be asked for again.
    pub async fn next(&mut self) -> Result<Option<String>, AuditError> {
        let after = match &self.place {
            Place::Begins => None,
            Place::After(cursor) => Some(cursor.clone()),
            Place::Ended => return Ok(None),
        };
        let page = Page { order: Order::OldestFirst, after, limit: LONGEST_PAGE };
        let found = self.audit.query(&self.filter, &page).await?;
        self.place = found.next.map_or(Place::Ended, Place::After);
        let mut lines = String::new();
        for record in &found.records {
            // A record holds nothing that JSON could not.
            lines.push_str(&serde_json::to_string(record).unwrap_or_default());
            lines.push('\n');
        }
        Ok((!lines.is_empty()).then_some(lines))
    }
}
