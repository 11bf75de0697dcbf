//! Setting one claim by its name, as a command line does.

use super::{Address, ClaimError, StandardClaims};

/// What can be set; the parts of the address with a dot.
pub(super) const NAMES: [&str; 20] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address.formatted",
    "address.street_address",
    "address.locality",
    "address.region",
    "address.postal_code",
    "address.country",
];

/// Claims that are fields of the user.
const ELSEWHERE: [(&str, &str); 6] = [
    ("sub", "the user's id, which never changes"),
    ("preferred_username", "the username; change that instead"),
    ("email", "the user's e-mail address; change that instead"),
    ("email_verified", "the user's own mark; change that instead"),
    ("updated_at", "when the user was last changed; it moves by itself"),
    ("address", "made of parts; set address.street_address, address.locality and so on"),
];

impl StandardClaims {
    /// Sets the claim called `name`, such as `given_name`, `address.country` or `phone_number_verified`; an empty value takes
    /// it away. Whether the value is allowed, [`StandardClaims::check`] says.
    ///
    /// # Errors
    /// A name that is not a claim's, or `phone_number_verified` with anything but `true` or `false`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ClaimError> {
        if name == "phone_number_verified" {
            self.phone_number_verified = truth(value)?;
            return Ok(());
        }
        let value = (!value.is_empty()).then(|| value.to_owned());
        if let Some(part) = name.strip_prefix("address.") {
            let mut address = self.address.take().unwrap_or_default();
            let outcome = address.part(part).map(|field| *field = value).ok_or_else(|| unknown(name));
            self.address = (address != Address::default()).then_some(address);
            return outcome;
        }
        *self.text(name).ok_or_else(|| unknown(name))? = value;
        Ok(())
    }

    fn text(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "name" => &mut self.name,
            "given_name" => &mut self.given_name,
            "family_name" => &mut self.family_name,
            "middle_name" => &mut self.middle_name,
            "nickname" => &mut self.nickname,
            "profile" => &mut self.profile,
            "picture" => &mut self.picture,
            "website" => &mut self.website,
            "gender" => &mut self.gender,
            "birthdate" => &mut self.birthdate,
            "zoneinfo" => &mut self.zoneinfo,
            "locale" => &mut self.locale,
            "phone_number" => &mut self.phone_number,
            _ => return None,
        })
    }
}

impl Address {
    fn part(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "formatted" => &mut self.formatted,
            "street_address" => &mut self.street_address,
            "locality" => &mut self.locality,
            "region" => &mut self.region,
            "postal_code" => &mut self.postal_code,
            "country" => &mut self.country,
            _ => return None,
        })
    }
}

fn truth(value: &str) -> Result<Option<bool>, ClaimError> {
    match value {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(ClaimError::Malformed { name: "phone_number_verified", why: "is a truth; write true or false" }),
    }
}

fn unknown(name: &str) -> ClaimError {
    match ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name) {
        Some((name, instead)) => ClaimError::Elsewhere { name, instead },
        None => ClaimError::Unknown { name: name.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_offered_can_be_set_and_is_the_json_name() {
        for name in NAMES {
            let mut claims = StandardClaims::default();
            claims.set(name, "true").unwrap();
            let json = serde_json::to_value(&claims).unwrap();
            let value = json.pointer(&format!("/{}", name.replace('.', "/"))).unwrap();
            assert_eq!(value.is_boolean(), name == "phone_number_verified", "{name}");
        }
    }

    #[test]
    fn an_empty_value_takes_a_claim_away() {
        let mut claims = StandardClaims::default();
        for name in NAMES {
            claims.set(name, "true").unwrap();
            claims.set(name, "").unwrap();
        }
        assert_eq!(claims, StandardClaims::default());
    }

    #[test]
    fn a_name_that_cannot_be_set_is_answered_with_what_to_do() {
        let answer = |name: &str| StandardClaims::default().set(name, "x").unwrap_err().to_string();
        assert!(answer("first_name").contains("given_name"));
        assert!(answer("address.planet").contains("address.country"));
        assert!(answer("email").contains("change that instead"));
        assert!(answer("address").contains("address.street_address"));
        assert!(answer("phone_number_verified").contains("true or false"));
    }

    #[test]
    fn claims_that_are_not_standard_are_not_read() {
        let read = serde_json::from_str::<StandardClaims>;
        assert!(read(r#"{"name":"Eve","phone_number_verified":false}"#).is_ok());
        assert!(read(r#"{"roles":["admin"]}"#).is_err());
        assert!(read(r#"{"address":{"planet":"Mars"}}"#).is_err());
        assert!(read(r#"{"phone_number_verified":"true"}"#).is_err());
    }
}
