//! The header by which an application proves itself (RFC 6749 section 2.3.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use vestibule_audit::Source;
use vestibule_core::Parameters;
use vestibule_oidc::{DpopRequest, token::TokenRequest};

use super::FuzzScene;

/// The input is the header; or, where it begins with `=`, what stands in it before it is encoded.
pub(super) async fn proved(scene: &FuzzScene, input: &[u8]) {
    let Some(text) = scene.filled(input) else { return };
    let header = match text.strip_prefix('=') {
        Some(credentials) => format!("Basic {}", STANDARD.encode(credentials)),
        None => text,
    };
    let secret = scene.client.secret.as_deref().unwrap_or_default();
    let right = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", scene.client.client_id)));
    let parameters: Parameters =
        [("grant_type", "client_credentials"), ("resource", "https://notes.example")].into_iter().collect();
    let asked = TokenRequest {
        authorization: Some(&header),
        parameters: &parameters,
        certificate: None,
        dpop: DpopRequest { method: "POST", path: "/oauth2/token", by_mutual_tls: false, proofs: &[] },
        source: Source::default(),
    };
    match scene.app.provider().token(asked).await {
        Ok(_) => assert_eq!(read(&header), Some((scene.client.client_id.clone(), secret.to_owned())), "{header}"),
        Err(error) => assert_ne!(header, right, "the right secret was refused: {error:?}"),
    }
}

/// The same once more, by the parser of forms.
fn read(header: &str) -> Option<(String, String)> {
    let (_, encoded) = header.split_once(' ')?;
    let credentials = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    let decoded = |part: &str| {
        let form = Parameters::parse(format!("part={part}").as_bytes()).ok()?;
        form.single("part").ok().flatten().map(str::to_owned)
    };
    Some((decoded(id)?, decoded(secret)?))
}
