//! `/oauth2/introspect` (RFC 7662), answered as plain JSON, or signed where that is asked for (RFC 9701).

use poem::{
    Request, Response,
    http::{HeaderMap, StatusCode, header},
};

use super::{
    reply::json,
    token::{asked, refusal},
};
use crate::state::State;

/// The type of a signed answer (RFC 9701 section 4).
const SIGNED: &str = "application/token-introspection+jwt";

/// POST: a form with the token.
pub(crate) async fn introspect_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let signed = wants_signed(request.headers());
    let asked = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let introspected = match state.provider().introspect(asked.proof()).await {
        Ok(introspected) => introspected,
        Err(refused) => return Ok(refusal(&refused, asked.by_header())),
    };
    if !signed {
        return Ok(json(StatusCode::OK, &introspected.answer));
    }
    Ok(match state.provider().sign_introspection(&introspected).await {
        Ok(token) => Response::builder().status(StatusCode::OK).content_type(SIGNED).body(token),
        Err(error) => refusal(&error, false),
    })
}

/// Whether the signed form is named in `Accept`, and JSON is not wanted more.
fn wants_signed(headers: &HeaderMap) -> bool {
    let accepted = || headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let quality = |wanted: &str| {
        let ranges = accepted().flat_map(|line| line.split(','));
        let of = |range: &str| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
            let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
            named.then(|| quality.map_or(1.0, |quality| quality.parse::<f32>().unwrap_or(0.0)))
        };
        ranges.filter_map(of).fold(0.0, f32::max)
    };
    let signed = quality(SIGNED);
    signed > 0.0 && signed >= quality("application/json")
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn accepts(value: &'static str) -> bool {
        wants_signed(&[(header::ACCEPT, HeaderValue::from_static(value))].into_iter().collect())
    }

    #[test]
    fn an_answer_is_signed_where_that_is_named_and_not_wanted_less_than_json() {
        for signed in [
            SIGNED,
            "Application/Token-Introspection+JWT",
            "application/json, application/token-introspection+jwt",
            "application/json;q=0.5, application/token-introspection+jwt; q=0.9",
        ] {
            assert!(accepts(signed), "{signed}");
        }
        for plain in [
            "*/*",
            "application/json",
            "application/jwt",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt;q=0.1, application/json",
            "application/token-introspection+jwt;q=much",
        ] {
            assert!(!accepts(plain), "{plain}");
        }
        assert!(!wants_signed(&HeaderMap::new()));
    }
}
