//! How Redis is reached: which URLs are taken, time-outs, and what the server must be.

use std::time::Duration;

use redis::{
    Client, IntoConnectionInfo, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
};

use crate::Error;

/// How long a connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer may take. A command that is given up may still have run, and none is ever sent again.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The client of a URL. Nothing is sent yet.
pub(super) fn client(url: &str) -> Result<Client, Error> {
    let bad = |reason: &str| Error::BadUrl { reason: reason.to_owned() };
    let (scheme, rest) = url.split_once("://").ok_or_else(|| bad("it does not begin with redis:// or rediss://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts);
    if scheme.contains("cluster") || scheme.contains("sentinel") || hosts.contains(',') {
        return Err(bad("clusters and sentinels are not supported yet; name a single server"));
    }
    if !matches!(scheme, "redis" | "rediss" | "valkey" | "valkeys" | "unix" | "redis+unix" | "valkey+unix") {
        return Err(bad("its scheme is none of redis, rediss, unix"));
    }
    if matches!(scheme, "rediss" | "valkeys") && rustls::crypto::CryptoProvider::get_default().is_none() {
        // The program installs it when it starts; a test, or a tool, may not have done so. Whoever was first is right.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    // The library's own message is left out: it could show a part of the URL.
    let malformed = |_| bad("it is not of the form redis[s]://[user:password@]host[:port][/database]");
    let information = url.into_connection_info().map_err(malformed)?.set_tcp_settings(tcp_settings());
    Client::open(information).map_err(malformed)
}

/// A connection that has gone without a word is noticed within half a minute.
fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(15)).with_interval(Duration::from_secs(5));
    TcpSettings::default().set_nodelay(true).set_keepalive(keepalive)
}

/// The settings of every connection. When the server is away, a caller hears so after at most two more tries.
pub(super) fn settings() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTION_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_number_of_retries(2)
        .set_max_delay(Duration::from_millis(500))
}

/// Connects, and checks what answers.
pub(super) async fn connection(client: &Client, place: &str) -> Result<ConnectionManager, Error> {
    let failed = |error: &RedisError| unavailable(place, error);
    let mut connection =
        ConnectionManager::new_with_config(client.clone(), settings()).await.map_err(|error| failed(&error))?;
    let () = redis::cmd("PING").query_async(&mut connection).await.map_err(|error| failed(&error))?;
    match redis::cmd("INFO").query_async::<String>(&mut connection).await {
        Ok(information) => check(&information, place)?,
        Err(error) => tracing::debug!(%place, %error, "Redis does not tell its version"),
    }
    Ok(connection)
}

/// Refuses what is older than Redis 7.0 (Valkey tells the Redis version that it is compatible with).
fn check(information: &str, place: &str) -> Result<(), Error> {
    let field = |name: &str| information.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    if let Some(version) = field("redis_version") {
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_some_and(|major| major < 7) {
            return Err(Error::TooOld { place: place.to_owned(), version: version.to_owned() });
        }
    }
    if let Some(policy) = field("maxmemory_policy").filter(|policy| *policy != "noeviction") {
        tracing::warn!(
            %place, policy,
            "Redis may evict sessions and spent codes before their time: set maxmemory-policy to noeviction"
        );
    }
    Ok(())
}

/// In words, without the URL.
pub(super) fn unavailable(place: &str, error: &RedisError) -> Error {
    let reason = if error.is_timeout() { "it did not answer in time".to_owned() } else { error.to_string() };
    Error::Unavailable { place: place.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(url: &str) -> String {
        client(url).expect_err("a bad URL").to_string()
    }

    #[test]
    fn a_url_of_one_server_is_taken() {
        for url in ["redis://localhost", "rediss://user:p%40ss@redis.example.com:6380/2", "unix:///run/redis.sock"] {
            assert!(client(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn clusters_and_sentinels_are_refused_in_words() {
        for url in ["redis+cluster://a", "redis-sentinel://a/mymaster", "redis://:secret@a:1,b:2/0"] {
            assert!(reason(url).contains("clusters and sentinels are not supported yet"), "{url}");
        }
    }

    #[test]
    fn no_message_shows_the_password() {
        for url in [
            "http://u:hunter2@h",
            "redis://u:hunter2@h:port",
            "redis://u:hunter2@h/x",
            "hunter2",
            "redis://u:hunter2@a,b",
        ] {
            assert!(!reason(url).contains("hunter2"), "{url}");
        }
    }

    #[test]
    fn a_server_older_than_7_is_refused() {
        assert_eq!(check("redis_version:7.0.15\r\nx:y\r\n", "h:1"), Ok(()));
        let refused = Err(Error::TooOld { place: "h:1".into(), version: "6.2.7".into() });
        assert_eq!(check("# Server\r\nredis_version:6.2.7\r\n", "h:1"), refused);
    }
}
