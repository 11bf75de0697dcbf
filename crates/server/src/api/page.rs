//! Lists come in pages: `items`, and in `next` the cursor of the page that follows, null where none does.
//!
//! A cursor holds where the page before ended, and for which list, filter and order it was made: with another it is refused,
//! so that nobody skips or repeats by mistake. It opens nothing that the list itself would not show.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    call::{Call, Reply},
    operation::Operation,
    problem::Problem,
    schema::{Form, Schema, required},
};

/// How many items a page has where the request does not say.
const USUAL: i64 = 50;
/// How many it may have.
const MOST: i64 = 200;

impl Operation {
    /// Answers a list of these, in pages.
    pub(crate) fn lists(self, item: Schema) -> Self {
        let page = Schema::object([
            required("items", Schema::list(item, usize::try_from(MOST).unwrap_or_default())),
            required(
                "next",
                Schema::text(Form::Visible, 1, 4000).or_null().about("The `cursor` of the page that follows."),
            ),
        ]);
        self.query(
            "limit",
            Schema::integer(1, MOST).about("How many items a page has at most; 50 where nothing is said."),
        )
        .query("cursor", Schema::text(Form::Visible, 1, 4000).about("`next` of the page before."))
        .answers(page)
    }
}

/// Which page of a list is asked for. `P` says where the page before ended.
pub(crate) struct Page<P> {
    pub(crate) size: usize,
    pub(crate) after: Option<P>,
    of: String,
}

impl<P: Serialize + DeserializeOwned> Page<P> {
    /// Reads it from a request for the list `name`.
    ///
    /// # Errors
    /// 400, for a cursor of another list, or of none.
    pub(crate) fn of(name: &str, call: &Call) -> Result<Self, Problem> {
        let conditions = call.query.iter().filter(|(name, _)| !["limit", "cursor"].contains(name));
        let conditions: Vec<_> = conditions.collect();
        let of = call.etags.tag(&json!([name, conditions]));
        let after = match call.text("cursor") {
            None => None,
            Some(cursor) => {
                let wrong = || Problem::invalid_parameter("cursor", "is not one that this list gave for this query");
                let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
                let (list, place): (String, P) = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
                if list != of {
                    return Err(wrong());
                }
                Some(place)
            }
        };
        let size = usize::try_from(call.number("limit").unwrap_or(USUAL)).unwrap_or(1);
        Ok(Self { size, after, of })
    }

    /// Answers with this page, where the list itself says where the next one begins.
    pub(crate) fn answer_with(self, items: impl IntoIterator<Item = Value>, next: Option<P>) -> Reply {
        let next = next.map(|place| self.cursor(&place));
        Reply::ok(json!({ "items": items.into_iter().collect::<Vec<_>>(), "next": next }))
    }

    fn cursor(&self, place: &P) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(&self.of, place)).unwrap_or_default())
    }

    /// Answers with this page. `items` holds one more than the page has where another page follows; `place` says where an item
    /// stands in the list.
    pub(crate) fn answer<T>(self, mut items: Vec<T>, place: impl Fn(&T) -> P, show: impl Fn(&T) -> Value) -> Reply {
        let more = items.len() > self.size;
        items.truncate(self.size);
        let next = items.last().filter(|_| more).map(place);
        self.answer_with(items.iter().map(show), next)
    }
}

/// A page of a list that is at hand as a whole, in the order of `key`, which no two items share.
pub(crate) fn of_all<T>(
    name: &str,
    call: &Call,
    mut items: Vec<T>,
    descending: bool,
    key: impl Fn(&T) -> [String; 2],
    show: impl Fn(&T) -> Value,
) -> Result<Reply, Problem> {
    let page = Page::<[String; 2]>::of(name, call)?;
    let after = page.after.clone();
    items.sort_by_cached_key(&key);
    if descending {
        items.reverse();
    }
    let follows = |item: &T| {
        let Some(after) = &after else { return true };
        let key = key(item);
        if descending { key < *after } else { key > *after }
    };
    let rest: Vec<T> = items.into_iter().filter(follows).take(page.size + 1).collect();
    Ok(page.answer(rest, key, show))
}
