//! A client certificate as a proxy forwards it in a header.

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;

use super::fields::LARGEST;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// The longest header value that is looked at: PEM in which every other character is escaped, and some air.
const LONGEST: usize = 4 * LARGEST;

/// Why a header holds no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedCertificateError {
    /// It is longer than any certificate that is read here.
    #[error("the forwarded certificate is too large")]
    TooLarge,
    /// It is in neither form, or not whole.
    #[error("the forwarded certificate is neither PEM in percent-encoding nor a Client-Cert of RFC 9440")]
    Malformed,
}

/// The certificate, in DER, that a header holds: `:base64:` as RFC 9440 has it for `Client-Cert`, or PEM in percent-encoding, as
/// nginx writes `$ssl_client_escaped_cert`. `None` for an empty value, by which proxies say that there is none.
///
/// # Errors
/// A value that is neither, or too large.
pub fn forwarded_certificate(value: &str) -> Result<Option<Vec<u8>>, ForwardedCertificateError> {
    let value = value.trim_matches([' ', '\t']);
    if value.is_empty() {
        return Ok(None);
    }
    if value.len() > LONGEST {
        return Err(ForwardedCertificateError::TooLarge);
    }
    let der = match value.strip_prefix(':') {
        Some(value) => value.strip_suffix(':').and_then(|body| STANDARD.decode(body).ok()),
        None => pem(value),
    };
    match der {
        Some(der) if der.len() > LARGEST => Err(ForwardedCertificateError::TooLarge),
        Some(der) if !der.is_empty() => Ok(Some(der)),
        _ => Err(ForwardedCertificateError::Malformed),
    }
}

/// Exactly one certificate.
fn pem(escaped: &str) -> Option<Vec<u8>> {
    let text = percent_decode_str(escaped).decode_utf8().ok()?;
    let (body, after) = text.strip_prefix(BEGIN)?.split_once(END)?;
    if !after.trim().is_empty() {
        return None;
    }
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DER: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0xff];

    fn escaped() -> String {
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(DER))
            .replace(' ', "%20")
            .replace('\n', "%0A")
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D")
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(forwarded_certificate(&escaped()), Ok(Some(DER.to_vec())));
        assert_eq!(forwarded_certificate(&format!(":{}:", STANDARD.encode(DER))), Ok(Some(DER.to_vec())));
        assert_eq!(forwarded_certificate(" "), Ok(None));
    }

    #[test]
    fn anything_else_is_refused() {
        let two = format!("{0}{0}", escaped());
        for value in ["(null)", ":", "::", ":MA:", ":MAMC", "MAMCAf8=", "-----BEGIN%20CERTIFICATE-----", &two, "%ff%fe"]
        {
            assert_eq!(forwarded_certificate(value), Err(ForwardedCertificateError::Malformed), "{value}");
        }
        for value in ["x".repeat(LONGEST + 1), format!(":{}:", STANDARD.encode(vec![0; LARGEST + 1]))] {
            assert_eq!(forwarded_certificate(&value), Err(ForwardedCertificateError::TooLarge));
        }
    }
}
