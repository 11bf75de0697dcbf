//! What we say of ourselves (OpenID Connect Discovery section 3, RFC 8414 section 2).
//!
//! Everything that is switched on is listed and nothing else; a member whose default would claim more than we do is stated.

use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, IssuerUrl, JsonWebKeySetUrl, ProviderMetadata, ResponseTypes, Scope, TokenUrl,
    UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
        CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use vestibule_tokens::SigningAlgorithm;

use crate::{
    Provider, STANDARD_SCOPES, Unavailable, authorize::Prompt, claims, client::AuthMethod, token::GRANT_TYPES,
};

/// The class of a sign-in with one factor (`acr`).
pub const ACR_ONE_FACTOR: &str = "1";

/// The class of a sign-in with two factors.
pub const ACR_TWO_FACTORS: &str = "2";

/// Where the endpoints lie below the issuer.
pub mod path {
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    /// Token endpoint.
    pub const TOKEN: &str = "/oauth2/token";
    /// Userinfo endpoint.
    pub const USERINFO: &str = "/oauth2/userinfo";
    /// The published keys.
    pub const JWKS: &str = "/oauth2/jwks";
    /// What is to be known of a token.
    pub const INTROSPECT: &str = "/oauth2/introspect";
    /// Giving a token back.
    pub const REVOKE: &str = "/oauth2/revoke";
    /// Hearing of revocations.
    pub const REVOCATIONS: &str = "/oauth2/revocations";
    /// RP-initiated logout.
    pub const END_SESSION: &str = "/oauth2/end_session";
}

/// Members that the openidconnect crate has no fields for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct More {
    end_session_endpoint: String,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    introspection_signing_alg_values_supported: Vec<SigningAlgorithm>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: Vec<String>,
}

impl AdditionalProviderMetadata for More {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Claims of ID tokens that are not about the person.
const PROTOCOL_CLAIMS: [&str; 10] = ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"];

impl Provider {
    /// The metadata document, as JSON.
    ///
    /// # Errors
    /// Where the issuer is no URL, which configuration refuses before.
    pub async fn discovery(&self) -> Result<Vec<u8>, Unavailable> {
        let at = |path: &str| format!("{}{path}", self.issuer());
        let more = More {
            end_session_endpoint: at(path::END_SESSION),
            introspection_endpoint: at(path::INTROSPECT),
            introspection_endpoint_auth_methods_supported: auth_methods(|method| method != AuthMethod::None),
            introspection_signing_alg_values_supported: SigningAlgorithm::ALL.to_vec(),
            revocation_endpoint: at(path::REVOKE),
            revocation_endpoint_auth_methods_supported: auth_methods(|_| true),
            code_challenge_methods_supported: vec!["S256".to_owned()],
            authorization_response_iss_parameter_supported: true,
            prompt_values_supported: Prompt::ALL.iter().map(|prompt| prompt.as_str().to_owned()).collect(),
        };
        let metadata = Metadata::new(
            IssuerUrl::new(self.issuer().to_owned()).map_err(Unavailable::because)?,
            AuthUrl::new(at(path::AUTHORIZE)).map_err(Unavailable::because)?,
            JsonWebKeySetUrl::new(at(path::JWKS)).map_err(Unavailable::because)?,
            vec![ResponseTypes::new(vec![CoreResponseType::Code])],
            vec![CoreSubjectIdentifierType::Public],
            vec![
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ],
            more,
        )
        .set_token_endpoint(Some(TokenUrl::new(at(path::TOKEN)).map_err(Unavailable::because)?))
        .set_userinfo_endpoint(Some(UserInfoUrl::new(at(path::USERINFO)).map_err(Unavailable::because)?))
        .set_scopes_supported(Some(self.scopes().await?.into_iter().map(Scope::new).collect()))
        .set_response_modes_supported(Some(vec![CoreResponseMode::Query]))
        .set_grant_types_supported(Some(GRANT_TYPES.map(grant_type).to_vec()))
        .set_token_endpoint_auth_methods_supported(Some(AuthMethod::ALL.into_iter().map(auth_method).collect()))
        .set_acr_values_supported(Some(
            [ACR_ONE_FACTOR, ACR_TWO_FACTORS]
                .map(|class| openidconnect::AuthenticationContextClass::new(class.to_owned()))
                .to_vec(),
        ))
        .set_display_values_supported(Some(vec![
            CoreAuthDisplay::Page,
            CoreAuthDisplay::Popup,
            CoreAuthDisplay::Touch,
            CoreAuthDisplay::Wap,
        ]))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(
            claims::supported().chain(PROTOCOL_CLAIMS).map(|name| CoreClaimName::new(name.to_owned())).collect(),
        ))
        .set_ui_locales_supported(Some(vec![openidconnect::LanguageTag::new("en".to_owned())]))
        .set_claims_parameter_supported(Some(false))
        .set_request_parameter_supported(Some(false))
        .set_request_uri_parameter_supported(Some(false))
        .set_require_request_uri_registration(Some(false));
        Ok(serde_json::to_vec(&metadata)?)
    }

    /// The scopes that an application can be registered for: those of OpenID Connect, and of the APIs.
    async fn scopes(&self) -> Result<Vec<String>, Unavailable> {
        let mut scopes: Vec<String> = STANDARD_SCOPES.map(str::to_owned).to_vec();
        for api in self.apis().list().await? {
            // Those of the administration API are in its own document; they would be most of the list (RFC 8414 section 2 leaves
            // it to us).
            let scopes_of_others = api.scopes.into_iter().map(|scope| scope.scope);
            scopes.extend(scopes_of_others.filter(|scope| !scope.starts_with("vestibule.")));
        }
        Ok(scopes)
    }
}

/// The names of those ways to prove oneself that `counts`.
fn auth_methods(counts: impl Fn(AuthMethod) -> bool) -> Vec<String> {
    AuthMethod::ALL.into_iter().filter(|method| counts(*method)).map(|method| method.as_str().to_owned()).collect()
}

fn grant_type(name: &str) -> CoreGrantType {
    match name {
        "authorization_code" => CoreGrantType::AuthorizationCode,
        "refresh_token" => CoreGrantType::RefreshToken,
        "client_credentials" => CoreGrantType::ClientCredentials,
        other => CoreGrantType::Extension(other.to_owned()),
    }
}

fn auth_method(method: AuthMethod) -> CoreClientAuthMethod {
    match method {
        AuthMethod::ClientSecretBasic => CoreClientAuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost => CoreClientAuthMethod::ClientSecretPost,
        AuthMethod::None => CoreClientAuthMethod::None,
    }
}
