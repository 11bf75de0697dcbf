//! What we say of ourselves (OpenID Connect Discovery section 3, RFC 8414 section 2).
//!
//! Everything that is switched on is listed and nothing else; a member whose default would claim more than we do is stated.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, ProviderMetadata,
    RegistrationUrl, ResponseTypes, Scope, TokenUrl, UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm, CoreResponseMode,
        CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use vestibule_core::Clock;
use vestibule_database::{Began, ChangeLog, Kept, Topic};
use vestibule_jose::{ContentEncryption, DPOP_ALGORITHMS, KeyManagement};
use vestibule_tokens::{DECRYPTION_ALGORITHMS, ResponseAlgorithm, SecretAlgorithm, SigningAlgorithm};
use vestibule_users::Carried;

use crate::{
    Provider, STANDARD_SCOPES, Unavailable,
    authorize::{IMPLICIT, ResponseMode, ResponseType},
    claims,
    client::{AuthMethod, supported_algorithms},
    registration::RegistrationMode,
    token::GRANT_TYPES,
};

/// Where the endpoints lie below the issuer.
pub mod path {
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    /// Token endpoint.
    pub const TOKEN: &str = "/oauth2/token";
    /// Where authorization requests are pushed (RFC 9126).
    pub const PAR: &str = "/oauth2/par";
    /// Userinfo endpoint.
    pub const USERINFO: &str = "/oauth2/userinfo";
    /// The published keys.
    pub const JWKS: &str = "/oauth2/jwks";
    /// Device authorization endpoint (RFC 8628).
    pub const DEVICE_AUTHORIZATION: &str = "/oauth2/device_authorization";
    /// Where a person types the code of a device.
    pub const DEVICE: &str = "/device";
    /// What is to be known of a token.
    pub const INTROSPECT: &str = "/oauth2/introspect";
    /// Giving a token back.
    pub const REVOKE: &str = "/oauth2/revoke";
    /// Hearing of revocations.
    pub const REVOCATIONS: &str = "/oauth2/revocations";
    /// Where applications register themselves (RFC 7591).
    pub const REGISTER: &str = "/oauth2/register";
    /// RP-initiated logout.
    pub const END_SESSION: &str = "/oauth2/end_session";
    /// The page that applications frame to ask whether the sign-in has changed.
    pub const CHECK_SESSION: &str = "/oauth2/check_session";
}

/// Members that the openidconnect crate has no fields for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct More {
    end_session_endpoint: String,
    check_session_iframe: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    device_authorization_endpoint: String,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    introspection_encryption_alg_values_supported: Vec<KeyManagement>,
    introspection_encryption_enc_values_supported: Vec<ContentEncryption>,
    introspection_signing_alg_values_supported: Vec<ResponseAlgorithm>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    require_signed_request_object: bool,
    prompt_values_supported: Vec<String>,
    /// RFC 8705 section 3.3.
    tls_client_certificate_bound_access_tokens: bool,
    /// The same endpoints where clients are asked for a certificate (RFC 8705 section 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    mtls_endpoint_aliases: Option<BTreeMap<String, String>>,
    dpop_signing_alg_values_supported: Vec<String>,
    /// Said only where it is so (draft-ietf-oauth-client-id-metadata-document section 5).
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    client_id_metadata_document_supported: bool,
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

/// What an application may sign its assertions and request objects with, in an order of ours: the secret of `client_secret_jwt` comes last. (Ed25519
/// is taken by its newer name too, for which the crate has no word.)
const ASSERTION_ALGORITHMS: [CoreJwsSigningAlgorithm; 12] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::HmacSha256,
    CoreJwsSigningAlgorithm::HmacSha384,
    CoreJwsSigningAlgorithm::HmacSha512,
];

/// Claims of ID tokens that are not about the person.
const PROTOCOL_CLAIMS: [&str; 12] =
    ["iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "s_hash", "sid"];

/// The document as it was last made. It stands on what is declared of people and on the APIs that there are, and is served only
/// while neither has changed.
#[derive(Debug)]
pub(crate) struct Published {
    by_attributes: Kept<(), Bytes>,
    by_apis: Kept<(), Bytes>,
}

impl Published {
    /// Room for one document, which nobody makes longer than this.
    const BYTES: u64 = 1024 * 1024;

    pub(crate) fn new(changes: &ChangeLog, clock: &Clock) -> Self {
        let of = |topic| Kept::new(changes, topic, |_| None, clock.clone(), Self::BYTES);
        Self { by_attributes: of(Topic::Attributes), by_apis: of(Topic::Apis) }
    }

    fn get(&self) -> Option<Bytes> {
        let (one, other) = (self.by_attributes.get(&())?, self.by_apis.get(&())?);
        // Two that were made at the same time may be of different states.
        Arc::ptr_eq(&one, &other).then(|| Bytes::clone(&one))
    }

    fn begin(&self) -> (Began, Began) {
        (self.by_attributes.begin(), self.by_apis.begin())
    }

    fn keep(&self, document: &Bytes, (attributes, apis): (Began, Began)) {
        let document = Arc::new(document.clone());
        self.by_attributes.keep((), &document, document.len(), attributes);
        self.by_apis.keep((), &document, document.len(), apis);
    }
}

impl Provider {
    /// The metadata document, as JSON; from memory until an attribute or an API changes.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn discovery(&self) -> Result<Bytes, Unavailable> {
        if let Some(document) = self.published().get() {
            return Ok(document);
        }
        let began = self.published().begin();
        let document = Bytes::from(self.metadata().await?);
        self.published().keep(&document, began);
        Ok(document)
    }

    async fn metadata(&self) -> Result<Vec<u8>, Unavailable> {
        let carried = self.attributes().carried().await?;
        let at = |path: &str| format!("{}{path}", self.issuer());
        let more = More {
            end_session_endpoint: at(path::END_SESSION),
            check_session_iframe: at(path::CHECK_SESSION),
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            frontchannel_logout_supported: true,
            frontchannel_logout_session_supported: true,
            device_authorization_endpoint: at(path::DEVICE_AUTHORIZATION),
            introspection_endpoint: at(path::INTROSPECT),
            introspection_endpoint_auth_methods_supported: names(
                self.auth_methods().filter(|method| *method != AuthMethod::None),
            ),
            introspection_encryption_alg_values_supported: KeyManagement::ALL.to_vec(),
            introspection_encryption_enc_values_supported: ContentEncryption::ALL.to_vec(),
            introspection_signing_alg_values_supported: self.response_algorithms().collect(),
            revocation_endpoint: at(path::REVOKE),
            revocation_endpoint_auth_methods_supported: names(self.auth_methods()),
            code_challenge_methods_supported: vec!["S256".to_owned()],
            authorization_response_iss_parameter_supported: true,
            pushed_authorization_request_endpoint: at(path::PAR),
            require_pushed_authorization_requests: self.settings().require_pushed_authorization_requests,
            require_signed_request_object: self.settings().require_signed_request_object,
            tls_client_certificate_bound_access_tokens: self.settings().client_certificates,
            mtls_endpoint_aliases: self.settings().mutual_origin.as_deref().map(aliases),
            prompt_values_supported: self.prompts().map(|prompt| prompt.as_str().to_owned()).collect(),
            dpop_signing_alg_values_supported: DPOP_ALGORITHMS.map(|algorithm| algorithm.name().to_owned()).to_vec(),
            client_id_metadata_document_supported: self.settings().client_documents.is_on(),
        };
        let metadata = Metadata::new(
            IssuerUrl::new(self.issuer().to_owned()).map_err(Unavailable::because)?,
            AuthUrl::new(at(path::AUTHORIZE)).map_err(Unavailable::because)?,
            JsonWebKeySetUrl::new(at(path::JWKS)).map_err(Unavailable::because)?,
            self.response_types().map(in_words).collect(),
            vec![CoreSubjectIdentifierType::Public, CoreSubjectIdentifierType::Pairwise],
            self.response_algorithms().map(signing_algorithm).collect(),
            more,
        )
        .set_token_endpoint(Some(TokenUrl::new(at(path::TOKEN)).map_err(Unavailable::because)?))
        .set_userinfo_endpoint(Some(UserInfoUrl::new(at(path::USERINFO)).map_err(Unavailable::because)?))
        .set_registration_endpoint(self.registration_endpoint()?)
        .set_id_token_encryption_alg_values_supported(Some(key_managements()))
        .set_id_token_encryption_enc_values_supported(Some(content_encryptions()))
        .set_userinfo_encryption_alg_values_supported(Some(key_managements()))
        .set_userinfo_encryption_enc_values_supported(Some(content_encryptions()))
        .set_userinfo_signing_alg_values_supported(Some(self.response_algorithms().map(signing_algorithm).collect()))
        .set_scopes_supported(Some(self.scopes(&carried).await?.into_iter().map(Scope::new).collect()))
        .set_response_modes_supported(Some(ResponseMode::ALL.map(response_mode).to_vec()))
        .set_grant_types_supported(Some(
            GRANT_TYPES.into_iter().chain(self.settings().implicit.then_some(IMPLICIT)).map(grant_type).collect(),
        ))
        .set_token_endpoint_auth_methods_supported(Some(self.auth_methods().map(auth_method).collect()))
        .set_token_endpoint_auth_signing_alg_values_supported(Some(ASSERTION_ALGORITHMS.to_vec()))
        .set_acr_values_supported(Some(
            self.levels().iter().map(|level| AuthenticationContextClass::new(level.name.clone())).collect(),
        ))
        .set_display_values_supported(Some(vec![
            CoreAuthDisplay::Page,
            CoreAuthDisplay::Popup,
            CoreAuthDisplay::Touch,
            CoreAuthDisplay::Wap,
        ]))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(
            claims::supported()
                .chain(PROTOCOL_CLAIMS)
                .map(str::to_owned)
                .chain(carried.iter().map(|attribute| attribute.claim.clone()))
                .map(CoreClaimName::new)
                .collect(),
        ))
        .set_ui_locales_supported(Some(vec![openidconnect::LanguageTag::new("en".to_owned())]))
        .set_claims_parameter_supported(Some(true))
        .set_request_parameter_supported(Some(true))
        .set_request_uri_parameter_supported(Some(true))
        .set_require_request_uri_registration(Some(true))
        .set_request_object_encryption_alg_values_supported(Some(DECRYPTION_ALGORITHMS.map(key_management).to_vec()))
        .set_request_object_encryption_enc_values_supported(Some(content_encryptions()))
        .set_request_object_signing_alg_values_supported(Some(self.request_object_algorithms()));
        Ok(serde_json::to_vec(&metadata)?)
    }

    /// Where applications register themselves, if they do.
    fn registration_endpoint(&self) -> Result<Option<RegistrationUrl>, Unavailable> {
        if self.settings().registration.mode == RegistrationMode::Off {
            return Ok(None);
        }
        RegistrationUrl::new(format!("{}{}", self.issuer(), path::REGISTER)).map(Some).map_err(Unavailable::because)
    }

    /// What is said to applications is signed with these: what is on, and the secrets of those that have one.
    fn response_algorithms(&self) -> impl Iterator<Item = ResponseAlgorithm> {
        supported_algorithms(self.tokens().keys().algorithms())
    }

    /// What request objects may be signed with; `none` where they need not be.
    fn request_object_algorithms(&self) -> Vec<CoreJwsSigningAlgorithm> {
        let none = (!self.settings().require_signed_request_object).then_some(CoreJwsSigningAlgorithm::None);
        ASSERTION_ALGORITHMS.into_iter().chain(none).collect()
    }

    /// What the authorization endpoint answers with.
    fn response_types(&self) -> impl Iterator<Item = ResponseType> {
        let implicit = self.settings().implicit;
        ResponseType::ALL.into_iter().filter(move |kind| implicit || !kind.is_front_channel())
    }

    /// How an application can prove itself.
    fn auth_methods(&self) -> impl Iterator<Item = AuthMethod> {
        let certificates = self.settings().client_certificates;
        AuthMethod::ALL.into_iter().filter(move |method| certificates || !method.is_by_certificate())
    }

    /// The scopes that an application can be registered for: those of OpenID Connect, of attributes, and of the APIs.
    async fn scopes(&self, carried: &[Carried]) -> Result<Vec<String>, Unavailable> {
        let mut scopes: Vec<String> = STANDARD_SCOPES.map(str::to_owned).to_vec();
        for Carried { scope, .. } in carried {
            if !scopes.contains(scope) {
                scopes.push(scope.clone());
            }
        }
        for api in self.apis().list().await? {
            // Those of the administration API are in its own document; they would be most of the list (RFC 8414 section 2 leaves
            // it to us).
            let scopes_of_others = api.scopes.into_iter().map(|scope| scope.scope);
            for scope in scopes_of_others.filter(|scope| !scope.starts_with("vestibule.")) {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        Ok(scopes)
    }
}

/// How what applications are told can be encrypted.
fn key_managements() -> Vec<CoreJweKeyManagementAlgorithm> {
    KeyManagement::ALL.map(key_management).to_vec()
}

fn key_management(alg: KeyManagement) -> CoreJweKeyManagementAlgorithm {
    match alg {
        KeyManagement::RsaOaep256 => CoreJweKeyManagementAlgorithm::RsaOaepSha256,
        KeyManagement::RsaOaep => CoreJweKeyManagementAlgorithm::RsaOaep,
        KeyManagement::EcdhEs => CoreJweKeyManagementAlgorithm::EcdhEs,
        KeyManagement::EcdhEsA128Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap128,
        KeyManagement::EcdhEsA256Kw => CoreJweKeyManagementAlgorithm::EcdhEsAesKeyWrap256,
    }
}

/// With what the content is.
fn content_encryptions() -> Vec<CoreJweContentEncryptionAlgorithm> {
    let in_words = |enc| match enc {
        ContentEncryption::A128CbcHs256 => CoreJweContentEncryptionAlgorithm::Aes128CbcHmacSha256,
        ContentEncryption::A256CbcHs512 => CoreJweContentEncryptionAlgorithm::Aes256CbcHmacSha512,
        ContentEncryption::A128Gcm => CoreJweContentEncryptionAlgorithm::Aes128Gcm,
        ContentEncryption::A256Gcm => CoreJweContentEncryptionAlgorithm::Aes256Gcm,
    };
    ContentEncryption::ALL.map(in_words).to_vec()
}

fn signing_algorithm(algorithm: ResponseAlgorithm) -> CoreJwsSigningAlgorithm {
    match algorithm {
        ResponseAlgorithm::Ring(SigningAlgorithm::Rs256) => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        ResponseAlgorithm::Ring(SigningAlgorithm::Rs384) => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
        ResponseAlgorithm::Ring(SigningAlgorithm::Rs512) => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
        ResponseAlgorithm::Ring(SigningAlgorithm::Ps256) => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
        ResponseAlgorithm::Ring(SigningAlgorithm::Ps384) => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
        ResponseAlgorithm::Ring(SigningAlgorithm::Ps512) => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        ResponseAlgorithm::Ring(SigningAlgorithm::Es256) => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        ResponseAlgorithm::Ring(SigningAlgorithm::Es384) => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
        ResponseAlgorithm::Ring(SigningAlgorithm::EdDsa) => CoreJwsSigningAlgorithm::EdDsa,
        ResponseAlgorithm::Secret(SecretAlgorithm::Hs256) => CoreJwsSigningAlgorithm::HmacSha256,
        ResponseAlgorithm::Secret(SecretAlgorithm::Hs384) => CoreJwsSigningAlgorithm::HmacSha384,
        ResponseAlgorithm::Secret(SecretAlgorithm::Hs512) => CoreJwsSigningAlgorithm::HmacSha512,
    }
}

/// Where clients are asked for a certificate, the endpoints at which one says something.
fn aliases(origin: &str) -> BTreeMap<String, String> {
    [
        ("token_endpoint", path::TOKEN),
        ("userinfo_endpoint", path::USERINFO),
        ("introspection_endpoint", path::INTROSPECT),
        ("revocation_endpoint", path::REVOKE),
        ("device_authorization_endpoint", path::DEVICE_AUTHORIZATION),
        ("pushed_authorization_request_endpoint", path::PAR),
    ]
    .into_iter()
    .map(|(name, path)| (name.to_owned(), format!("{origin}{path}")))
    .collect()
}

/// The names of ways to prove oneself.
fn names(methods: impl Iterator<Item = AuthMethod>) -> Vec<String> {
    methods.map(|method| method.as_str().to_owned()).collect()
}

fn in_words(kind: ResponseType) -> ResponseTypes<CoreResponseType> {
    let word = |word| match word {
        "code" => CoreResponseType::Code,
        "id_token" => CoreResponseType::IdToken,
        _ => CoreResponseType::Token,
    };
    ResponseTypes::new(kind.words().map(word).collect())
}

fn response_mode(mode: ResponseMode) -> CoreResponseMode {
    match mode {
        ResponseMode::Query => CoreResponseMode::Query,
        ResponseMode::Fragment => CoreResponseMode::Fragment,
        ResponseMode::FormPost => CoreResponseMode::FormPost,
    }
}

fn grant_type(name: &str) -> CoreGrantType {
    match name {
        "implicit" => CoreGrantType::Implicit,
        "authorization_code" => CoreGrantType::AuthorizationCode,
        "refresh_token" => CoreGrantType::RefreshToken,
        "client_credentials" => CoreGrantType::ClientCredentials,
        "urn:ietf:params:oauth:grant-type:device_code" => CoreGrantType::DeviceCode,
        other => CoreGrantType::Extension(other.to_owned()),
    }
}

fn auth_method(method: AuthMethod) -> CoreClientAuthMethod {
    match method {
        AuthMethod::ClientSecretBasic => CoreClientAuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost => CoreClientAuthMethod::ClientSecretPost,
        AuthMethod::ClientSecretJwt => CoreClientAuthMethod::ClientSecretJwt,
        AuthMethod::PrivateKeyJwt => CoreClientAuthMethod::PrivateKeyJwt,
        AuthMethod::TlsClientAuth | AuthMethod::SelfSignedTlsClientAuth => {
            CoreClientAuthMethod::Extension(method.as_str().to_owned())
        }
        AuthMethod::None => CoreClientAuthMethod::None,
    }
}
