//! Users: who can sign in.
//!
//! [`shape`] is what is told of one and what can be said of one. [`contacts`] are their addresses and numbers, [`credentials`]
//! what they sign in by. Whoever holds more than the actor is closed to them ([`rights`]).

mod contacts;
mod credentials;
mod shape;

use poem::http::{Method, StatusCode};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_users::{
    AttributeKind, BadAttribute, BadAttributes, ChangeError, Changes, CreateError, Editor, NewUser, PasswordProblem,
    Query, SearchError, SortBy, StandardClaims, User,
};

use super::{merged, order, rights, user_of};
use crate::{
    api::{
        call::{Call, Reply},
        check::Flaw,
        moment,
        operation::{Needs, Operation},
        page::Page,
        problem::Problem,
        schema::{Form, Schema},
    },
    state::State,
};

const TAG: &str = "Users";
const VIEW: Needs = Needs::Permission("vestibule.view_user");
const ADD: Needs = Needs::Permission("vestibule.add_user");
const CHANGE: Needs = Needs::Permission("vestibule.change_user");
const DELETE: Needs = Needs::Permission("vestibule.delete_user");

pub(super) fn operations() -> Vec<Operation> {
    let list = Operation::new(Method::GET, "/users", "list_users", VIEW, list)
        .about(TAG, "List users")
        .query("search", Schema::line(1, 255).about("Only those whose username, e-mail address or name begins so."))
        .query("username", Schema::line(1, 255).about("Only those whose username begins so."))
        .query("email", Schema::line(3, 320).about("Only those with this e-mail address."))
        .query("active", Schema::boolean())
        .query("staff", Schema::boolean())
        .query("superuser", Schema::boolean())
        .query("has_password", Schema::boolean())
        .query("created_after", Schema::moment())
        .query("created_before", Schema::moment())
        .query("last_sign_in_after", Schema::moment())
        .query("last_sign_in_before", Schema::moment())
        .query("group", Schema::uuid().about("Only those who were put into this group."))
        .query("attribute", Schema::text(Form::Word, 1, 64).about("With `value`: only those whose attribute has it."))
        .query("value", Schema::line(1, 1000))
        .query("sort", Schema::choice(SORTS).about("The order; `-` turns it round."))
        .lists(shape::summary());
    let own = vec![
        list,
        Operation::new(Method::POST, "/users", "create_user", ADD, create)
            .about(TAG, "Create a user")
            .more("Without a password they sign in by a link or not at all.")
            .body(shape::new())
            .creates(shape::whole())
            .found_by(&[("user", "id")]),
        Operation::new(Method::GET, "/users/{user}", "get_user", VIEW, show)
            .about(TAG, "Read a user")
            .path("user", Schema::uuid())
            .answers_tagged(shape::whole()),
        Operation::new(Method::PATCH, "/users/{user}", "change_user", CHANGE, change)
            .about(TAG, "Change a user")
            .more("Who is not active any more is signed out everywhere. An attribute that is null is taken away.")
            .path("user", Schema::uuid())
            .conditional()
            .merge_patch(shape::patch())
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(shape::whole()),
        Operation::new(Method::DELETE, "/users/{user}", "delete_user", DELETE, delete)
            .about(TAG, "Delete a user")
            .more("Their sessions and tokens end with them. The id is never given again.")
            .path("user", Schema::uuid())
            .conditional()
            .answers_nothing(),
    ];
    [own, contacts::operations(), credentials::operations()].concat()
}

const SORTS: [&str; 8] =
    ["username", "-username", "email", "-email", "created_at", "-created_at", "last_sign_in", "-last_sign_in"];

/// A body, after its schema was checked.
#[derive(Deserialize)]
struct Body {
    username: Option<String>,
    #[serde(default, deserialize_with = "said")]
    email: Option<Option<String>>,
    email_verified: Option<bool>,
    password: Option<String>,
    active: Option<bool>,
    staff: Option<bool>,
    superuser: Option<bool>,
    claims: Option<Value>,
    attributes: Option<Map<String, Value>>,
    require_second_factor: Option<bool>,
}

/// Tells a member that is null from one that is left out.
fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let page = Page::<String>::of("users", &call)?;
    let text = |name: &str| call.text(name).map(str::to_owned);
    let moment = |name: &str| call.text(name).and_then(moment::parse);
    let (field, descending) = order(call.text("sort"), "username");
    let sorts = [SortBy::Username, SortBy::Email, SortBy::CreatedAt, SortBy::LastSignIn];
    let query = Query {
        active: call.flag("active"),
        staff: call.flag("staff"),
        superuser: call.flag("superuser"),
        has_password: call.flag("has_password"),
        created_after: moment("created_after"),
        created_before: moment("created_before"),
        last_sign_in_after: moment("last_sign_in_after"),
        last_sign_in_before: moment("last_sign_in_before"),
        email: text("email"),
        username: text("username"),
        search: text("search"),
        group: text("group"),
        attribute: wanted_attribute(&state, &call).await?,
        sort: sorts.into_iter().find(|sort| sort.as_str() == field).unwrap_or_default(),
        descending,
        size: page.size as u64,
        cursor: page.after.clone(),
    };
    match state.provider().users().search(&query).await {
        Ok(found) => Ok(page.answer_with(found.users.iter().map(shape::written), found.next)),
        Err(SearchError::BadCursor) => Err(Problem::invalid_parameter("cursor", "is not one that this list gave")),
        Err(SearchError::BadSize) => Err(Problem::invalid_parameter("limit", "is out of bounds")),
        Err(SearchError::Unavailable(error)) => Err(Problem::unavailable(error)),
    }
}

/// The attribute and the value that are asked for, as its kind has values.
async fn wanted_attribute(state: &State, call: &Call) -> Result<Option<(String, Value)>, Problem> {
    let (name, value) = match (call.text("attribute"), call.text("value")) {
        (None, None) => return Ok(None),
        (Some(name), Some(value)) => (name, value),
        _ => return Err(Problem::invalid_parameter("attribute", "and value go together")),
    };
    let definition = state.attributes().get(name).await.map_err(Problem::unavailable)?;
    let definition = definition.ok_or_else(|| Problem::invalid_parameter("attribute", "is not declared"))?;
    let value = match definition.declaration.kind {
        AttributeKind::Number | AttributeKind::Boolean => serde_json::from_str(value)
            .map_err(|_| Problem::invalid_parameter("value", "is not one that this attribute can have"))?,
        AttributeKind::List => Value::Array(vec![value.into()]),
        _ => Value::String(value.to_owned()),
    };
    Ok(Some((name.to_owned(), value)))
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let body: Body = call.read()?;
    let actor = call.actor()?;
    if body.staff == Some(true) || body.superuser == Some(true) {
        rights::may_give_everything(actor)?;
    }
    let new = NewUser {
        email: body.email.flatten(),
        email_verified: body.email_verified.unwrap_or(false),
        password: body.password.map(SecretString::from),
        active: body.active.unwrap_or(true),
        staff: body.staff.unwrap_or(false),
        superuser: body.superuser.unwrap_or(false),
        claims: claims(body.claims.unwrap_or_else(|| Value::Object(Map::new())))?,
        require_second_factor: body.require_second_factor.unwrap_or(false),
        attributes: body.attributes.unwrap_or_default(),
        editor: Editor::Staff,
        ..NewUser::named(body.username.unwrap_or_default())
    };
    let user = state.provider().users().create(new).await?;
    note(&state, &call, Kind::Created, &user, Details::new().name(&user.username)).await;
    let document = shape::whole_of(&state, &user).await?;
    Ok(Reply::created(format!("/users/{}", user.id), document))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    Ok(Reply::ok(shape::whole_of(&state, &user).await?))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let before = open(&state, &call).await?;
    let body: Body = call.read()?;
    let flags = [(body.staff, before.staff), (body.superuser, before.superuser)];
    if flags.into_iter().any(|(wanted, is)| wanted.is_some_and(|wanted| wanted != is)) {
        rights::may_give_everything(call.actor()?)?;
    }
    let claims_before = serde_json::to_value(&before.claims).unwrap_or_default();
    let changes = Changes {
        username: body.username,
        email: body.email,
        email_verified: body.email_verified,
        staff: body.staff,
        superuser: body.superuser,
        claims: body.claims.map(|patch| claims(merged(claims_before, &patch))).transpose()?,
        require_second_factor: body.require_second_factor,
        attributes: body.attributes,
        editor: Editor::Staff,
        read_at: call.is_conditional().then_some(before.updated_at),
    };
    let users = state.provider().users();
    let fields: Vec<String> = call.members().keys().filter(|name| *name != "active").cloned().collect();
    let update = users.update(before.id, changes);
    let mut user = match fields.is_empty() {
        true => update.await?,
        false => state.recorded(event(&call, Kind::Updated, &before, Details::new().changed(fields)), update).await?,
    };
    if let Some(active) = body.active.filter(|active| *active != before.active) {
        set_active(&state, &call, &user, active).await?;
        user.active = active;
    }
    let user = users.get(user.id).await.map_err(Problem::unavailable)?.ok_or_else(|| Problem::not_found("user"))?;
    Ok(Reply::ok(shape::whole_of(&state, &user).await?))
}

async fn set_active(state: &State, call: &Call, user: &User, active: bool) -> Result<(), Problem> {
    let users = state.provider().users();
    if active {
        state.recorded(event(call, Kind::Activated, user, Details::new()), users.activate(user.id)).await?;
        return Ok(());
    }
    state.recorded(event(call, Kind::Deactivated, user, Details::new()), users.deactivate(user.id)).await?;
    sign_out(state, call, user).await
}

async fn delete(state: State, call: Call) -> Result<Reply, Problem> {
    let user = open(&state, &call).await?;
    let deleted = event(&call, Kind::Deleted, &user, Details::new().name(&user.username));
    state.recorded(deleted, state.provider().users().delete(user.id)).await?;
    sign_out(&state, &call, &user).await?;
    Ok(Reply::nothing())
}

/// The user in the path, where they are open to the actor and are what `If-Match` names.
async fn open(state: &State, call: &Call) -> Result<User, Problem> {
    let user = user_of(state, call).await?;
    rights::may_take_over(state, call.actor()?, &user).await?;
    if call.is_conditional() {
        call.precondition(&shape::whole_of(state, &user).await?)?;
    }
    Ok(user)
}

fn claims(document: Value) -> Result<StandardClaims, Problem> {
    serde_json::from_value(document).map_err(|error| Problem::unprocessable(format!("claims: {error}")))
}

/// Ends whatever was begun with what they had, and what made a browser known as theirs.
async fn sign_out(state: &State, call: &Call, user: &User) -> Result<(), Problem> {
    let ended = state.provider().sign_out_everywhere(user.id).await.map_err(Problem::unavailable)?;
    state.throttle().forget_browsers(user.id).await.map_err(Problem::unavailable)?;
    note(state, call, Kind::SessionsEnded, user, Details::new().count(ended.len() as u64)).await;
    Ok(())
}

/// That whoever asks did this to the user.
fn event(call: &Call, kind: Kind, user: &User, details: Details) -> Event {
    call.event(kind).subject(user.id).object(ObjectType::User, user.id).details(details)
}

async fn note(state: &State, call: &Call, kind: Kind, user: &User, details: Details) {
    state.audit(event(call, kind, user, details)).await;
}

fn of_attributes(bad: &BadAttributes) -> Problem {
    let flaw = |bad: &BadAttribute| Flaw::new(format!("/attributes/{}", bad.name), bad.problem.to_string());
    Problem { flaws: bad.0.iter().take(20).map(flaw).collect(), ..Problem::unprocessable(bad.to_string()) }
}

fn of_password(words: String, problems: &[PasswordProblem]) -> Problem {
    let flaw = |problem: &PasswordProblem| Flaw {
        code: Some(problem.code),
        ..Flaw::new("/password", problem.message.clone())
    };
    Problem { flaws: problems.iter().take(20).map(flaw).collect(), ..Problem::unprocessable(words) }
}

impl From<CreateError> for Problem {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::UsernameTaken | CreateError::EmailTaken | CreateError::UsersExist => {
                Self::conflict(error.to_string())
            }
            CreateError::Invalid { .. } => Self::unprocessable(error.to_string()),
            CreateError::Attributes(bad) => of_attributes(&bad),
            CreateError::WeakPassword(ref problems) => of_password(error.to_string(), problems),
            CreateError::Busy { retry_after } => Self::busy(retry_after),
            CreateError::Unavailable(error) => Self::unavailable(error),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NoSuchUser(_) => Self::not_found("user"),
            ChangeError::Changed(_) => Self::precondition_failed(),
            ChangeError::UsernameTaken | ChangeError::EmailTaken => Self::conflict(error.to_string()),
            ChangeError::Invalid { .. } => Self::unprocessable(error.to_string()),
            ChangeError::Attributes(bad) => of_attributes(&bad),
            ChangeError::WeakPassword(ref problems) => of_password(error.to_string(), problems),
            ChangeError::Busy { retry_after } => Self::busy(retry_after),
            ChangeError::Unavailable(error) => Self::unavailable(error),
        }
    }
}
