//! What someone who wrote an unknown key most likely meant.

use super::settings::{SETTINGS, variable};

/// The known key nearest to `unknown`.
///
/// The distance is the number of letters to change, add, leave out or swap. A key that is right but for its table counts as
/// near: `level` under `[http]` means `log.level`.
pub(super) fn key(unknown: &str) -> String {
    let last = unknown.rsplit('.').next().unwrap_or(unknown);
    nearest(known_keys(), |known| {
        let elsewhere = known.rsplit('.').next() == Some(last);
        strsim::damerau_levenshtein(unknown, known).min(if elsewhere { 2 } else { usize::MAX })
    })
}

/// The known table nearest to `unknown`.
pub(super) fn table(unknown: &str) -> String {
    let mut tables: Vec<_> = SETTINGS.iter().map(|setting| setting.table().to_owned()).collect();
    tables.dedup();
    nearest(tables, |known| strsim::damerau_levenshtein(unknown, known))
}

/// The known environment variable nearest to `unknown`.
pub(super) fn environment_variable(unknown: &str) -> String {
    let known = known_keys().into_iter().map(|key| variable(&key)).collect();
    nearest(known, |known| strsim::damerau_levenshtein(unknown, known))
}

/// Every key that may be written, the files of secrets included.
fn known_keys() -> Vec<String> {
    SETTINGS.iter().flat_map(|setting| [Some(setting.key.to_owned()), setting.file_key()]).flatten().collect()
}

fn nearest(known: Vec<String>, distance: impl Fn(&str) -> usize) -> String {
    known.into_iter().min_by_key(|known| distance(known)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slip_of_the_finger_finds_the_key_that_was_meant() {
        for (written, meant) in [
            ("http.lisetn", "http.listen"),
            ("http.publicurl", "http.public_url"),
            ("http.level", "log.level"),
            ("listen", "http.listen"),
            ("redis.urlfile", "redis.url_file"),
            ("tokens.access_token_livetime", "tokens.access_token_lifetime"),
        ] {
            assert_eq!(super::key(written), meant);
        }
        assert_eq!(super::table("htpp"), "http");
        assert_eq!(super::environment_variable("VESTIBULE_HTTP__PUBLICURL"), "VESTIBULE_HTTP__PUBLIC_URL");
    }
}
