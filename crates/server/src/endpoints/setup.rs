//! `/setup`: the first superuser, by the one-time link that `serve` prints where there is no user yet.

use poem::{Request, Response, http::StatusCode};
use secrecy::SecretString;
use vestibule_oidc::Unavailable;
use vestibule_users::{CreateError, NewUser, Proven, WayName};

use super::{
    browser::Browser,
    form::{self, Posted, bad_query, hidden, or_unavailable},
    links::{TOKEN, link_used},
    reply::{page, see_other, with_cookies},
    sign_in::{self, FirstStep},
};
use crate::{
    http::read_query,
    pages::{Label, Setup},
    state::State,
};

/// GET: the form, for whoever has the link.
pub(crate) async fn setup_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let token = query.get(TOKEN).unwrap_or_default().to_owned();
        check_link(&state, &request, &token).await?;
        Ok(with_cookies(show(&state, &browser, &token, "", "", Wrong::default()), browser.introduce(&state)))
    };
    shown.await
}

/// POST: creates the superuser and signs them in.
pub(crate) async fn setup_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let token = fields.get(TOKEN).unwrap_or_default().to_owned();
        check_link(&state, &request, &token).await?;
        let field = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        let (username, email) = (field("username"), field("email"));
        let new = NewUser {
            email: (!email.is_empty()).then(|| email.clone()),
            password: Some(SecretString::from(field("password"))),
            staff: true,
            superuser: true,
            ..NewUser::named(username.clone())
        };
        let user = match state.provider().users().create_first_superuser(new).await {
            Ok(user) => user,
            Err(CreateError::UsersExist) => {
                return Err(link_used());
            }
            Err(error) => return Ok(show(&state, &browser, &token, &username, &email, Wrong::from(&error))),
        };
        let answer = async {
            state.setup().spend(&token).await.map_err(Unavailable::from)?;
            let proven = Proven { user, way: WayName::Password, amr: vec!["pwd"], token: None };
            let first = FirstStep { proven, keep: false };
            let (_, cookies) = sign_in::begin_session(&state, &request, &browser, first, None).await?;
            Ok::<_, Unavailable>(with_cookies(see_other("/"), cookies))
        };
        or_unavailable(&state, &request, answer.await)
    };
    answered.await
}

/// A link is good while it is young and there is no user.
async fn check_link(state: &State, request: &Request, token: &str) -> poem::Result<()> {
    let good = async {
        let young = state.setup().is_good(token).await.map_err(Unavailable::from)?;
        Ok::<_, Unavailable>(young && state.provider().users().none_exist().await?)
    };
    if or_unavailable(state, request, good.await)? { Ok(()) } else { Err(link_used()) }
}

/// What was wrong with the fields.
#[derive(Default)]
struct Wrong {
    all: Option<Label>,
    username: Option<Label>,
    email: Option<Label>,
    password: Option<Label>,
}

impl From<&CreateError> for Wrong {
    fn from(error: &CreateError) -> Self {
        let said = Some(Label::from(match error {
            CreateError::Invalid { why, .. } => why.clone(),
            other => other.to_string(),
        }));
        match error {
            CreateError::UsernameTaken | CreateError::Invalid { field: "username", .. } => {
                Self { username: said, ..Self::default() }
            }
            CreateError::EmailTaken | CreateError::Invalid { field: "email", .. } => {
                Self { email: said, ..Self::default() }
            }
            CreateError::WeakPassword(_) => Self { password: said, ..Self::default() },
            _ => Self { all: said, ..Self::default() },
        }
    }
}

/// What a password must be, in words, before one is typed.
fn password_rule(state: &State) -> String {
    state.provider().users().password_rules().describe().join(" ")
}

fn show(state: &State, browser: &Browser, token: &str, username: &str, email: &str, wrong: Wrong) -> Response {
    let mut carried = hidden(state, browser, None);
    carried.push((TOKEN, token.to_owned()));
    let view = Setup {
        site: state.site(),
        action: "/setup".to_owned(),
        hidden: carried,
        username: Label::from(username),
        email: Label::from(email),
        password_rule: Label::from(password_rule(state)),
        error: wrong.all,
        username_error: wrong.username,
        email_error: wrong.email,
        password_error: wrong.password,
    };
    page(StatusCode::OK, view.render(), &[])
}
