//! Clients: the applications that sign people in. Their members have the names of RFC 7591.
//!
//! A client that may ask for scopes of this API could act here for whoever signs in to it. So naming such a scope, and changing
//! or taking over a client that has one, is for those who hold what it names.

use poem::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_audit::{Details, Event, Kind, ObjectType};
use vestibule_core::{ClientId, ScopeSet};
use vestibule_oidc::client::{
    AuthMethod, Client, ClientMetadata, ClientsError, ContentEncryption, KeyManagement, NewClient,
};
use vestibule_tokens::{DECRYPTION_ALGORITHMS, SecretAlgorithm, SigningAlgorithm};

use super::{contains, merged, order, patch};
use crate::{
    api::{
        actor::Actor,
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Form, Member, Schema, optional, required},
    },
    state::State,
};

const TAG: &str = "Clients";
const VIEW: Needs = Needs::Permission("vestibule.view_client");
const ADD: Needs = Needs::Permission("vestibule.add_client");
const CHANGE: Needs = Needs::Permission("vestibule.change_client");
const DELETE: Needs = Needs::Permission("vestibule.delete_client");

pub(super) fn operations() -> Vec<Operation> {
    let sort = Schema::choice(["name", "-name", "created_at", "-created_at"]).about("The order; `-` turns it round.");
    let id = || Schema::text(Form::Visible, 1, 200);
    vec![
        Operation::new(Method::GET, "/clients", "list_clients", VIEW, list)
            .about(TAG, "List clients")
            .query("name", Schema::line(1, 200).about("Only those with this in their name."))
            .query("first_party", Schema::boolean().about("Only those that are the organisation's own, or are not."))
            .query("sort", sort)
            .lists(shape()),
        Operation::new(Method::POST, "/clients", "create_client", ADD, create)
            .about(TAG, "Register a client")
            .more("The secret is told once, here. A public client (`token_endpoint_auth_method` `none`) has none.")
            .body(Schema::object(members()).named("NewClient"))
            .creates(created_shape())
            .found_by(&[("client", "client_id")]),
        Operation::new(Method::GET, "/clients/{client}", "get_client", VIEW, show)
            .about(TAG, "Read a client")
            .path("client", id())
            .answers_tagged(shape()),
        Operation::new(Method::PATCH, "/clients/{client}", "change_client", CHANGE, change)
            .about(TAG, "Change a client")
            .path("client", id())
            .conditional()
            .merge_patch(patch(members(), &["client_name"]).named("ClientPatch"))
            .refuses([StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(shape()),
        Operation::new(Method::DELETE, "/clients/{client}", "delete_client", DELETE, delete)
            .about(TAG, "Delete a client")
            .more("Its tokens and what people allowed it end with it.")
            .path("client", id())
            .conditional()
            .answers_nothing(),
        Operation::new(Method::GET, "/clients/{client}/apps", "get_client_apps", VIEW, show_apps)
            .about(TAG, "Read which apps a client stands for")
            .more("It is told of the permissions of these apps in claims, and may ask about them.")
            .path("client", id())
            .answers_tagged(apps_shape()),
        Operation::new(Method::PUT, "/clients/{client}/apps", "set_client_apps", CHANGE, set_apps)
            .about(TAG, "Say which apps a client stands for")
            .path("client", id())
            .conditional()
            .body(apps_shape())
            .refuses([StatusCode::UNPROCESSABLE_ENTITY])
            .answers_tagged(apps_shape()),
        Operation::new(Method::POST, "/clients/{client}/rotate-secret", "rotate_client_secret", CHANGE, rotate)
            .about(TAG, "Give a client a new secret")
            .more("The old one is dead at once. The new one is told once, here.")
            .path("client", id())
            .refuses([StatusCode::CONFLICT])
            .answers(
                Schema::object([required("client_id", id()), required("client_secret", Schema::line(43, 200))])
                    .named("ClientSecret"),
            ),
    ]
}

/// What can be said of a client.
fn members() -> Vec<Member> {
    let uri = || Schema::text(Form::Visible, 1, 2000);
    let uris = || Schema::list(uri(), 100);
    let word = || Schema::text(Form::Visible, 1, 100);
    let dn = || Schema::line(1, 2048).or_null();
    vec![
        required("client_name", Schema::line(1, 200).about("The name that people are shown.")),
        optional(
            "redirect_uris",
            uris().about("Where it may be answered: at least one for the grant authorization_code."),
        ),
        optional("post_logout_redirect_uris", uris().about("Where people may be sent after a sign-out.")),
        optional("backchannel_logout_uri", uri().or_null().about("Where it is told of the end of a session.")),
        optional(
            "backchannel_logout_session_required",
            Schema::boolean().about("It is always told which session that is."),
        ),
        optional("frontchannel_logout_uri", uri().or_null().about("What a browser loads at the end of a session.")),
        optional(
            "frontchannel_logout_session_required",
            Schema::boolean().about("It is always told which session that is."),
        ),
        optional(
            "subject_type",
            Schema::choice(["public", "pairwise"]).about(
                "Whether it knows people by the same `sub` as others, or by one of its sector (OpenID Connect Core 8).",
            ),
        ),
        optional(
            "sector_identifier_uri",
            uri().or_null().about("Where the redirect URIs of its sector are listed, a JSON array that is fetched."),
        ),
        optional(
            "token_endpoint_auth_method",
            Schema::choice(AuthMethod::ALL.map(AuthMethod::as_str))
                .or_null()
                .about("How it proves itself; null lets it use either way with its secret."),
        ),
        optional("grant_types", Schema::list(word(), 20)),
        optional("response_types", Schema::list(word(), 20)),
        optional("scope", Schema::line(0, 2000).about("The scopes that it may ask for, divided by blanks.")),
        optional("id_token_signed_response_alg", signed()),
        optional("introspection_signed_response_alg", signed()),
        optional(
            "userinfo_signed_response_alg",
            signed().or_null().about("What userinfo is signed with; null for JSON."),
        ),
        optional(
            "id_token_encrypted_response_alg",
            encrypted_by("How its ID tokens are encrypted, to a key of its own; null for not at all."),
        ),
        optional("id_token_encrypted_response_enc", encrypted_with()),
        optional("userinfo_encrypted_response_alg", encrypted_by("How userinfo is, signed or not.")),
        optional("userinfo_encrypted_response_enc", encrypted_with()),
        optional("introspection_encrypted_response_alg", encrypted_by("How signed answers about tokens are.")),
        optional("introspection_encrypted_response_enc", encrypted_with()),
        optional(
            "access_token_format",
            Schema::choice(["jwt", "opaque"]).or_null().about("What its access tokens are; null as their API wants."),
        ),
        optional(
            "rotate_refresh_tokens",
            Schema::boolean()
                .or_null()
                .about("Whether its refresh tokens change with every use; false counts for requests that prove a key."),
        ),
        optional(
            "trusted_issuers",
            Schema::list(trusted_issuer(), 20).about("Issuers whose statements prove it (RFC 7523): of where it runs."),
        ),
        optional("token_exchange_audiences", uris().about("The APIs for which it may exchange people's tokens.")),
        optional(
            "token_exchange_impersonation",
            Schema::boolean().or_null().about("Whether what it gets by that says nothing of who acts."),
        ),
        optional(
            "jwks",
            Schema::foreign()
                .or_null()
                .about("Its public keys, or those of its certificates (RFC 7517); not beside jwks_uri."),
        ),
        optional("jwks_uri", uri().or_null().about("Where it publishes them.")),
        optional(
            "token_endpoint_auth_signing_alg",
            word().or_null().about("The one algorithm of its assertions; null for any that its method allows."),
        ),
        optional(
            "request_object_signing_alg",
            word()
                .or_null()
                .about("The one algorithm of its request objects, none among them; null for any of a key, or none."),
        ),
        optional(
            "request_object_encryption_alg",
            Schema::choice(DECRYPTION_ALGORITHMS.map(KeyManagement::name))
                .or_null()
                .about("The one algorithm with which its request objects are encrypted, those that are; null for any."),
        ),
        optional("request_object_encryption_enc", encrypted_with()),
        optional("request_uris", uris().about("Where it publishes request objects: what request_uri may name.")),
        optional(
            "require_signed_request_object",
            Schema::boolean().about("Whether each of its requests must be a signed request object (RFC 9101)."),
        ),
        optional(
            "require_pushed_authorization_requests",
            Schema::boolean().about("Whether each of its requests must be pushed (RFC 9126)."),
        ),
        optional("tls_client_auth_subject_dn", dn().about("The subject of its certificate (RFC 4514).")),
        optional("tls_client_auth_san_dns", dn().about("A DNS name of its certificate.")),
        optional("tls_client_auth_san_uri", dn().about("A URI of its certificate.")),
        optional("tls_client_auth_san_ip", dn().about("An IP address of its certificate.")),
        optional("tls_client_auth_san_email", dn().about("An e-mail address of its certificate.")),
        optional(
            "tls_client_certificate_bound_access_tokens",
            Schema::boolean().about("Whether its access tokens are bound to its certificate."),
        ),
        optional(
            "dpop_bound_access_tokens",
            Schema::boolean().about("Whether its tokens are always bound to a key by DPoP (RFC 9449)."),
        ),
        optional("default_max_age", Schema::integer(0, 316_224_000)),
        optional("require_auth_time", Schema::boolean()),
        optional("application_type", Schema::choice(["web", "native"])),
        optional("client_uri", uri()),
        optional("logo_uri", uri()),
        optional("policy_uri", uri()),
        optional("tos_uri", uri()),
        optional("initiate_login_uri", uri().or_null().about("Where a sign-in can be begun from elsewhere.")),
        optional("contacts", Schema::list(Schema::line(1, 254), 20)),
        optional("software_id", Schema::line(1, 200).or_null().about("The software that it is an instance of.")),
        optional("software_version", Schema::line(1, 200).or_null()),
        optional(
            "software_statement",
            Schema::line(1, 16_384).or_null().about(
                "What somebody whose statements count has signed of it (RFC 7591 section 2.3), where it brought that itself. \
                 What is sent here is ignored.",
            ),
        ),
        optional("first_party", Schema::boolean().about("Whether nobody is asked for consent.")),
        optional("require_pkce", Schema::boolean()),
    ]
}

/// How something is encrypted to it.
fn encrypted_by(about: &'static str) -> Schema {
    Schema::choice(KeyManagement::ALL.map(KeyManagement::name)).or_null().about(about)
}

/// With what.
fn encrypted_with() -> Schema {
    let about = "With what, beside the member before; null for A128CBC-HS256.";
    Schema::choice(ContentEncryption::ALL.map(ContentEncryption::name)).or_null().about(about)
}

fn trusted_issuer() -> Schema {
    Schema::object([
        required("issuer", Schema::line(1, 1000).about("The `iss` of the statements.")),
        required("subject", Schema::line(1, 1000).about("Their `sub`.")),
        required("jwks_uri", Schema::text(Form::Visible, 1, 2000).about("Where it publishes its keys.")),
    ])
    .named("TrustedIssuer")
}

/// What is said to it can be signed with these, as far as they are on.
fn signed() -> Schema {
    let of_ring = SigningAlgorithm::ALL.into_iter().map(SigningAlgorithm::name);
    Schema::choice(of_ring.chain(SecretAlgorithm::ALL.map(SecretAlgorithm::name)))
}

fn shape_members() -> Vec<Member> {
    const ALWAYS: [&str; 11] = [
        "redirect_uris",
        "post_logout_redirect_uris",
        "token_endpoint_auth_method",
        "grant_types",
        "response_types",
        "scope",
        "id_token_signed_response_alg",
        "introspection_signed_response_alg",
        "first_party",
        "require_pkce",
        "client_name",
    ];
    let said = members().into_iter().map(|member| {
        let required = member.required || ALWAYS.contains(&member.name);
        Member { required, ..member }
    });
    let ours = [
        required("client_id", Schema::text(Form::Visible, 1, 200)),
        required("created_at", Schema::moment()),
        required("updated_at", Schema::moment()),
    ];
    ours.into_iter().chain(said).collect()
}

fn shape() -> Schema {
    Schema::object(shape_members()).named("Client")
}

fn created_shape() -> Schema {
    let secret = Schema::line(43, 200).or_null().about("Its secret, which cannot be read again.");
    Schema::object(shape_members().into_iter().chain([required("client_secret", secret)])).named("CreatedClient")
}

fn apps_shape() -> Schema {
    Schema::object([required("apps", Schema::list(Schema::line(1, 100), 100))]).named("ClientApps")
}

fn written(client: &Client) -> Value {
    let mut document = serde_json::to_value(&client.metadata).unwrap_or_default();
    document["client_id"] = json!(client.id.as_str());
    document["client_name"] = json!(client.name);
    document["token_endpoint_auth_method"] = json!(client.auth_method.map(|method| method.as_str()));
    document["first_party"] = json!(client.first_party);
    document["require_pkce"] = json!(client.require_pkce);
    document["created_at"] = json!(moment::write(client.created_at));
    document["updated_at"] = json!(moment::write(client.updated_at));
    document
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let mut clients = state.provider().clients().list().await.map_err(Problem::unavailable)?;
    if let Some(name) = call.text("name") {
        clients.retain(|client| contains(&client.name, name));
    }
    if let Some(first_party) = call.flag("first_party") {
        clients.retain(|client| client.first_party == first_party);
    }
    let (field, descending) = order(call.text("sort"), "name");
    let key = move |client: &Client| {
        let first = if field == "name" { client.name.to_lowercase() } else { moment::write(client.created_at) };
        [first, client.id.to_string()]
    };
    page::of_all("clients", &call, clients, descending, key, written)
}

async fn create(state: State, call: Call) -> Result<Reply, Problem> {
    let new = NewClient::from_document(&call.body.to_string()).map_err(ClientsError::from)?;
    may_give(call.actor()?, &new.metadata.scope)?;
    state.provider().check_sector(&new.metadata).await.map_err(ClientsError::from)?;
    let created = state.provider().clients().create(new).await?;
    state.audit(event(&call, Kind::Created, &created.client)).await;
    let mut document = written(&created.client);
    document["client_secret"] = json!(created.secret);
    Ok(Reply::created(format!("/clients/{}", created.client.id), document))
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    Ok(Reply::ok(written(&find(&state, &call).await?)))
}

async fn change(state: State, call: Call) -> Result<Reply, Problem> {
    let before = find(&state, &call).await?;
    let present = written(&before);
    call.precondition(&present)?;
    let wanted = merged(present, &call.body).to_string();
    let new = NewClient::from_document(&wanted).map_err(ClientsError::from)?;
    may_give(call.actor()?, &before.metadata.scope.union(&new.metadata.scope))?;
    let sector = |metadata: &ClientMetadata| (metadata.sector_identifier_uri.clone(), metadata.redirect_uris.clone());
    if sector(&before.metadata) != sector(&new.metadata) {
        state.provider().check_sector(&new.metadata).await.map_err(ClientsError::from)?;
    }
    // Read and written as one: also without If-Match, a patch goes on top of what it was applied to.
    let details = Details::new().name(&new.name);
    let updated = call.event(Kind::Updated).object(ObjectType::Client, before.id.as_str()).details(details);
    let update = state.provider().clients().update(&before.id, new, Some(before.updated_at));
    match state.recorded(updated, update).await {
        Err(ClientsError::Changed(_)) if call.is_conditional() => Err(Problem::precondition_failed()),
        after => Ok(Reply::ok(written(&after?))),
    }
}

async fn delete(state: State, call: Call) -> Result<Reply, Problem> {
    let client = find(&state, &call).await?;
    call.precondition(&written(&client))?;
    may_give(call.actor()?, &client.metadata.scope)?;
    state.recorded(event(&call, Kind::Deleted, &client), state.provider().clients().delete(&client.id)).await?;
    state.provider().revoke_client(&client.id).await.map_err(Problem::unavailable)?;
    Ok(Reply::nothing())
}

async fn rotate(state: State, call: Call) -> Result<Reply, Problem> {
    let client = find(&state, &call).await?;
    may_give(call.actor()?, &client.metadata.scope)?;
    let rotated = event(&call, Kind::SecretRotated, &client);
    let secret = state.recorded(rotated, state.provider().clients().rotate_secret(&client.id)).await?;
    Ok(Reply::ok(json!({ "client_id": client.id.as_str(), "client_secret": secret })))
}

async fn show_apps(state: State, call: Call) -> Result<Reply, Problem> {
    let client = find(&state, &call).await?;
    let apps = state.provider().clients().read_apps(&client.id).await.map_err(Problem::unavailable)?;
    Ok(Reply::ok(json!({ "apps": apps })))
}

async fn set_apps(state: State, call: Call) -> Result<Reply, Problem> {
    let client = find(&state, &call).await?;
    may_give(call.actor()?, &client.metadata.scope)?;
    call.precondition(&show_apps(state.clone(), call.clone()).await?.body.unwrap_or_default())?;
    let AppsBody { apps } = call.read()?;
    let set = state.provider().clients().set_apps(&client.id, apps);
    state.recorded(event(&call, Kind::Updated, &client), set).await?;
    show_apps(state, call).await
}

#[derive(Deserialize)]
struct AppsBody {
    apps: Vec<String>,
}

fn event(call: &Call, kind: Kind, client: &Client) -> Event {
    call.event(kind).object(ObjectType::Client, client.id.as_str()).details(Details::new().name(&client.name))
}

async fn find(state: &State, call: &Call) -> Result<Client, Problem> {
    let id = ClientId::from(call.path("client"));
    let found = state.provider().clients().read(&id).await.map_err(Problem::unavailable)?;
    found.ok_or_else(|| Problem::not_found("client"))
}

/// Whether the actor holds what the scopes of this API name among `scopes`.
fn may_give(actor: &Actor, scopes: &ScopeSet) -> Result<(), Problem> {
    match scopes.iter().find(|scope| scope.starts_with("vestibule.") && !actor.may(scope)) {
        Some(scope) => Err(Problem::forbidden(format!("the client has the scope {scope}, which you do not hold"))),
        None => Ok(()),
    }
}

impl From<ClientsError> for Problem {
    fn from(error: ClientsError) -> Self {
        match error {
            ClientsError::App(_) | ClientsError::TooManyApps => Self::unprocessable(error.to_string()),
            ClientsError::Metadata(error) => Self::unprocessable(error.to_string()),
            ClientsError::NoSuchClient(_) => Self::not_found("client"),
            ClientsError::OtherKind(_)
            | ClientsError::Changed(_)
            | ClientsError::Exists(_)
            | ClientsError::NoSecret(_)
            | ClientsError::OnlyAHash(_) => Self::conflict(error.to_string()),
            ClientsError::Unavailable(error) => Self::unavailable(error),
        }
    }
}
