//! The audit log: what happened. It is read here and changed nowhere.

use poem::http::Method;
use serde_json::{Value, json};
use vestibule_audit::{Filter, Kind, ObjectType, Order, Page as AuditPage};

use super::order;
use crate::{
    api::{
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page::Page,
        problem::Problem,
        schema::{Form, Schema, required},
    },
    state::State,
};

pub(super) fn operations() -> Vec<Operation> {
    let read = Operation::new(Method::GET, "/audit", "list_audit", Needs::Permission("vestibule.view_audit"), list)
        .about("Audit", "Read what happened")
        .more("The newest first, unless `sort` is `time`.")
        .query("kind", Schema::choice(Kind::ALL.iter().map(|kind| kind.as_str())))
        .query("actor", Schema::uuid().about("Done by this user."))
        .query("subject", Schema::uuid().about("Done to or for this user."))
        .query("object_type", Schema::choice(ObjectType::ALL.iter().map(|kind| kind.as_str())))
        .query("object_id", Schema::line(1, 500))
        .query("client", Schema::line(1, 200).about("Happened at this application."))
        .query("request_id", Schema::text(Form::Visible, 1, 64))
        .query("since", Schema::moment())
        .query("until", Schema::moment())
        .query("sort", Schema::choice(["time", "-time"]))
        .lists(shape());
    vec![read]
}

fn shape() -> Schema {
    let text = || Schema::text(Form::Lines, 0, 10_000);
    let actor = Schema::object([
        required("type", Schema::choice(["user", "api_token", "client", "command", "system", "nobody"])),
        required("id", text().or_null()),
        required("token", text().or_null()),
    ]);
    let object = Schema::object([required("type", text()), required("id", text())]);
    let detail = Schema::either([text(), Schema::number(), Schema::boolean(), Schema::list(text(), 100)]);
    Schema::object([
        required("id", Schema::uuid()),
        required("time", Schema::moment()),
        required("kind", Schema::line(1, 100)),
        required("actor", actor.named("AuditActor")),
        required("subject", Schema::uuid().or_null()),
        required("object", object.named("AuditObject").or_null()),
        required("client", text().or_null()),
        required("way", text().or_null()),
        required("address", text().or_null()),
        required("request_id", text().or_null()),
        required("details", Schema::map(detail, 100)),
    ])
    .named("AuditRecord")
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let page = Page::<String>::of("audit", &call)?;
    let user = |name: &str| call.text(name).and_then(|id| id.parse().ok());
    let moment = |name: &str| call.text(name).and_then(moment::parse);
    let filter = Filter {
        kinds: call.text("kind").and_then(|kind| kind.parse().ok()).into_iter().collect(),
        actor: user("actor"),
        subject: user("subject"),
        object_type: call.text("object_type").and_then(ObjectType::named),
        object_id: call.text("object_id").map(str::to_owned),
        client: call.text("client").map(Into::into),
        request_id: call.text("request_id").map(str::to_owned),
        since: moment("since"),
        until: moment("until"),
    };
    let (_, newest_first) = order(call.text("sort"), "-time");
    let wrong = |_| Problem::invalid_parameter("cursor", "is not one that this list gave");
    let after = page.after.as_deref().map(str::parse).transpose().map_err(wrong)?;
    let order = if newest_first { Order::NewestFirst } else { Order::OldestFirst };
    let wanted = AuditPage { order, after, limit: page.size as u64 };
    let found = state.audit_log().query(&filter, &wanted).await.map_err(Problem::unavailable)?;
    let records: Vec<Value> = found.records.iter().map(|record| json!(record)).collect();
    Ok(page.answer_with(records, found.next.map(|next| next.to_string())))
}
