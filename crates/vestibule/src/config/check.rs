//! What no single setting can tell: settings that do not go together, and files that are not there.

use std::{path::Path, time::Duration};

use super::{Config, Problem, Source, Value, read::Reader};

/// The rules between settings, in the order in which they are told.
pub(super) fn contradictions(config: &Config, reader: &mut Reader) {
    plain_http_stays_on_this_machine(config, reader);
    tls_has_both_halves(config, reader);
    served_over_https_and_called_by_it(config, reader);
    idle_within_absolute(config, reader);
    argon2_parameters_fit_together(config, reader);
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
