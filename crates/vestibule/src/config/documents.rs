//! Settings that name addresses of applications, and who vouches for them.

use vestibule_oidc::{documents::AllowedAddress, registration::StatementIssuer};

use super::{
    Given,
    value::{Value, expected},
};

impl Value for AllowedAddress {
    const EXPECTED: &'static str =
        "a list of addresses, such as [\"app.example\", \"*.apps.example\", \"https://app.example/apps/\"]";

    fn read(given: &Given) -> Result<Self, String> {
        let text = given.text().ok_or_else(expected::<Self>)?;
        text.parse().map_err(|why| {
            format!("hosts or https URLs, such as \"app.example\" or \"https://app.example/\"; of {text:?}: {why}")
        })
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.to_string()))
    }
}

impl Value for StatementIssuer {
    const EXPECTED: &'static str =
        "a list of issuers and their keys, such as [\"https://federation.example https://federation.example/jwks\"]";

    fn read(given: &Given) -> Result<Self, String> {
        let text = given.text().ok_or_else(expected::<Self>)?;
        text.parse().map_err(|why| format!("issuers and their keys; of {text:?}: {why}"))
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Ordered;

    #[test]
    fn an_issuer_stands_with_its_keys() {
        let given = Given::List(vec![Given::Text("https://a.example https://a.example/jwks".to_owned())]);
        let read = Ordered::<StatementIssuer>::read(&given).expect("an issuer");
        assert_eq!(read.written(), Some(given));
        assert!(Ordered::<StatementIssuer>::read(&Given::Bare("https://a.example".to_owned())).is_err());
    }

    #[test]
    fn addresses_are_hosts_and_prefixes() {
        let given = Given::Bare("app.example, *.apps.example, https://other.example/apps".to_owned());
        let read = Ordered::<AllowedAddress>::read(&given).expect("addresses");
        let written = r#"["app.example", "*.apps.example", "https://other.example/apps"]"#;
        assert_eq!(read.written().expect("a list").to_string(), written);
        for bad in ["http://app.example/", "app.example/apps", "https://app.example/?a=b"] {
            assert!(Ordered::<AllowedAddress>::read(&Given::Bare(bad.to_owned())).is_err(), "{bad}");
        }
    }
}
