//! What no single setting can tell: settings that do not go together, and files that are not there.

use std::{path::Path, time::Duration};

use vestibule_oidc::levels::Need;
use vestibule_tokens::SigningAlgorithm;

use super::{Config, Problem, SmtpSecurity, Source, Value, WayToAuthenticate, read::Reader};

/// The rules between settings, in the order in which they are told.
pub(super) fn contradictions(config: &Config, reader: &mut Reader) {
    plain_http_stays_on_this_machine(config, reader);
    tls_has_both_halves(config, reader);
    served_over_https_and_called_by_it(config, reader);
    idle_within_absolute(config, reader);
    documents_are_kept_for_some_time(config, reader);
    statements_that_are_needed_have_issuers(config, reader);
    keys_sign_before_they_are_followed(config, reader);
    what_signs_has_keys(config, reader);
    argon2_parameters_fit_together(config, reader);
    somebody_can_sign_in(config, reader);
    levels_make_sense(config, reader);
    levels_can_be_reached(config, reader);
    certificates_are_asked_for_where_they_count(config, reader);
    remote_users_have_a_header(config, reader);
    mail_passwords_stay_on_protected_ways(config, reader);
    mail_is_from_somebody(config, reader);
}

fn somebody_can_sign_in(config: &Config, reader: &mut Reader) {
    if config.users.sign_in_with.iter().next().is_none() {
        reader.contradiction(
            &["users.sign_in_with"],
            "users.sign_in_with is empty: nobody could sign in".to_owned(),
            "name at least one of username, email and phone".to_owned(),
        );
    }
}

fn levels_make_sense(config: &Config, reader: &mut Reader) {
    if let Err(error) = config.authentication.levels() {
        reader.contradiction(
            &["authentication.levels"],
            format!("authentication.levels cannot be used: {error}"),
            "name each level once, from the lowest to the highest, each needing something that those below do not"
                .to_owned(),
        );
    }
}

fn levels_can_be_reached(config: &Config, reader: &mut Reader) {
    let Ok(levels) = config.authentication.levels() else { return };
    for (need, way) in
        [(Need::Password, WayToAuthenticate::Password), (Need::Certificate, WayToAuthenticate::Certificate)]
    {
        let of_level = levels.iter().find(|level| level.needs.contains(&need));
        if let Some(level) = of_level.filter(|_| !config.authentication.ways.contains(&way)) {
            reader.contradiction(
                &["authentication.levels", "authentication.ways"],
                format!("authentication.levels has {:?}, and nobody can sign in by {}", level.name, way.as_str()),
                format!("add {} to authentication.ways, or let the level need something else", way.as_str()),
            );
        }
    }
}

fn certificates_are_asked_for_where_they_count(config: &Config, reader: &mut Reader) {
    let http = &config.http;
    if http.mtls_listen.is_some() && (http.mtls_client_ca.is_none() || http.tls().is_none()) {
        reader.contradiction(
            &["http.mtls.listen", "http.mtls.client_ca", "http.tls.certificate"],
            "http.mtls.listen needs http.mtls.client_ca, http.tls.certificate and http.tls.key".to_owned(),
            "name the PEM files of all three, or leave out http.mtls.listen".to_owned(),
        );
    }
    let asked = config.authentication.ways.contains(&WayToAuthenticate::Certificate);
    if asked && http.mtls_listen.is_none() && http.mtls_forwarded_header.is_none() {
        reader.contradiction(
            &["authentication.ways", "http.mtls.listen", "http.mtls.forwarded_header"],
            "authentication.ways has certificate, and no certificate can come".to_owned(),
            "set http.mtls.listen, or http.mtls.forwarded_header behind a proxy, or leave out certificate".to_owned(),
        );
    }
    forwarding_has_a_proxy(config, reader, "http.mtls.forwarded_header", http.mtls_forwarded_header.is_some());
}

fn remote_users_have_a_header(config: &Config, reader: &mut Reader) {
    let authentication = &config.authentication;
    let asked = authentication.ways.contains(&WayToAuthenticate::RemoteUser);
    if asked != authentication.remote_user_header.is_some() {
        reader.contradiction(
            &["authentication.ways", "authentication.remote_user.header"],
            "authentication.ways with remote_user and authentication.remote_user.header need each other".to_owned(),
            "give both or neither".to_owned(),
        );
    }
    let key = "authentication.remote_user.header";
    forwarding_has_a_proxy(config, reader, key, authentication.remote_user_header.is_some());
}

/// A header that only proxies may set counts for nothing without one.
fn forwarding_has_a_proxy(config: &Config, reader: &mut Reader, key: &'static str, given: bool) {
    if given && config.http.trusted_proxies.iter().next().is_none() {
        reader.contradiction(
            &[key, "http.trusted_proxies"],
            format!("{key} is given, and http.trusted_proxies names no proxy that could send it"),
            "name the proxy's address in http.trusted_proxies".to_owned(),
        );
    }
}

fn mail_passwords_stay_on_protected_ways(config: &Config, reader: &mut Reader) {
    let mail = &config.mail;
    let local = ["localhost", "127.0.0.1", "::1"].contains(&mail.smtp_host.as_str());
    if mail.smtp_security == SmtpSecurity::None && mail.smtp_password.is_some() && !local {
        reader.contradiction(
            &["mail.smtp.security", "mail.smtp.password"],
            "mail.smtp.password would cross the network for everyone to read".to_owned(),
            "use starttls or tls as mail.smtp.security".to_owned(),
        );
    }
    if mail.smtp_username.is_some() != mail.smtp_password.is_some() {
        reader.contradiction(
            &["mail.smtp.username", "mail.smtp.password"],
            "mail.smtp.username and mail.smtp.password need each other".to_owned(),
            "give both or neither".to_owned(),
        );
    }
}

fn mail_is_from_somebody(config: &Config, reader: &mut Reader) {
    if let Err(error) = config.mail.from.parse::<vestibule_outbound::Sender>() {
        reader.contradiction(
            &["mail.from"],
            format!("mail.from is {:?}, and {error}", config.mail.from),
            "write it as \"Example Sign-in <no-reply@example.com>\"".to_owned(),
        );
    }
}

fn plain_http_stays_on_this_machine(config: &Config, reader: &mut Reader) {
    let url = &config.http.public_url;
    if !url.is_https() && !url.is_loopback() && !config.http.allow_insecure {
        reader.contradiction(
            &["http.public_url", "http.allow_insecure"],
            format!("http.public_url is {url}: over plain HTTP, everyone on the way can read passwords and tokens"),
            format!(
                "use https://{}, or for a closed test network set http.allow_insecure = true",
                url.as_str().trim_start_matches("http://")
            ),
        );
    }
}

fn tls_has_both_halves(config: &Config, reader: &mut Reader) {
    let (certificate, key) = (config.http.tls_certificate.is_some(), config.http.tls_key.is_some());
    if certificate != key {
        let (given, missing) = if certificate { ("certificate", "key") } else { ("key", "certificate") };
        reader.contradiction(
            &["http.tls.certificate", "http.tls.key"],
            format!("http.tls.{given} is given without http.tls.{missing}"),
            format!("give both to serve HTTPS, or leave out both; http.tls.{missing} names a PEM file"),
        );
    }
}

fn served_over_https_and_called_by_it(config: &Config, reader: &mut Reader) {
    let url = &config.http.public_url;
    if config.http.tls().is_some() && !url.is_https() {
        reader.contradiction(
            &["http.public_url", "http.tls.certificate", "http.tls.key"],
            format!("HTTPS is served (http.tls), and http.public_url is {url}"),
            "let http.public_url begin with https://, or leave out http.tls".to_owned(),
        );
    }
}

fn keys_sign_before_they_are_followed(config: &Config, reader: &mut Reader) {
    let keys = &config.keys;
    if !keys.rotate_every.is_zero() && keys.rotate_every <= keys.publish_ahead {
        reader.contradiction(
            &["keys.rotate_every", "keys.publish_ahead"],
            "keys.rotate_every is not longer than keys.publish_ahead: a key would be followed before it signs"
                .to_owned(),
            "rotate less often, or set keys.rotate_every = \"0s\" to rotate by hand".to_owned(),
        );
    }
}

/// OpenID Connect Discovery section 3: RS256 is there in any case.
fn what_signs_has_keys(config: &Config, reader: &mut Reader) {
    let algorithms = &config.keys.algorithms;
    if !algorithms.contains(&SigningAlgorithm::Rs256) {
        reader.contradiction(
            &["keys.algorithms"],
            "keys.algorithms lacks RS256, which applications get unless they register for another".to_owned(),
            "name RS256 too".to_owned(),
        );
    }
    let access_token_alg = config.tokens.access_token_alg;
    if !algorithms.contains(&access_token_alg) {
        reader.contradiction(
            &["tokens.access_token_alg", "keys.algorithms"],
            format!("tokens.access_token_alg is {access_token_alg}, which is not among keys.algorithms"),
            format!("add {access_token_alg} to keys.algorithms, or sign access tokens with another"),
        );
    }
}

fn idle_within_absolute(config: &Config, reader: &mut Reader) {
    let sessions = &config.sessions;
    for (keys, idle, absolute) in [
        (["sessions.idle", "sessions.absolute"], sessions.idle, sessions.absolute),
        (["sessions.keep_idle", "sessions.keep_absolute"], sessions.keep_idle, sessions.keep_absolute),
    ] {
        if idle > absolute {
            let written = |duration: Duration| duration.written().map(|given| given.to_string()).unwrap_or_default();
            reader.contradiction(
                &keys,
                format!("{} ({}) is longer than {} ({})", keys[0], written(idle), keys[1], written(absolute)),
                "a session that ends unused must end no later than one in use: change one of them".to_owned(),
            );
        }
    }
}

fn statements_that_are_needed_have_issuers(config: &Config, reader: &mut Reader) {
    let registration = &config.registration;
    if registration.require_software_statement && registration.statement_issuers.iter().next().is_none() {
        reader.contradiction(
            &["registration.require_software_statement", "registration.statement_issuers"],
            "registration.require_software_statement is set, and nobody's software statements count".to_owned(),
            "name an issuer in registration.statement_issuers, or leave out registration.require_software_statement"
                .to_owned(),
        );
    }
}

fn documents_are_kept_for_some_time(config: &Config, reader: &mut Reader) {
    let documents = &config.client_documents;
    if documents.shortest_cache > documents.longest_cache {
        reader.contradiction(
            &["client_documents.shortest_cache", "client_documents.longest_cache"],
            "client_documents.shortest_cache is longer than client_documents.longest_cache".to_owned(),
            "a document is kept for some time between the two: change one of them".to_owned(),
        );
    }
}

/// RFC 9106 section 3.1, and the most that one hash may cost anyone.
fn argon2_parameters_fit_together(config: &Config, reader: &mut Reader) {
    const MOST_WORK_KIB: u64 = 1024 * 1024;
    let passwords = &config.passwords;
    let least = 8 * passwords.parallelism;
    if passwords.memory_kib < least {
        reader.contradiction(
            &["passwords.memory_kib", "passwords.parallelism"],
            format!("passwords.memory_kib is {}, too little for its lanes", passwords.memory_kib),
            format!("give at least {least}: 8 KiB for each of passwords.parallelism"),
        );
    }
    let work = u64::from(passwords.memory_kib) * u64::from(passwords.iterations);
    if work > MOST_WORK_KIB {
        reader.contradiction(
            &["passwords.iterations", "passwords.memory_kib"],
            format!("passwords.memory_kib times passwords.iterations is {work} KiB: half a second and more for a hash"),
            format!("lower one of them until the product is at most {MOST_WORK_KIB}"),
        );
    }
}

/// The files that the configuration names and that must be there before serving, and are not.
pub(super) fn files(config: &Config, source: impl Fn(&str) -> Source) -> Vec<Problem> {
    let named = [
        ("http.tls.certificate", &config.http.tls_certificate),
        ("http.tls.key", &config.http.tls_key),
        ("http.mtls.client_ca", &config.http.mtls_client_ca),
        ("mail.smtp.ca_file", &config.mail.smtp_ca_file),
        ("fetch.extra_trust_roots", &config.fetch.extra_trust_roots),
        ("keys.encryption_key_file", &config.keys.encryption_key_file),
    ];
    let missing = |(key, path): (&str, &Path)| {
        let error = std::fs::File::open(path).and_then(|file| file.metadata()).map(|meta| meta.is_file());
        let why = match error {
            Ok(true) => return None,
            Ok(false) => "which is not a file".to_owned(),
            Err(error) => format!("which cannot be read: {error}"),
        };
        Some(Problem {
            source: source(key),
            key: Some(key.to_owned()),
            message: format!("{key} names {}, {why}", path.display()),
            cure: "make that file readable for this user, or correct the path".to_owned(),
        })
    };
    named.into_iter().filter_map(|(key, path)| path.as_deref().map(|path| (key, path))).filter_map(missing).collect()
}
