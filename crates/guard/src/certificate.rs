//! The client certificate of a request (RFC 8705 section 3): the TLS listener of the app hands it over, or a proxy in front that
//! ends TLS names it in a header.
//!
//! From anyone but a trusted proxy the header means nothing: whoever reaches the app directly could write any certificate into
//! it, since certificates are public (attack A38).

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderName;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use poem::Request;

/// The longest header that is looked at, in bytes.
const LONGEST: usize = 32 * 1024;

/// A certificate whose key the client proved to hold in the TLS handshake, in DER. Whoever accepts connections puts it into the
/// request: `request.set_data(ClientCertificate(der))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(pub Vec<u8>);

/// A header that names the certificate, and the peers from whom it counts.
#[derive(Clone, Debug)]
pub(crate) struct Forwarded {
    pub(crate) header: HeaderName,
    pub(crate) proxies: Vec<IpNet>,
}

impl Forwarded {
    fn is_from_a_proxy(&self, request: &Request) -> bool {
        let peer = request.remote_addr().as_socket_addr().map(|address| IpAddr::to_canonical(&address.ip()));
        peer.is_some_and(|peer| self.proxies.iter().any(|network| network.contains(&peer)))
    }
}

/// The certificate of a request, in DER. A header that stands twice, or that cannot be read, brings none.
pub(crate) fn certificate(request: &Request, forwarded: Option<&Forwarded>) -> Option<Vec<u8>> {
    if let Some(ClientCertificate(der)) = request.data::<ClientCertificate>() {
        return Some(der.clone());
    }
    let forwarded = forwarded.filter(|forwarded| forwarded.is_from_a_proxy(request))?;
    let mut values = request.headers().get_all(&forwarded.header).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => read(value.to_str().ok()?),
        _ => None,
    }
}

/// Reads the forms in which proxies write a certificate: `:base64:` (RFC 9440), URL-escaped PEM (nginx's
/// `$ssl_client_escaped_cert`), and the same as `Cert` of Envoy's `x-forwarded-client-cert`.
fn read(value: &str) -> Option<Vec<u8>> {
    let value = value.trim();
    if value.len() > LONGEST {
        return None;
    }
    if let Some(inner) = value.strip_prefix(':') {
        return STANDARD.decode(inner.strip_suffix(':')?).ok().filter(|der| !der.is_empty());
    }
    let escaped = if value.contains("Cert=") { of_envoy(value)? } else { value };
    pem(&percent_decode_str(escaped).decode_utf8().ok()?)
}

/// The `Cert` of the one element. Several elements are several proxies, and which of them is ours cannot be told.
fn of_envoy(value: &str) -> Option<&str> {
    if value.contains(',') {
        return None;
    }
    let mut certificates = value.split(';').filter_map(|pair| pair.trim().strip_prefix("Cert="));
    let one = certificates.next()?;
    certificates.next().is_none().then(|| one.trim_matches('"'))
}

/// The first certificate of a PEM text, which is the client's own.
fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok().filter(|der| !der.is_empty())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use poem::{
        Body,
        http::uri::Scheme,
        web::{LocalAddr, RemoteAddr},
    };

    use super::*;

    const DER: &[u8] = &[0x30, 0x82, 0x01, 0xff];
    const HEADER: &str = "x-client-cert";

    fn request(peer: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let peer = RemoteAddr(SocketAddr::new(peer.parse().unwrap(), 1).into());
        Request::from_parts((parts, LocalAddr::default(), peer, Scheme::HTTP).into(), Body::empty())
    }

    fn forwarded() -> Forwarded {
        Forwarded { header: HeaderName::from_static(HEADER), proxies: vec!["10.0.0.0/8".parse().unwrap()] }
    }

    fn of(peer: &str, headers: &[(&str, &str)]) -> Option<Vec<u8>> {
        certificate(&request(peer, headers), Some(&forwarded()))
    }

    #[test]
    fn a_trusted_proxy_names_the_certificate_in_one_of_three_forms() {
        let rfc_9440 = format!(":{}:", STANDARD.encode(DER));
        let escaped =
            format!("-----BEGIN%20CERTIFICATE-----%0A{}%0A-----END%20CERTIFICATE-----%0A", STANDARD.encode(DER));
        let envoy = format!("Hash=00ff;Cert=\"{escaped}\";Subject=\"\"").replace('+', "%2B");
        for value in [rfc_9440, escaped.replace('+', "%2B"), envoy] {
            assert_eq!(of("10.1.2.3", &[(HEADER, &value)]).as_deref(), Some(DER), "{value}");
        }
    }

    #[test]
    fn a38_the_header_counts_from_a_trusted_proxy_alone() {
        let value = format!(":{}:", STANDARD.encode(DER));
        assert_eq!(of("11.1.2.3", &[(HEADER, &value)]), None);
        assert_eq!(of("::1", &[(HEADER, &value)]), None);
        assert_eq!(of("::ffff:10.1.2.3", &[(HEADER, &value)]).as_deref(), Some(DER));
        assert_eq!(certificate(&request("10.1.2.3", &[(HEADER, &value)]), None), None, "where none is configured");
    }

    #[test]
    fn a_header_that_stands_twice_or_cannot_be_read_brings_none() {
        let value = format!(":{}:", STANDARD.encode(DER));
        assert_eq!(of("10.1.2.3", &[(HEADER, &value), (HEADER, &value)]), None);
        for odd in
            ["", ":", "::", ":x", ":AAAA", "AAAA", "-----BEGIN CERTIFICATE-----AAAA", "Cert=", "Cert=a,Cert=b", "%ff"]
        {
            assert_eq!(of("10.1.2.3", &[(HEADER, odd)]), None, "{odd}");
        }
    }

    #[test]
    fn what_the_listener_hands_over_goes_before_the_header() {
        let value = format!(":{}:", STANDARD.encode([1, 2, 3]));
        let mut request = request("10.1.2.3", &[(HEADER, &value)]);
        request.set_data(ClientCertificate(DER.to_vec()));
        assert_eq!(certificate(&request, Some(&forwarded())).as_deref(), Some(DER));
    }
}
