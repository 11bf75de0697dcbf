//! From configured addresses to listening sockets.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::net::{TcpListener, lookup_host};

/// How often a free port is looked for that is free on every address of a name.
const PORT_TRIES: usize = 20;

/// `EAFNOSUPPORT` on Linux and on macOS: the machine has no IPv6 at all.
const NO_SUCH_FAMILY: [i32; 2] = [97, 47];

/// Why nothing listens.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The text is no address with a port.
    #[error("{0:?} is no address to listen on: write host:port, such as \"localhost:8080\" or \"[::]:8080\"")]
    Address(String),
    /// There is no address at all.
    #[error("there is no address to listen on")]
    Nothing,
    /// The name has no address.
    #[error("{name:?}, which is to be listened on, has no address: {source}")]
    Unknown {
        /// The name.
        name: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The operating system refuses.
    #[error("cannot listen on {address}: {source}{}", cure(.source))]
    Refused {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}

fn cure(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; stop what listens there, or choose another port",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege, so choose a higher one",
        io::ErrorKind::AddrNotAvailable => "; it is no address of this machine",
        _ => "",
    }
}

/// Listens on each of `addresses` (`host:port`).
///
/// A name stands for each address that it has, `localhost` for 127.0.0.1 and ::1 whatever the resolver says (RFC 6761 section
/// 6.3). One that the machine lacks is passed over if another is there. Port 0 is one free port, the same for all of them.
///
/// # Errors
/// A text that is no address, a name without one, and whatever keeps the operating system from listening.
pub async fn bind(addresses: &[String]) -> Result<Vec<TcpListener>, BindError> {
    let mut listeners = Vec::new();
    let mut taken = HashSet::new();
    for text in addresses {
        let (host, port) = split(text).ok_or_else(|| BindError::Address(text.clone()))?;
        let mut ips = resolve(host).await?;
        // The same address may be given twice, as itself and by name.
        ips.retain(|ip| port == 0 || taken.insert((*ip, port)));
        if !ips.is_empty() {
            listeners.append(&mut bind_all(&ips, port).await?);
        }
    }
    if listeners.is_empty() { Err(BindError::Nothing) } else { Ok(listeners) }
}

fn split(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if literal.is_none() && (host.is_empty() || host.contains(':')) {
        return None;
    }
    Some((literal.unwrap_or(host), port.parse().ok()?))
}

async fn resolve(host: &str) -> Result<Vec<IpAddr>, BindError> {
    if let Ok(literal) = host.parse() {
        return Ok(vec![literal]);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let unknown = |source| BindError::Unknown { name: host.to_owned(), source };
    let mut ips: Vec<IpAddr> = Vec::new();
    for address in lookup_host((host, 0)).await.map_err(unknown)? {
        if !ips.contains(&address.ip()) {
            ips.push(address.ip());
        }
    }
    if ips.is_empty() { Err(unknown(io::ErrorKind::NotFound.into())) } else { Ok(ips) }
}

/// Listens on one port of all of `ips`.
async fn bind_all(ips: &[IpAddr], port: u16) -> Result<Vec<TcpListener>, BindError> {
    let mut tries = PORT_TRIES;
    loop {
        tries -= 1;
        match bind_once(ips, port).await {
            // The free port of the first address is not free on another one.
            Err(BindError::Refused { source, .. })
                if port == 0 && tries > 0 && source.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
}

async fn bind_once(ips: &[IpAddr], mut port: u16) -> Result<Vec<TcpListener>, BindError> {
    let mut listeners = Vec::new();
    let mut passed_over = None;
    for ip in ips {
        let address = SocketAddr::new(*ip, port);
        let refused = |source| BindError::Refused { address, source };
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr().map_err(refused)?.port();
                listeners.push(listener);
            }
            Err(source) if is_missing(&source) => passed_over = Some((address, source)),
            Err(source) => return Err(refused(source)),
        }
    }
    match passed_over {
        Some((address, source)) if listeners.is_empty() => Err(BindError::Refused { address, source }),
        Some((address, source)) => {
            tracing::warn!(%address, error = %source, "this machine lacks an address of the name that is listened on");
            Ok(listeners)
        }
        None => Ok(listeners),
    }
}

/// Whether the machine has no such address, as against one that somebody else holds.
fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error().is_some_and(|code| NO_SUCH_FAMILY.contains(&code))
}
