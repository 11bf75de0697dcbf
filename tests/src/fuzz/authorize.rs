//! Authorization requests, as parameters and as request objects.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;
use vestibule_core::{Parameters, RedirectUri};
use vestibule_jose::Encryption;
use vestibule_oidc::authorize::{Answer, AuthorizeError, Delivery, ResponseMode, ValidRequest};
use vestibule_tokens::DECRYPTION_ALGORITHMS;

use super::FuzzScene;
use crate::header;

/// What the application registered, the port of the second apart.
pub(super) const REGISTERED: [&str; 2] = ["https://rp.example/cb", "http://127.0.0.1/cb"];

/// The input is a query string.
pub(super) async fn parameters(scene: &FuzzScene, input: &[u8]) {
    // What is not UTF-8 is a matter of the parser alone.
    let Some(text) = scene.filled(input) else { return drop(Parameters::parse(input)) };
    if let Ok(parameters) = Parameters::parse(text.as_bytes()) {
        holds(scene, &parameters).await;
    }
}

/// The input is a header and claims, a line each, that nobody signs; or, where it is one line, the whole object. Before that one
/// line or two such as `encrypted ECDH-ES A128GCM` have it encrypted to the provider's key.
pub(super) async fn request_object(scene: &FuzzScene, input: &[u8]) {
    let Some(text) = scene.filled(input) else { return };
    let (encryptions, rest) = encryptions(&text);
    let plain = match rest.split_once('\n') {
        Some((header, claims)) => format!("{}.{}.", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)),
        None => rest.to_owned(),
    };
    let object = encryptions.iter().rev().fold(plain.clone(), |object, way| scene.encrypted(*way, &object));
    if object.is_empty() {
        // A parameter without a value counts as left out (RFC 6749 section 3.1).
        return;
    }
    let taken = is_taken(scene, &object).await;
    if taken {
        // It registered no key, so nothing that is signed can be by it.
        assert_eq!(header(&plain)["alg"], Value::from("none"), "nobody could have verified this");
        assert!(plain.ends_with('.'), "an unsigned object has an empty signature");
    }
    match encryptions.len() {
        0 => {}
        1 => {
            let alone = !plain.is_empty() && is_taken(scene, &plain).await;
            assert_eq!(taken, alone, "what is inside counts as if it had come plainly");
        }
        _ => assert!(!taken, "what is encrypted twice is no request object"),
    }
}

/// How the input says that its object is encrypted, the outer way first, and the rest of it. Each time makes it longer by a third.
fn encryptions(text: &str) -> (Vec<Encryption>, &str) {
    let (mut ways, mut rest) = (Vec::new(), text);
    while let Some((line, inside)) = rest.split_once('\n') {
        let Some(way) = encryption(line).filter(|_| ways.len() < 2) else { break };
        ways.push(way);
        rest = inside;
    }
    (ways, rest)
}

fn encryption(line: &str) -> Option<Encryption> {
    let (alg, enc) = line.strip_prefix("encrypted ")?.split_once(' ')?;
    let alg = alg.parse().ok().filter(|alg| DECRYPTION_ALGORITHMS.contains(alg))?;
    Some(Encryption { alg, enc: enc.parse().ok()? })
}

/// Whether a request with this object is valid.
async fn is_taken(scene: &FuzzScene, object: &str) -> bool {
    let parameters = [
        ("client_id", scene.client.client_id.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", REGISTERED[0]),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
        ("request", object),
    ];
    holds(scene, &parameters.into_iter().collect()).await
}

/// What must hold of whatever is answered. Tells whether the request is valid.
async fn holds(scene: &FuzzScene, parameters: &Parameters) -> bool {
    match scene.app.provider().authorize(parameters).await {
        Ok((client, request)) => {
            assert_eq!(client.id, scene.client.id());
            is_sound(&request, &client.metadata.scope.to_string());
            true
        }
        Err(AuthorizeError::Redirect(answer)) => {
            leads_home(answer, scene.app.issuer());
            false
        }
        Err(AuthorizeError::Page(error)) => {
            assert!(!error.code().is_empty());
            false
        }
        Err(AuthorizeError::Unavailable(error)) => panic!("an input made something unavailable: {error}"),
    }
}

fn is_sound(request: &ValidRequest, allowed: &str) {
    assert!(is_registered(request.to.redirect_uri.as_str()), "{:?}", request.to);
    let kind = request.response_type;
    if kind.is_front_channel() {
        assert_ne!(request.to.mode, ResponseMode::Query, "tokens never stand in a query");
    }
    if kind.id_token {
        assert!(request.nonce.is_some(), "an ID token that comes by the browser needs a nonce");
    }
    if kind.code {
        let challenge = request.code_challenge.as_deref().unwrap_or_default();
        assert_eq!(challenge.len(), 43, "PKCE is required, and S256 alone");
    }
    let allowed: Vec<&str> = allowed.split(' ').collect();
    for scope in request.scope.iter() {
        assert!(allowed.contains(&scope), "{scope} is not for this application");
    }
}

/// An error goes to an address of the application, says what it is, and names its issuer.
fn leads_home(answer: Answer, issuer: &str) {
    let (place, fields) = match answer.deliver() {
        Delivery::Form { action, fields } => {
            (action, fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>())
        }
        Delivery::Redirect(url) => {
            let url = Url::parse(&url).expect("an address");
            let sent = url.fragment().or(url.query()).unwrap_or_default();
            let fields = url::form_urlencoded::parse(sent.as_bytes()).into_owned().collect();
            (url.as_str().split(['?', '#']).next().unwrap_or_default().to_owned(), fields)
        }
    };
    assert!(is_registered(&place), "{place}");
    let value =
        |name: &str| fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
    assert_eq!((value("iss"), value("error").len()), (vec![issuer], 1));
    assert!(value("code").is_empty() && value("id_token").is_empty() && value("access_token").is_empty());
}

fn is_registered(place: &str) -> bool {
    REGISTERED.iter().any(|uri| RedirectUri::parse(uri).expect("registered").matching(place).is_some())
}
