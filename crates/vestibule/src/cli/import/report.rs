//! An import in the words of a report.

use serde_json::{Value, json};
use vestibule_import::django::{Outcome, Plan, Step};

/// Everything, for programs.
pub(super) fn document(dry_run: bool, plan: &Plan, outcome: Option<&Outcome>) -> Value {
    json!({
        "dry_run": dry_run,
        "ready": plan.ready && outcome.is_none_or(|outcome| outcome.ready),
        "written": outcome.is_some_and(|outcome| outcome.written),
        "plan": plan,
        "outcome": outcome,
    })
}

/// Everything, for people: what the source is, and then what came of it here.
pub(super) fn lines(plan: &Plan, outcome: Option<&Outcome>) -> String {
    let mut text = format!("{plan}\n");
    let Some(outcome) = outcome else { return text };
    if !outcome.problems.is_empty() {
        text.push_str("What this side has to say:\n");
        text.extend(outcome.problems.iter().map(|problem| format!("  {problem}\n")));
    }
    text.push_str(match (outcome.ready, outcome.written, outcome.new.is_empty()) {
        (false, ..) => "Nothing came.\n",
        (true, true, _) => "Came:\n",
        (true, false, true) => "Nothing is new.\n",
        (true, false, false) => "Would come:\n",
    });
    if outcome.ready {
        text.extend(outcome.new.iter().map(line));
    }
    if outcome.ready && !outcome.known.is_empty() {
        text.push_str("Came before, and was left as it is:\n");
        text.extend(outcome.known.iter().map(line));
    }
    text
}

fn line(Step { what, count }: &Step) -> String {
    format!("  {count:>9}  {what}\n")
}
