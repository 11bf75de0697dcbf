//! An independent client, the openidconnect crate, through the real pages: it verifies what our own tests only read.

use openidconnect::{
    AsyncHttpClient, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PrivateSigningKey as _, RedirectUrl,
    Scope, TokenResponse as _,
    core::{
        CoreClient, CoreHmacKey, CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
        CoreUserInfoClaims,
    },
    http,
};
use vestibule_tests::{ClientSpec, Person, TestApp, ThirdParty, Wire};
use vestibule_tokens::{ResponseAlgorithm, SecretAlgorithm, SigningAlgorithm};

/// The crate's way to the provider.
fn http_client(wire: &Wire) -> impl for<'c> AsyncHttpClient<'c, Error = reqwest::Error> {
    let wire = wire.clone();
    move |request: HttpRequest| {
        let wire = wire.clone();
        async move {
            let (parts, body) = request.into_parts();
            let sent = wire.request(parts.method, &parts.uri.to_string()).headers(parts.headers).body(body);
            let answer = sent.send().await?;
            let mut response = http::Response::new(Vec::new());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            *response.body_mut() = answer.bytes().await?.to_vec();
            Ok::<HttpResponse, reqwest::Error>(response)
        }
    }
}

/// Discovery, code with PKCE and nonce, the verified ID token, userinfo for the same person.
async fn sign_in(
    app: &TestApp,
    person: &Person,
    registered: &ThirdParty,
    algorithm: CoreJwsSigningAlgorithm,
) -> (CoreIdTokenClaims, CoreUserInfoClaims) {
    let http = http_client(app.wire());
    let issuer = IssuerUrl::new(app.issuer().to_owned()).expect("an issuer");
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.expect("discovery");
    let secret = registered.secret.clone().map(ClientSecret::new);
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(registered.client_id.clone()), secret)
        .set_redirect_uri(RedirectUrl::new(registered.redirect_uri.clone()).expect("a redirect URI"));
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "address", "phone"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let answer = app.browser_of(person).walk(url.as_str()).await.location();
    let told = |name: &str| answer.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(told("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(told("code").expect("a code"));
    let exchange = client.exchange_code(code).expect("a token endpoint").set_pkce_verifier(verifier);
    let tokens = exchange.request_async(&http).await.expect("tokens");
    let id_token = tokens.id_token().expect("an ID token");
    let verifier = client.id_token_verifier().set_allowed_algs([algorithm]);
    let claims = id_token.claims(&verifier, &nonce).expect("a good ID token").clone();
    let signed_by = id_token.signing_alg().expect("an algorithm");
    // A secret stands in no set of keys.
    let secret = || CoreHmacKey::new(registered.secret.clone().expect("a secret")).as_verification_key();
    let key = id_token.signing_key(&verifier).cloned().unwrap_or_else(|_| secret());
    let at_hash = openidconnect::AccessTokenHash::from_token(tokens.access_token(), signed_by, &key);
    assert_eq!(claims.access_token_hash(), Some(&at_hash.expect("a hash")));
    let userinfo = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).expect("userinfo");
    let about = userinfo.request_async(&http).await.expect("the same person");
    (claims, about)
}

#[tokio::test]
async fn a_confidential_client_signs_somebody_in_and_learns_about_them() {
    let (app, alice, client) = crate::scene().await;
    let (claims, about) = sign_in(&app, &alice, &client, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256).await;
    assert_eq!(claims.subject().as_str(), alice.id.to_string());
    assert_eq!(about.email().map(|email| email.as_str()), Some("alice@example.com"));
    assert_eq!(about.email_verified(), Some(true));
    assert_eq!(about.preferred_username().map(|name| name.as_str()), Some("alice"));
    let address = about.address().expect("an address");
    assert_eq!(address.locality.as_deref().map(|town| town.as_str()), Some("Lisboa"));
    assert!(about.updated_at().is_some() && claims.auth_time().is_some());
}

#[tokio::test]
async fn a_public_client_does_the_same_without_a_secret() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::public()).await);
    let (claims, _) = sign_in(&app, &alice, &client, CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256).await;
    assert_eq!(claims.subject().as_str(), alice.id.to_string());
}

#[tokio::test]
async fn an_id_token_by_each_algorithm_that_can_be_registered_is_verified() {
    let app = TestApp::with(|config| config.keys.algorithms = SigningAlgorithm::ALL.into_iter().collect()).await;
    let alice = app.user("alice").await;
    let by_secret = SecretAlgorithm::ALL.map(ResponseAlgorithm::Secret);
    for algorithm in SigningAlgorithm::ALL.map(ResponseAlgorithm::Ring).into_iter().chain(by_secret) {
        let spec = ClientSpec::first_party().with(|new| new.metadata.id_token_signed_response_alg = algorithm);
        let expected = serde_json::from_value(algorithm.name().into()).unwrap();
        sign_in(&app, &alice, &app.client(spec).await, expected).await;
    }
}
