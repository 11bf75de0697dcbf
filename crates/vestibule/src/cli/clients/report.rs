//! An application in the words of a report. The digest of its secret is nowhere in it.

use serde_json::{Value, json};
use vestibule_oidc::client::{
    AccessTokenFormat, AuthMethod, Client, ClientMetadata, Encryption, EncryptionMetadata, RequestObjectAlgorithm,
    SelfRegistered, SubjectType,
};

use crate::cli::time::{readable, rfc3339};

/// The headings of the list.
pub(super) const HEADINGS: [&str; 4] = ["name", "proves itself by", "marks", "client id"];

/// A line of the list.
pub(super) fn row(client: &Client) -> Vec<String> {
    let marks = [(client.first_party, "first party"), (!must_use_pkce(client), "PKCE not required")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
    vec![client.name.clone(), proof(client).to_owned(), marks.join(", "), client.id.to_string()]
}

fn proof(client: &Client) -> &'static str {
    match client.auth_method {
        None => "client_secret_basic or client_secret_post",
        Some(AuthMethod::None) => "nothing (public)",
        Some(method) => method.as_str(),
    }
}

fn must_use_pkce(client: &Client) -> bool {
    client.is_public() || client.require_pkce
}

/// Everything, for programs, in the names of RFC 7591. Without a `token_endpoint_auth_method`, either way of a secret will do.
pub(super) fn document(client: &Client, apps: &[String]) -> Value {
    let mut document = json!(client.metadata);
    if let (Value::Object(members), Value::Object(more)) = (
        &mut document,
        json!({
            "client_id": client.id.as_str(),
            "client_name": client.name,
            "token_endpoint_auth_method": client.auth_method,
            "first_party": client.first_party,
            "require_pkce": must_use_pkce(client),
            "require_second_factor": client.require_second_factor,
            "apps": apps,
            "created_at": rfc3339(client.created_at),
            "updated_at": rfc3339(client.updated_at),
        }),
    ) {
        members.extend(more);
    }
    document
}

/// Everything, for people.
pub(super) fn lines(client: &Client, apps: &[String]) -> String {
    let ClientMetadata {
        subject_type,
        sector_identifier_uri,
        redirect_uris,
        post_logout_redirect_uris,
        backchannel_logout_uri,
        backchannel_logout_session_required: _,
        frontchannel_logout_uri,
        frontchannel_logout_session_required: _,
        grant_types,
        response_types,
        scope,
        id_token_signed_response_alg,
        introspection_signed_response_alg,
        userinfo_signed_response_alg,
        encryption,
        access_token_format,
        rotate_refresh_tokens,
        token_exchange_audiences,
        token_exchange_impersonation,
        trusted_issuers,
        jwks,
        jwks_uri,
        token_endpoint_auth_signing_alg,
        request_object_signing_alg,
        request_uris,
        require_signed_request_object,
        require_pushed_authorization_requests,
        certificate_name,
        tls_client_certificate_bound_access_tokens,
        dpop_bound_access_tokens,
        default_max_age,
        require_auth_time: _,
        application_type,
        client_uri,
        logo_uri,
        policy_uri,
        tos_uri,
        initiate_login_uri,
        contacts,
        software_id,
        software_version,
        software_statement,
    } = &client.metadata;
    let each = |uris: &[vestibule_core::RedirectUri]| uris.iter().map(ToString::to_string).collect();
    let yes_or_no = |yes| vec![if yes { "yes" } else { "no" }.to_owned()];
    let optional = |text: &Option<String>| text.iter().cloned().collect();
    let lines: [(&str, Vec<String>); 44] = [
        ("Name", vec![client.name.clone()]),
        ("Client id", vec![client.id.to_string()]),
        ("Proves itself by", vec![proof(client).to_owned()]),
        ("Signs with", token_endpoint_auth_signing_alg.iter().map(ToString::to_string).collect()),
        ("Request objects", objects_in_words(*request_object_signing_alg, *require_signed_request_object)),
        ("Requests at", request_uris.clone()),
        ("Must push", yes_or_no(*require_pushed_authorization_requests)),
        ("Keys", jwks_uri.iter().cloned().chain(jwks.as_ref().map(keys_in_words)).collect()),
        ("Certificate of", certificate_name.given().map(|(_, name)| name.to_owned()).collect()),
        ("Tokens bound", bound_in_words(*tls_client_certificate_bound_access_tokens)),
        ("Answered at", each(redirect_uris)),
        ("After sign-out", each(post_logout_redirect_uris)),
        ("Hears of it at", optional(backchannel_logout_uri)),
        ("Browsers load", optional(frontchannel_logout_uri)),
        ("Scopes", vec![scope.to_string()]),
        ("Grants", vec![grant_types.join(" ")]),
        ("Response types", vec![response_types.join(", ")]),
        ("Knows people by", known_by(*subject_type, sector_identifier_uri.as_deref()).into_iter().collect()),
        ("ID tokens", vec![id_token_signed_response_alg.to_string()]),
        ("Userinfo", userinfo_signed_response_alg.iter().map(ToString::to_string).collect()),
        ("Introspection", vec![introspection_signed_response_alg.to_string()]),
        ("Encrypted", encrypted_in_words(encryption)),
        ("Access tokens", format_in_words(*access_token_format).into_iter().collect()),
        ("Refresh tokens", rotation_in_words(*rotate_refresh_tokens).into_iter().collect()),
        ("May exchange for", token_exchange_audiences.clone()),
        ("Trusts", trusted_issuers.iter().map(|one| format!("{} of {}", one.issuer, one.subject)).collect()),
        ("May impersonate", token_exchange_impersonation.iter().flat_map(|may| yes_or_no(*may)).collect()),
        ("Must use DPoP", yes_or_no(*dpop_bound_access_tokens)),
        ("Must use PKCE", yes_or_no(must_use_pkce(client))),
        ("First party", yes_or_no(client.first_party)),
        ("Second factor", yes_or_no(client.require_second_factor)),
        ("Permissions of", apps.to_vec()),
        ("Sign-in at most", default_max_age.map(|seconds| format!("{seconds} s ago")).into_iter().collect()),
        ("Kind", optional(application_type)),
        ("Home page", optional(client_uri)),
        ("Logo", optional(logo_uri)),
        ("Policies", policy_uri.iter().chain(tos_uri).cloned().collect()),
        ("Sign-in begins at", optional(initiate_login_uri)),
        ("Contacts", contacts.clone()),
        ("Software", software_id.iter().chain(software_version).cloned().collect()),
        ("Software statement", yes_or_no(software_statement.is_some())),
        ("Registered itself", client.self_registered.iter().map(|door| registered_in_words(*door)).collect()),
        ("Created", vec![readable(client.created_at)]),
        ("Changed", vec![readable(client.updated_at)]),
    ];
    lines.iter().flat_map(|(name, values)| aligned(name, values)).collect()
}

/// What it is told or tells encrypted, and with what.
fn encrypted_in_words(encryption: &EncryptionMetadata) -> Vec<String> {
    let told = [
        ("ID tokens", encryption.of_id_tokens()),
        ("userinfo", encryption.of_userinfo()),
        ("introspection", encryption.of_introspection()),
        ("request objects", encryption.of_request_objects()),
    ];
    let in_words =
        |(what, with): (&str, Option<Encryption>)| with.map(|with| format!("{what}: {}, {}", with.alg, with.enc));
    told.into_iter().filter_map(in_words).collect()
}

fn format_in_words(format: Option<AccessTokenFormat>) -> Option<String> {
    let format = match format? {
        AccessTokenFormat::Jwt => "jwt",
        AccessTokenFormat::Opaque => "opaque",
    };
    Some(format!("{format}, whatever their API wants"))
}

fn registered_in_words(door: SelfRegistered) -> String {
    match door {
        SelfRegistered::Invited => "with an initial access token",
        SelfRegistered::Open => "while anybody may",
        SelfRegistered::Document => "by the document at its client id",
    }
    .to_owned()
}

fn keys_in_words(jwks: &Value) -> String {
    let keys = jwks["keys"].as_array().map_or(0, Vec::len);
    format!("{keys} registered")
}

/// By which `sub` an application knows people, where it is not the one by which all do.
fn known_by(subject_type: SubjectType, sector_identifier_uri: Option<&str>) -> Option<String> {
    match (subject_type, sector_identifier_uri) {
        (SubjectType::Public, None) => None,
        (SubjectType::Public, Some(uri)) => Some(format!("a sub that all share (its sector would be that of {uri})")),
        (SubjectType::Pairwise, None) => Some("a sub of its host's own (pairwise)".to_owned()),
        (SubjectType::Pairwise, Some(uri)) => Some(format!("a sub of its sector's own (pairwise, {uri})")),
    }
}

fn bound_in_words(bound: bool) -> Vec<String> {
    bound.then(|| "to its client certificate".to_owned()).into_iter().collect()
}

fn objects_in_words(algorithm: Option<RequestObjectAlgorithm>, required: bool) -> Vec<String> {
    let algorithm = match algorithm {
        None if !required => return Vec::new(),
        None => "signed",
        Some(algorithm) => algorithm.into(),
    };
    vec![if required { format!("{algorithm}, and no request without one") } else { algorithm.to_owned() }]
}

fn rotation_in_words(rotate: Option<bool>) -> Option<String> {
    let stay = "stay the same where the request proves a key";
    rotate.map(|rotate| if rotate { "change with every use" } else { stay }.to_owned())
}

/// The name before the first value; the others stand below it.
fn aligned<'a>(name: &'a str, values: &'a [String]) -> impl Iterator<Item = String> + 'a {
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    names.zip(values).map(|(name, value)| format!("{name:<17} {value}\n"))
}
