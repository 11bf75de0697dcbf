//! What the value of a claim may be.

use url::Url;

use super::{Address, ClaimError, StandardClaims};
use crate::contacts::normal;

/// The longest value that is one line, in characters.
const LONGEST_LINE: usize = 255;
/// The longest value of several lines, in characters.
const LONGEST_LINES: usize = 1024;
/// The longest URL, in bytes.
const LONGEST_URL: usize = 2048;

/// A rule for a text: what is wrong with it, if anything.
type Rule = fn(&str) -> Result<(), &'static str>;

impl StandardClaims {
    /// Whether every claim is as OpenID Connect Core 5.1 has it.
    ///
    /// # Errors
    /// The first claim that is not, and what to write instead.
    pub fn check(&self) -> Result<(), ClaimError> {
        let texts: [(&'static str, Rule, &Option<String>); 13] = [
            ("name", line, &self.name),
            ("given_name", line, &self.given_name),
            ("family_name", line, &self.family_name),
            ("middle_name", line, &self.middle_name),
            ("nickname", line, &self.nickname),
            ("profile", url, &self.profile),
            ("picture", url, &self.picture),
            ("website", url, &self.website),
            ("gender", line, &self.gender),
            ("birthdate", birthdate, &self.birthdate),
            ("zoneinfo", line, &self.zoneinfo),
            ("locale", line, &self.locale),
            ("phone_number", phone_number, &self.phone_number),
        ];
        check_each(&texts)?;
        if self.phone_number.is_none() && self.phone_number_verified == Some(true) {
            let why = "cannot be true without a phone_number; set that too";
            return Err(ClaimError::Malformed { name: "phone_number_verified", why });
        }
        self.address.as_ref().map_or(Ok(()), Address::check)
    }
}

impl Address {
    fn check(&self) -> Result<(), ClaimError> {
        check_each(&[
            ("address.formatted", lines, &self.formatted),
            ("address.street_address", lines, &self.street_address),
            ("address.locality", line, &self.locality),
            ("address.region", line, &self.region),
            ("address.postal_code", line, &self.postal_code),
            ("address.country", line, &self.country),
        ])
    }
}

fn check_each(texts: &[(&'static str, Rule, &Option<String>)]) -> Result<(), ClaimError> {
    for (name, rule, value) in texts {
        if let Some(text) = value {
            not_empty(text).and_then(|()| rule(text)).map_err(|why| ClaimError::Malformed { name, why })?;
        }
    }
    Ok(())
}

/// A claim without a value is left out (OpenID Connect Core 5.3.2).
fn not_empty(text: &str) -> Result<(), &'static str> {
    if text.trim().is_empty() { Err("is empty; leave it out instead") } else { Ok(()) }
}

fn line(text: &str) -> Result<(), &'static str> {
    if text.chars().count() > LONGEST_LINE {
        return Err("is longer than 255 characters; shorten it");
    }
    if text.contains(char::is_control) {
        return Err("holds a control character; write it on one line");
    }
    Ok(())
}

fn lines(text: &str) -> Result<(), &'static str> {
    if text.chars().count() > LONGEST_LINES {
        return Err("is longer than 1024 characters; shorten it");
    }
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\r') {
        return Err("holds a control character other than the end of a line; leave it out");
    }
    Ok(())
}

fn url(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST_URL {
        return Err("is longer than 2048 bytes; use a shorter URL");
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("is not a web address; write one that begins with https:// or http://"),
    }
}

/// `+`, the country, the number; then perhaps an extension, as RFC 3966 writes it.
fn phone_number(text: &str) -> Result<(), &'static str> {
    match normal::phone_key(text) {
        Some(_) => Ok(()),
        None => Err("is not a telephone number; write it as +1 425 555 1212, perhaps with ;ext=5678 at the end"),
    }
}

fn birthdate(text: &str) -> Result<(), &'static str> {
    let date = date(text).ok_or("is not a date; write YYYY-MM-DD, or 0000-MM-DD without the year, or YYYY")?;
    match date {
        (_, None) => Ok(()),
        (year, Some((month, day))) if (1..=days_in(year, month)).contains(&day) => Ok(()),
        _ => Err("is a day that no calendar has; write YYYY-MM-DD"),
    }
}

/// Whether a text is a day of a calendar: `YYYY-MM-DD`, the year included.
pub(crate) fn is_day(text: &str) -> bool {
    match date(text) {
        Some((year, Some((month, day)))) => year > 0 && (1..=days_in(year, month)).contains(&day),
        _ => false,
    }
}

/// Year, and month and day where they are given.
fn date(text: &str) -> Option<(u16, Option<(u16, u16)>)> {
    let number = |digits: &str, length: usize| -> Option<u16> {
        let plain = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse().ok() } else { None }
    };
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) if year > 0 => Some((year, None)),
        (Some(month), Some(day), None) => Some((year, Some((number(month, 2)?, number(day, 2)?)))),
        _ => None,
    }
}

/// The year 0000 stands for one that is not told, which may have been a leap year.
fn days_in(year: u16, month: u16) -> u16 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthdate_is_a_day_a_day_without_year_or_a_year() {
        for right in ["1987-12-31", "2000-02-29", "0000-02-29", "1987"] {
            assert_eq!(birthdate(right), Ok(()), "{right}");
        }
        for wrong in ["1900-02-29", "2001-13-01", "2001-00-10", "2001-04-31", "2001-04-00"] {
            assert!(birthdate(wrong).unwrap_err().contains("no calendar"), "{wrong}");
        }
        for wrong in ["31.12.1987", "1987-12", "1987-1-1", "87-12-31", "0000", "1987-12-31-1", "+987-12-31"] {
            assert!(birthdate(wrong).unwrap_err().contains("not a date"), "{wrong}");
        }
    }

    #[test]
    fn a_url_leads_to_the_web() {
        assert_eq!(url("https://example.com/me"), Ok(()));
        for wrong in ["javascript:alert(1)", "data:text/html,x", "/me", "example.com", "https://"] {
            assert!(url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_telephone_number_begins_with_the_country() {
        for right in ["+14255551212", "+1 (425) 555-1212", "+56 (2) 687 2400", "+1 (604) 555-1234;ext=5678"] {
            assert_eq!(phone_number(right), Ok(()), "{right}");
        }
        for wrong in ["4255551212", "+1", "+1 425 CALL ME", "+1234567890123456", "+14255551212;ext=", "++14255551212"] {
            assert!(phone_number(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_error_names_the_claim_and_the_cure() {
        let claims = StandardClaims {
            address: Some(Address { country: Some(" ".into()), ..Address::default() }),
            ..StandardClaims::default()
        };
        let error = claims.check().unwrap_err().to_string();
        assert_eq!(error, "the claim `address.country` is empty; leave it out instead");
    }

    #[test]
    fn only_an_address_has_several_lines() {
        assert_eq!(lines("1 Street\nTown"), Ok(()));
        assert!(line("two\nlines").is_err());
        assert!(lines("nul\0").is_err());
        assert!(line(&"x".repeat(256)).is_err());
    }

    #[test]
    fn a_number_that_is_not_there_is_not_verified() {
        let claims = StandardClaims { phone_number_verified: Some(true), ..StandardClaims::default() };
        assert!(claims.check().unwrap_err().to_string().contains("phone_number"));
    }
}
