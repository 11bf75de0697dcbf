//! An audit record as a line for people. Text from outside is shown without what could move the cursor.

use vestibule_audit::Record;

/// The headings of the list.
pub(super) const HEADINGS: [&str; 6] = ["time", "kind", "by", "for", "object", "details"];

/// A line of the list.
pub(super) fn row(record: &Record) -> Vec<String> {
    let by = match (&record.actor.id, &record.address) {
        (Some(id), Some(address)) => format!("{} {id} from {address}", record.actor.kind),
        (Some(id), None) => format!("{} {id}", record.actor.kind),
        (None, Some(address)) => format!("{} from {address}", record.actor.kind),
        (None, None) => record.actor.kind.clone(),
    };
    let object = record.object.as_ref().map(|object| format!("{} {}", object.kind, object.id));
    let details = if record.details.is_empty() {
        String::new()
    } else {
        serde_json::to_string(&record.details).unwrap_or_default()
    };
    let cells = [
        record.time.clone(),
        record.kind.clone(),
        by,
        record.subject.clone().unwrap_or_default(),
        object.unwrap_or_default(),
        details,
    ];
    cells.iter().map(|cell| plain(cell)).collect()
}

fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}
