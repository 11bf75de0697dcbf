//! What the provider is told: as little as can be, so that its defaults are measured.

use std::path::Path;

/// What replicas share.
#[derive(Clone, Debug)]
pub(crate) struct Servers {
    /// `postgres://…`
    pub(crate) database: String,
    /// `redis://…`
    pub(crate) redis: String,
}

/// How passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    /// As the provider does by default.
    Default,
    /// By the least that Argon2 allows: some ten microseconds, so that what is left of a sign-in can be seen.
    AlmostNone,
}

/// What a soak changes: everything is kept as briefly as can be set, so that hours are enough to see it go; and since the
/// provider's seconds are short, requests have as many of them as can be set.
pub(super) fn brief(text: &str) -> String {
    text.replacen("[http]\n", "[http]\nheader_timeout = \"5m\"\nrequest_timeout = \"10m\"\n", 1) + BRIEF
}

const BRIEF: &str = "\n[tokens]\nrefresh_idle = \"2h\"\nrefresh_absolute = \"6h\"\n\n\
                                [sessions]\nidle = \"2h\"\nabsolute = \"6h\"\n\n[audit]\nretention = \"1d\"\n";

/// The configuration of a provider in `folder`.
///
/// All connections come from one address, so that the limit for one address is raised; that for an account stays.
pub(super) fn text(folder: &Path, authority: &str, hash: Hash) -> String {
    let database = format!("sqlite://{}", folder.join("vestibule.db").display());
    written(folder, &folder.join("keys"), authority, &database, hash)
}

/// The configuration of a replica in `folder`, whose key-encryption key lies in `keys`. One that is `apart` hears nothing by
/// Redis of what others do.
pub(super) fn of_replica(folder: &Path, keys: &Path, authority: &str, servers: &Servers, apart: bool) -> String {
    let prefix = if apart { "vestibule-apart:" } else { "vestibule:" };
    let text = written(folder, keys, authority, &servers.database, Hash::AlmostNone);
    format!("{text}\n[redis]\nurl = {}\nprefix = {}\n", toml_text(&servers.redis), toml_text(prefix))
}

fn written(folder: &Path, keys: &Path, authority: &str, database: &str, hash: Hash) -> String {
    let at = |name: &str| toml_text(&folder.join(name).to_string_lossy());
    let passwords = match hash {
        Hash::Default => "",
        Hash::AlmostNone => "\n[passwords]\nmemory_kib = 8\niterations = 1\nparallelism = 1\n",
    };
    format!(
        "[http]\nlisten = {authority}\npublic_url = {url}\n\n\
         [database]\nurl = {database}\n\n\
         [ephemeral]\npath = {ephemeral}\n\n\
         [keys]\ndir = {keys}\n\n\
         [mail]\nfolder = {mail}\n\n\
         [throttle]\naddress_tries = 100000\n{passwords}",
        authority = toml_text(authority),
        url = toml_text(&format!("http://{authority}")),
        database = toml_text(database),
        ephemeral = at("ephemeral.db"),
        keys = toml_text(&keys.to_string_lossy()),
        mail = at("mail"),
    )
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_stay_but_for_what_must_differ() {
        let text = text(Path::new("/tmp/a \"b\""), "127.0.0.1:1", Hash::Default);
        assert!(text.contains("public_url = \"http://127.0.0.1:1\"\n"));
        assert!(text.contains(r#"dir = "/tmp/a \"b\"/keys""#));
        assert!(!text.contains("[passwords]") && !text.contains("[log]"));
    }
}
